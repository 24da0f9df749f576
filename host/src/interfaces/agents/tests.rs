use serde_json::json;

use super::*;
use crate::{
    bindings::{
        Fault,
        agents::{Host, Outcome, Task},
        types::OptionValue,
    },
    interfaces::children::{ChildError, Ended, Role, testing::Nursery},
    journal::{CallError, ErrorKind, Interrupt, RunId, Wait, testing::Bench},
};

struct Scene {
    bench: Bench,
    nursery: Arc<Nursery>,
    children: Arc<dyn Children>,
}

impl Scene {
    fn new() -> Self {
        let nursery = Arc::new(Nursery::default());
        Self { bench: Bench::new(), children: nursery.clone(), nursery }
    }

    async fn perform(&self, task: Task) -> Result<Outcome, Fault> {
        self.perform_with(task, Vec::new()).await
    }

    async fn perform_with(&self, task: Task, options: Vec<OptionValue>) -> Result<Outcome, Fault> {
        let mut recorder = self.bench.recorder();
        View { recorder: &mut recorder, tickets: &mut Tickets::default(), children: &self.children }
            .perform("mary".into(), task, options)
            .await
    }

    async fn find_ended(&self, ended: Ended) -> Result<Outcome, Fault> {
        self.nursery.ended.lock().unwrap().insert(Bench::run().child(1), ended);
        self.perform(task()).await
    }
}

fn task() -> Task {
    Task { goal: "Write it".into(), context: "All of it".into(), answer_schema: Some(r#"{"type":"object"}"#.into()), conversation: None }
}

fn refusal(result: Result<Outcome, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn the_run_is_put_away_until_its_agent_ends() {
    let scene = Scene::new();
    let child = Bench::run().child(1);
    for _ in 0..2 {
        let waits = scene.perform(task()).await.unwrap_err();
        assert!(matches!(&waits, Fault::Interrupt(Interrupt::Suspended(Wait::Runs(runs))) if *runs == [child.clone()]), "{waits:?}");
    }
    let input = json!({ "goal": "Write it", "context": "All of it", "answer-schema": { "type": "object" } });
    assert_eq!(
        scene.nursery.ordered.lock().unwrap().clone().into_iter().collect::<Vec<_>>(),
        [(child.clone(), (Role::Agent, "mary".to_owned(), input))]
    );
    assert!(scene.bench.journal.events().is_empty());

    let outcome = scene.find_ended(Ended::Succeeded(json!({ "answer": "{}", "summary": "Done" }).into())).await.unwrap();
    assert_eq!((outcome.answer.as_str(), outcome.summary.as_str(), outcome.cost_usd), ("{}", "Done", Nursery::COST));
    let replayed = scene.find_ended(Ended::Failed(CallError::other("no longer asked"))).await.unwrap();
    assert_eq!(replayed.answer, "{}");
    let events = scene.bench.journal.events();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].name.as_str(), &events[0].data),
        ("ended", &json!({ "agent": "mary", "run": child, "summary": "Done", "cost_usd": 0.25 }))
    );
}

