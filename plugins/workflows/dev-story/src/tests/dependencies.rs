//! Dependencies that a story wants: shown to the review with their licences, or not allowed and told to the developer before
//! anything is tested.

use baton_sdk::sandbox::{Execution, SetupOutcome};

use super::*;

const BEFORE: &str = r#"{ "packages": { "node_modules/ms": { "version": "2.0.0" } } }"#;
const AFTER: &str = r#"{ "packages": { "node_modules/ms": { "version": "2.1.0" }, "node_modules/left-pad": { "version": "1.3.0" } } }"#;

/// With a lockfile that the base has, too.
fn host() -> Host {
    let tested = Cell::new(0);
    let story = Draft::new(Kind::Story, KEY, "Show balances").with_body("- [ ] Balances add up to zero.");
    Host::new()
        .with_manifest(include_str!("../../plugin.toml"))
        .with_item(story, Status::InProgress)
        .with_workflow("story-context", |_| Ok(json!({ "text": "All about balances." })))
        .with_workflow("run-tests", move |input| {
            tested.set(tested.get() + 1);
            Ok(command(input).unwrap_or_else(|| result(!as_before(), "run")))
        })
        .with_file("kitty", "begin\n")
        .with_file("package-lock.json", BEFORE)
        .with_repository()
        .in_worktree("story/1-2-balances")
}

fn add() -> Result<()> {
    files::write("package-lock.json", AFTER)?;
    write()
}

#[test]
fn what_is_fetched_for_a_story_is_told_with_its_licence() {
    let said = Execution::exited(0).with_stdout("@@ 0\n\"license\": \"WTFPL\"\n");
    let host = amelia(host(), &[add]).when_executed("left-pad", said);
    let output = developed(&host, json!({ "key": KEY }));
    let dependency = |place: usize, key: &str| output["dependencies"][place][key].clone();
    assert_eq!((dependency(0, "name"), dependency(0, "licence")), (json!("left-pad"), json!("WTFPL")), "{output}");
    assert_eq!((dependency(1, "before"), dependency(1, "after")), (json!(["2.0.0"]), json!(["2.1.0"])));
    assert_eq!(output["dependencies"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_not_allowed_goes_back_before_anything_is_tested() {
    let undo: fn() -> Result<()> = || {
        files::write("package-lock.json", BEFORE)?;
        write()
    };
    let host = amelia(host(), Box::leak(Box::new([add, undo]))).with_setting("story.dependencies", json!(["ms"]));
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"], &output["dependencies"]), (&json!("done"), &json!(1), &Value::Null));
    let tasks = host.requests("agents.perform");
    assert!(tasks[0]["task"]["context"].to_string().contains("no others: `ms`"), "{}", tasks[0]);
    let told = tasks[1]["task"].to_string();
    assert!(told.contains("does not allow") && told.contains("adds `left-pad` 1.3.0") && !told.contains("`ms` from"), "{told}");
    assert!(host.requests("sandbox.execute").is_empty());
}

#[test]
fn a_story_without_lockfiles_looks_for_no_licence() {
    let host = amelia(host(), &[write]);
    assert_eq!(developed(&host, json!({ "key": KEY }))["dependencies"], Value::Null);
    assert!(host.requests("sandbox.execute").is_empty());
}

#[test]
fn lockfiles_are_renewed_after_a_manifest_changed() {
    let name: fn() -> Result<()> = || {
        files::write("package.json", "{}")?;
        write()
    };
    let repair: fn() -> Result<()> = || files::remove("package.json");
    let failed = SetupOutcome {
        state: "failed".to_owned(),
        command: Some("npm install --package-lock-only".to_owned()),
        report: "\n--- stderr\nleft-pda is not in this registry".to_owned(),
        ..SetupOutcome::none()
    };
    let host = amelia(host(), Box::leak(Box::new([name, repair]))).when_renewed(failed);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"]), (&json!("done"), &json!(1)), "{output}");
    let told = host.requests("agents.perform")[1]["task"].to_string();
    assert!(told.contains("its lockfiles cannot be renewed") && told.contains("left-pda is not in this registry"), "{told}");
    assert_eq!(host.requests("sandbox.renew-lockfiles").len(), 1, "not for a change without manifest and lockfile");
}
