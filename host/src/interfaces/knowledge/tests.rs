use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::*;
use crate::{
    bindings::{Fault, knowledge::Host},
    errors::StorageError,
    interfaces::blocking::Deadline,
    journal::{CallError, ErrorKind, Interrupt, testing::Bench},
};

/// A workspace in memory; a document's stamp is how often it changed.
#[derive(Default)]
struct Folder(Mutex<Vec<(String, u64, String)>>);

impl Folder {
    fn put(&self, path: &str, text: &str) {
        let mut files = self.0.lock().unwrap();
        let stamp = files.iter().find(|file| file.0 == path).map_or(1, |file| file.1 + 1);
        files.retain(|file| file.0 != path);
        files.push((path.to_owned(), stamp, text.to_owned()));
    }

    fn remove(&self, path: &str) {
        self.0.lock().unwrap().retain(|file| file.0 != path);
    }
}

impl Documents for Folder {
    fn place(&self) -> String {
        "here".to_owned()
    }

    fn list(&self, globs: &[String], _: &Deadline) -> Result<Vec<Listed>, String> {
        if globs.iter().any(|glob| glob == "[") {
            return Err("`[` is no glob.".to_owned());
        }
        Ok(self.0.lock().unwrap().iter().map(|(path, stamp, _)| Listed { path: path.clone(), stamp: *stamp }).collect())
    }

    fn read(&self, path: &str) -> Option<String> {
        self.0.lock().unwrap().iter().find(|file| file.0 == path).map(|file| file.2.clone())
    }
}

#[derive(Default)]
struct Learnt(Mutex<Vec<Learned>>);

#[async_trait]
impl Memory for Learnt {
    async fn list_learned(&self, _: &str, cursor: i64, _: u32) -> Result<Vec<Learned>, StorageError> {
        Ok(self.0.lock().unwrap().iter().filter(|learned| learned.cursor > cursor).take(1).cloned().collect())
    }
}

struct Globs(Option<Vec<String>>);

impl Preferences for Globs {
    fn documents(&self) -> Option<Vec<String>> {
        self.0.clone()
    }
}

struct Scene {
    bench: Bench,
    folder: Arc<Folder>,
    learnt: Arc<Learnt>,
    library: Library,
    globs: Globs,
}

impl Scene {
    fn new() -> Self {
        let (folder, learnt) = (Arc::<Folder>::default(), Arc::<Learnt>::default());
        let library = Library { documents: folder.clone(), memory: learnt.clone(), index: Arc::new(WordIndex::default()) };
        Self { bench: Bench::new(), folder, learnt, library, globs: Globs(None) }
    }

    /// A run of its own: nothing is answered from a journal.
    async fn search(&self, query: &str, limit: u32) -> Result<Vec<String>, Fault> {
        let mut recorder = self.bench.resumed_from(Vec::new());
        let found = self.view(&mut recorder).search(query.to_owned(), limit).await?;
        Ok(found.into_iter().map(|passage| passage.source).collect())
    }

