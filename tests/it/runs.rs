//! The life of a run: replay, suspension, children, mismatch, pause, fork, cancel.

use baton::{
    journal::{CallError, EntryState, ErrorKind, PauseKind},
    kernel::run::{Filter, State},
};
use baton_tests::host::{TestHost, person, tester};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_asks_and_does_nothing_twice() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "steps", "times": 3 })).await;
    assert_eq!(run.output, Some(json!(3)));
    let journal = host.journal(&run.id).await;
    // The run's row goes back as if the host had died just before its last write.
    host.app.kernel.runs().transition(&run.id, &["succeeded"], State::Queued, None, Vec::new()).await.unwrap();
    let host = host.restarted().await;
    std::fs::remove_dir_all(host.workspace().join("out")).unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!(3)));
    assert_eq!(host.journal(&run.id).await, journal, "nothing was added");
    assert_eq!(host.asked(), 3, "no model was asked again");
    assert!(!host.workspace().join("out").exists(), "no file was written again");
    let steps = host.events(&run.id).await.iter().filter(|event| event.draft.name == "progress").count();
    assert_eq!(steps, 3, "no progress was told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeping_run_is_put_away_and_woken() {
    let host = TestHost::new().await;
    // The time a first run takes to compile the probe would be slept already.
    host.run(json!({ "do": "echo" })).await;
    let run = host.run(json!({ "do": "sleep", "milliseconds": 500 })).await;
    assert_eq!(run.output, Some(json!(true)));
    let events = host.events(&run.id).await;
    assert!(events.iter().any(|event| event.draft.name == "waiting"), "it held no instance while it slept");
}

