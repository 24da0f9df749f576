//! What a developer is asked: for a story, after red tests, and after a review.

use std::cell::Cell;

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::DevStory;

/// As `run-tests` writes it.
const REPORT: &str = "The tests ended with exit code 1 after 0.4 s. 3 passed, 1 failed.\n\nFailed:\n\
    - tests/balances.sh:3 `balances`: expected 0, found 1\n\n--- stdout\nbalances: expected 0, found 1";
const KEY: &str = "1-2-balances";

/// A project whose story is red once and green after that, and red without its change.
fn host() -> Host {
    let story = Draft::new(Kind::Story, KEY, "Show balances").with_body("- [ ] Balances add up to zero.");
    let (tested, told) = (Cell::new(0), Cell::new(0));
    let tests = move |input: &Value| {
        let found = json!({ "passed": false, "outcome": "not-run", "command": "sh tests/run.sh" });
        if input["find_only"] == true || input["changed"].is_array() {
            return Ok(found);
        }
        let changed = files::read_text("kitty").is_ok_and(|text| text != "begin\n");
        tested.set(tested.get() + u32::from(changed));
        let passed = changed && tested.get() > 1;
        let outcome = if passed { "passed" } else { "failed" };
        Ok(json!({ "passed": passed, "outcome": outcome, "command": "sh tests/run.sh", "report": REPORT, "took_ms": 1 }))
    };
    Host::new()
        .with_item(story, Status::InProgress)
        .with_workflow("story-context", |_| Ok(json!({ "text": "<document title=\"story\">\nWhat story-context picked.\n</document>" })))
        .with_workflow("run-tests", tests)
        .with_agent("developer", move |_| {
            told.set(told.get() + 1);
            files::write("kitty", format!("balances {}\n", told.get()))?;
            files::write("tests/balances.sh", format!("check {}\n", told.get()))?;
            Ok(Report::new(json!({ "assumptions": ["Whole cents"], "summary": "Balances add up." }).to_string(), "did"))
        })
        .with_file("kitty", "begin\n")
        .with_file("tests/run.sh", "check one\n")
        .with_file("docs/stories/1-2-balances.md", "# Show balances\n")
        .with_repository()
        .in_worktree("story/1-2-balances")
}

#[test]
fn the_prompts_of_a_story_are_kept() {
    let host = host();
    host.run(DevStory::run, json!({ "key": KEY })).expect("a story");
    let findings = json!([{ "path": "kitty", "line": 1, "what": "A cent is lost.", "why": "Balances add up to zero." }]);
    host.run(DevStory::run, json!({ "key": KEY, "findings": findings })).expect("a changed story");
    baton_prompts::check("dev-story", &baton_prompts::to_agents(&host));
}
