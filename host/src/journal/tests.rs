use std::{
    cell::Cell,
    future::ready,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{testing::Bench, *};
use crate::events::{Category, Draft};

/// Does a call whose answer is a number; fails the test when it is done although the journal knows it.
async fn ask(recorder: &mut Recorder, effect: Effect, request: Value, answer: u64) -> Result<Result<u64, CallError>, Interrupt> {
    let call = Call::new("test.ask", effect, &request).unwrap().needing(Capability::new("test", request.to_string()));
    recorder.call(call, |_| ready(Performed::answer(Ok(answer)))).await
}

/// Takes up a call that must be answered without being done.
async fn recall(recorder: &mut Recorder, effect: Effect, request: Value) -> Result<Result<u64, CallError>, Interrupt> {
    let call = Call::new("test.ask", effect, &request).unwrap().needing(Capability::new("test", request.to_string()));
    recorder.call(call, |attempt| async move { panic!("done again: {attempt:?}") }).await
}

/// The journal as a crash between intent and answer leaves it.
fn cut_off(bench: &Bench, state: EntryState) -> Vec<Entry> {
    let mut history = bench.journal.history();
    let last = history.last_mut().unwrap();
    (last.state, last.answer, last.answered_at) = (state, None, None);
    history
}

fn paused<A: std::fmt::Debug>(result: Result<Result<A, CallError>, Interrupt>) -> Pause {
    match result {
        Err(Interrupt::Paused(pause)) => pause,
        other => panic!("not paused: {other:?}"),
    }
}

fn diverged<A: std::fmt::Debug>(result: Result<Result<A, CallError>, Interrupt>) -> Divergence {
    match result {
        Err(Interrupt::Diverged(divergence)) => *divergence,
        other => panic!("not diverged: {other:?}"),
    }
}

const EFFECTS: [Effect; 6] = [Effect::Read, Effect::Emit, Effect::Model, Effect::Write, Effect::Once, Effect::Wait];

#[tokio::test]
async fn a_replay_equals_the_first_run_however_often_and_wherever_it_was_cut() {
    let bench = Bench::new();
    let mut recorder = bench.recorder();
    let mut first = vec![recorder.now()];
    for (number, effect) in (0..).zip(EFFECTS.iter().cycle().take(30)) {
        assert_eq!(ask(&mut recorder, *effect, json!(number), number * 7).await.unwrap(), Ok(number * 7));
        first.push(recorder.now());
    }
    let (whole, written, asked) = (bench.journal.history(), bench.journal.written().len(), bench.authority.asked());
    for cut in 0..=whole.len() {
        let mut recorder = bench.resumed_from(whole[..cut].to_vec());
        let mut times = vec![recorder.now()];
        for (number, effect) in (0..).zip(&EFFECTS.repeat(5)[..cut]) {
            assert_eq!(recall(&mut recorder, *effect, json!(number)).await.unwrap(), Ok(number * 7));
            times.push(recorder.now());
        }
        assert_eq!(times, first[..=cut]);
        assert!(recorder.unreplayed().is_none());
    }
    assert_eq!((bench.journal.written().len(), bench.authority.asked()), (written, asked), "a replay wrote or decided");
}

#[tokio::test]
async fn errors_and_events_are_kept_once() {
    let bench = Bench::new();
    for _ in 0..3 {
        let mut recorder = bench.recorder();
        let call = Call::new("test.fail", Effect::Read, &()).unwrap();
        let event = Draft::for_test(Category::Tool, "failed", Some(recorder.run()), json!({}));
        let failed = recorder.call::<u64, _>(call, |_| ready(Performed::Answered(Err(CallError::not_found("No.")), vec![event]))).await;
        assert_eq!(failed.unwrap(), Err(CallError::not_found("No.")));
    }
    assert_eq!(bench.journal.events().len(), 1);
}

#[tokio::test]
async fn another_request_than_the_journals_is_a_divergence_that_shows_both() {
    let bench = Bench::new();
    ask(&mut bench.recorder(), Effect::Read, json!({ "a": 1, "text": "before" }), 1).await.unwrap().unwrap();
    let now = json!({ "a": 1, "text": "after" });
    for recorder in [bench.recorder(), bench.recorder().closed()] {
        let found = diverged(recall(&mut { recorder }, Effect::Read, now.clone()).await);
        assert_eq!(
            found.to_string(),
            "Call 1 (test.ask) of the run differs from its journal at /text.\n  recorded: \"before\"\n  now:      \"after\""
        );
    }
    let call = Call::new("test.other", Effect::Read, &json!("before")).unwrap();
    let found = diverged(bench.recorder().call::<u64, _>(call, |_| ready(Performed::answer(Ok(1)))).await);
    assert!(found.to_string().contains("now:      test.other \"before\""), "{found}");
}

#[tokio::test]
async fn open_and_closed_recorders_compare_alike() {
    let bench = Bench::new();
    bench.authority.deny("test", "\"x");
    let long = json!("x".repeat(9_000));
    let asked = [json!({ "a": 1, "b": { "c": [null, 1.0] }, "none": null }), long.clone(), json!({ "key": "s3cr3t-s3cr3t" })];
    let redactor = Redactor::default();
    redactor.learn("s3cr3t-s3cr3t");
    let mut recorder = bench.recorder().redacting(redactor.clone());
    for request in &asked {
        let _answer = ask(&mut recorder, Effect::Read, request.clone(), 7).await.unwrap();
    }
    let now = [json!({ "other": null, "b": { "c": [null, 1] }, "a": 1.0 }), long, asked[2].clone()];
    let mut damaged = bench.journal.history();
    damaged[0].request_hash = "of another form".to_owned();
    for history in [bench.journal.history(), damaged] {
        for recorder in [bench.resumed_from(history.clone()), bench.resumed_from(history).closed()] {
            let mut recorder = recorder.redacting(redactor.clone());
            for (number, request) in now.iter().enumerate() {
                let answer = recall(&mut recorder, Effect::Read, request.clone()).await.unwrap();
                assert_eq!(answer.is_ok(), number != 1, "{number}");
            }
        }
    }
    for recorder in [bench.recorder(), bench.recorder().closed()] {
        let mut recorder = recorder.redacting(redactor.clone());
        let found = diverged(recall(&mut recorder, Effect::Read, json!({ "a": 1, "b": "s3cr3t-s3cr3t" })).await);
        assert!(!found.to_string().contains("s3cr3t") && found.to_string().contains("at /b."), "{found}");
    }
}

#[tokio::test]
async fn a_closed_recorder_gives_what_is_there_and_does_nothing() {
    for effect in EFFECTS {
        let bench = Bench::new();
        ask(&mut bench.recorder(), effect, json!({ "a": 1, "b": 2 }), 7).await.unwrap().unwrap();
        let (written, decided) = (bench.journal.written().len(), bench.authority.asked());
        let mut formatted = bench.journal.history();
        formatted[0].request = "{\n \"b\": 2, \"a\": 1 }".to_owned();
        formatted[0].request_hash = Entry::hash("test.ask", &formatted[0].request);
        let mut recorder = bench.resumed_from(formatted).closed();
        assert_eq!(recall(&mut recorder, effect, json!({ "a": 1, "b": 2 })).await.unwrap(), Ok(7));
        let beyond = diverged(recall(&mut recorder, effect, json!(2)).await);
        assert_eq!((beyond.seq, &beyond.recorded), (2, &None));
        let other = diverged(recall(&mut bench.recorder().closed(), effect, json!(2)).await);
        assert_eq!((other.seq, other.recorded.is_some(), other.now.unwrap().request), (1, true, "2".to_owned()));
        assert_eq!(bench.recorder().closed().left_behind().map(|divergence| divergence.now), Some(None));
        for state in [EntryState::Intended, EntryState::Released] {
            let mut recorder = bench.resumed_from(cut_off(&bench, state)).closed();
            assert_eq!(diverged(recall(&mut recorder, effect, json!({ "a": 1, "b": 2 })).await).seq, 1);
        }
        assert_eq!((bench.journal.written().len(), bench.authority.asked()), (written, decided), "it wrote or decided");
    }
}

#[tokio::test]
async fn a_long_request_is_shown_shortened() {
    let bench = Bench::new();
    ask(&mut bench.recorder(), Effect::Read, json!("ü".repeat(2_000)), 1).await.unwrap().unwrap();
    let call = Call::new("test.other", Effect::Read, &json!("short")).unwrap();
    let found = diverged(bench.recorder().call::<u64, _>(call, |_| ready(Performed::answer(Ok(1)))).await).to_string();
    assert!(found.len() < 2_000 && found.contains("(4002 bytes)"), "{found}");
    ask(&mut bench.resumed_from(Vec::new()), Effect::Read, json!({ "ü".repeat(2_000): 1 }), 1).await.unwrap().unwrap();
    let found = diverged(recall(&mut bench.recorder(), Effect::Read, json!({})).await).to_string();
    assert!(found.len() < 2_000 && found.contains("differs from its journal at /ü"), "{found}");
}

#[tokio::test]
async fn a_call_cut_off_is_done_again_by_its_effect() {
    for effect in [Effect::Write, Effect::Wait, Effect::Model, Effect::Once] {
        let bench = Bench::new();
        ask(&mut bench.recorder(), effect, json!(1), 1).await.unwrap().unwrap();
        let (history, before) = (cut_off(&bench, EntryState::Intended), bench.journal.written().len());
        let mut recorder = bench.resumed_from(history);
        let call = Call::new("test.ask", effect, &json!(1)).unwrap();
        let attempts = Mutex::new(Vec::new());
        let result = recorder
            .call(call, |attempt| {
                let flagged = bench.journal.written().last().unwrap().entry.repeated;
                attempts.lock().unwrap().push((attempt.key, attempt.again, flagged));
                ready(Performed::answer(Ok(2_u64)))
            })
            .await;
        let attempts = attempts.into_inner().unwrap();
        let (entries, events) = (bench.journal.written().split_off(before), bench.journal.events());
        match effect {
            Effect::Once => {
                assert_eq!(paused(result).kind, PauseKind::Ambiguous);
                assert!(attempts.is_empty() && entries.is_empty());
            }
            Effect::Model => {
                assert_eq!(attempts, [(format!("{}:1", Bench::run()), true, true)], "the flag has to be on disk before the second try");
                assert!(entries.iter().all(|written| written.entry.repeated));
                assert_eq!(
                    (events.len(), events[0].name.as_str(), &events[0].data["possible_double_charge"]),
                    (1, "repeated", &json!(true))
                );
            }
            _ => {
                assert_eq!(attempts, [(format!("{}:1", Bench::run()), true, false)]);
                assert_eq!(result.unwrap(), Ok(2));
                assert!(events.is_empty() && entries.len() == 1, "{effect:?}");
            }
        }
    }
}

#[tokio::test]
async fn calls_that_were_given_up_answer_nothing_and_keep_their_numbers() {
    let bench = Bench::new();
    let mut recorder = bench.recorder();
    for number in 0..4 {
        assert_eq!(ask(&mut recorder, Effect::Write, json!(number), number).await.unwrap(), Ok(number));
    }
    let mut history = bench.journal.history();
    history[1].state = EntryState::GivenUp;
    history[2].state = EntryState::GivenUp;
    let mut recorder = bench.resumed_from(history.clone());
    for (request, answer) in [(json!(0), 0), (json!(3), 3)] {
        assert_eq!(recall(&mut recorder, Effect::Write, request).await.unwrap(), Ok(answer));
    }
    history[3].state = EntryState::GivenUp;
    let mut recorder = bench.resumed_from(history.clone());
    assert_eq!(recall(&mut recorder, Effect::Write, json!(0)).await.unwrap(), Ok(0));
    assert!(!recorder.is_replaying() && recorder.left_behind().is_none() && recorder.recorded().is_none());
    assert_eq!(ask(&mut recorder, Effect::Write, json!("other"), 70).await.unwrap(), Ok(70));
    history.extend(bench.journal.history().pop());
    assert_eq!((history.len(), history[4].seq), (5, 5), "no number is used twice");
    let mut continued = bench.resumed_from(history.clone()).continued_from(1);
    assert_eq!(recall(&mut continued, Effect::Write, json!("other")).await.unwrap(), Ok(70));
    let mut closed = bench.resumed_from(history).closed();
    for (request, answer) in [(json!(0), 0), (json!("other"), 70)] {
        assert_eq!(recall(&mut closed, Effect::Write, request).await.unwrap(), Ok(answer));
    }
    let beyond = diverged(recall(&mut closed, Effect::Write, json!(1)).await);
    assert_eq!((beyond.seq, beyond.recorded), (6, None));
}

#[tokio::test]
async fn a_released_call_is_made_as_if_for_the_first_time() {
    for effect in [Effect::Model, Effect::Once, Effect::Write] {
        let bench = Bench::new();
        let call = Call::new("test.ask", effect, &json!(1)).unwrap();
        let pause = Pause::new(PauseKind::Provider, "Later.");
        let result = bench.recorder().call::<u64, _>(call, |_| ready(Performed::Paused { pause, happened: false })).await;
        assert_eq!(paused(result).kind, PauseKind::Provider);
        assert_eq!(bench.journal.history()[0].state, EntryState::Released);
        let again = Cell::new(None);
        let call = Call::new("test.ask", effect, &json!(1)).unwrap();
        let made = |attempt: Attempt| {
            again.set(Some(attempt.again));
            ready(Performed::answer(Ok(3_u64)))
        };
        assert_eq!(bench.recorder().call(call, made).await.unwrap(), Ok(3));
        assert_eq!(again.get(), Some(false));
        let entry = &bench.journal.history()[0];
        assert!(!entry.repeated && entry.state == EntryState::Done && bench.journal.events().is_empty());
    }
}

#[tokio::test]
async fn a_pause_that_may_have_happened_leaves_the_intent() {
    let bench = Bench::new();
    let call = Call::new("test.ask", Effect::Once, &json!(1)).unwrap();
    let pause = Pause::new(PauseKind::Provider, "Who knows.");
    paused(bench.recorder().call::<u64, _>(call, |_| ready(Performed::Paused { pause, happened: true })).await);
    assert_eq!(paused(recall(&mut bench.recorder(), Effect::Once, json!(1)).await).kind, PauseKind::Ambiguous);
}

#[tokio::test]
async fn a_pause_that_was_asked_for_stands_until_it_is_answered_from_outside() {
    let bench = Bench::new();
    let ask = async |recorder: &mut Recorder| {
        let (pause, call) = (Pause::new(PauseKind::Requested, "Look."), Call::new("test.pause", Effect::Wait, &"Look.").unwrap());
        recorder.call::<(), _>(call, |_| ready(Performed::Paused { pause, happened: true })).await
    };
    for _ in 0..3 {
        assert_eq!(paused(ask(&mut bench.recorder()).await).kind, PauseKind::Requested);
        assert_eq!((bench.journal.history().len(), bench.journal.history()[0].state), (1, EntryState::Intended));
    }
    let asked = bench.journal.history().pop().unwrap();
    assert_eq!(asked.clone().carried_on(0).answered_at, Some(asked.asked_at), "no answer is older than its question");
    let mut recorder = bench.resumed_from(vec![asked.carried_on(9_999)]);
    assert_eq!(ask(&mut recorder).await.unwrap(), Ok(()));
    assert_eq!(recorder.now(), 9_999);
    assert_eq!(paused(ask(&mut recorder).await).reason, "Look.", "the next is for the operator again");
}

#[tokio::test]
async fn a_denial_is_decided_written_and_told_once() {
    let bench = Bench::new();
    bench.authority.deny("test", "1");
    for relented in [false, true] {
        if relented {
            bench.authority.relent();
        }
        let denied = recall(&mut bench.recorder(), Effect::Write, json!(1)).await.unwrap();
        assert!(matches!(denied, Err(CallError { kind: ErrorKind::Denied, .. })));
    }
    assert_eq!((bench.authority.asked(), bench.journal.written().len()), (1, 1));
    let events = bench.journal.events();
    assert_eq!((events.len(), events[0].category, events[0].name.as_str()), (1, Category::Audit, "denied"));
    assert_eq!((&events[0].data["seq"], &events[0].data["capability"]), (&json!(1), &json!({ "kind": "test", "value": "1" })));

    // And the other way: what was allowed once stays answered.
    let mut recorder = bench.recorder();
    let _ = recall(&mut recorder, Effect::Write, json!(1)).await;
    ask(&mut recorder, Effect::Write, json!(2), 2).await.unwrap().unwrap();
    bench.authority.deny("test", "2");
    let mut recorder = bench.recorder();
    let _ = recall(&mut recorder, Effect::Write, json!(1)).await;
    assert_eq!(recall(&mut recorder, Effect::Write, json!(2)).await.unwrap(), Ok(2));
}

#[tokio::test]
async fn what_no_operator_has_decided_on_is_waited_for_and_decided_once() {
    for (effect, declined) in EFFECTS.iter().flat_map(|effect| [(*effect, false), (*effect, true)]) {
        let bench = Bench::new();
        bench.authority.deny("test", "1");
        bench.authority.leave_undecided(true);
        for _ in 0..2 {
            let waits = ask(&mut bench.recorder(), effect, json!(1), 7).await;
            let Err(Interrupt::Suspended(Wait::Needed(needed))) = waits else { panic!("{effect:?}: {waits:?}") };
            assert_eq!((needed.kind, needed.subject.as_str()), (NeedKind::Grant, "test=1"));
            assert_eq!(bench.journal.history()[0].state, EntryState::Released, "nothing was done");
        }
        bench.authority.leave_undecided(false);
        if !declined {
            bench.authority.relent();
        }
        let answer = ask(&mut bench.recorder(), effect, json!(1), 7).await.unwrap();
        assert_eq!(answer.map_err(|error| error.kind), if declined { Err(ErrorKind::Denied) } else { Ok(7) });
        assert!(!bench.journal.history()[0].repeated, "{effect:?}");
    }
    // A run that is being cancelled waits for nothing.
    let bench = Bench::new();
    bench.authority.deny("test", "1");
    bench.authority.leave_undecided(true);
    bench.halt.begin_cancelling();
    let denied = ask(&mut bench.recorder(), Effect::Write, json!(1), 7).await.unwrap();
    assert!(matches!(denied, Err(CallError { kind: ErrorKind::Denied, .. })));
}

#[tokio::test]
async fn a_long_request_that_is_denied_leaves_its_size_alone() {
    let ask = |recorder: &mut Recorder, name: usize| {
        let call = Call::new("test.ask", Effect::Write, &"x".repeat(100_000)).unwrap();
        recorder.prepare(call.needing(Capability::new("test", "n".repeat(name)))).unwrap()
    };
    for name in [1, 5_000] {
        let bench = Bench::new();
        bench.authority.deny("test", "");
        let mut recorder = bench.recorder();
        let prepared = ask(&mut recorder, name);
        let first = recorder.settle::<u64>(prepared, None).await.unwrap();
        let kept = bench.journal.history().pop().unwrap();
        assert_eq!(kept.request, r#"{"refused":100002}"#);
        let mut again = bench.recorder();
        let replayed = ask(&mut again, name);
        assert_eq!(again.settle::<u64>(replayed, None).await.unwrap(), first, "it is known again by its hash");
        assert!(first.unwrap_err().to_string().len() < 1_000);
    }
}

#[tokio::test]
async fn every_capability_has_to_be_allowed() {
    let bench = Bench::new();
    bench.authority.deny("second", "");
    let call =
        Call::new("test.ask", Effect::Read, &()).unwrap().needing(Capability::new("first", "a")).needing(Capability::new("second", "b"));
    let denied = bench.recorder().call::<u64, _>(call, |_| async { panic!("done without a grant") }).await.unwrap();
    assert!(matches!(denied, Err(CallError { kind: ErrorKind::Denied, text: reason, .. }) if reason.contains("second")));
}

#[tokio::test]
async fn only_what_needs_no_answer_is_enqueued() {
    for effect in EFFECTS {
        let bench = Bench::new();
        ask(&mut bench.recorder(), effect, json!(1), 1).await.unwrap().unwrap();
        let written = bench.journal.written();
        assert!(written.iter().all(|written| written.enqueued == (effect == Effect::Emit)), "{effect:?}");
        let states: Vec<_> = written.iter().map(|written| written.entry.state).collect();
        let expected: &[_] = if effect.has_intent() { &[EntryState::Intended, EntryState::Done] } else { &[EntryState::Done] };
        assert_eq!(states, expected, "{effect:?}");
    }
}

#[tokio::test]
async fn the_intent_is_written_before_the_effect() {
    let bench = Bench::new();
    let call = Call::new("test.ask", Effect::Once, &()).unwrap();
    let journal = Arc::clone(&bench.journal);
    let done = move |_| async move { Performed::answer(Ok(journal.history()[0].state == EntryState::Intended)) };
    assert_eq!(bench.recorder().call(call, done).await.unwrap(), Ok(true));
}

#[tokio::test]
async fn calls_prepared_together_keep_their_order() {
    let bench = Bench::new();
    let mut recorder = bench.recorder();
    let prepare = |recorder: &mut Recorder, number: u64| recorder.prepare(Call::new("test.ask", Effect::Model, &number).unwrap()).unwrap();
    let mut calls: Vec<_> = (0..3).map(|number| prepare(&mut recorder, number)).collect();
    recorder.intend(&mut calls).await.unwrap();
    recorder.intend(&mut calls).await.unwrap();
    let intents: Vec<_> = bench.journal.written().into_iter().map(|written| written.entry.seq).collect();
    assert_eq!(intents, [1, 2, 3]);
    // The last is answered first; the second never.
    calls.swap_remove(1);
    for call in calls.into_iter().rev() {
        let seq = call.attempt().unwrap().seq;
        recorder.settle(call, Some(Performed::answer(Ok(seq)))).await.unwrap().unwrap();
    }
    let mut recorder = bench.recorder();
    let again: Vec<_> = (0..3).map(|number| prepare(&mut recorder, number).attempt().map(|attempt| (attempt.seq, attempt.again))).collect();
    assert_eq!(again, [None, Some((2, true)), None]);
}

#[tokio::test]
async fn too_large_a_request_is_refused_and_stays_refused_when_the_limit_is_raised() {
    let mut bench = Bench::new();
    bench.limits.payload = 400;
    let request = json!("x".repeat(399));
    let refused = recall(&mut bench.recorder(), Effect::Write, request.clone()).await.unwrap();
    assert!(matches!(&refused, Err(CallError { kind: ErrorKind::Invalid, text, .. }) if text.contains("401 bytes")));
    assert_eq!(bench.journal.history()[0].request, "{\"too-large\":401}", "the journal keeps its size alone");
    bench.limits.payload = 1000;
    assert_eq!(recall(&mut bench.resumed_from(bench.journal.history()), Effect::Write, request).await.unwrap(), refused);
}

#[tokio::test]
async fn too_large_an_answer_is_an_error_that_is_replayed() {
    let mut bench = Bench::new();
    bench.limits.payload = 100;
    for _ in 0..2 {
        let call = Call::new("test.ask", Effect::Read, &()).unwrap();
        let answer = bench.recorder().call(call, |_| ready(Performed::answer(Ok("x".repeat(200))))).await.unwrap();
        assert!(matches!(answer, Err(CallError { kind: ErrorKind::Invalid, text, .. }) if text.contains("ask for less")));
    }
    assert_eq!(bench.journal.written().len(), 1);
}

#[tokio::test]
async fn a_run_has_so_many_calls_and_no_more() {
    let mut bench = Bench::new();
    bench.limits.calls = 2;
    let mut recorder = bench.recorder();
    for number in 0..2 {
        ask(&mut recorder, Effect::Read, json!(number), number).await.unwrap().unwrap();
    }
    assert_eq!(paused(recall(&mut recorder, Effect::Read, json!(2)).await).kind, PauseKind::Limit);
    bench.limits.calls = 3;
    let mut recorder = bench.recorder();
    for number in 0..2 {
        recall(&mut recorder, Effect::Read, json!(number)).await.unwrap().unwrap();
    }
    ask(&mut recorder, Effect::Read, json!(2), 2).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_halted_run_still_replays_and_does_nothing_new() {
    let bench = Bench::new();
    ask(&mut bench.recorder(), Effect::Once, json!(1), 1).await.unwrap().unwrap();
    let mut recorder = bench.recorder();
    bench.halt.stop();
    assert_eq!(recall(&mut recorder, Effect::Once, json!(1)).await.unwrap(), Ok(1));
    assert!(matches!(recall(&mut recorder, Effect::Read, json!(2)).await, Err(Interrupt::Stopped)));
    let mut recorder = bench.resumed_from(cut_off(&bench, EntryState::Intended));
    assert!(matches!(recall(&mut recorder, Effect::Once, json!(1)).await, Err(Interrupt::Stopped)));

    bench.halt.cancel();
    bench.halt.stop();
    assert!(matches!(recall(&mut bench.resumed_from(Vec::new()), Effect::Read, json!(2)).await, Err(Interrupt::Cancelled)));
    assert_eq!(bench.journal.written().len(), 2);
}

#[tokio::test]
async fn a_waiting_call_is_looked_at_again_without_a_new_intent() {
    let bench = Bench::new();
    for _ in 0..3 {
        let call = Call::new("test.ask", Effect::Wait, &()).unwrap();
        let waits = bench.recorder().call::<u64, _>(call, |_| ready(Performed::Waiting(Wait::Until(9)))).await;
        assert!(matches!(waits, Err(Interrupt::Suspended(Wait::Until(9)))));
    }
    assert_eq!(bench.journal.written().len(), 1);
    let call = Call::new("test.ask", Effect::Wait, &()).unwrap();
    assert_eq!(bench.recorder().call(call, |_| ready(Performed::answer(Ok(4_u64)))).await.unwrap(), Ok(4));
}

#[tokio::test]
async fn a_damaged_answer_pauses_the_run() {
    let bench = Bench::new();
    ask(&mut bench.recorder(), Effect::Read, json!(1), 1).await.unwrap().unwrap();
    for damaged in ["", "{", r#"{"ok":"text"}"#, r#"{"what":1}"#] {
        let mut history = bench.journal.history();
        history[0].answer = Some(damaged.to_owned());
        let pause = paused(recall(&mut bench.resumed_from(history), Effect::Read, json!(1)).await);
        assert_eq!((pause.kind, pause.at), (PauseKind::Unreadable, Some(1)), "{damaged}");
        assert!(pause.reason.contains("The answer of call 1 (test.ask)") && pause.reason.contains("cannot be read"), "{pause}");
    }
}

#[tokio::test]
async fn a_guest_that_ends_early_is_noticed() {
    let bench = Bench::new();
    ask(&mut bench.recorder(), Effect::Read, json!(1), 1).await.unwrap().unwrap();
    assert_eq!(bench.recorder().unreplayed().map(|entry| entry.seq), Some(1));
}

/// Asks for the run to begin again with an input.
async fn continue_with(recorder: &mut Recorder, input: Value) -> Result<Result<(), CallError>, Interrupt> {
    let call = Call::new("test.continue", Effect::Write, &input).unwrap();
    recorder.call(call, |_| ready(Performed::Continued(input))).await
}

#[tokio::test]
async fn a_run_that_continues_leaves_its_intent_until_it_has_begun_again() {
    let bench = Bench::new();
    let redactor = Redactor::default();
    redactor.learn("s3cr3t-s3cr3t");
    for _ in 0..3 {
        let mut recorder = bench.recorder().redacting(redactor.clone());
        ask(&mut recorder, Effect::Read, json!(1), 7).await.unwrap().unwrap();
        let before = recorder.now();
        let Err(Interrupt::Continued(next)) = continue_with(&mut recorder, json!(["s3cr3t-s3cr3t"])).await else { panic!("it went on") };
        assert_eq!((next.seq, &next.input), (2, &json!(["[key]"])));
        assert!(next.at > before);
        let history = bench.journal.history();
        assert_eq!((history.len(), history[1].state, &*history[1].request), (2, EntryState::Intended, r#"["[key]"]"#));
    }
    let found = diverged(continue_with(&mut bench.recorder().closed(), json!(1)).await);
    assert_eq!(found.seq, 1, "a replay of a recording does not begin again");
}

#[tokio::test]
async fn behind_its_base_a_run_replays_and_counts_nothing_of_what_was_before() {
    let mut bench = Bench::new();
    let mut recorder = bench.recorder();
    for number in 1..=5 {
        ask(&mut recorder, Effect::Write, json!(number), number).await.unwrap().unwrap();
    }
    bench.limits.calls = 3;
    let base = 4;
    let mut recorder = bench.recorder().continued_from(base);
    assert!(recorder.is_replaying());
    assert_eq!(recall(&mut recorder, Effect::Write, json!(5)).await.unwrap(), Ok(5));
    for number in 6..=7 {
        ask(&mut recorder, Effect::Write, json!(number), number).await.unwrap().unwrap();
        assert_eq!(bench.journal.history().last().unwrap().seq, number, "calls are counted on");
    }
    assert_eq!(paused(ask(&mut recorder, Effect::Write, json!(8), 8).await).kind, PauseKind::Limit);
    let fresh = bench.recorder().continued_from(7);
    assert!(!fresh.is_replaying() && fresh.unreplayed().is_none() && fresh.now() == Bench::STARTED_AT);
}

#[tokio::test]
async fn too_large_an_input_to_continue_with_is_an_answer() {
    let mut bench = Bench::new();
    bench.limits.payload = 100;
    for _ in 0..2 {
        let error = continue_with(&mut bench.recorder(), json!("x".repeat(200))).await.unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert_eq!(bench.journal.history()[0].request, r#"{"too-large":202}"#);
    }
}
