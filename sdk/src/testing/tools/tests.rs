//! What a call of a tool needs, what it leaves behind, and what is said when it cannot be made.

use serde_json::{Value, json};

use crate::sandbox::Execution;
use crate::testing::Host;
use crate::tools::{self, Effects, Offer, ToolOutcome};
use crate::{Error, ErrorKind, Result};

fn call(host: &Host, name: &str, arguments: Value) -> Result<ToolOutcome> {
    host.inside(|| tools::call(name, &arguments))
}

fn refused(host: &Host, name: &str, arguments: Value) -> Error {
    call(host, name, arguments).unwrap_err()
}

fn calculator() -> Host {
    let numbers = json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] });
    let offer = Offer::new("add", "Adds.", &numbers).with_effects(Effects::READ_ONLY);
    Host::new().with_tool("calculator.add", offer, |arguments| Ok(ToolOutcome::done(arguments["a"].to_string())))
}

#[test]
fn the_hosts_own_tools_work_on_the_workspace_and_each_is_one_call() {
    let host = Host::new().with_file("docs/a.md", "one\ntwo\n");
    assert_eq!(
        call(&host, "read_file", json!({ "path": "./docs//a.md" })),
        Ok(ToolOutcome::done("     1\tone\n     2\ttwo\n[All 2 lines.]"))
    );
    let second = call(&host, "read_file", json!({ "path": "docs/a.md", "first-line": 2, "lines": 1 }));
    assert_eq!(second, Ok(ToolOutcome::done("     2\ttwo\n[Lines 2 to 2, the last.]")));
    assert_eq!(call(&host, "find_files", json!({ "glob": "docs/*" })), Ok(ToolOutcome::done("docs/a.md (8 bytes)\n")));
    assert_eq!(call(&host, "search_files", json!({ "pattern": "^t" })), Ok(ToolOutcome::done("docs/a.md:2: two\n")));
    assert_eq!(call(&host, "search_files", json!({ "pattern": "^t", "glob": "src/**" })), Ok(ToolOutcome::done("No line matches.")));
    assert_eq!(call(&host, "write_file", json!({ "path": "b.md", "content": "B" })), Ok(ToolOutcome::done("Wrote 1 bytes to b.md.")));
    assert_eq!(host.file("b.md").as_deref(), Some("B"));
    assert_eq!(host.calls().len(), 6);
    let last = host.calls().remove(5);
    assert_eq!(
        (&*last.name, last.request),
        ("tools.call", json!({ "name": "write_file", "arguments": { "path": "b.md", "content": "B" } }))
    );
    assert_eq!(last.answer, Ok(json!({ "content": "Wrote 1 bytes to b.md.", "failed": false })));
}

#[test]
fn what_is_wrong_with_a_file_is_the_calls_error() {
    let host = Host::new().with_file("a.bin", [0xff]);
    let kind = |arguments: Value| refused(&host, "read_file", arguments).kind;
    assert_eq!(kind(json!({ "path": "ghost" })), ErrorKind::NotFound);
    assert_eq!(kind(json!({ "path": "../x" })), ErrorKind::Invalid);
    assert_eq!(kind(json!({ "path": "a.bin" })), ErrorKind::Invalid);
    assert_eq!(refused(&host, "find_files", json!({ "glob": "[" })).kind, ErrorKind::Invalid);
    assert_eq!(host.calls().len(), 4, "each is noted with its error");
}

#[test]
fn a_tool_needs_its_own_grant_and_that_of_what_it_reaches() {
    let host = calculator().with_file("a.md", "A").granting("tools", "read_file").granting("read", "docs/**");
    let denied = refused(&host, "calculator.add", json!({}));
    assert_eq!(
        (denied.kind, denied.subject.as_deref()),
        (ErrorKind::Denied, Some("tools=calculator.add")),
        "before its arguments are read"
    );
    let denied = refused(&host, "read_file", json!({ "path": "a.md" }));
    assert_eq!((denied.kind, denied.subject.as_deref()), (ErrorKind::Denied, Some("read=a.md")));
    let host = host.granting("tools", "*").granting("write", "docs/**");
    assert_eq!(refused(&host, "write_file", json!({ "path": "a.md", "content": "" })).subject.as_deref(), Some("write=a.md"));
    assert_eq!(refused(&host, "run_command", json!({ "command": "make", "image": "rust" })).subject.as_deref(), Some("images=rust"));
    assert_eq!(
        call(&host, "find_files", json!({ "glob": "**" })),
        Ok(ToolOutcome::done("No file fits this glob. Files that git ignores are not found."))
    );
}

#[test]
fn a_tool_that_is_not_there_is_said_to_be_and_names_that_are_close_are_told() {
    let host = calculator().granting("tools", "calculator.*");
    for (name, expected) in [
        ("read_fil", "There is no tool `read_fil`. Names that are close: `read_file`."),
        ("xyz", "There is no tool `xyz`. `tools.available` lists"),
        ("calculator", "`calculator` is a set of tools: name one of them, such as `calculator.…`."),
        ("calculator__add", "Names that are close: `calculator.add`."),
        ("calculator.ad", "There is no tool `calculator.ad`. Names that are close: `calculator.add`."),
        ("calculater.add", "There is no toolbox and no tool server `calculater`. Names that are close: `calculator`."),
    ] {
        let error = refused(&host, name, json!({}));
        assert!(error.kind == ErrorKind::NotFound && error.text.contains(expected), "{name}: {error}");
    }
    assert_eq!(host.calls().len(), 6);
}

