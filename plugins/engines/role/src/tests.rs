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
fn an_answer_that_does_not_fit_is_shown_to_the_model_once() {
    let schema = json!({ "type": "object", "required": ["verdict"] });
    let task = || Task::new("Judge.").with_answer_schema(&schema);
    let repaired = host().when("lacks `verdict`", "{\"verdict\": \"good\"}").when("Judge.", "{}");
    assert_eq!(repaired.perform(Role::perform, task()).map(|outcome| outcome.answer), Ok("{\"verdict\":\"good\"}".to_owned()));
}

#[test]
fn a_model_that_is_stuck_is_for_the_operator_and_then_begins_anew() {
    let task = Task::new("Judge.").with_answer_schema(&json!({ "type": "object", "required": ["verdict"] }));
    let asked = std::cell::Cell::new(0);
    let host = host().resumes(1).with_model(move |_| {
        asked.set(asked.get() + 1);
        Some(says(if asked.get() > 2 { "{\"verdict\": \"good\"}" } else { "{}" }))
    });
    assert_eq!(host.perform(Role::perform, task).map(|outcome| outcome.answer), Ok("{\"verdict\":\"good\"}".to_owned()));
    let prompts = host.prompts();
    assert_eq!((prompts.len(), &prompts[2]), (3, &prompts[0]));
    let pauses = host.pauses();
    assert!(pauses.len() == 1 && pauses[0].contains("lacks `verdict`") && pauses[0].contains("`--model "), "{pauses:?}");
}

#[test]
fn a_folder_without_a_persona_is_named() {
    let error = Host::new().perform(Role::perform, Task::new("Look.")).expect_err("no persona");
    assert!(error.to_string().contains("`persona.md`"), "{error}");
}
