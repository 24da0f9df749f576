use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::{
    bindings::{
        Fault,
        people::{self as wit, Host},
    },
    errors::StorageError,
    journal::{CallError, ErrorKind, Interrupt, PauseKind, QuestionId, RunId, Wait, testing::Bench},
};

/// People who answer when a test says so.
#[derive(Default)]
struct Desk {
    asked: Mutex<BTreeMap<QuestionId, (Question, QuestionStatus)>>,
    failing: Mutex<Option<QuestionsError>>,
}

impl Desk {
    fn answer(&self, answer: &str) {
        let answer = Answer { answer: answer.to_owned(), by: "ada".to_owned(), source: Source::Person, at: 9 };
        for (_, status) in self.asked.lock().unwrap().values_mut() {
            *status = QuestionStatus::Answered(answer.clone());
        }
    }
}

#[async_trait]
impl Questions for Desk {
    async fn ask(&self, run: &RunId, seq: u64, question: &Question) -> Result<QuestionStatus, QuestionsError> {
        if let Some(error) = self.failing.lock().unwrap().clone() {
            return Err(error);
        }
        let mut asked = self.asked.lock().unwrap();
        Ok(asked.entry(QuestionId::of(run, seq)).or_insert((question.clone(), QuestionStatus::Open)).1.clone())
    }

    async fn withdraw(&self, _: &RunId, _: u64) -> Result<(), QuestionsError> {
        Ok(())
    }

    async fn answer(&self, _: &QuestionId, _: &Given) -> Result<(), QuestionsError> {
        Ok(())
    }

    async fn matching(&self, _: &str) -> Result<Vec<Asked>, QuestionsError> {
        Ok(Vec::new())
    }

    async fn list(&self, _: &Filter) -> Result<Vec<Asked>, QuestionsError> {
        Ok(Vec::new())
    }

    async fn decisions(&self, _: &DecisionFilter) -> Result<Vec<Decided>, QuestionsError> {
        Ok(Vec::new())
    }
}

struct Scene {
    bench: Bench,
    desk: Arc<Desk>,
    questions: Arc<dyn Questions>,
}

impl Scene {
    fn new() -> Self {
        let desk = Arc::new(Desk::default());
        Self { bench: Bench::new(), questions: desk.clone(), desk }
    }

    async fn ask(&self, question: wit::Question) -> Result<String, Fault> {
        let mut recorder = self.bench.recorder();
        View { recorder: &mut recorder, tickets: &mut Tickets::default(), questions: &self.questions }.ask(question).await
    }

    async fn inform(&self, decision: wit::Decision) -> Result<(), Fault> {
        let mut recorder = self.bench.recorder();
        View { recorder: &mut recorder, tickets: &mut Tickets::default(), questions: &self.questions }.inform(decision).await
    }
}

fn question() -> wit::Question {
    wit::Question {
        text: "Which currency?".to_owned(),
        options: vec!["EUR".to_owned(), "USD".to_owned()],
        reasoning: "The brief names none.".to_owned(),
        confidence: 0.6,
        severity: wit::Severity::Important,
        context: "null".to_owned(),
        best: Some("EUR".to_owned()),
        expiry: None,
    }
}

