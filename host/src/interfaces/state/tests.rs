use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::{
    bindings::{Fault, state::Host},
    errors::StorageError,
    journal::{CallError, EntryState, ErrorKind, Interrupt, testing::Bench},
};

type Key = (String, String, String);

/// Documents in memory; counts writes and fails when told to.
#[derive(Default)]
struct Memory {
    kept: Mutex<BTreeMap<Key, (Versioned, String)>>,
    writes: Mutex<u32>,
    broken: Mutex<bool>,
}

impl Memory {
    fn check(&self) -> Result<(), DocumentsError> {
        if *self.broken.lock().unwrap() { Err(StorageError::write("the state of the project", "the disk is full.").into()) } else { Ok(()) }
    }
}

fn key(place: &DocumentScope<'_>) -> Key {
    (place.project.to_owned(), place.bucket.to_owned(), place.key.to_owned())
}

#[async_trait]
impl Documents for Memory {
    async fn get(&self, place: DocumentScope<'_>) -> Result<Option<Versioned>, DocumentsError> {
        self.check()?;
        Ok(self.kept.lock().unwrap().get(&key(&place)).map(|(document, _)| document.clone()))
    }

    async fn set(&self, place: DocumentScope<'_>, value: &Value, expected: Option<u64>, writer: &str) -> Result<u64, DocumentsError> {
        self.check()?;
        let mut kept = self.kept.lock().unwrap();
        let (found, last) = kept.get(&key(&place)).map_or((0, ""), |(document, writer)| (document.version, writer.as_str()));
        if last == writer {
            return Ok(found);
        }
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(DocumentsError::Conflict { key: place.key.to_owned(), expected, found });
        }
        *self.writes.lock().unwrap() += 1;
        kept.insert(key(&place), (Versioned { value: value.clone(), version: found + 1 }, writer.to_owned()));
        Ok(found + 1)
    }

    async fn delete(&self, place: DocumentScope<'_>) -> Result<(), DocumentsError> {
        self.check()?;
        self.kept.lock().unwrap().remove(&key(&place));
        Ok(())
    }

    async fn keys(&self, project: &str, bucket: &str, prefix: &str) -> Result<Vec<String>, DocumentsError> {
        self.check()?;
        let kept = self.kept.lock().unwrap();
        Ok(kept.keys().filter(|(p, b, k)| p == project && b == bucket && k.starts_with(prefix)).map(|(_, _, key)| key.clone()).collect())
    }
}

struct Scene {
    bench: Bench,
    memory: Arc<Memory>,
    documents: Arc<dyn Documents>,
}

impl Scene {
    fn new() -> Self {
        let memory = Arc::new(Memory::default());
        Self { bench: Bench::new(), documents: memory.clone(), memory }
    }
}

