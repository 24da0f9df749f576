//! Any text as a list of tools of an MCP server: what is offered of it is what every provider takes, and what is not is
//! named with a sentence.
#![no_main]

use std::collections::BTreeSet;

use baton::interfaces::{llm::providers::spelling::wire_name, tools::mcp};
use baton_fuzz::check_sentence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(page) = serde_json::from_str(text) else { return };
    let Some(roster) = mcp::roster(&page) else { return };
    let mut names = BTreeSet::new();
    for tool in &roster.tools {
        let name = wire_name(&format!("web.{}", tool.name)).into_owned();
        assert!(name.len() <= 64 && names.insert(name), "`{}` cannot be told from others", tool.name);
        let parameters = &tool.parameters;
        assert!(parameters["type"] == "object" && parameters["properties"].is_object(), "{parameters}");
        for keyword in ["anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref", "$schema"] {
            assert!(parameters.get(keyword).is_none(), "{keyword} at the top of {parameters}");
        }
        assert!(roster.forms.contains_key(&tool.name) && !tool.description.contains('\u{1b}'));
    }
    for quarantined in &roster.quarantined {
        check_sentence(&quarantined.reason);
        assert!(!quarantined.name.contains(char::is_control) && !quarantined.field.contains(char::is_control));
    }
    roster.mended.values().flatten().for_each(|note| check_sentence(note));
});
