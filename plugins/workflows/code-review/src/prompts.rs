//! What a reviewer is asked.

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::CodeReview;

const APPROVED: &str = r#"{ "criteria": [{ "criterion": 1, "evidence": "It compares cents.", "path": "kitty", "line": 1, "test": "sums", "holds": "yes" }],
    "verdict": "approve", "summary": "It holds.", "findings": [] }"#;

#[test]
fn the_prompt_of_a_review_is_kept() {
    let story = Draft::new(Kind::Story, "1-1-sums", "Add up").with_body("- [ ] Sums are exact.");
    let host = Host::new()
        .with_item(story, Status::Review)
        .with_file("kitty", "begin\n")
        .with_repository()
        .in_worktree("story/1-1-sums")
        .with_agent("reviewer", |_| Ok(Report::new(APPROVED, "judged")))
        .with_file("kitty", "sums\n");
    let tests = json!({ "passed": true, "command": "make test", "report": "3 passed", "took_ms": 5,
        "counts": { "passed": 3, "failed": 0, "skipped": 0 }, "added": ["sums are exact"] });
    host.run(CodeReview::run, json!({ "key": "1-1-sums", "tests": tests, "guards": ["`tests/a.sh` lost 2 lines"] })).expect("a verdict");
    baton_prompts::check("code-review", &baton_prompts::to_agents(&host));
}