    fn view<'a>(&'a self, recorder: &'a mut Recorder) -> View<'a> {
        View { recorder, project: "demo", preferences: &self.globs, library: self.library.clone() }
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn the_best_fit_comes_first_and_other_word_forms_fit_too() {
    let scene = Scene::new();
    scene.folder.put("docs/money.md", "# Money\n\nAmounts are kept in cents, never in floats.");
    scene.folder.put("docs/people.md", "# People\n\nFlatmates share the rent. The amount is split evenly.");
    assert_eq!(scene.search("keeping an amount in cents", 5).await.unwrap(), ["docs/money.md", "docs/people.md"]);
    assert_eq!(scene.search("keeping an amount in cents", 1).await.unwrap(), ["docs/money.md"]);
    assert!(scene.search("what is the", 5).await.unwrap().is_empty(), "words that stand everywhere find nothing");
    assert!(scene.search("\"(unbalanced AND *:", 5).await.unwrap().is_empty(), "a query has no syntax to get wrong");
}

#[tokio::test]
async fn what_changes_is_found_as_it_is_now() {
    let scene = Scene::new();
    scene.folder.put("docs/a.md", "We use SQLite.");
    assert_eq!(scene.search("database sqlite", 5).await.unwrap(), ["docs/a.md"]);
    scene.folder.put("docs/a.md", "We use PostgreSQL.");
    assert!(scene.search("sqlite", 5).await.unwrap().is_empty());
    assert_eq!(scene.search("postgresql", 5).await.unwrap(), ["docs/a.md"]);
    scene.folder.remove("docs/a.md");
    assert!(scene.search("postgresql", 5).await.unwrap().is_empty());
    for (cursor, text) in [(4, "Tabs."), (9, "Spaces, said the second look.")] {
        scene.learnt.0.lock().unwrap().push(Learned { cursor, source: "decisions/4".to_owned(), text: text.to_owned(), answers: None });
    }
    assert_eq!(scene.search("spaces", 5).await.unwrap(), ["decisions/4"]);
    assert!(scene.search("tabs", 5).await.unwrap().is_empty(), "a later text takes the place of the earlier one");
}

#[tokio::test]
async fn a_later_answer_of_a_person_takes_the_place_of_the_earlier_one() {
    let scene = Scene::new();
    let answer = |cursor: i64, question: &str, answer: &str| {
        let text = format!("Question: {question}\nA person answered: {answer}");
        let learned = Learned { cursor, source: format!("decisions/{cursor}"), text, answers: Some(question.to_owned()) };
        scene.learnt.0.lock().unwrap().push(learned);
    };
    answer(3, "Which database?", "SQLite");
    assert_eq!(scene.search("database", 5).await.unwrap(), ["decisions/3"]);
    answer(4, "Which database is it in tests?", "none");
    answer(7, "which  DATABASE", "PostgreSQL");
    let mut found = scene.search("database", 5).await.unwrap();
    found.sort();
    assert_eq!(found, ["decisions/4", "decisions/7"]);
    assert!(scene.search("SQLite", 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_granted_is_not_found() {
    let scene = Scene::new();
    for path in ["docs/a.md", "private/a.md"] {
        scene.folder.put(path, "The launch is in May.");
    }
    scene.bench.authority.deny(KNOWLEDGE.word, "private/");
    assert_eq!(scene.search("launch", 1).await.unwrap(), ["docs/a.md"]);
    scene.bench.authority.deny(REMEMBER.word, "secret");
    let mut recorder = scene.bench.resumed_from(Vec::new());
    let denied = scene.view(&mut recorder).remember("secret".into(), "x".into()).await;
    assert!(matches!(refusal(denied), CallError { kind: ErrorKind::Denied, .. }));
}

#[tokio::test]
async fn a_note_is_written_once_with_its_call() {
    let scene = Scene::new();
    for _ in 0..2 {
        let mut recorder = scene.bench.recorder();
        scene.view(&mut recorder).remember("style".into(), "Short sentences.".into()).await.unwrap();
    }
    let written = scene.bench.journal.written();
    let notes: Vec<_> = written.iter().flat_map(|write| &write.events).filter(|event| event.name == "remembered").collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].data["text"], "Short sentences.");
}

#[tokio::test]
async fn an_answer_stays_the_same_in_a_replay() {
    let scene = Scene::new();
    scene.folder.put("docs/a.md", "Red.");
    let first = scene.view(&mut scene.bench.recorder()).search("red".into(), 5).await.unwrap();
    scene.folder.put("docs/a.md", "Blue.");
    let again = scene.view(&mut scene.bench.recorder()).search("red".into(), 5).await.unwrap();
    assert_eq!((first.len(), again.len()), (1, 1));
    assert_eq!(again[0].text, first[0].text);
}

#[tokio::test]
async fn wrong_questions_and_notes_are_refused_before_the_gate() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut view = scene.view(&mut recorder);
    for (query, limit) in [("", 5), (" \n", 5), ("a", 0), ("a", 51), (&"x".repeat(5_000), 5)] {
        assert!(matches!(refusal(view.search(query.into(), limit).await), CallError { kind: ErrorKind::Invalid, .. }));
    }
    let long = "x".repeat(201);
    for source in ["", "/a", "a/", "a//b", "../a", "a/./b", "a\u{1b}[31m", &long] {
        assert!(
            matches!(refusal(view.remember(source.into(), "x".into()).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{source:?}"
        );
    }
    for text in ["", "  ", &"x".repeat(70_000)] {
        assert!(matches!(refusal(view.remember("a".into(), text.into()).await), CallError { kind: ErrorKind::Invalid, .. }));
    }
    assert!(scene.bench.journal.written().is_empty());
}

#[tokio::test]
async fn a_wrong_setting_pauses_the_run() {
    let scene = Scene { globs: Globs(Some(vec!["[".to_owned()])), ..Scene::new() };
    let error = scene.search("a", 1).await.unwrap_err();
    assert!(matches!(&error, Fault::Interrupt(Interrupt::Paused(pause)) if pause.reason.contains("no glob")), "{error:?}");
}
