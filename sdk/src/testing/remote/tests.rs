use std::{io::Cursor, sync::mpsc};

use super::*;

/// What the host answers to these lines, in order.
fn answers(lines: &[Value]) -> Vec<Value> {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (sender, sent) = mpsc::channel();
    serve(Cursor::new(input), Lines(sender)).unwrap();
    let written: Vec<u8> = sent.try_iter().flatten().collect();
    String::from_utf8(written).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

struct Lines(mpsc::Sender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_owned()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn call(name: &str, arguments: Value) -> Value {
    json!({ "host": 1, "call": name, "arguments": arguments })
}

fn set(method: &str, arguments: Value) -> Value {
    json!({ "host": 1, "do": method, "arguments": arguments })
}

#[test]
fn calls_are_answered_in_the_form_of_the_contract() {
    let answered = answers(&[
        set("with_file", json!(["a.md", { "base64": "QQ==" }])),
        call("files.read", json!(["a.md"])),
        call("files.find", json!(["*"])),
        call("files.read", json!(["b.md"])),
        json!({ "host": 2, "call": "files.find", "arguments": ["*"] }),
    ]);
    assert_eq!(
        answered[..3],
        [
            json!({ "value": null }),
            json!({ "value": { "base64": "QQ==" } }),
            json!({ "value": [{ "path": "a.md", "kind": "file", "size-bytes": 1.0 }] }),
        ]
    );
    assert_eq!(answered[3]["error"]["kind"], "not-found");
    assert_eq!(answered[4], json!({ "value": [] }), "another host has files of its own");
}

#[test]
fn a_function_of_the_test_answers_and_calls_the_host_meanwhile() {
    let task = json!({ "goal": "Write.", "context": "", "answer-schema": null, "conversation": null });
    let answered = answers(&[
        json!({ "host": 1, "do": "with_agent_after", "arguments": ["amelia", 0], "callback": 7 }),
        call("agents.perform", json!(["amelia", task, []])),
        call("files.write", json!(["a.md", { "base64": "QQ==" }])),
        json!({ "return": { "answer": "Written.", "summary": "" } }),
        set("file", json!(["a.md"])),
        call("agents.perform", json!(["amelia", task, []])),
        json!({ "raise": { "kind": "invalid", "text": "No.", "subject": null, "details": null } }),
    ]);
    assert_eq!(answered[1], json!({ "callback": 7, "arguments": [task] }));
    assert_eq!(answered[2], json!({ "value": null }));
    assert_eq!(answered[3]["value"]["answer"], "Written.");
    assert_eq!(answered[4], json!({ "value": "A" }));
    assert_eq!(answered[6]["error"]["kind"], "child-failed", "an error of an agent is handed up as a child's");
}

#[test]
fn what_a_test_does_wrong_fails_it_and_ends_nothing() {
    let wrong = [
        (call("files.fly", json!([])), "no function `files.fly`"),
        (set("fly", json!([])), "no method `fly`"),
        (call("files.read", json!([7])), "`7` is not a text"),
        (call("forge.review", json!([-1, "approve", ""])), "`-1` is not a whole number"),
        (call("backlog.move-to", json!(["1", "flying", ""])), "`\"flying\"` is not todo or in-progress"),
        (call("people.ask", json!([{ "text": "Is it?" }])), "`options`: `null` is not a list"),
        (set("granting", json!(["write", "a{"])), "is not a pattern"),
        (set("with_state", json!(["b", "k", "{"])), "is not JSON"),
        (json!({ "return": 5 }), "was not called"),
    ];
    for (question, sentence) in wrong {
        let answered = answers(&[question.clone(), call("files.find", json!(["*"]))]);
        let failure = answered[0]["failure"].as_str().unwrap_or_default();
        assert!(failure.contains(sentence), "{question}: {answered:?}");
        assert_eq!(answered[1], json!({ "value": [] }), "{question}");
    }
}

#[test]
fn a_prompt_without_a_rule_and_a_function_that_fails_are_failures_of_the_test() {
    let request = json!({ "model": null, "system": null, "messages": [{ "role": "user", "parts": [{ "tag": "text", "val": "Is it?" }] }], "tools": [], "reply-schema": null, "options": [] });
    let answered = answers(&[
        call("llm.complete", json!([request])),
        json!({ "host": 1, "do": "with_model", "arguments": [], "callback": 0 }),
        call("llm.complete", json!([request])),
        json!({ "fail": "The test's own mistake." }),
        set("calls", json!([])),
    ]);
    assert!(answered[0]["failure"].as_str().unwrap().contains("No rule of the test's host answers this prompt"), "{answered:?}");
    assert_eq!(answered[2]["callback"], 0);
    assert_eq!(answered[3], json!({ "failure": "The test's own mistake." }));
    assert!(answered[4]["value"].as_str().unwrap().contains("llm.complete"), "{answered:?}");
}

#[test]
fn work_that_is_done_twice_must_be_the_same_twice() {
    let lines = |second: &str| {
        answers(&[
            json!({ "host": 1, "do": "twice", "arguments": [], "callback": 0 }),
            call("files.read", json!(["a.md"])),
            json!({ "return": "done" }),
            call("files.read", json!([second])),
            json!({ "return": "done" }),
        ])
    };
    assert_eq!(lines("a.md").last().unwrap(), &json!({ "value": "done" }));
    let differing = lines("b.md");
    assert!(differing[3]["failure"].as_str().unwrap().contains("Executed again, the work makes call 1"), "{differing:?}");
}

#[test]
fn a_line_that_is_no_message_ends_it() {
    for line in ["x", "{}", "[]", "{\"host\": -1, \"call\": \"a\", \"arguments\": []}", "{\"host\": 1, \"call\": \"a\"}"] {
        let error = serve(Cursor::new(format!("{line}\n")), Vec::new()).unwrap_err();
        assert!(error.to_string().contains("is not a message"), "{line}: {error}");
    }
}

#[test]
fn a_run_that_continues_ends_its_function_and_is_run_again() {
    let answered = answers(&[
        json!({ "host": 1, "do": "run", "arguments": ["1"], "callback": 0 }),
        call("run.publish", json!(["round", "1"])),
        call("run.continue-with", json!(["{\"aB\":2}"])),
        json!({ "continue": "{\"aB\":2}" }),
        json!({ "return": "3" }),
        set("published", json!(["round"])),
        json!({ "host": 1, "do": "perform", "arguments": [{ "goal": "Go on.", "context": "", "answer-schema": null }], "callback": 0 }),
        call("run.continue-with", json!(["2"])),
        json!({ "return": { "answer": "", "summary": "" } }),
    ]);
    assert_eq!(answered[0], json!({ "callback": 0, "arguments": ["1"] }));
    assert_eq!(answered[2], json!({ "continue": "{\"aB\":2}" }));
    assert_eq!(answered[3], json!({ "callback": 0, "arguments": ["{\"aB\":2}"] }));
    assert_eq!((&answered[4], &answered[5]), (&json!({ "value": "3" }), &json!({ "value": "1" })));
    assert_eq!(answered[7]["error"]["kind"], "invalid", "an agent cannot begin again");
}

#[test]
fn what_happens_later_arrives_by_its_ticket() {
    let answered = answers(&[
        set("at", json!([0])),
        set("with_signal_after", json!(["limit", 1000, "{\"dollars\":5}"])),
        call("waits.signal", json!(["limit"])),
        call("waits.any", json!([["ticket-1"], 500])),
        call("waits.timer", json!([700])),
    ]);
    let ticket = answered[2]["value"].as_str().unwrap_or_else(|| panic!("{answered:?}"));
    assert_eq!(answered[3]["error"]["kind"], "not-found", "{answered:?}");
    let answered = answers(&[
        set("at", json!([0])),
        set("with_signal_after", json!(["limit", 1000, "{\"dollars\":5}"])),
        call("waits.signal", json!(["limit"])),
        call("waits.any", json!([[ticket], 500])),
        call("waits.any", json!([[ticket], null])),
        call("run.now", json!([])),
    ]);
    assert_eq!(answered[3], json!({ "value": null }), "nothing arrives by then");
    let arrival = json!({ "ticket": ticket, "outcome": { "tag": "ok", "val": "{\"dollars\":5}" } });
    assert_eq!((&answered[4], &answered[5]), (&json!({ "value": arrival }), &json!({ "value": 1000.0 })));
}