fn view<'a>(scene: &'a Scene, recorder: &'a mut Recorder) -> View<'a> {
    View { recorder, documents: &scene.documents, project: "demo" }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn documents_are_kept_by_version() {
    let (scene, recorder) = (Scene::new(), &mut Scene::new().bench.recorder());
    let mut view = view(&scene, recorder);
    assert!(view.get("plans".into(), "a".into()).await.unwrap().is_none());
    assert_eq!(view.set("plans".into(), "a".into(), r#"{"b":1}"#.into(), Some(0)).await.unwrap(), 1);
    assert_eq!(view.set("plans".into(), "a".into(), "2".into(), None).await.unwrap(), 2);
    let conflict = refusal(view.set("plans".into(), "a".into(), "3".into(), Some(1)).await);
    assert!(matches!(conflict, CallError { kind: ErrorKind::Conflict, .. }), "{conflict}");
    let found = view.get("plans".into(), "a".into()).await.unwrap().unwrap();
    assert_eq!((found.value.as_str(), found.version), ("2", 2));
    view.set("plans".into(), "b".into(), "null".into(), None).await.unwrap();
    assert_eq!(view.keys("plans".into(), String::new()).await.unwrap(), ["a", "b"]);
    assert_eq!(view.keys("plans".into(), "b".into()).await.unwrap(), ["b"]);
    assert!(view.keys("other".into(), String::new()).await.unwrap().is_empty());
    view.remove("plans".into(), "a".into()).await.unwrap();
    view.remove("plans".into(), "a".into()).await.unwrap();
    assert!(view.get("plans".into(), "a".into()).await.unwrap().is_none());
}

#[tokio::test]
async fn wrong_names_and_values_are_refused_before_the_gate() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut view = view(&scene, &mut recorder);
    let long = "x".repeat(129);
    for bucket in ["", "Plans", "a/b", "a_b", "a b", "\u{e9}", "*", &long] {
        assert!(matches!(refusal(view.get(bucket.into(), "a".into()).await), CallError { kind: ErrorKind::Invalid, .. }), "{bucket}");
        assert!(matches!(refusal(view.keys(bucket.into(), String::new()).await), CallError { kind: ErrorKind::Invalid, .. }), "{bucket}");
    }
    for key in ["", "a\0", "a\nb", "\u{85}", &long] {
        assert!(
            matches!(refusal(view.set("plans".into(), key.into(), "1".into(), None).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{key:?}"
        );
        assert!(matches!(refusal(view.remove("plans".into(), key.into()).await), CallError { kind: ErrorKind::Invalid, .. }), "{key:?}");
    }
    for value in ["", "{", "nul", "1 2", &"[".repeat(10_000), &format!("\"{}\"", "x".repeat(1 << 20))] {
        assert!(matches!(
            refusal(view.set("plans".into(), "a".into(), value.into(), None).await),
            CallError { kind: ErrorKind::Invalid, .. }
        ));
    }
    assert!(scene.bench.journal.written().is_empty());
}

#[tokio::test]
async fn a_bucket_needs_its_grant() {
    let scene = Scene::new();
    scene.bench.authority.deny(STATE.word, "private");
    let mut recorder = scene.bench.recorder();
    let mut view = view(&scene, &mut recorder);
    assert!(matches!(refusal(view.set("private".into(), "a".into(), "1".into(), None).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.get("private".into(), "a".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.keys("private".into(), String::new()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.remove("private".into(), "a".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert_eq!(*scene.memory.writes.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_replay_and_a_repetition_write_once() {
    let scene = Scene::new();
    for _ in 0..2 {
        let mut recorder = scene.bench.recorder();
        assert_eq!(view(&scene, &mut recorder).set("plans".into(), "a".into(), "1".into(), None).await.unwrap(), 1);
    }
    let mut cut_off = scene.bench.journal.history();
    cut_off[0].state = EntryState::Intended;
    cut_off[0].answer = None;
    let mut recorder = scene.bench.resumed_from(cut_off);
    assert_eq!(view(&scene, &mut recorder).set("plans".into(), "a".into(), "1".into(), None).await.unwrap(), 1);
    assert_eq!(*scene.memory.writes.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_broken_store_pauses_the_run_until_it_works() {
    let scene = Scene::new();
    *scene.memory.broken.lock().unwrap() = true;
    let mut recorder = scene.bench.recorder();
    let error = view(&scene, &mut recorder).set("plans".into(), "a".into(), "1".into(), None).await.unwrap_err();
    assert!(matches!(&error, Fault::Interrupt(Interrupt::Paused(pause)) if pause.reason.contains("disk is full")), "{error:?}");
    *scene.memory.broken.lock().unwrap() = false;
    let mut recorder = scene.bench.recorder();
    let mut view = view(&scene, &mut recorder);
    view.set("plans".into(), "a".into(), "1".into(), None).await.unwrap();
    let place = DocumentScope { project: "demo", bucket: "plans", key: "a" };
    assert_eq!(scene.documents.get(place).await.unwrap().unwrap().value, json!(1));
}
