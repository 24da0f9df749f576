//! The types against the schemas: what a type writes satisfies its schema, and what a sample says a type reads.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::*;

fn schema(text: &str) -> Value {
    serde_json::from_str(text).expect("a schema is JSON")
}

fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn samples(slot: &Slot) -> Vec<Value> {
    serde_json::from_str(slot.samples).expect("samples are a list")
}

/// The samples are read, and what is written of them satisfies the schema as well.
fn reads<T: DeserializeOwned + Serialize>(name: &str) {
    let slot = find(name).expect("a slot");
    for sample in samples(slot) {
        let read: T = serde_json::from_value(sample).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(problems(&schema(slot.input), &json!(read)), [""; 0], "{name}");
    }
}

fn writes<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(name: &str, output: &T, least: Value) {
    let slot = find(name).expect("a slot");
    assert_eq!(problems(&schema(slot.output), &json!(output)), [""; 0], "{name}");
    let read: T = serde_json::from_value(json!(output)).expect("what was written is read");
    assert_eq!(read, *output);
    assert_eq!(problems(&schema(slot.output), &least), [""; 0], "{name}");
    serde_json::from_value::<T>(least).unwrap_or_else(|error| panic!("the least that the schema of {name} wants: {error}"));
}

#[test]
fn every_sample_satisfies_the_schema_of_its_slot() {
    for slot in SLOTS {
        let samples = samples(slot);
        assert!(samples.len() > 1, "{}", slot.name);
        for sample in samples {
            assert_eq!(problems(&schema(slot.input), &sample), [""; 0], "{}", slot.name);
            assert!(slot.item.is_none_or(|field| sample[field].is_string()), "{}", slot.name);
        }
        assert!(!problems(&schema(slot.output), &json!({})).is_empty(), "an empty answer of {} says nothing", slot.name);
    }
}

#[test]
fn types_read_the_samples_and_write_what_the_schemas_say() {
    reads::<role::Task>(DEVELOPER);
    reads::<story_context::Input>(STORY_CONTEXT);
    reads::<dev_story::Input>(DEV_STORY);
    reads::<run_tests::Input>(RUN_TESTS);
    reads::<code_review::Input>(CODE_REVIEW);
    reads::<land::Input>(LAND);
    reads::<decide::Input>(DECIDE);
}

#[test]
fn outputs_satisfy_their_schemas_and_the_least_that_those_want_is_read() {
    let failed = run_tests::FailedTest {
        name: "cents".to_owned(),
        file: "tests/a".to_owned(),
        line: Some(3),
        message: "A cent is lost.".to_owned(),
    };
    let folder = run_tests::Folder { folder: "crates/a".to_owned(), command: None, quick: Some("make a".to_owned()) };
    let tested = run_tests::Output {
        passed: true,
        outcome: run_tests::outcome::PASSED.to_owned(),
        took_ms: 1,
        failing: vec![failed],
        counts: Some(run_tests::Counts { passed: 2, failed: 1, skipped: 0 }),
        flaky_tests: vec!["waits".to_owned()],
        names: vec!["sums".to_owned()],
        added: vec!["cents".to_owned()],
        folders: vec![folder],
        parts: true,
        ..Default::default()
    };
    let finding = code_review::Finding { what: "A cent is lost.".to_owned(), line: Some(1), ..Default::default() };
    writes(DEVELOPER, &role::Report { answer: "Done.".to_owned(), summary: String::new() }, json!({ "answer": "" }));
    let source = story_context::Source { source: "docs/a.md".to_owned(), tokens: 5, cut: true };
    writes(STORY_CONTEXT, &story_context::Output { text: "x".to_owned(), sources: vec![source], tokens: 5 }, json!({ "text": "" }));
    writes(RUN_TESTS, &tested, json!({ "passed": false }));
    let criterion = code_review::Criterion { criterion: "Sums are exact.".to_owned(), holds: "no".to_owned(), ..Default::default() };
    let judged = code_review::Output {
        criteria: vec![code_review::Criterion { line: Some(3), test: "adds_up".to_owned(), ..criterion }],
        earlier: vec![code_review::Earlier { finding: finding.clone(), reply: "No.".to_owned(), status: "withdrawn".to_owned() }],
        findings: vec![finding],
        summary: String::new(),
        verdict: code_review::Verdict::Changes,
    };
    writes(CODE_REVIEW, &judged, json!({ "verdict": "approve" }));
    let story = land::Landed { key: "1".to_owned(), commit: "c".to_owned() };
    writes(LAND, &land::Output { landed: vec![story], base: Some(tested.clone()), ..Default::default() }, json!({ "landed": [] }));
    writes(DECIDE, &decide::Output { answer: "a".to_owned(), confidence: 0.5, ..Default::default() }, json!({ "answer": "a" }));
    let added = dependency::Dependency {
        name: "itoa".to_owned(),
        manager: "cargo".to_owned(),
        before: vec!["1.0.0".to_owned()],
        after: vec!["1.0.1".to_owned()],
        licence: "MIT".to_owned(),
        files: vec!["Cargo.lock".to_owned()],
        note: "the same version with another checksum".to_owned(),
    };
    let developed = dev_story::Output {
        key: "1".to_owned(),
        outcome: dev_story::Outcome::Accepted,
        reason: String::new(),
        summary: String::new(),
        commit: String::new(),
        tests: Some(tested),
        guards: vec!["note".to_owned()],
        dependencies: vec![added],
        replies: vec![String::new()],
        conversation: Some("[]".to_owned()),
        attempts: 2,
    };
    writes(DEV_STORY, &developed, json!({ "outcome": "done" }));
}