fn decision() -> wit::Decision {
    wit::Decision {
        question: "Which currency?".to_owned(),
        answer: "EUR".to_owned(),
        reasoning: "It says so.".to_owned(),
        source: "docs/brief.md".to_owned(),
        confidence: 0.95,
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn asking_puts_the_run_away_and_the_answer_is_kept() {
    let scene = Scene::new();
    for _ in 0..2 {
        match scene.ask(wit::Question { expiry: Some(wit::Expiry { at_ms: 77.0, answer: "USD".into() }), ..question() }).await {
            Err(Fault::Interrupt(Interrupt::Suspended(Wait::Question { id, until: Some(77) }))) => {
                assert_eq!(id, QuestionId::of(&Bench::run(), 1));
            }
            other => panic!("not suspended: {other:?}"),
        }
    }
    assert_eq!(scene.desk.asked.lock().unwrap().len(), 1, "asking twice is asking once");
    scene.desk.answer("USD");
    let same = || wit::Question { expiry: Some(wit::Expiry { at_ms: 77.0, answer: "USD".into() }), ..question() };
    assert_eq!(scene.ask(same()).await.unwrap(), "USD");
    // From now on the journal answers.
    scene.desk.answer("EUR");
    assert_eq!(scene.ask(same()).await.unwrap(), "USD");
}

#[tokio::test]
async fn what_was_asked_arrives_whole() {
    let scene = Scene::new();
    let _asked = scene.ask(wit::Question { context: r#"{"page": 3}"#.into(), ..question() }).await;
    let asked = scene.desk.asked.lock().unwrap();
    let (kept, _) = asked.values().next().unwrap();
    let expected = Question {
        text: "Which currency?".to_owned(),
        options: vec!["EUR".to_owned(), "USD".to_owned()],
        reasoning: "The brief names none.".to_owned(),
        confidence: 0.6,
        severity: Severity::Important,
        context: json!({ "page": 3 }),
        best: Some("EUR".to_owned()),
        expiry: None,
    };
    assert_eq!(*kept, expected);
}

#[tokio::test]
async fn asking_needs_a_grant_for_its_severity() {
    let scene = Scene::new();
    scene.bench.authority.deny(PEOPLE.word, "critical");
    let critical = wit::Question { severity: wit::Severity::Critical, ..question() };
    assert!(matches!(refusal(scene.ask(critical).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(scene.desk.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_nobody_could_answer_is_refused() {
    let scene = Scene::new();
    let bad = [
        wit::Question { text: " \n".into(), ..question() },
        wit::Question { text: "x".repeat((8 << 10) + 1), ..question() },
        wit::Question { options: vec!["a".into(); 21], ..question() },
        wit::Question { options: vec![String::new()], ..question() },
        wit::Question { options: vec!["x".repeat(1025)], ..question() },
        wit::Question { reasoning: "x".repeat((32 << 10) + 1), ..question() },
        wit::Question { context: "{".into(), ..question() },
        wit::Question { context: format!("\"{}\"", "x".repeat(64 << 10)), ..question() },
        wit::Question { confidence: 1.1, ..question() },
        wit::Question { confidence: f32::NAN, ..question() },
        wit::Question { best: Some(String::new()), ..question() },
        wit::Question { expiry: Some(wit::Expiry { at_ms: 1.0, answer: " ".into() }), ..question() },
    ];
    for question in bad {
        assert!(matches!(refusal(scene.ask(question.clone()).await), CallError { kind: ErrorKind::Invalid, .. }), "{question:?}");
    }
    assert!(scene.desk.asked.lock().unwrap().is_empty());
    assert!(scene.bench.journal.history().is_empty());
}

#[tokio::test]
async fn too_many_are_the_guests_mistake_and_a_failing_store_is_not() {
    let scene = Scene::new();
    *scene.desk.failing.lock().unwrap() = Some(StorageError::write("the questions", "The disk is full.").into());
    match scene.ask(question()).await {
        Err(Fault::Interrupt(Interrupt::Paused(pause))) => assert_eq!(pause.kind, PauseKind::Operator),
        other => panic!("not paused: {other:?}"),
    }
    *scene.desk.failing.lock().unwrap() = Some(QuestionsError::TooMany(32));
    assert!(matches!(refusal(scene.ask(question()).await), CallError { kind: ErrorKind::Invalid, .. }));
}

#[tokio::test]
async fn a_decision_is_an_event_once() {
    let scene = Scene::new();
    scene.inform(decision()).await.unwrap();
    scene.inform(decision()).await.unwrap();
    let events = scene.bench.journal.events();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].category, events[0].name.as_str()), (crate::events::Category::Question, "decided"));
    let told = json!({ "question": "Which currency?", "answer": "EUR", "reasoning": "It says so.", "source": "docs/brief.md", "confidence": 0.95 });
    assert_eq!(events[0].data, told);
    let scene = Scene::new();
    for bad in [
        wit::Decision { question: String::new(), ..decision() },
        wit::Decision { answer: "x".repeat(9000), ..decision() },
        wit::Decision { confidence: -0.1, ..decision() },
    ] {
        assert!(matches!(refusal(scene.inform(bad).await), CallError { kind: ErrorKind::Invalid, .. }));
    }
}
