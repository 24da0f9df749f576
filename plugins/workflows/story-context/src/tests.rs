//! The whole workflow on a host in memory.

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::StoryContext;

fn host() -> Host {
    let body = "As a flatmate, I want balances of the ledger.\n\n## Acceptance criteria\n\n- [ ] Balances add up to zero.";
    let story = Draft::new(Kind::Story, "1-2-balances", "Show balances").with_body(body);
    Host::new()
        .with_item(story, Status::Todo)
        .with_file("kitty", "#!/bin/sh\n# reads the ledger\n")
        .with_file("lib/balances.awk", "{ print }\n")
        .with_file("notes.bin", [0xff, 0xfe, 0x00])
        .with_file("tests/run.sh", "exit 0\n")
        .knowing("docs/architecture.md", "The ledger is plain text, and balances are derived from it.")
        .knowing("docs/stories/1-2-balances.md", "Show balances of the ledger")
        .with_repository()
}

fn gathered(host: &Host, input: Value) -> Value {
    host.run(StoryContext::run, input).expect("a context")
}

fn sources(context: &Value) -> Vec<&str> {
    context["sources"].as_array().into_iter().flatten().filter_map(|source| source["source"].as_str()).collect()
}

#[test]
fn a_context_has_the_story_first_and_then_what_fits_it() {
    let host = host();
    let context = gathered(&host, json!({ "key": "1-2-balances" }));
    let expected = [
        "story 1-2-balances",
        "docs/architecture.md",
        "latest commits",
        "files of the project",
        "lib/balances.awk",
        "kitty",
        "tests/run.sh",
    ];
    assert_eq!(sources(&context), expected, "{context}");
    let text = context["text"].as_str().expect("a text");
    assert!(text.starts_with("<document title=\"story 1-2-balances\">\nShow balances\n\nAs a flatmate"), "{text}");
    assert!(text.contains("notes.bin (3 bytes)") && text.contains("balances are derived"), "{text}");
}

#[test]
fn a_budget_is_kept_and_the_story_goes_first() {
    let host = host().with_file("balances.txt", "balances of the ledger\n".repeat(1000)).with_setting("story.context-tokens", 500);
    let context = gathered(&host, json!({ "key": "1-2-balances" }));
    assert!(context["tokens"].as_u64().is_some_and(|tokens| (200..=500).contains(&tokens)), "{context}");
    let tight = gathered(&host, json!({ "key": "1-2-balances", "tokens": 200 }));
    assert!(tight["tokens"].as_u64().is_some_and(|tokens| tokens <= 200), "{tight}");
    assert_eq!(sources(&tight)[0], "story 1-2-balances");
    assert!(tight["text"].as_str().is_some_and(|text| text.len() < 200 * 4 + 200));
}

#[test]
fn of_a_project_with_very_many_files_those_nearest_to_its_root_are_looked_at() {
    let many = (0..10_001).fold(host(), |host, number| host.with_file(&format!("data/deep/{number}.txt"), "balances"));
    let context = gathered(&many, json!({ "key": "1-2-balances" }));
    let text = context["text"].as_str().expect("a text");
    assert!(text.contains("lib/balances.awk (") && !text.contains("data/deep/7.txt ("), "{text}");
}

#[test]
fn no_model_is_asked_and_nothing_is_changed() {
    let host = host().with_manifest(include_str!("../plugin.toml"));
    let context = gathered(&host, json!({ "key": "1-2-balances" }));
    assert_eq!(context, gathered(&host, json!({ "key": "1-2-balances" })));
    assert!(host.prompts().is_empty() && host.requests("files.write").is_empty());
}

#[test]
fn a_story_that_is_not_there_is_named() {
    let missing = host().run(StoryContext::run, json!({ "key": "9-9-none" }));
    assert!(matches!(missing, Err(Error { kind: ErrorKind::NotFound, text, .. }) if text.contains("9-9-none")));
}
