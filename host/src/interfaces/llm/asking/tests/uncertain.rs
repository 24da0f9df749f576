//! Tries of which nobody knows whether they were charged: how often they are made, and that none goes unbooked or unflagged.

use super::*;
use crate::journal::{Journal, Write};

const TWO: &[&str] = &["openai/gpt-5", "openai/gpt-5-mini"];

impl Scene {
    /// What goes wrong before all else, in order.
    fn failing(self, first: impl IntoIterator<Item = ProviderError>) -> Self {
        self.answers.first.lock().unwrap().extend(first);
        self
    }

    fn strict(self) -> Self {
        Self { is_strict: true, ..self }
    }

    /// What was booked, and whether a reply came of it.
    fn booked(&self) -> Vec<(String, bool)> {
        let told = |data: Value| (data["model"].as_str().unwrap().to_owned(), data["possibly_charged"] != true);
        self.events("completed").into_iter().map(told).collect()
    }
}

fn malformed(provider: &str) -> ProviderError {
    ProviderError::Malformed { provider: provider.into(), reason: "It is not JSON.".into() }
}

#[tokio::test]
async fn an_uncertain_try_is_made_again_under_the_same_key_and_flagged() {
    for error in [uncertain("a"), malformed("a")] {
        let scene = Scene::new(&[]).failing([error.clone(), error]);
        for _ in 0..2 {
            assert_eq!(scene.ask(ROW).await.unwrap().model, "a/x");
        }
        let asked = scene.answers.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 3, "the second time the journal answers");
        assert!(asked.iter().all(|one| *one == asked[0]), "{asked:?}");
        assert_eq!(scene.stands(), (EntryState::Done, true));
        assert_eq!(scene.events("repeated").len(), 1);
        let lost = ("a/x".to_owned(), false);
        assert_eq!(scene.booked(), [lost.clone(), lost, ("a/x".to_owned(), true)]);
        let entry = scene.bench.journal.history().pop().unwrap();
        assert!(entry.answer.unwrap().contains(r#""possibly-paid":{"tries":2}"#));
    }
}

#[tokio::test]
async fn after_three_uncertain_tries_the_next_model_is_asked_and_after_the_last_the_run_pauses() {
    let scene = Scene::new(&[("a/x", uncertain("a"))]);
    assert_eq!(scene.ask(ROW).await.unwrap().model, "b/y");
    assert_eq!(scene.asked(), ["a/x", "a/x", "a/x", "b/y"]);
    assert!(scene.events("fell_back")[0]["reason"].as_str().unwrap().contains("broke off"));

    let scene = Scene::new(&[("a/x", uncertain("a")), ("b/y", uncertain("b"))]);
    let pause = scene.pauses(&ROW[..2]).await;
    assert!(pause.reason.contains("a/x: a broke off") && pause.reason.contains("b/y: b broke off"), "{}", pause.reason);
    assert_eq!((scene.asked().len(), scene.booked().len()), (6, 6));
    assert_eq!(scene.stands(), (EntryState::Intended, true));
    scene.answers.ready.lock().unwrap().clear();
    assert_eq!(scene.ask(ROW).await.unwrap().model, "a/x");
    assert_eq!(scene.stands(), (EntryState::Done, true));
}

#[tokio::test]
async fn a_model_that_is_uncertain_last_is_not_asked_again_by_a_clock_and_one_that_is_not_there_is() {
    let scene = Scene::new(&[("a/x", uncertain("a")), ("b/y", limited("b", 3_600))]);
    scene.pauses(&ROW[..2]).await;

    let scene = Scene::new(&[("a/x", limited("a", 3_600))]).failing([uncertain("a")]);
    scene.waits(&["a/x"]).await;
    assert_eq!(scene.stands(), (EntryState::Intended, true), "the next try is a repetition, and is flagged");
    scene.answers.ready.lock().unwrap().clear();
    assert_eq!(scene.ask(&["a/x"]).await.unwrap().model, "a/x");
    assert_eq!(scene.stands(), (EntryState::Done, true));
}

#[tokio::test]
async fn set_to_pause_an_uncertain_call_goes_to_no_other_model_and_is_not_made_again() {
    let scene = Scene::new(&[("a/x", refused("a")), ("b/y", uncertain("b"))]).strict();
    assert!(scene.pauses(ROW).await.reason.contains("b broke off"));
    assert_eq!(scene.asked(), ["a/x", "b/y"]);
    assert_eq!(scene.stands(), (EntryState::Intended, false));
    assert!(scene.booked().is_empty());
}

#[tokio::test]
async fn each_uncertain_try_counts_against_the_budget_at_the_most_that_it_may_have_cost() {
    let scene = with_budget("5").await.failing([uncertain("openai"), uncertain("openai"), uncertain("openai")]);
    *scene.answers.usage.lock().unwrap() = Usage { input_tokens: 1_000, output_tokens: 1_000, ..Usage::default() };
    assert_eq!(scene.ask(TWO).await.unwrap().model, TWO[1]);
    let told = scene.events("completed");
    assert_eq!(told.len(), 4);
    for lost in &told[..3] {
        // 8,192 tokens of a reply at 10 dollars a million, and some of a question.
        assert!((0.081..0.084).contains(&lost["cost_usd"].as_f64().unwrap()), "{lost}");
        assert_eq!((&lost["stop"], &lost["model"]), (&json!("uncertain"), &json!(TWO[0])));
    }
    let entry = scene.bench.journal.history().pop().unwrap();
    let answer: Value = serde_json::from_str(&entry.answer.unwrap()).unwrap();
    let paid = &answer["ok"]["usage"]["possibly-paid"];
    assert!(paid["tries"] == 3 && (0.24..0.26).contains(&paid["usd"].as_f64().unwrap()), "{answer}");
}

#[tokio::test]
async fn a_kill_at_any_point_leaves_no_second_request_unflagged() {
    let whole = Scene::new(&[]).failing([uncertain("a"), uncertain("a")]);
    whole.ask(ROW).await.unwrap();
    let writes = whole.bench.journal.written();
    let states: Vec<_> = writes.iter().map(|write| (write.entry.state, write.entry.repeated)).collect();
    let (intended, done) = (EntryState::Intended, EntryState::Done);
    assert_eq!(states, [(intended, false), (intended, false), (intended, true), (intended, true), (done, true)]);
    // What a host that is killed after so many writes leaves.
    for kept in 1..writes.len() {
        let scene = Scene::new(&[]);
        let left = writes[..kept].iter().map(|write| Write { entry: write.entry.clone(), events: write.events.clone() }).collect();
        scene.bench.journal.write(left).await.unwrap();
        assert_eq!(scene.ask(ROW).await.unwrap().model, "a/x");
        assert_eq!(scene.stands(), (EntryState::Done, true), "after {kept} writes");
        let booked_before = writes[..kept].iter().filter(|write| write.events.iter().any(|event| event.name == "completed")).count();
        assert_eq!(scene.booked().len(), booked_before + 1, "what was booked stays so");
    }
}
