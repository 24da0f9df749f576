//! What the bundled components carry, and that they stay small.

use baton_pack::{ASSETS_SECTION, MANIFEST_SECTION, section_names};
use baton_plugins::BUNDLED;

const AGENTS: &[&str] = &["amelia", "bob", "john", "mary", "murat", "winston"];
const FOLDERS: &[&str] = &[
    "architecture",
    "correct-course",
    "create-story",
    "document-project",
    "epics-and-stories",
    "prd",
    "product-brief",
    "readiness-check",
    "retrospective",
    "sprint-planning",
    "ux-design",
];

#[test]
fn every_plugin_has_one_manifest_and_every_agent_its_persona() {
    let names: Vec<&str> = BUNDLED.iter().map(|bundled| bundled.name).collect();
    assert!(FOLDERS.iter().all(|name| names.contains(name)) && names.is_sorted(), "{names:?}");
    let others: Vec<&str> = names.into_iter().filter(|name| !FOLDERS.contains(name)).collect();
    assert_eq!(
        others,
        [
            "amelia",
            "autopilot",
            "bob",
            "code-review",
            "decide",
            "dev-story",
            "john",
            "land",
            "mary",
            "murat",
            "plan",
            "run-tests",
            "sprint",
            "story-context",
            "winston"
        ]
    );
    for bundled in BUNDLED {
        let sections = section_names(bundled.wasm).expect("a component");
        let count = |name: &str| sections.iter().filter(|section| *section == name).count();
        assert_eq!(count(MANIFEST_SECTION), 1, "{}", bundled.name);
        assert_eq!(count(ASSETS_SECTION), usize::from([AGENTS, FOLDERS].concat().contains(&bundled.name)), "{}", bundled.name);
    }
}

#[test]
fn what_each_plugin_asks_models_and_agents_is_kept() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for bundled in BUNDLED.iter().filter(|bundled| !FOLDERS.contains(&bundled.name)) {
        let kind = if AGENTS.contains(&bundled.name) { "agents" } else { "workflows" };
        let path = folder.join(kind).join(bundled.name).join("plugin.toml");
        let manifest: toml::Table = std::fs::read_to_string(&path).expect("a manifest").parse().expect("TOML");
        let asks = ["agents", "models"].iter().any(|need| manifest["needs"].get(need).is_some());
        let prompts = if kind == "agents" { format!("agents/{}.md", bundled.name) } else { format!("{}.md", bundled.name) };
        assert_eq!(folder.join("tests/prompts").join(prompts).is_file(), asks || bundled.name == "story-context", "{}", bundled.name);
    }
}

#[test]
fn no_plugin_is_larger_than_its_budget() {
    for bundled in BUNDLED {
        // A workflow folder has the engine of folders with it, and `dev-story` the licences of many package managers.
        let budget = if FOLDERS.contains(&bundled.name) { 1_100_000 } else { 750_000 };
        assert!(bundled.wasm.len() < budget, "{} has {} bytes", bundled.name, bundled.wasm.len());
    }
}

#[test]
fn a_bundled_policy_takes_the_fields_that_its_slot_is_given() {
    for slot in baton_slots::SLOTS.iter().filter(|slot| slot.kind == baton_slots::Kind::Policy) {
        let path = format!("{}/workflows/{}/plugin.toml", env!("CARGO_MANIFEST_DIR"), slot.default);
        let manifest: toml::Table = std::fs::read_to_string(&path).expect("a manifest").parse().expect("TOML");
        let schema: serde_json::Value = serde_json::from_str(slot.input).expect("a schema");
        let declared = serde_json::to_value(&manifest["input"]).expect("JSON");
        for keyword in ["type", "required", "additionalProperties"] {
            assert_eq!(declared[keyword], schema[keyword], "`{keyword}` of {}", slot.name);
        }
        let fields = |schema: &serde_json::Value| -> Vec<String> {
            let mut fields: Vec<_> = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect();
            fields.sort();
            fields
        };
        assert_eq!(fields(&declared), fields(&schema), "{}", slot.name);
    }
}
