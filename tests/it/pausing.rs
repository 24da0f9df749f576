//! Runs that pause themselves: nothing but a resume lets them go on, and each pause takes one.

use baton::{
    journal::{Entry, EntryState, PauseKind, Write},
    kernel::{
        recording::Recording,
        replay::Verdict,
        run::{Run, State},
    },
};
use baton_tests::host::{TestHost, tester};
use serde_json::{Value, json};

fn pausing(times: u64) -> Value {
    json!({ "do": "pause", "say": "The printer is out of paper.", "times": times })
}

/// The run's journal, once it was seen to stand at its pause number `seq`.
async fn standing(host: &TestHost, run: &Run, seq: usize) -> Vec<Entry> {
    match host.find(&run.id).await.state {
        State::Paused { pause } if pause.kind == PauseKind::Requested => {
            assert_eq!(pause.reason, "The plugin says: The printer is out of paper.");
        }
        other => panic!("{other:?}"),
    }
    let journal = host.journal(&run.id).await;
    assert_eq!(journal.len(), seq);
    assert_eq!(journal[seq - 1].state, EntryState::Intended);
    assert!(journal[..seq - 1].iter().all(|entry| entry.state == EntryState::Done));
    journal
}

async fn resume(host: &TestHost, run: &Run) {
    host.app.kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_resume_lets_it_go_on() {
    let host = TestHost::new().await;
    let run = host.run(pausing(2)).await;
    standing(&host, &run, 1).await;
    let host = host.restarted().await;
    host.drive(&run.id).await;
    standing(&host, &run, 1).await;
    // As if the host had died between the intent and the pause.
    host.app.kernel.runs().transition(&run.id, &["paused"], State::Queued, None, Vec::new()).await.unwrap();
    host.drive(&run.id).await;
    let before = standing(&host, &run, 1).await;
    resume(&host, &run).await;
    let after = standing(&host, &run, 2).await;
    assert_eq!((after[0].seq, after[0].answer.as_deref(), after[0].asked_at), (1, Some(r#"{"ok":null}"#), before[0].asked_at));
    let host = host.restarted().await;
    resume(&host, &run).await;
    let (run, journal) = (host.find(&run.id).await, host.journal(&run.id).await);
    let times: Vec<_> = journal.iter().map(|entry| entry.answered_at.unwrap()).collect();
    assert_eq!(run.output, Some(json!(times)), "{:?}", run.state);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_was_cut_off_or_made_twice_answers_one_pause() {
    let host = TestHost::new().await;
    let run = host.run(pausing(2)).await;
    let asked = standing(&host, &run, 1).await.remove(0);
    // As if the host had died between the answer and the run's new state.
    let answered = asked.clone().carried_on(asked.asked_at + 5);
    host.app.kernel.journal().write(vec![Write { entry: answered.clone(), events: Vec::new() }]).await.unwrap();
    let by = tester();
    let (first, second) = tokio::join!(host.app.kernel.resume(&run, None, &by), host.app.kernel.resume(&run, None, &by));
    first.unwrap();
    second.unwrap();
    host.drive(&run.id).await;
    assert_eq!(standing(&host, &run, 2).await[0], answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_the_root_resumes_what_is_paused_below_it() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "start-all", "inputs": [pausing(1), pausing(1), { "do": "echo", "say": "a" }] })).await;
    assert_eq!(run.state.as_str(), "waiting");
    resume(&host, &run).await;
    let output = host.find(&run.id).await.output.unwrap();
    assert!(output[0][0].is_u64() && output[1][0].is_u64() && output[2] == "a", "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_and_forks_know_pauses() {
    let host = TestHost::new().await;
    let run = host.run(pausing(2)).await;
    for resumes in 0..=2 {
        let run = host.find(&run.id).await;
        let recording = Recording::parse(&host.app.kernel.record(&run).await.unwrap().to_text().unwrap()).unwrap();
        assert_eq!(recording.calls(), resumes);
        let probe = host.app.kernel.recorded_plugin(&recording).unwrap();
        assert_eq!(host.app.kernel.replay(&recording, probe).await.unwrap(), Verdict::Same);
        if resumes < 2 {
            resume(&host, &run).await;
        }
    }
    let run = host.find(&run.id).await;
    assert_eq!(run.state, State::Succeeded);
    let fork = host.app.kernel.fork(&run, 2, None, &tester()).await.unwrap();
    host.drive(&fork.id).await;
    standing(&host, &fork, 2).await;
    resume(&host, &fork).await;
    let output = host.find(&fork.id).await.output.unwrap();
    assert_eq!(output[0], run.output.unwrap()[0], "the first pause was answered in the run it was forked from");
}