#[tokio::test]
async fn a_conversation_goes_to_the_agent_and_comes_back() {
    let scene = Scene::new();
    let continued = || Task { conversation: Some(r#"{"b": [null, 1.5], "a": 2}"#.into()), ..task() };
    let _ = scene.perform(continued()).await;
    let input = scene.nursery.ordered.lock().unwrap().values().next().unwrap().2.clone();
    assert_eq!(input["conversation"].to_string(), r#"{"b":[null,1.5],"a":2}"#, "in the order in which it was written");
    let output = json!({ "answer": "{}", "summary": "Done", "conversation": { "b": 1, "a": 2 } });
    scene.nursery.ended.lock().unwrap().insert(Bench::run().child(1), Ended::Succeeded(output.into()));
    for _ in 0..2 {
        let outcome = scene.perform(continued()).await.unwrap();
        assert_eq!(outcome.conversation.map(|text| text.len()), Some(r#"{"b":1,"a":2}"#.len()), "also from the journal");
    }
    let scene = Scene::new();
    for conversation in ["{".to_owned(), format!("\"{}\"", "x".repeat(4 << 20))] {
        let error = refusal(scene.perform(Task { conversation: Some(conversation), ..task() }).await);
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("conversation")));
    }
    assert!(scene.nursery.ordered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_agent_that_does_not_succeed_is_an_error_of_the_call() {
    for (ended, word) in [
        (Ended::Succeeded(json!("no outcome").into()), "mistake of that plugin"),
        (Ended::Succeeded(json!({ "summary": "no answer" }).into()), "answer"),
    ] {
        let scene = Scene::new();
        let _ = scene.perform(task()).await;
        let error = refusal(scene.find_ended(ended).await);
        assert!(matches!(&error, CallError { kind: ErrorKind::Other, text, .. } if text.contains(word)), "{error:?}");
        assert_eq!(scene.bench.journal.events()[0].data["error"], error.to_string());
    }
    let scene = Scene::new();
    let _ = scene.perform(task()).await;
    let own = CallError::new(ErrorKind::BudgetExceeded, "No money.").about("shop");
    let error = refusal(scene.find_ended(Ended::Failed(own.clone())).await);
    assert_eq!((&error.kind, &*error.text), (&ErrorKind::ChildFailed, "Agent `mary` failed: No money."));
    assert_eq!(error.subject.as_deref(), Some(Bench::run().child(1).as_str()));
    assert_eq!(error.details.unwrap()["error"], json!(own), "the agent's own error is handed up");
    let scene = Scene::new();
    let _ = scene.perform(task()).await;
    assert!(matches!(refusal(scene.find_ended(Ended::Cancelled).await), CallError { kind: ErrorKind::Cancelled, .. }));
}

#[tokio::test]
async fn a_wrong_task_starts_nothing() {
    let scene = Scene::new();
    for schema in ["", "{", "[]", "true", "\"object\""] {
        let error = refusal(scene.perform(Task { answer_schema: Some(schema.into()), ..task() }).await);
        assert!(matches!(error, CallError { kind: ErrorKind::Invalid, .. }), "{schema}");
    }
    assert!(matches!(refusal(scene.perform(Task { goal: " \n".into(), ..task() }).await), CallError { kind: ErrorKind::Invalid, .. }));
    let option = |name: &str, value: &str| vec![OptionValue { name: name.to_owned(), value: value.to_owned() }];
    let missing = refusal(scene.perform_with(task(), option("worktree", "\"w\"")).await);
    assert_eq!(missing.kind, ErrorKind::NotFound);
    for (name, value) in [("worktree", "7"), ("budget", "1")] {
        let error = refusal(scene.perform_with(task(), option(name, value)).await);
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some(name)));
    }
    assert!(scene.nursery.ordered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_agent_needs_its_grant() {
    let scene = Scene::new();
    scene.bench.authority.deny(AGENTS.word, "mary");
    assert!(matches!(refusal(scene.perform(task()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(scene.nursery.ordered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_started_is_told_apart() {
    let failing = async |error: ChildError| {
        let scene = Scene::new();
        *scene.nursery.failing.lock().unwrap() = Some(error);
        scene.perform(task()).await
    };
    let not_installed = ChildError::NotInstalled { plugin: "mary".into(), reason: "No agent `mary`.".into() };
    for (error, kind, subject) in [
        (not_installed, ErrorKind::NotFound, Some("mary")),
        (ChildError::NoWorktree("w\n".into()), ErrorKind::NotFound, Some("w\\n")),
        (ChildError::NoItem("1-2".into()), ErrorKind::NotFound, Some("1-2")),
        (ChildError::NotYours(RunId::from_text("a")), ErrorKind::NotFound, Some("a")),
        (ChildError::NotNarrower("It is wider.".into()), ErrorKind::Invalid, Some("within")),
        (ChildError::TooDeep(8), ErrorKind::Invalid, None),
    ] {
        let refused = refusal(failing(error).await);
        assert_eq!((&refused.kind, refused.subject.as_deref()), (&kind, subject), "{refused}");
    }
    let paused = failing(ChildError::Store("The disk is full.".into())).await.unwrap_err();
    assert!(matches!(&paused, Fault::Interrupt(Interrupt::Paused(pause)) if pause.reason.contains("disk")), "{paused:?}");
}
