use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::{
    bindings::{Fault, run::Host},
    interfaces::published::{Publication, PublishError, Published},
    journal::{CallError, ErrorKind, Interrupt, Redactor, testing::Bench},
};

/// Keeps what one run shows, up to two keys.
#[derive(Default)]
struct Board(Mutex<BTreeMap<String, Value>>);

#[async_trait]
impl Published for Board {
    async fn publish(&self, _: &RunId, key: &str, value: &Value) -> Result<(), PublishError> {
        let mut shown = self.0.lock().unwrap();
        if shown.len() >= 2 && !shown.contains_key(key) {
            return Err(PublishError::Full);
        }
        shown.insert(key.to_owned(), value.clone());
        Ok(())
    }

    async fn published(&self, _: &RunId) -> Result<Vec<Publication>, PublishError> {
        let shown = self.0.lock().unwrap().clone();
        Ok(shown.into_iter().map(|(key, value)| Publication { key, value, at: 0 }).collect())
    }
}

struct Stage {
    bench: Bench,
    board: Arc<Board>,
    redactor: Redactor,
}

impl Stage {
    fn new() -> Self {
        let redactor = Redactor::default();
        redactor.learn("s3cr3t-s3cr3t");
        Self { bench: Bench::new(), board: Arc::default(), redactor }
    }

    /// One execution of a run of a plugin of this kind, which makes these calls.
    async fn execute<A>(&self, role: Role, calls: impl AsyncFnOnce(&mut View<'_>) -> A) -> A {
        let about = About {
            role,
            parent: None,
            root: Bench::run(),
            project: Project::default(),
            pin: None,
            plugin: "probe".to_owned(),
            plugin_version: "0.1.0".to_owned(),
        };
        let published = Arc::clone(&self.board) as Arc<dyn Published>;
        let mut recorder = self.bench.recorder().redacting(self.redactor.clone());
        calls(&mut View { recorder: &mut recorder, about: &about, published: &published }).await
    }

    async fn publish(&self, key: &str, value: &str) -> Result<(), CallError> {
        let answer = self.execute(Role::Workflow, async |view| view.publish(key.to_owned(), value.to_owned()).await).await;
        answer.map_err(|fault| match fault {
            Fault::Answer(error) => error,
            Fault::Interrupt(interrupt) => panic!("{interrupt}"),
        })
    }

    fn shown(&self) -> Value {
        json!(*self.board.0.lock().unwrap())
    }
}

#[tokio::test]
async fn what_is_published_is_shown_and_told_without_secrets_and_once() {
    for _ in 0..2 {
        let stage = Stage::new();
        let value = r#"{"at":"s3cr3t-s3cr3t"}"#;
        stage.publish("build.state", value).await.unwrap();
        assert_eq!(stage.shown(), json!({ "build.state": { "at": "[key]" } }));
        stage.board.0.lock().unwrap().clear();
        stage.publish("build.state", value).await.unwrap();
        assert_eq!(stage.shown(), json!({}), "a replay publishes nothing");
        let events = stage.bench.journal.events();
        assert_eq!(
            (events.len(), &*events[0].name, &events[0].data),
            (1, "published", &json!({ "key": "build.state", "value": { "at": "[key]" } }))
        );
        assert!(!stage.bench.journal.history()[0].request.contains("s3cr3t"));
    }
}

#[tokio::test]
async fn a_large_value_is_told_by_its_size() {
    let stage = Stage::new();
    let value = json!("x".repeat(LARGE)).to_string();
    stage.publish("log", &value).await.unwrap();
    assert_eq!(stage.bench.journal.events()[0].data, json!({ "key": "log", "bytes": LARGE + 2 }));
    assert_eq!(stage.shown(), json!({ "log": "x".repeat(LARGE) }));
}

/// Bytes that a value may have and an event has not.
const LARGE: usize = 60_000;

#[tokio::test]
async fn what_cannot_be_published_is_invalid_and_leaves_nothing() {
    let stage = Stage::new();
    let (long, large) = ("k".repeat(65), json!("x".repeat(64 << 10)).to_string());
    for (key, value) in
        [("", "1"), ("A", "1"), ("a b", "1"), ("a/b", "1"), ("\u{1b}[2J", "1"), (&*long, "1"), ("a", ""), ("a", "{"), ("a", &large)]
    {
        let error = stage.publish(key, value).await.unwrap_err();
        let wrong = if key == "a" { "value" } else { "key" };
        assert_eq!((&error.kind, error.subject.as_deref()), (&ErrorKind::Invalid, Some(wrong)), "{key:.80} {value:.80}");
        assert!(error.text.len() < 300 && !error.text.contains('\u{1b}'), "{}", error.text);
    }
    assert_eq!((stage.shown(), stage.bench.journal.written().len()), (json!({}), 0));
}

#[tokio::test]
async fn a_key_too_many_is_an_answer_that_is_replayed() {
    let stage = Stage::new();
    let publish = async |view: &mut View<'_>| {
        let mut answers = Vec::new();
        for key in ["a", "b", "c"] {
            answers.push(view.publish(key.to_owned(), "1".to_owned()).await.is_ok());
        }
        answers
    };
    for _ in 0..2 {
        assert_eq!(stage.execute(Role::Workflow, &publish).await, [true, true, false]);
        stage.board.0.lock().unwrap().clear();
    }
    let last = stage.bench.journal.history().pop().unwrap().error().unwrap();
    assert_eq!((last.kind, last.subject.as_deref()), (ErrorKind::Invalid, Some("c")));
}

#[tokio::test]
async fn workflows_alone_continue_and_with_json_alone() {
    for (role, input, wrong) in
        [(Role::Agent, "1", None), (Role::Toolbox, "1", None), (Role::Workflow, "{", Some("input")), (Role::Workflow, "", Some("input"))]
    {
        let stage = Stage::new();
        let fault = stage.execute(role, async |view| view.continue_with(input.to_owned()).await).await.unwrap_err();
        let is_it = |error: &CallError| error.kind == ErrorKind::Invalid && error.subject.as_deref() == wrong;
        assert!(matches!(&fault, Fault::Answer(error) if is_it(error)), "{role:?} {input}: {fault}");
        assert_eq!(stage.bench.journal.written().len(), 0);
    }
    let stage = Stage::new();
    let fault = stage.execute(Role::Workflow, async |view| view.continue_with("[1]".to_owned()).await).await.unwrap_err();
    assert!(matches!(&fault, Fault::Interrupt(Interrupt::Continued(next)) if next.seq == 1 && next.input == json!([1])), "{fault}");
    assert_eq!(stage.bench.journal.history()[0].request, r#"{"input":[1]}"#);
}
