//! A run that is stuck because its plugin has a bug continues with the fixed version: nothing that its journal holds is
//! done or paid for again, and no run is moved whose end nothing waits for.

use baton::{
    errors::Hint as _,
    events::Category,
    journal::{EntryState, ErrorKind, PauseKind, RunId},
    kernel::{
        KernelError,
        granting::Change,
        registry::{Origin, Plugin},
        repairing::{Repair, Repaired},
        run::{Run, State},
    },
    operations::runs::{self, ResumedRun},
};
use baton_tests::{
    changed_probe,
    host::{TestHost, person, tester},
    listed, program, repaired_probe,
};
use serde_json::{Value, json};

/// A question to the model.
fn ask(what: &str) -> Value {
    json!({ "do": "ask", "prompt": format!("question {what}") })
}

fn panic() -> Value {
    json!({ "do": "panic", "say": "a bug" })
}

/// One question is answered, then the plugin goes wrong so, then there is another question.
fn defect(wrong: &Value, right: &Value) -> Value {
    json!({ "do": "defect", "before": [ask("one")], "wrong": wrong, "right": right, "after": [ask("two")] })
}

async fn install(host: &TestHost, wasm: Vec<u8>) {
    let plugin = Plugin::read(wasm, Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    host.app.kernel.put(plugin).await.unwrap();
}

async fn install_repaired(host: &TestHost) {
    install(host, repaired_probe("0.1.1")).await;
}

async fn repair(host: &TestHost, run: &RunId, at: Option<u64>) -> Result<Repair, KernelError> {
    host.app.kernel.repair(&host.find(run).await, at, &person("ada")).await
}

async fn refused(host: &TestHost, run: &RunId, at: Option<u64>) -> String {
    let before = (host.find(run).await, host.journal(run).await);
    let error = repair(host, run, at).await.unwrap_err();
    assert_eq!((host.find(run).await, host.journal(run).await), before, "nothing has changed: {error}");
    error.explain()
}

/// How many calls are kept and given up of a run that is queued with the repaired version.
fn queued(repair: Result<Repair, KernelError>) -> (u64, u64) {
    match repair.unwrap() {
        Repair::Queued(Repaired { version, before, kept, given_up }) => {
            assert_eq!((version.as_str(), before.as_str()), ("0.1.1", "0.1.0"));
            (kept, given_up)
        }
        other => panic!("{other:?}"),
    }
}

async fn only_child(host: &TestHost, parent: &RunId) -> Run {
    let tree = host.app.kernel.tree(parent).await.unwrap();
    tree.into_iter().find(|run| run.parent.as_ref().is_some_and(|(id, _)| id == parent)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_trapped_continues_with_the_repaired_version_and_pays_for_no_reply_again() {
    let host = TestHost::new().await;
    let run = host.run(defect(&panic(), &json!({ "do": "echo", "say": "right" }))).await;
    assert!(matches!(&run.state, State::Failed { error } if error.kind == ErrorKind::Trapped), "{:?}", run.state);
    assert!(refused(&host, &run.id, None).await.contains("Install the repaired plugin first"));
    let journal = host.journal(&run.id).await;
    install_repaired(&host).await;
    // What it said when it panicked is all that the repaired version does not do.
    let (last, kept) = journal.split_last().unwrap();
    assert_eq!((last.call.as_str(), queued(repair(&host, &run.id, None).await)), ("run.log", (kept.len() as u64, 1)));
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert_eq!((&run.state, &run.output), (&State::Succeeded, &Some(json!(["an answer", "right", "an answer"]))));
    assert_eq!((host.asked(), run.plugin_version.as_str()), (2, "0.1.1"));
    assert_eq!(host.journal(&run.id).await[..kept.len()], *kept, "what it did is kept");
    let events = host.events(&run.id).await;
    let audit = &events.iter().find(|event| event.draft.name == "repinned").unwrap().draft;
    assert_eq!((audit.category, &audit.actor, &audit.data["to"]["version"]), (Category::Audit, &Some(person("ada")), &json!("0.1.1")));
    assert_eq!((&audit.data["from"]["version"], &audit.data["given_up"]), (&json!("0.1.0"), &json!({ "from": last.seq, "calls": 1 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_differ_are_shown_and_given_up_at_the_operators_word_alone() {
    let host = TestHost::new().await;
    let wrong = json!({ "do": "in-turn", "inputs": [ask("wrong"), panic()] });
    let run = host.run(defect(&wrong, &ask("right"))).await;
    install_repaired(&host).await;
    let before = (host.find(&run.id).await, host.journal(&run.id).await);
    let Repair::Diverged(divergence) = repair(&host, &run.id, None).await.unwrap() else { panic!("it makes another call") };
    let difference = divergence.difference().unwrap();
    let sides = (difference.recorded.unwrap(), difference.now.unwrap());
    assert!(difference.pointer.starts_with("/messages") && sides.0.contains("wrong") && sides.1.contains("right"), "{divergence}");
    assert_eq!((host.find(&run.id).await, host.journal(&run.id).await), before, "nothing has changed");

    let made = before.1.len() as u64;
    assert_eq!(queued(repair(&host, &run.id, Some(divergence.seq)).await), (divergence.seq - 1, made + 1 - divergence.seq));
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert_eq!(run.output, Some(json!(["an answer", "an answer", "an answer"])), "{:?}", run.state);
    assert_eq!(host.asked(), 4, "the first question is not asked again");
    let journal = host.journal(&run.id).await;
    let given_up = journal.iter().filter(|entry| entry.state == EntryState::GivenUp).map(|entry| entry.seq);
    assert_eq!(given_up.collect::<Vec<_>>(), (divergence.seq..=made).collect::<Vec<_>>());
    assert!(journal.iter().any(|entry| entry.seq == made + 1 && entry.request.contains("question right")), "no number is used twice");
    let tally = host.app.kernel.runs().tally(&run.id).await.unwrap();
    assert_eq!(tally.model_calls, 4, "what was given up was paid for");

    // What such a run leaves behind is replayed like any other, also as a recording.
    host.app.kernel.runs().transition(&run.id, &["succeeded"], State::Queued, None, Vec::new()).await.unwrap();
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert_eq!((&run.state, host.asked()), (&State::Succeeded, 4));
    let recording = host.app.kernel.record(&run).await.unwrap();
    let text = recording.to_text().unwrap();
    let calls = serde_json::from_str::<Value>(&text).unwrap()["calls"].to_string();
    assert!(calls.contains("question right") && !calls.contains("question wrong"), "{calls}");
    let read = baton::kernel::recording::Recording::parse(&text).unwrap();
    let plugin = host.app.kernel.recorded_plugin(&read).unwrap();
    assert_eq!(host.app.kernel.replay(&read, plugin).await.unwrap(), baton::kernel::replay::Verdict::Same);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_child_is_repaired_and_its_parent_gets_the_answer() {
    let host = TestHost::with_settings(json!({ "limits": { "guest-time-ms": 300 } })).await;
    let right = json!({ "do": "echo", "say": "right" });
    let run = host.run(json!({ "do": "start-all", "inputs": [defect(&json!({ "do": "spin" }), &right)] })).await;
    let child = only_child(&host, &run.id).await;
    assert!(matches!(&child.state, State::Paused { pause } if pause.kind == PauseKind::Limit), "{:?}", child.state);
    install_repaired(&host).await;
    assert_eq!(queued(repair(&host, &child.id, None).await).1, 0);
    host.drive(&run.id).await;
    let (run, child) = (host.find(&run.id).await, host.find(&child.id).await);
    assert_eq!(run.output, Some(json!([["an answer", "right", "an answer"]])), "{:?}", run.state);
    assert_eq!((run.plugin_version.as_str(), child.plugin_version.as_str(), host.asked()), ("0.1.0", "0.1.1", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_child_is_repaired_while_its_parent_has_not_got_its_end() {
    let host = TestHost::new().await;
    let pausing = json!({ "do": "pause", "say": "Look.", "times": 1 });
    let run = host.run(json!({ "do": "start-all", "inputs": [pausing, defect(&panic(), &ask("right"))] })).await;
    let tree = host.app.kernel.tree(&run.id).await.unwrap();
    let failed = tree.iter().find(|run| matches!(run.state, State::Failed { .. })).unwrap();
    install_repaired(&host).await;
    queued(repair(&host, &failed.id, None).await);
    host.app.kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert_eq!(run.output.unwrap()[1], json!(["an answer", "an answer", "an answer"]), "{:?}", run.state);
    assert_eq!(host.asked(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_child_whose_parent_has_its_end_is_refused_and_the_call_that_started_it_made_again() {
    let host = TestHost::new().await;
    let failing = json!({ "do": "start-all", "inputs": [defect(&panic(), &ask("right"))] });
    let run = host.run(json!({ "do": "in-turn", "inputs": [ask("first"), failing] })).await;
    let child = only_child(&host, &run.id).await;
    install_repaired(&host).await;
    let (_, seq) = child.parent.clone().unwrap();
    let said = refused(&host, &child.id, None).await;
    assert!(said.contains(&format!("has failed, so nothing would receive the answer of run {}", child.id.short())), "{said}");
    assert!(said.contains(&format!("`baton runs resume {} --on current --at {seq}`", run.id.short())), "{said}");
    queued(repair(&host, &run.id, Some(seq)).await);
    host.drive(&run.id).await;
    let ended = host.find(&run.id).await;
    assert_eq!(ended.output.unwrap()[1], json!([["an answer", "an answer", "an answer"]]), "{:?}", ended.state);
    assert!(matches!(host.find(&child.id).await.state, State::Failed { .. }), "another run was started in its place");
    assert_eq!(host.asked(), 1 + 1 + 3, "the parent's own question is not asked again");

    let tolerated = json!({ "do": "attempt", "deed": failing });
    let pausing = json!({ "do": "pause", "say": "Look.", "times": 1 });
    install(&host, baton_tests::PROBE.to_vec()).await;
    let run = host.run(json!({ "do": "in-turn", "inputs": [tolerated, pausing] })).await;
    install_repaired(&host).await;
    let said = refused(&host, &only_child(&host, &run.id).await.id, None).await;
    assert!(said.contains("has continued with that result"), "{said}");
    host.app.kernel.cancel_now(&host.find(&run.id).await, &tester()).await.unwrap();
    assert!(refused(&host, &only_child(&host, &run.id).await.id, None).await.contains("so nothing would receive the answer of run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_call_started_or_asked_that_is_given_up_is_taken_back() {
    let host = TestHost::new().await;
    let question = json!({ "do": "ask-person", "say": "Which colour?" });
    let sleeping = json!({ "do": "start-all", "inputs": [{ "do": "pause", "say": "Look.", "times": 1 }] });
    install_repaired(&host).await;
    for deed in [question, sleeping] {
        let run = host.run(json!({ "do": "in-turn", "inputs": [ask("one"), deed] })).await;
        assert!(matches!(run.state, State::Waiting { .. }), "{:?}", run.state);
        let answered = host.journal(&run.id).await.iter().take_while(|entry| entry.call == "llm.complete").count() as u64;
        assert!(matches!(repair(&host, &run.id, Some(answered + 1)).await.unwrap(), Repair::Queued(_)));
        host.drive(&run.id).await;
        let run = host.find(&run.id).await;
        assert!(matches!(run.state, State::Waiting { .. }), "it asks and starts again: {:?}", run.state);
        let events = host.events(&run.id).await;
        let taken_back = events.iter().filter(|event| event.draft.name == "withdrawn").count();
        let children = host.app.kernel.tree(&run.id).await.unwrap();
        let mut children: Vec<_> = children.iter().filter(|child| child.id != run.id).map(|child| child.state.as_str()).collect();
        children.sort_unstable();
        match children.is_empty() {
            true => assert_eq!(taken_back, 1),
            false => assert_eq!(children, ["cancelled", "paused"]),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_because_the_run_failed_continues_with_it() {
    let host = TestHost::new().await;
    let inputs = json!([{ "do": "echo", "say": "fast" }, { "do": "pause", "say": "Look.", "times": 1 }]);
    let race = json!({ "do": "start-any", "inputs": inputs });
    let run = host.run(json!({ "do": "defect", "before": [race], "wrong": panic(), "right": ask("right") })).await;
    host.drive(&run.id).await;
    let tree = host.app.kernel.tree(&run.id).await.unwrap();
    let slow = tree.iter().find(|run| run.state == State::Cancelled).expect("the child that was not waited for is cancelled");
    install_repaired(&host).await;
    queued(repair(&host, &run.id, None).await);
    assert_eq!(host.find(&slow.id).await.state, State::Queued);
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!([{ "first": 0, "output": "fast" }, "an answer"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_not_stuck_and_versions_that_do_not_help_are_refused() {
    let host = TestHost::new().await;
    let succeeded = host.run(json!({ "do": "echo" })).await;
    let queued = host.start(json!({ "do": "echo" })).await;
    let run = host.run(defect(&panic(), &ask("right"))).await;
    install(&host, changed_probe(|manifest| manifest.replacen("0.1.0", "0.1.2", 1))).await;
    for (run, sentence) in [(&succeeded, "has succeeded and cannot be resumed"), (&queued, "is queued and is not stuck")] {
        assert!(refused(&host, &run.id, None).await.contains(sentence), "{sentence}");
    }
    let before = host.find(&run.id).await;
    let still = repair(&host, &run.id, None).await.unwrap();
    assert!(matches!(&still, Repair::Fails(error) if error.kind == ErrorKind::Trapped), "{still:?}");
    assert_eq!(host.find(&run.id).await, before);

    install_repaired(&host).await;
    assert!(refused(&host, &run.id, Some(1_000)).await.contains("Give `--at` 1 to "));
    host.app.kernel.decide("probe", &Change::Disable, &person("ada")).await.unwrap();
    assert!(refused(&host, &run.id, None).await.contains("is disabled"));
    host.app.kernel.decide("probe", &Change::Enable, &person("ada")).await.unwrap();
    let other_form = Run { journal_form: 0, ..host.find(&run.id).await };
    let said = host.app.kernel.repair(&other_form, None, &person("ada")).await.unwrap_err().to_string();
    assert!(said.contains("this version cannot replay its journal"), "{said}");

    // Somebody else is quicker.
    let seen = host.find(&run.id).await;
    assert!(matches!(repair(&host, &run.id, None).await.unwrap(), Repair::Queued(_)));
    let said = host.app.kernel.repair(&seen, None, &person("ada")).await.unwrap_err().to_string();
    assert!(said.contains("has changed in the meantime"), "{said}");
    host.app.kernel.cancel_now(&host.find(&run.id).await, &tester()).await.unwrap();
    assert!(refused(&host, &run.id, None).await.contains("was cancelled and cannot be resumed"));
}

#[test]
fn the_command_shows_where_the_calls_differ_and_continues_the_run() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("work")).unwrap();
    std::fs::write(home.path().join("answers.yaml"), baton_tests::host::ANSWERS).unwrap();
    let baton = |arguments: &[&str]| program::run(home.path(), &[arguments, &["--data-dir", "data"]].concat());
    let install = |wasm: Vec<u8>| {
        std::fs::write(home.path().join("probe.wasm"), wasm).unwrap();
        let _installed = baton(&["plugin", "install", "probe.wasm", "--grant"]).exits(0);
    };
    install(baton_tests::PROBE.to_vec());
    let input = defect(&json!({ "do": "in-turn", "inputs": [ask("wrong"), panic()] }), &ask("right")).to_string();
    let _failed = baton(&["run", "probe", "--workspace", "work", "--model", "script/answers.yaml", "--input", &input]).exits(1);
    let run = &listed::newest_id(&baton(&["runs", "list", "-o", "json"]).exits(0));
    let next = || baton(&["runs", "show", run]).exits(0).stdout;
    assert!(next().contains("--on current"), "what crashed continues on a fixed version: {}", next());
    install(repaired_probe("0.1.1"));
    assert!(next().contains("--on current"), "{}", next());
    for misuse in [["--at", "2"], ["--on", "newest"]] {
        let _misused = baton(&[&["runs", "resume", run][..], &misuse].concat()).exits(2);
    }
    let differs = baton(&["runs", "resume", run, "--on", "current"]).exits(1).stderr;
    let stays: ResumedRun =
        serde_json::from_str(&baton(&["runs", "resume", run, "--on", "current", "-o", "json"]).exits(1).stdout).unwrap();
    let Some(runs::Repair::Diverged { divergence }) = stays.repair else { panic!("{stays:?}") };
    let seq = divergence.seq.to_string();
    for part in ["keeps its version of `probe`", "question wrong", "question right", &format!("--on current --at {seq}")] {
        assert!(differs.contains(part), "{part} is missing: {differs}");
    }
    let moved = baton(&["runs", "resume", run, "--on", "current", "--at", &seq]).exits(0);
    assert!(moved.stderr.contains("has version 0.1.1 of `probe` now; it had 0.1.0."), "{}", moved.stderr);
    assert_eq!(serde_json::from_str::<Value>(&moved.stdout).unwrap(), json!(["an answer", "an answer", "an answer"]));
    let journal = baton(&["runs", "journal", run]).exits(0).stdout;
    assert!(journal.contains("given up"), "{journal}");
}
