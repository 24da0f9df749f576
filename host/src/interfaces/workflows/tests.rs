use serde_json::{Value, json};

use super::*;
use crate::{
    bindings::{Fault, types, workflows::Host},
    interfaces::{
        children::{Ended, Outcome, Role, testing::Nursery},
        tickets::Moment,
    },
    journal::{CallError, ErrorKind, Performed, RunId, Wait, testing::Bench},
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

    fn end(&self, run: &str, ended: Ended) {
        self.nursery.ended.lock().unwrap().insert(RunId::from_text(run), ended);
    }
}

fn view<'a>(scene: &'a Scene, recorder: &'a mut Recorder) -> View<'a> {
    View { recorder, tickets: Box::leak(Box::default()), children: &scene.children }
}

fn worktree(name: &str) -> Vec<types::OptionValue> {
    vec![types::OptionValue { name: "worktree".to_owned(), value: json!(name).to_string() }]
}

/// The run starts two children, the same ones at every replay.
async fn start_two(view: &mut View<'_>) -> [String; 2] {
    let first = view.start("build".into(), r#"{"n":1}"#.into(), Vec::new()).await.unwrap();
    [first, view.start("build".into(), r#"{"n":2}"#.into(), Vec::new()).await.unwrap()]
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn starting_again_is_starting_once() {
    let scene = Scene::new();
    let first = start_two(&mut view(&scene, &mut scene.bench.recorder())).await;
    assert_eq!(start_two(&mut view(&scene, &mut scene.bench.recorder())).await, first);
    assert_eq!(start_two(&mut view(&scene, &mut scene.bench.resumed_from(Vec::new()))).await, first);
    let ordered = scene.nursery.ordered.lock().unwrap();
    assert_eq!(ordered.len(), 2);
    assert_eq!(ordered[&RunId::from_text(first[0].as_str())], (Role::Workflow, "build".to_owned(), json!({ "n": 1 })));
}

#[tokio::test]
async fn a_ticket_gives_what_its_run_ends_with() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    let [one, two] = start_two(&mut run).await;
    assert!(matches!(look(&run, &one).await, Performed::Waiting(Wait::Runs(runs)) if runs == [RunId::from_text(one.as_str())]));

    let outcome = Outcome { output: json!({ "ok": true }), shortfall: Some("1 story is left.".to_owned()) };
    scene.end(&one, Ended::Succeeded(outcome));
    scene.end(&two, Ended::Failed(CallError::other("No model.")));
    let arrived = answer(look(&run, &one).await).unwrap();
    assert_eq!(arrived, json!({ "output": { "ok": true }, "shortfall": "1 story is left." }));
    let failed = CallError::other("No model.");
    assert_eq!(answer(look(&run, &two).await).unwrap_err(), CallError::child_failed(&two, "No model.", &failed));
    scene.end(&two, Ended::Cancelled);
    let cancelled = answer(look(&run, &two).await).unwrap_err();
    assert_eq!((cancelled.kind, cancelled.subject), (ErrorKind::Cancelled, Some(two)));
}

#[tokio::test]
async fn a_child_that_is_given_up_is_cancelled_and_still_arrives() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    let [one, _] = start_two(&mut run).await;
    let held = run.tickets.find(&one).unwrap();
    assert!(answer(held.give_up().await).is_ok() && held.arrives_given_up());
    assert_eq!(answer(look(&run, &one).await).unwrap_err().kind, ErrorKind::Cancelled);
}

async fn look(run: &View<'_>, ticket: &str) -> Performed<Value> {
    run.tickets.find(ticket).unwrap().look(Moment { seq: 9, now: 1 }).await
}

fn answer<A: std::fmt::Debug>(performed: Performed<A>) -> Result<A, CallError> {
    match performed {
        Performed::Answered(answer, _) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    let within = |value: &str| vec![types::OptionValue { name: "within".to_owned(), value: value.to_owned() }];
    for (input, options) in [("{", Vec::new()), ("1", within("[]")), ("1", within(r#"{"write": "docs/**"}"#))] {
        assert_eq!(refusal(run.start("build".into(), input.into(), options).await).kind, ErrorKind::Invalid);
    }
    assert_eq!(refusal(run.start("build".into(), "1".into(), worktree("w")).await).kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_child_is_started_in_the_worktree_that_it_is_given() {
    let scene = Scene::new();
    scene.nursery.worktrees.lock().unwrap().insert("story/1".into(), None);
    let mut recorder = scene.bench.recorder();
    let child = view(&scene, &mut recorder).start("build".into(), "1".into(), worktree("story/1")).await.unwrap();
    assert_eq!(scene.nursery.worktrees.lock().unwrap()["story/1"], Some(RunId::from_text(child)));
}

#[tokio::test]
async fn a_workflow_needs_its_grant() {
    let scene = Scene::new();
    scene.bench.authority.deny(WORKFLOWS.word, "deploy");
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    assert!(matches!(refusal(run.start("deploy".into(), "1".into(), Vec::new()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(run.start("build".into(), "1".into(), Vec::new()).await.is_ok());
}
