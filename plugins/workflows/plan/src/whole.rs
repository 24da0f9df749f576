//! The whole workflow, from the brief of `examples/expense-splitter` to its last document, with agents that answer as
//! the example's model does.

use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::tests::example;
use crate::{Plan, goals};

const ANSWERS: &[(&str, &str, &str)] = &[
    ("analyst", goals::ANALYSE, "analysis"),
    ("product-manager", goals::REQUIRE, "requirements"),
    ("architect", goals::DESIGN, "architecture"),
    ("test-architect", goals::TEST, "test-strategy"),
    ("test-architect", goals::JUDGE, "readiness"),
    ("scrum-master", goals::BREAK_DOWN, "backlog"),
];

fn answer(agent: &str, task: &Task) -> String {
    let fits = |(name, goal, _): &&(&str, &str, &str)| *name == agent && task.goal == *goal;
    let (_, _, file) = ANSWERS.iter().find(fits).unwrap_or_else(|| panic!("{agent} is asked for something else: {}", task.goal));
    example(&format!("replies/{file}.json"))
}

/// A host with what the manifest asks for and nothing more, and the whole team.
fn host() -> Host {
    let host =
        Host::new().with_manifest(include_str!("../plugin.toml")).with_file("brief.md", example("brief.md")).answers("", "About a dozen.");
    ANSWERS.iter().fold(host, |host, (name, ..)| host.with_agent(name, |task| Ok(Report::new(answer(name, task), "done"))))
}

#[test]
fn the_example_becomes_a_plan() {
    let host = host();
    let output = host.run(Plan::run, json!({ "brief-file": "brief.md", "title": "Kitty" })).expect("a plan");
    assert_eq!((&output["title"], &output["stories"], &output["ready"]), (&json!("Kitty"), &json!(9), &json!(true)));
    assert_eq!(output["waves"][2], json!(["2-3-settle-up"]));
    for path in output["documents"].as_array().expect("a list").iter().filter_map(Value::as_str) {
        assert!(host.file(path).is_some_and(|text| text.starts_with(['#', '-'])), "{path}");
    }
    assert_eq!(host.files().len(), 1 + 5 + 9 + 2, "the brief, five documents, nine stories and where they are");
    let item = host.item("2-3-settle-up").expect("every story is in the backlog");
    assert_eq!((item.draft.parent.as_deref(), item.draft.after.is_empty()), (Some("2"), false));
    assert!(item.draft.body.starts_with("# ") && item.draft.body.contains("## Acceptance criteria"), "{}", item.draft.body);
    assert_eq!(host.progress().last().map(String::as_str), Some("The plan is ready to build"));
    assert_eq!(host.logged(), [], "no answer had to go back");
}

#[test]
fn each_agent_is_told_what_it_needs_and_no_more() {
    let host = host();
    host.run(Plan::run, json!({ "brief-file": "brief.md" })).expect("a plan");
    let tasks = host.requests("agents.perform");
    let order: Vec<_> = tasks.iter().map(|task| task["agent"].as_str().unwrap_or_default()).collect();
    assert_eq!(order, ["analyst", "product-manager", "architect", "test-architect", "scrum-master", "test-architect"]);
    let context = |place: usize| tasks[place]["task"]["context"].as_str().unwrap_or_default();
    assert!(context(0).contains(example("brief.md").trim()) && context(0).contains("The project has no code yet."), "{}", context(0));
    assert!(context(2).contains("### FR1: Start a ledger"), "the architect is given the requirements");
    assert!(context(5).contains("1-1-init-ledger"));
    assert!((0..6).all(|place| context(place).matches("The project has no code yet.").count() == 1));
}

#[test]
fn a_backlog_with_a_finding_goes_back_once_and_then_waits_for_the_operator() {
    let asked = std::cell::Cell::new(0);
    let host = host().resumes(1).with_agent("scrum-master", move |task| {
        asked.set(asked.get() + 1);
        let backlog = answer("scrum-master", task);
        Ok(Report::new(if asked.get() < 3 { backlog.replace("\"FR1\"", "\"FR77\"") } else { backlog }, "done"))
    });
    host.run(Plan::run, json!({ "brief-file": "brief.md" })).expect("a plan, once the operator saw to it");
    let pauses = host.pauses();
    assert!(pauses.len() == 1 && pauses[0].contains("No story covers FR1."), "{pauses:?}");
    let tasks: Vec<_> = host.requests("agents.perform").into_iter().filter(|task| task["agent"] == "scrum-master").collect();
    assert_eq!(tasks.len(), 3);
    assert!(tasks[1]["task"]["context"].to_string().contains("No story covers FR1."), "the finding is shown");
}

#[test]
fn a_project_that_exists_is_surveyed_and_none_of_its_documents_is_overwritten() {
    let host = host()
        .with_file("Cargo.toml", "[package]\nname = \"kitty\"\n")
        .with_file("src/ledger.rs", "pub struct Ledger;\n")
        .with_file("docs/architecture.md", "Ours.");
    let output = host.run(Plan::run, json!({ "brief-file": "brief.md" })).expect("a plan");
    assert_eq!(host.file("docs/architecture.md").as_deref(), Some("Ours."));
    assert!(output["documents"].to_string().contains("docs/architecture-plan.md"), "{output}");
    for task in host.requests("agents.perform") {
        assert!(task["task"]["context"].to_string().contains("pub struct Ledger"), "{task}");
    }
    let first = host.item("1-1-init-ledger").expect("a story").draft.body;
    assert!(!first.contains("## Tests"), "cargo test runs its tests: {first}");
    host.run(Plan::run, json!({ "brief-file": "brief.md" })).expect("the same plan");
    assert!(!host.files().iter().any(|path| path.contains("-plan-2")), "{:?}", host.files());
}

#[test]
fn the_first_story_of_a_project_without_tests_makes_their_entry() {
    let host = host();
    host.run(Plan::run, json!({ "brief-file": "brief.md" })).expect("a plan");
    let with_entry: Vec<_> =
        ["1-1-init-ledger", "1-3-exact-shares"].map(|key| host.item(key).expect("a story").draft.body.contains("## Tests")).into();
    assert_eq!(with_entry, [true, false]);
    assert!(host.file("docs/stories/1-1-init-ledger.md").is_some_and(|text| text.contains("tests/run.sh")));
}

#[test]
fn an_agent_that_fails_ends_the_run_with_its_reason() {
    let host = host().with_agent("architect", |_| Err(Error::other("The model declined.")));
    let error = host.run(Plan::run, json!({ "brief-file": "brief.md" })).expect_err("the architect failed");
    assert_eq!(error.to_string(), "Agent `architect` failed: The model declined.");
}

#[test]
fn a_brief_that_is_not_there_costs_nothing() {
    for input in [json!({ "brief-file": "ghost.md" }), json!({ "brief-file": "../brief.md" }), json!({}), json!("")] {
        let host = host();
        assert!(host.run(Plan::run, &input).is_err(), "{input}");
        assert!(host.requests("agents.perform").is_empty() && host.progress().is_empty(), "{input}");
    }
}