#[test]
fn a_run_that_was_stopped_is_not_red() {
    let ended = |outcome: &str, passed, command: Option<&str>| run_tests::Output {
        passed,
        outcome: outcome.to_owned(),
        command: command.map(str::to_owned),
        ..Default::default()
    };
    let red = ended("", false, Some("make test"));
    assert!(red.is_red() && !red.is_unjudged(), "a plugin may leave the word out");
    assert_eq!((ended("", true, None).ended(), ended("", false, None).ended()), ("passed", "no-command"));
    for outcome in ["timed-out", "out-of-memory", "killed", "not-started"] {
        let stopped = ended(outcome, false, Some("make test"));
        assert!(!stopped.is_red() && stopped.is_unjudged(), "{outcome}");
    }
    assert!(!ended("a later word", false, Some("make test")).is_red());
}

#[test]
fn a_failed_test_is_told_in_a_line() {
    let told = |name: &str, file: &str, line, message: &str| {
        run_tests::FailedTest { name: name.to_owned(), file: file.to_owned(), line, message: message.to_owned() }.line_of()
    };
    assert_eq!(told("tests/a.py::test_b", "tests/a.py", Some(3), "\n 1 is not 2\nmore"), "tests/a.py:3 `test_b`: 1 is not 2");
    assert_eq!(told("a.test.ts > b > c", "a.test.ts", None, ""), "a.test.ts `b > c`");
    assert_eq!((told("b", "", Some(3), ""), told("a.py", "a.py", None, "x")), ("`b`".to_owned(), "a.py `a.py`: x".to_owned()));
    let counts = |passed, failed, skipped| run_tests::Counts { passed, failed, skipped }.in_words();
    assert_eq!((counts(0, 0, 0).as_str(), counts(3, 1, 2).as_str()), ("0 passed", "3 passed, 1 failed, 2 skipped"));
}

#[test]
fn words_that_are_not_known_keep_a_finding_open() {
    let finding = |severity: &str| code_review::Finding { severity: severity.to_owned(), ..Default::default() };
    assert_eq!(["", "blocking", "minor", "a later word"].map(|word| finding(word).is_blocking()), [true, true, false, true]);
    let earlier = |status: &str| code_review::Earlier { status: status.to_owned(), ..Default::default() };
    assert_eq!(["", "open", "fixed", "withdrawn", "a later word"].map(|word| earlier(word).is_open()), [true, true, false, false, true]);
}

#[test]
fn a_name_is_one_slot() {
    for (place, slot) in SLOTS.iter().enumerate() {
        assert_eq!(SLOTS.iter().position(|other| other.name == slot.name), Some(place));
        assert!(slot.kind == Kind::Role || slot.default == slot.name, "a bundled policy is called like its slot");
    }
    assert_eq!(find("amelia"), None);
}
