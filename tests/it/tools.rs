//! Tools end to end: the host's own, those of toolboxes, and what goes wrong with them.

use baton::kernel::{
    registry::{Origin, Plugin},
    run::State,
};
use baton_tests::{CALCULATOR, MISCHIEF, host::TestHost};
use serde_json::{Value, json};

/// A host that has the two toolboxes; `mischief` is granted what it needs.
async fn host() -> TestHost {
    let host = TestHost::new().await;
    for wasm in [CALCULATOR, MISCHIEF] {
        let plugin = Plugin::read(wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
        host.app.kernel.registry().add(plugin).unwrap();
    }
    host
}

/// What the calls came to, made one after the other by one run.
async fn call(host: &TestHost, calls: Value) -> Vec<Value> {
    let run = host.run(json!({ "do": "call-tools", "calls": calls })).await;
    assert_eq!(run.state, State::Succeeded, "{calls}");
    run.output.unwrap().as_array().cloned().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_granted_is_offered_and_nothing_else() {
    let host = host().await;
    let offered = host.run(json!({ "do": "tools" })).await.output.unwrap();
    let expected = [
        "calculator.add",
        "calculator.multiply",
        "calculator.subtract",
        "mischief.fail",
        "mischief.onward",
        "mischief.panic",
        "mischief.refuse",
        "mischief.write",
        "read_file",
        "run_command",
        "write_file",
    ];
    assert_eq!(offered, json!(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_of_the_host_and_of_a_toolbox_are_called_in_one_run() {
    let host = host().await;
    let answers = call(
        &host,
        json!([
            ["write_file", { "path": "out/bill.txt", "content": "0.1 0.2" }],
            ["read_file", { "path": "out/bill.txt" }],
            ["calculator.add", { "a": "0.1", "b": "0.2" }],
            ["calculator.multiply", { "a": "-19.99", "b": "3" }],
        ]),
    )
    .await;
    let contents: Vec<_> = answers.iter().map(|answer| answer["content"].as_str().unwrap()).collect();
    assert_eq!(contents, ["Wrote 7 bytes to out/bill.txt.", "     1\t0.1 0.2\n[All 1 lines.]", "0.3", "-59.97"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_made_at_once_are_calls_of_their_own() {
    let host = host().await;
    let calls = json!([
        ["calculator.add", { "a": "1", "b": "2" }],
        ["calculator.multiply", { "a": "2", "b": "3" }],
        ["calculator.add", { "a": "1" }],
        ["write_file", { "path": "out/a", "content": "one" }],
        ["read_file", { "path": "out/a" }],
        ["find_files", { "glob": "*" }],
    ]);
    let run = host.run(json!({ "do": "call-together", "calls": calls })).await;
    let answers = run.output.unwrap();
    let said = |place: usize, word: &str| answers[place][word].as_str().unwrap_or_default().to_owned();
    assert_eq!([said(0, "content"), said(1, "content"), said(4, "content")], ["3", "6", "     1\tone\n[All 1 lines.]"]);
    assert!(said(2, "error").starts_with("invalid: ") && said(5, "error").starts_with("denied: "), "{answers}");
    let journal = host.journal(&run.id).await;
    assert_eq!(
        journal.iter().map(|entry| (entry.seq, entry.call.as_str())).collect::<Vec<_>>(),
        (1..=6).map(|seq| (seq, "tools.call")).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_toolbox_is_a_run_with_a_journal_of_its_own() {
    let host = host().await;
    let run = host.run(json!({ "do": "call-tools", "calls": [["mischief.write", { "path": "out/a.txt" }]] })).await;
    let child = host.find(&run.id.child(1)).await;
    assert_eq!((child.plugin.as_str(), &child.state), ("mischief", &State::Succeeded));
    assert_eq!(host.journal(&child.id).await.iter().map(|entry| entry.call.as_str()).collect::<Vec<_>>(), ["files.write"]);
    assert_eq!(host.journal(&run.id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_an_answer_the_caller_can_read() {
    let host = host().await;
    let cases = [
        (json!(["mischief.panic", {}]), "child-failed: Toolbox `mischief` failed: The plugin ended itself by a trap"),
        (json!(["mischief.refuse", {}]), "`refuse` is refused."),
        (json!(["mischief.write", { "path": "elsewhere" }]), "does not ask for `write` of `elsewhere`"),
        (json!(["calculator.add", { "a": "0.1" }]), "invalid: "),
        (json!(["calculator.add", { "a": "one", "b": "2" }]), "at /a:"),
        (json!(["calculator.divide", { "a": "1", "b": "2" }]), "not-found: "),
        (json!(["calculator", {}]), "`calculator` is a set of tools"),
        (json!(["find_files", { "glob": "*" }]), "denied: "),
        (json!(["abacus.add", {}]), "There is no toolbox and no tool server `abacus`"),
        (json!(["write_file", { "path": "elsewhere.txt", "content": "" }]), "denied: "),
        (json!(["read_file", { "path": "../secret" }]), "invalid: "),
        (json!(["read_file", { "path": "missing" }]), "not-found: "),
    ];
    let answers = call(&host, cases.iter().map(|(call, _)| call.clone()).collect()).await;
    for ((call, expected), answer) in cases.iter().zip(&answers) {
        assert!(answer["error"].as_str().unwrap_or_default().contains(expected), "{call}: {answer}");
    }
    let failed = call(&host, json!([["mischief.fail", {}]])).await;
    assert_eq!(failed, [json!({ "content": "It cannot be done.", "failed": true })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_toolbox_is_called_once_however_often_the_run_is_resumed() {
    let host = host().await;
    let run = host.run(json!({ "do": "call-tools", "calls": [["calculator.add", { "a": "1", "b": "2" }], ["calculator.add", { "a": "3", "b": "4" }]] })).await;
    host.app.kernel.runs().transition(&run.id, &["succeeded"], State::Queued, None, Vec::new()).await.unwrap();
    let before = host.app.kernel.tree(&run.id).await.unwrap().len();
    host.drive(&run.id).await;
    let again = host.find(&run.id).await;
    assert_eq!((again.output, before), (run.output, 3));
    assert_eq!(host.app.kernel.tree(&run.id).await.unwrap().len(), before);
}
