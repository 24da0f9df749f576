use serde_json::json;

use super::*;
use crate::{
    bindings::{Fault, types, workflows::Host},
    interfaces::children::{Ended, Outcome, Role, testing::Nursery},
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

fn awaited<T: std::fmt::Debug>(result: Result<T, Fault>) -> Vec<String> {
    match result {
        Err(Fault::Interrupt(Interrupt::Suspended(Wait::Runs(runs)))) => runs.iter().map(RunId::to_string).collect(),
        other => panic!("not waiting: {other:?}"),
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
async fn joining_waits_and_then_gives_the_output() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    let [one, two] = start_two(&mut run).await;
    assert_eq!(awaited(run.join(one.clone()).await), std::slice::from_ref(&one));

    let outcome = Outcome { output: json!({ "ok": true }), shortfall: Some("1 story is left.".to_owned()) };
    scene.end(&one, Ended::Succeeded(outcome));
    scene.end(&two, Ended::Failed(CallError::other("No model.")));
    for _ in 0..2 {
        let mut recorder = scene.bench.recorder();
        let mut run = view(&scene, &mut recorder);
        start_two(&mut run).await;
        let joined = run.join(one.clone()).await.unwrap();
        assert_eq!((&*joined.output, joined.shortfall.as_deref()), (r#"{"ok":true}"#, Some("1 story is left.")));
        let failed = CallError::other("No model.");
        assert_eq!(refusal(run.join(two.clone()).await), CallError::child_failed(&two, "No model.", &failed));
        scene.end(&two, Ended::Cancelled);
    }
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(matches!(refusal(view(&scene, &mut recorder).join(two).await), CallError { kind: ErrorKind::Cancelled, .. }));
}

#[tokio::test]
async fn joining_any_takes_the_first_of_the_list() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    let [one, two] = start_two(&mut run).await;
    assert_eq!(awaited(run.join_any(vec![two.clone(), one.clone()]).await), [two.clone(), one.clone()]);

    scene.end(&one, Ended::Succeeded(json!(1).into()));
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    start_two(&mut run).await;
    let (ended, output) = run.join_any(vec![two.clone(), one.clone()]).await.unwrap();
    assert_eq!((ended, output.unwrap().output), (one.clone(), "1".to_owned()));

    scene.end(&two, Ended::Failed(CallError::other("No model.")));
    let (ended, output) = run.join_any(vec![two.clone(), one.clone()]).await.unwrap();
    assert_eq!(ended, two);
    let error = output.unwrap_err();
    assert_eq!((&*error.kind, &*error.text, error.subject), ("child-failed", "No model.", Some(two.clone())));

    // What was answered before the second one ended is answered so again.
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    start_two(&mut run).await;
    assert_eq!(run.join_any(vec![two.clone(), one.clone()]).await.unwrap().0, one);
    assert_eq!(run.join_any(vec![two.clone(), one]).await.unwrap().0, two);
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = view(&scene, &mut recorder);
    assert!(matches!(refusal(run.start("build".into(), "{".into(), Vec::new()).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(refusal(run.start("build".into(), "1".into(), worktree("w")).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert!(matches!(refusal(run.join_any(Vec::new()).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(refusal(run.join_any(vec!["x".into(); 1001]).await), CallError { kind: ErrorKind::Invalid, .. }));
    assert!(matches!(refusal(run.join("not mine".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    let [one, _] = start_two(&mut run).await;
    assert!(matches!(refusal(run.join_any(vec![one, "not mine".into()]).await), CallError { kind: ErrorKind::NotFound, .. }));
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
