//! What the bundled components carry, and that they stay small.

use baton_pack::{ASSETS_SECTION, MANIFEST_SECTION, section_names};
use baton_plugins::BUNDLED;

const AGENTS: &[&str] = &["amelia", "bob", "john", "mary", "murat", "winston"];

#[test]
fn every_plugin_has_one_manifest_and_every_agent_its_persona() {
    let names: Vec<&str> = BUNDLED.iter().map(|bundled| bundled.name).collect();
    assert_eq!(
        names,
        [
            "amelia",
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
        assert_eq!(count(ASSETS_SECTION), usize::from(AGENTS.contains(&bundled.name)), "{}", bundled.name);
    }
}

#[test]
fn no_plugin_is_larger_than_its_budget() {
    for bundled in BUNDLED {
        assert!(bundled.wasm.len() < 600_000, "{} has {} bytes", bundled.name, bundled.wasm.len());
    }
}
