//! The engine with a persona and a model that answers by rules.

use baton_sdk::prelude::*;
use baton_sdk::testing::{Host, calls_tool, says};

use crate::Role;

const PERSONA: &str = "+++\ntemperature = 0.5\nmax-turns = 3\ntools = [\"read_file\"]\n+++\nYou are Ann.";

fn host() -> Host {
    Host::new().with_asset("persona.md", PERSONA)
}

#[test]
fn the_persona_speaks_to_the_model() {
    let host = host().when("Look.", "I looked. There was nothing.");
    let outcome = host.perform(Role::perform, Task::new("Look.").with_context("A field.")).expect("an outcome");
    assert_eq!((outcome.answer.as_str(), outcome.summary.as_str()), ("I looked. There was nothing.", "I looked."));
    let request = &host.requests("llm.complete")[0];
    assert_eq!((&request["system"], &request["temperature"]), (&json!("You are Ann."), &json!(0.5)));
    assert_eq!(host.prompts(), ["Look.\n\nA field."]);
}

#[test]
fn a_tool_the_model_calls_reads_what_is_granted() {
    let rule = |request: &llm::Request| match request.messages.len() {
        1 => Some(calls_tool("read_file", json!({ "path": "a.md" }))),
        _ => Some(says("Read.")),
    };
    let allowed = host().with_file("a.md", "Apples.").with_model(rule);
    allowed.perform(Role::perform, Task::new("Read a.md.")).expect("an outcome");
    assert!(allowed.prompts()[1].contains("Apples."), "{:?}", allowed.prompts());
    let denied = host().with_file("a.md", "Apples.").with_model(rule).granting("models", "*");
    denied.perform(Role::perform, Task::new("Read a.md.")).expect("an outcome all the same");
    assert!(denied.prompts()[1].contains("baton plugin grant"), "the model is told: {:?}", denied.prompts());
}

#[test]
fn an_answer_that_does_not_fit_is_shown_to_the_model() {
    let schema = json!({ "type": "object", "required": ["verdict"] });
    let task = || Task::new("Judge.").with_answer_schema(&schema);
    let repaired = host().when("lacks `verdict`", "{\"verdict\": \"good\"}").when("Judge.", "{}");
    assert_eq!(repaired.perform(Role::perform, task()).map(|outcome| outcome.answer), Ok("{\"verdict\":\"good\"}".to_owned()));
}

#[test]
fn with_tools_the_model_answers_by_a_call_whose_schema_keeps_its_order() {
    let schema = json!({ "type": "object", "properties": { "reasoning": { "type": "string" }, "answer": { "type": "string" } } });
    let host = host().with_model(|_| Some(calls_tool("finish", json!({ "reasoning": "It is so.", "answer": "yes" }))));
    let outcome = host.perform(Role::perform, Task::new("Judge.").with_answer_schema(&schema)).expect("an outcome");
    assert_eq!(outcome.answer, r#"{"reasoning":"It is so.","answer":"yes"}"#);
    let request = &host.requests("llm.complete")[0];
    assert_eq!(request["tools"][1]["parameters"].to_string(), schema.to_string());
    assert!(schema.to_string().find("reasoning") < schema.to_string().find("answer"), "reasoning comes before the answer");
    assert!(request["reply-schema"].is_null());
}

#[test]
fn a_model_that_is_stuck_is_for_the_operator_and_then_continues() {
    let schema = json!({ "type": "object", "required": ["verdict"] });
    let asked = std::cell::Cell::new(0);
    let host = host().resumes(1).with_asset("persona.md", "You are Ann.").with_model(move |_| {
        asked.set(asked.get() + 1);
        Some(says(if asked.get() > 4 { "{\"verdict\": \"good\"}" } else { "{}" }))
    });
    let outcome = host.perform(Role::perform, Task::new("Judge.").with_answer_schema(&schema));
    assert_eq!(outcome.map(|outcome| outcome.answer), Ok("{\"verdict\":\"good\"}".to_owned()));
    let prompts = host.prompts();
    assert_eq!(prompts.len(), 5);
    assert!(prompts[4].starts_with(&prompts[3]) && prompts[4].contains("goes on now"), "{}", prompts[4]);
    let pauses = host.pauses();
    assert!(pauses.len() == 1 && pauses[0].contains("lacks `verdict`") && pauses[0].contains("`--model "), "{pauses:?}");
}

#[test]
fn a_later_task_continues_where_the_first_ended() {
    let host = host().when("And the second", "Two.").when("The first", "One.");
    let first = host.perform(Role::perform, Task::new("The first?")).expect("an outcome");
    let second = host.perform(Role::perform, Task::new("And the second?").continuing(first.conversation)).expect("an outcome");
    assert_eq!(second.answer, "Two.");
    assert!(host.prompts()[1].starts_with("The first?"), "{:?}", host.prompts());
    let foreign = Task::new("The first?").continuing("{\"of\": \"another agent\"}".to_owned());
    assert_eq!(host.perform(Role::perform, foreign).map(|outcome| outcome.answer), Ok("One.".to_owned()));
}

#[test]
fn a_folder_without_a_persona_is_named() {
    let error = Host::new().perform(Role::perform, Task::new("Look.")).expect_err("no persona");
    assert!(error.to_string().contains("`persona.md`"), "{error}");
}
