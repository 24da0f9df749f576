//! The whole workflow on a host in memory.

use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Decide;

fn host() -> Host {
    Host::new().with_manifest(include_str!("../plugin.toml"))
}

fn verdict(answer: &str, quote: &str, clarity: f32) -> String {
    json!({ "answer": answer, "reasoning": "The document says so.", "quote": quote, "clarity": clarity, "sufficiency": clarity })
        .to_string()
}

fn input() -> Value {
    json!({ "question": "Which database is used?", "options": ["SQLite", "PostgreSQL"] })
}

#[test]
fn what_a_document_states_is_taken_and_told() {
    let host = host()
        .knowing("docs/architecture.md", "The database is SQLite, because one file is enough.")
        .when("Which database", &verdict("SQLite", "The database is SQLite,", 0.2));
    let decided = host.run(Decide::run, input()).unwrap();
    assert_eq!((decided["answer"].as_str(), decided["by"].as_str()), (Some("SQLite"), Some("knowledge")));
    assert_eq!(decided["source"], "docs/architecture.md");
    assert_eq!(host.requests("people.inform")[0]["answer"], "SQLite");
    assert!(host.requests("people.ask").is_empty());
}

#[test]
fn a_quotation_that_stands_nowhere_is_worth_nothing() {
    let host = host()
        .knowing("docs/architecture.md", "The database is still open.")
        .when("Which database", &verdict("SQLite", "The database is SQLite, for sure.", 0.2))
        .answers("Which database", "PostgreSQL");
    let decided = host.run(Decide::run, input()).unwrap();
    assert_eq!((decided["answer"].as_str(), decided["by"].as_str()), (Some("PostgreSQL"), Some("person")));
    let asked = &host.requests("people.ask")[0];
    assert_eq!(asked["best"], "SQLite");
}

#[test]
fn what_a_person_answered_before_is_not_asked_again() {
    let host = host().knowing("decisions/7", "Question: which database is used\nA person answered: PostgreSQL");
    let decided = host.run(Decide::run, input()).unwrap();
    assert_eq!((decided["answer"].as_str(), decided["by"].as_str()), (Some("PostgreSQL"), Some("knowledge")));
    assert!(host.prompts().is_empty(), "no model is asked");
}

#[test]
fn of_two_answers_the_later_one_counts() {
    let answered =
        |place, answer: &str| (format!("decisions/{place}"), format!("Question: Which database is used?\nA person answered: {answer}"));
    let decided = |answers: &[(String, String)]| {
        let host = answers.iter().fold(host(), |host, (source, text)| host.knowing(source, text));
        let host = host.when("", &verdict("SQLite", "", 0.1)).answers("", "SQLite");
        let decided = host.run(Decide::run, input()).unwrap();
        (decided["answer"].as_str().unwrap().to_owned(), decided["source"].as_str().unwrap().to_owned())
    };
    let (earlier, later) = (answered(9, "SQLite"), answered(10, "PostgreSQL"));
    let expected = ("PostgreSQL".to_owned(), "decisions/10".to_owned());
    assert_eq!(decided(&[earlier.clone(), later.clone()]), expected);
    assert_eq!(decided(&[later, earlier.clone()]), expected);
    let no_option = answered(11, "Neither");
    assert_eq!(decided(&[earlier, no_option]).1, "person", "what was taken back is no answer");
}

#[test]
fn a_sure_model_decides_and_an_unsure_one_does_not() {
    let knowing = || host().knowing("docs/a.md", "Which database is used was discussed.");
    let sure = knowing().when("", &verdict("SQLite", "", 1.0));
    assert_eq!(sure.run(Decide::run, input()).unwrap()["by"], "model");
    let unsure = knowing().when("", &verdict("SQLite", "", 0.3)).answers("", "SQLite");
    assert_eq!(unsure.run(Decide::run, input()).unwrap()["by"], "person");
    let relaxed = knowing().when("", &verdict("SQLite", "", 0.3)).with_setting("decide.threshold", 0.2);
    assert_eq!(relaxed.run(Decide::run, input()).unwrap()["by"], "model");
}

#[test]
fn a_critical_question_is_a_persons_however_sure_a_model_is() {
    let host = host().knowing("docs/a.md", "The database is SQLite.").when("", &verdict("SQLite", "", 1.0)).answers("", "SQLite");
    let critical = json!({ "question": "Drop the database?", "options": ["SQLite"], "severity": "critical" });
    assert_eq!(host.run(Decide::run, critical).unwrap()["by"], "person");
}

#[test]
fn the_reasons_are_asked_for_before_the_answer_and_no_temperature_is_set() {
    let host = host().knowing("docs/a.md", "The database is SQLite.").when("", &verdict("SQLite", "", 1.0));
    host.run(Decide::run, input()).unwrap();
    let request = &host.requests("llm.complete")[0];
    assert_eq!(request.get("temperature"), None);
    let fields: Vec<_> = request["reply-schema"]["properties"].as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(fields, ["reasoning", "quote", "clarity", "sufficiency", "answer"]);
}

#[test]
fn the_prompt_is_kept() {
    let host = host().knowing("docs/a.md", "Which database is used was discussed.").when("", &verdict("SQLite", "", 1.0));
    let input = json!({ "question": "Which database is used?", "options": ["SQLite", "PostgreSQL"], "context": "One file is enough." });
    host.run(Decide::run, input).unwrap();
    baton_prompts::check("decide", &baton_prompts::to_models(&host, "decide"));
}

#[test]
fn wrong_input_is_refused_before_anything_is_asked() {
    let long = "x".repeat(5_000);
    for wrong in [
        json!({}),
        json!(7),
        json!({ "question": " " }),
        json!({ "question": long }),
        json!({ "question": "a", "x": 1 }),
        json!({ "question": "a", "options": [""] }),
    ] {
        let host = host();
        assert!(matches!(host.run(Decide::run, wrong.clone()), Err(Error { kind: ErrorKind::Invalid, .. })), "{wrong}");
        assert!(host.calls().is_empty());
    }
    let threshold = json!({ "question": "a", "threshold": 1.5 });
    assert!(matches!(host().run(Decide::run, threshold), Err(Error { kind: ErrorKind::Invalid, .. })));
}