#[tokio::test(flavor = "multi_thread")]
async fn children_are_joined_in_order_and_raced() {
    let host = TestHost::new().await;
    let inputs = json!([{ "do": "echo", "say": "a" }, { "do": "sleep", "milliseconds": 50 }, { "do": "echo", "say": "c" }]);
    let run = host.run(json!({ "do": "start-all", "inputs": inputs })).await;
    assert_eq!(run.output, Some(json!(["a", true, "c"])));
    let race = json!([{ "do": "sleep", "milliseconds": 60_000 }, { "do": "echo", "say": "fast" }]);
    let run = host.start(json!({ "do": "start-any", "inputs": race })).await;
    let (stop, drive) = (baton::journal::Halt::default(), baton::kernel::Drive { root: Some(run.id.clone()), until_idle: true });
    let driving = host.app.kernel.drive(&drive, &stop);
    let watching = async {
        while !host.find(&run.id).await.state.is_final() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        stop.stop();
    };
    tokio::join!(async { driving.await.unwrap() }, watching);
    assert_eq!(host.find(&run.id).await.output, Some(json!({ "first": 1, "output": "fast" })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_fails_is_an_error_its_parent_can_read() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "start-all", "inputs": [{ "do": "fail", "say": "no luck" }] })).await;
    match run.state {
        State::Failed { error } => assert!(error.text.contains("no luck"), "{error}"),
        other => panic!("{other:?}"),
    }
    let call = run.failed_call.expect("it failed by the answer of a call");
    let child = host.find(&call.child.expect("which was the failure of a child")).await;
    assert_eq!((child.parent.as_ref().map(|(parent, _)| parent), child.failed_call), (Some(&run.id), None), "the child failed by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_without_a_rule_pauses_the_run_and_shows_the_prompt() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "ask", "prompt": "something nobody foresaw" })).await;
    match &run.state {
        State::Paused { pause } if pause.kind == PauseKind::Unanswered => {
            assert!(pause.reason.contains("something nobody foresaw"), "{}", pause.reason)
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(host.journal(&run.id).await[0].state, EntryState::Released, "it is known that nothing was asked");
    let answers = "rules:\n  - { name: late, when: { contains: foresaw }, reply: now there is a rule }\n";
    std::fs::write(host.folder.path().join("answers.yaml"), answers).unwrap();
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!("now there is a rule")));
    assert!(!host.journal(&run.id).await[0].repeated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_who_started_it_and_its_events_who_did_what() {
    let host = TestHost::new().await;
    let run = host.start(json!({ "do": "ask", "prompt": "something nobody foresaw" })).await;
    host.drive(&run.id).await;
    host.app.kernel.resume(&host.find(&run.id).await, None, &person("ada")).await.unwrap();
    let fork = host.app.kernel.fork(&run, 1, None, &person("bob")).await.unwrap();
    host.app.kernel.cancel(&host.find(&run.id).await, &person("cleo")).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!((host.find(&run.id).await.started_by, fork.started_by), (Some(tester()), Some(person("bob"))));
    let events = [host.events(&run.id).await, host.events(&fork.id).await].concat();
    let caused = events.into_iter().filter_map(|event| Some((event.draft.name, event.draft.actor?.name)));
    let expected = [("created", "tester"), ("resumed", "ada"), ("cancel_requested", "cleo"), ("created", "bob")];
    let caused: Vec<_> = caused.filter(|(name, _)| name != "project_added").collect();
    assert_eq!(caused, expected.map(|(name, who)| (name.to_owned(), who.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_questions_at_once_are_answered_in_order() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "ask-all", "times": 5 })).await;
    assert_eq!(run.output, Some(json!(["an answer", "an answer", "an answer", "an answer", "an answer"])));
    assert_eq!(host.asked(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_shows_what_its_source_published_before_its_call() {
    let host = TestHost::new().await;
    let publish = |value: u64| json!({ "do": "publish", "key": "build.state", "value": value });
    let run = host.run(json!({ "do": "in-turn", "inputs": [publish(1), publish(2)] })).await;
    let calls: Vec<_> = host.journal(&run.id).await.into_iter().filter(|entry| entry.call == "run.publish").collect();
    let fork = host.app.kernel.fork(&run, calls[1].seq, None, &tester()).await.unwrap();
    let shown =
        async || host.app.kernel.published().published(&fork.id).await.unwrap().into_iter().map(|shown| shown.value).collect::<Vec<_>>();
    assert_eq!(shown().await, [json!(1)]);
    host.drive(&fork.id).await;
    assert_eq!(shown().await, [json!(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_replays_its_prefix_and_makes_the_rest_anew() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "steps", "times": 2 })).await;
    let before = host.asked();
    let second_question = host.journal(&run.id).await.iter().filter(|entry| entry.call == "llm.complete").nth(1).unwrap().seq;
    let fork = host.app.kernel.fork(&run, second_question, None, &tester()).await.unwrap();
    host.drive(&fork.id).await;
    assert_eq!(host.find(&fork.id).await.state, State::Succeeded);
    assert_eq!(host.asked(), before + 1, "only the second question was asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_a_run_and_its_children() {
    let host = TestHost::new().await;
    let run = host.start(json!({ "do": "start-all", "inputs": [{ "do": "sleep", "milliseconds": 60_000 }] })).await;
    let (stop, drive) = (baton::journal::Halt::default(), baton::kernel::Drive { root: Some(run.id.clone()), until_idle: true });
    let cancelling = async {
        while host.app.kernel.tree(&run.id).await.unwrap().iter().filter(|run| run.state.as_str() == "waiting").count() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        host.app.kernel.cancel(&host.find(&run.id).await, &tester()).await.unwrap();
    };
    tokio::join!(async { host.app.kernel.drive(&drive, &stop).await.unwrap() }, cancelling);
    for run in host.app.kernel.tree(&run.id).await.unwrap() {
        assert_eq!(run.state, State::Cancelled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_of_the_project_reaches_the_guest() {
    let host = TestHost::new().await;
    std::fs::write(host.workspace().join("baton.toml"), "[team]\nmotto = \"carry on\"\n").unwrap();
    assert_eq!(host.run(json!({ "do": "setting", "key": "team.motto" })).await.output, Some(json!("carry on")));
    assert_eq!(host.run(json!({ "do": "setting", "key": "team.size" })).await.output, Some(json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_out_may_do_nothing_and_leaves_nothing() {
    let host = TestHost::with_settings(json!({ "limits": { "guest-time-ms": 100 } })).await;
    let answers = async |input| host.app.kernel.try_out(&host.app.kernel.trial(host.order(input)).unwrap()).await;
    assert_eq!(answers(json!({ "do": "echo", "say": 1 })).await, Ok(json!(1)));
    assert_eq!(answers(json!({ "do": "log", "times": 3 })).await, Ok(json!(null)));
    let write = answers(json!({ "do": "write", "path": "out/a", "content": "x" })).await;
    assert!(
        matches!(&write, Err(CallError { kind: ErrorKind::Denied, text: reason, .. }) if reason.contains("outside of a run")),
        "{write:?}"
    );
    assert!(!host.workspace().join("out").exists());
    let spin = answers(json!({ "do": "spin" })).await;
    assert!(matches!(&spin, Err(CallError { kind: ErrorKind::Other, text: reason, .. }) if reason.contains("100 ms")), "{spin:?}");
    assert!(host.app.kernel.runs().list(&Filter { limit: 1, ..Filter::default() }).await.unwrap().is_empty());
    assert!(host.app.kernel.events().after(0, None, 1).await.unwrap().is_empty());
}