#[test]
fn arguments_that_do_not_fit_are_refused_with_their_place() {
    let host = calculator();
    let text = |arguments: Value| refused(&host, "calculator.add", arguments).text;
    assert_eq!(
        text(json!({ "a": "x" })),
        "The arguments do not fit `calculator.add`, at /a: must be of type integer. Call it again with arguments that do."
    );
    assert!(text(json!({})).contains("at the root: lacks `a`"));
    let both = refused(&host, "read_file", json!({ "path": "", "more": 1 })).text;
    // The order is that of the document, which another crate of the build may decide.
    assert!(both.contains("at /more: is not allowed here") && both.contains("at /path: must have at least 1"), "{both}");
    assert_eq!(host.requests("tools.call").len(), 3);
    assert!(text(json!([])).contains("not a JSON object"));
    assert_eq!(host.requests("tools.call").len(), 3, "what is no object is no call");
}

#[test]
fn calls_made_together_are_noted_one_by_one() {
    let host = calculator().granting("tools", "calculator.*");
    let calls = [("calculator.add", json!({ "a": 1 })), ("read_file", json!({ "path": "a" })), ("calculator.add", json!([]))];
    let kinds: Vec<_> = host.inside(|| tools::call_all(&calls)).into_iter().map(|answer| answer.map_err(|error| error.kind)).collect();
    assert_eq!(kinds, [Ok(ToolOutcome::done("1")), Err(ErrorKind::Denied), Err(ErrorKind::Invalid)]);
    assert_eq!(host.requests("tools.call").len(), 2, "what is no object is no call");
    let many = vec![("calculator.add", json!({ "a": 1 })); 17];
    assert!(
        host.inside(|| tools::call_all(&many)).iter().all(|answer| answer.as_ref().is_err_and(|error| error.text.contains("17 calls")))
    );
    assert_eq!(host.requests("tools.call").len(), 2);
}

#[test]
fn what_is_granted_is_listed_in_order() {
    let host = calculator().granting("tools", "calculator.*").granting("tools", "find_*");
    let names: Vec<_> = host.inside(tools::available).into_iter().map(|offer| offer.tool.name).collect();
    assert_eq!(names, ["calculator.add", "find_files"]);
    let call = host.calls().remove(0);
    assert_eq!((&*call.name, call.request), ("tools.available", Value::Null));
    let effects = json!({ "read-only": true, "destructive": false, "idempotent": false });
    assert_eq!(call.answer.map(|answer| (answer[0]["name"].clone(), answer[0]["effects"].clone())), Ok((json!("calculator.add"), effects)));
}

#[test]
fn a_command_is_answered_by_its_rule_and_an_engine_that_is_missing_pauses() {
    let host = Host::new().when_executed("sh -c make", Execution::exited(2).with_stderr("1 failed\n"));
    let outcome = call(&host, "run_command", json!({ "command": "make" })).unwrap();
    assert_eq!(outcome, ToolOutcome::failed("The command ended with exit code 2.\n--- stderr\n1 failed\n"));
    let host = Host::new().when_executed("make", Execution::exited(0).with_stdout("ok\n".repeat(10_000)));
    let outcome = call(&host, "run_command", json!({ "command": "make" })).unwrap();
    let name = outcome.content.split('`').nth(1).unwrap();
    let read = call(&host, "read_output", json!({ "output": name, "first-line": 10_000 })).unwrap();
    assert_eq!(read.content, " 10000\tok\n[Lines 10000 to 10000, the last.]");
    assert_eq!(refused(&host, "read_output", json!({ "output": "none" })).kind, ErrorKind::NotFound);
    let asked = std::cell::Cell::new(0);
    let host = Host::new().resumes(1).with_sandbox(move |_| {
        asked.set(asked.get() + 1);
        Some(if asked.get() == 1 { Err(Error::unavailable("No engine.")) } else { Ok(Execution::exited(0)) })
    });
    assert_eq!(call(&host, "run_command", json!({ "command": "make", "timeout": 5 })).map(|outcome| outcome.failed), Ok(false));
}

#[test]
fn a_stand_in_fails_as_a_toolbox_does() {
    let offer = || Offer::new("x", "Does.", &json!({ "type": "object" }));
    let host = Host::new()
        .with_tool("web.invalid", offer(), |_| Err(Error::invalid("No.")))
        .with_tool("web.cancelled", offer(), |_| Err(Error::cancelled("x")))
        .with_tool("web.away", offer(), |_| Err(Error::unavailable("It does not answer.")));
    let failed = refused(&host, "web.invalid", json!({}));
    assert_eq!((&*failed.text, failed.of_child()), ("Toolbox `web` failed: No.", Some(Error::invalid("No."))));
    assert_eq!(refused(&host, "web.cancelled", json!({})).kind, ErrorKind::Cancelled);
    assert_eq!(refused(&host, "web.away", json!({})), Error::unavailable("It does not answer."));
}

#[test]
#[should_panic(expected = "`add` is not the whole name of a tool")]
fn a_stand_in_has_a_whole_name() {
    let _ = Host::new().with_tool("add", Offer::new("add", "Adds.", &json!({})), |_| Ok(ToolOutcome::done("")));
}
