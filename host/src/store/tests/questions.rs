//! Questions on real files: asked once, answered once, taken back with their run.

use super::*;
use crate::{
    actor::Actor,
    interfaces::people::{
        Answer, DecisionFilter, Expiry, Filter, Given, Question, QuestionStatus, Questions, QuestionsError, Severity, Source,
    },
    journal::CallError,
    journal::{QuestionId, Wait},
    kernel::run::{Added, Runs},
};

fn question(text: &str) -> Question {
    Question {
        text: text.to_owned(),
        options: vec!["EUR".to_owned(), "USD".to_owned()],
        reasoning: "The brief names none.".to_owned(),
        confidence: 0.6,
        severity: Severity::Important,
        context: json!({ "page": 3 }),
        best: Some("EUR".to_owned()),
        expiry: None,
    }
}

fn given(answer: &str) -> Given {
    Given { answer: answer.to_owned(), by: Actor::operator("ada"), source: Source::Person }
}

async fn running(name: &str) -> (TempDir, Store) {
    let (folder, store) = fresh().await;
    assert_eq!(store.add(&run(name), u64::MAX, Vec::new()).await.unwrap(), Added::New);
    assert!(store.transition(&id(name), &["queued"], State::Running, None, Vec::new()).await.unwrap());
    (folder, store)
}

async fn put_away(store: &Store, name: &str, seq: u64, until: Option<u64>) {
    let wait = Wait::Question { id: QuestionId::of(&id(name), seq), until };
    assert!(store.transition(&id(name), &["running"], State::Waiting { wait }, None, Vec::new()).await.unwrap());
}

async fn state(store: &Store, name: &str) -> &'static str {
    store.find(&id(name)).await.unwrap().unwrap().state.as_str()
}

async fn names(store: &Store) -> Vec<String> {
    crate::events::EventLog::after(store, 0, None, 100).await.unwrap().into_iter().map(|event| event.draft.name).collect()
}

#[tokio::test]
async fn what_was_asked_comes_back_whole_whatever_it_is() {
    let (_folder, store) = running("a").await;
    for (seq, hostile) in (1..).zip(HOSTILE) {
        let asked = Question {
            text: hostile.to_owned(),
            options: vec![hostile.to_owned()],
            reasoning: hostile.to_owned(),
            context: json!({ hostile: hostile }),
            best: Some(hostile.to_owned()),
            expiry: Some(Expiry { at: u64::MAX >> 1, answer: hostile.to_owned() }),
            ..question("")
        };
        assert_eq!(store.ask(&id("a"), seq, &asked).await, Ok(QuestionStatus::Open));
        let found = Questions::matching(&store, QuestionId::of(&id("a"), seq).as_str()).await.unwrap().remove(0);
        assert_eq!((found.question, found.seq, found.project.as_str(), found.plugin.as_str()), (asked, seq, "demo", "hello"));
        store.answer(&found.id, &given(hostile)).await.unwrap();
        let found = Questions::matching(&store, found.id.as_str()).await.unwrap().remove(0);
        assert!(matches!(found.status, QuestionStatus::Answered(Answer { answer, by, .. }) if answer == hostile && by == "ada"));
    }
}

#[tokio::test]
async fn asking_twice_is_asking_once_and_an_answer_wakes_the_run() {
    let (_folder, store) = running("a").await;
    for _ in 0..2 {
        assert_eq!(store.ask(&id("a"), 1, &question("Which?")).await, Ok(QuestionStatus::Open));
    }
    put_away(&store, "a", 1, None).await;
    assert_eq!(state(&store, "a").await, "waiting");
    let asked = Questions::list(&store, &Filter::default()).await.unwrap();
    assert_eq!(asked.len(), 1);
    store.answer(&asked[0].id, &given("EUR")).await.unwrap();
    assert_eq!(state(&store, "a").await, "queued");
    let late = store.answer(&asked[0].id, &given("USD")).await;
    assert!(matches!(&late, Err(QuestionsError::Answered(answer)) if answer.answer == "EUR" && answer.by == "ada"), "{late:?}");
    assert!(matches!(store.ask(&id("a"), 1, &question("Which?")).await, Ok(QuestionStatus::Answered(answer)) if answer.answer == "EUR"));
    assert_eq!(names(&store).await, ["asked", "answered"]);
    assert!(matches!(store.answer(&QuestionId::from_text("x"), &given("y")).await, Err(QuestionsError::Unknown(_))));
}

#[tokio::test]
async fn an_answer_that_was_there_first_queues_the_run_at_once() {
    let (_folder, store) = running("a").await;
    store.ask(&id("a"), 1, &question("Which?")).await.unwrap();
    store.answer(&QuestionId::of(&id("a"), 1), &given("EUR")).await.unwrap();
    assert_eq!(state(&store, "a").await, "running", "a run that is being executed is left alone");
    put_away(&store, "a", 1, Some(9_000)).await;
    assert_eq!(state(&store, "a").await, "queued");
    assert_eq!(store.next_due(None).await.unwrap(), None);
}

#[tokio::test]
async fn a_question_whose_time_has_come_is_answered_by_its_expiry() {
    let (_folder, store) = running("a").await;
    let at = |at| Question { expiry: Some(Expiry { at, answer: "EUR".to_owned() }), ..question("Which?") };
    assert_eq!(store.ask(&id("a"), 1, &at(1_000_000)).await, Ok(QuestionStatus::Open));
    put_away(&store, "a", 1, Some(1_000_000)).await;
    assert_eq!(store.next_due(None).await.unwrap(), Some(1_000_000));
    assert_eq!(store.wake_due(None, 1_000_000).await.unwrap(), 1);
    assert_eq!(state(&store, "a").await, "queued");
    // In its time; and at once where that has passed.
    for (seq, due) in [(2, 1), (3, 0)] {
        let answered = store.ask(&id("a"), seq, &at(due)).await.unwrap();
        assert!(matches!(answered, QuestionStatus::Answered(answer) if answer.source == Source::Expiry && answer.answer == "EUR"));
    }
}

#[tokio::test]
async fn a_run_that_ends_takes_its_questions_back_and_may_ask_again() {
    let (_folder, store) = running("a").await;
    store.ask(&id("a"), 1, &question("Which?")).await.unwrap();
    put_away(&store, "a", 1, None).await;
    let failed = State::Failed { error: CallError::other("It broke.") };
    store.transition(&id("a"), &["waiting"], failed, None, Vec::new()).await.unwrap();
    assert!(Questions::list(&store, &Filter::default()).await.unwrap().is_empty());
    let question_id = QuestionId::of(&id("a"), 1);
    assert!(matches!(store.answer(&question_id, &given("EUR")).await, Err(QuestionsError::Withdrawn(_))));
    assert_eq!(store.ask(&id("a"), 1, &question("Which?")).await, Ok(QuestionStatus::Open));
    assert_eq!(names(&store).await, ["asked", "withdrawn", "asked"]);
    store.answer(&question_id, &given("EUR")).await.unwrap();
}

#[tokio::test]
async fn the_runs_of_a_root_have_so_many_questions_open_and_no_more() {
    let (_folder, store) = running("a").await;
    store.add(&child("b", "a", 1), u64::MAX, Vec::new()).await.unwrap();
    store.add(&run("c"), u64::MAX, Vec::new()).await.unwrap();
    for seq in 1..=31 {
        store.ask(&id("a"), seq, &question("Which?")).await.unwrap();
    }
    store.ask(&id("b"), 1, &question("Which?")).await.unwrap();
    assert_eq!(store.ask(&id("a"), 32, &question("Which?")).await, Err(QuestionsError::TooMany(32)));
    assert_eq!(store.ask(&id("b"), 2, &question("Which?")).await, Err(QuestionsError::TooMany(32)));
    assert_eq!(store.ask(&id("c"), 1, &question("Which?")).await, Ok(QuestionStatus::Open), "other roots are not held up");
    store.answer(&QuestionId::of(&id("a"), 1), &given("EUR")).await.unwrap();
    assert_eq!(store.ask(&id("b"), 2, &question("Which?")).await, Ok(QuestionStatus::Open));
    assert_eq!(store.ask(&id("nobody"), 1, &question("Which?")).await, Err(QuestionsError::Outside));
}

#[tokio::test]
async fn people_read_the_gravest_first_and_then_the_oldest() {
    let (_folder, store) = running("a").await;
    for (seq, severity) in
        [(1, Severity::Info), (2, Severity::Critical), (3, Severity::Important), (4, Severity::Critical), (5, Severity::Info)]
    {
        store.ask(&id("a"), seq, &Question { severity, ..question("Which?") }).await.unwrap();
    }
    let order = async |filter| Questions::list(&store, &filter).await.unwrap().iter().map(|asked| asked.seq).collect::<Vec<_>>();
    assert_eq!(order(Filter::default()).await, [2, 4, 3, 1, 5]);
    store.answer(&QuestionId::of(&id("a"), 2), &given("EUR")).await.unwrap();
    store.answer(&QuestionId::of(&id("a"), 1), &given("EUR")).await.unwrap();
    assert_eq!(order(Filter { all: true, root: Some(id("a")), projects: None }).await, [4, 3, 5, 2, 1]);
    assert_eq!(order(Filter { all: true, root: Some(id("b")), projects: None }).await, [0; 0]);
    let of =
        |projects: &[&str]| Filter { projects: Some(projects.iter().map(|id| (*id).to_owned()).collect()), all: true, ..Filter::default() };
    assert_eq!(order(of(&["demo"])).await.len(), 5);
    assert_eq!((order(of(&["other"])).await.len(), order(of(&[])).await.len()), (0, 0), "none of no project");
}

#[tokio::test]
async fn decisions_are_found_among_all_else_that_happened() {
    let (_folder, store) = running("a").await;
    store.add(&child("b", "a", 1), u64::MAX, Vec::new()).await.unwrap();
    store.add(&Run { project: "other".to_owned(), ..run("c") }, u64::MAX, Vec::new()).await.unwrap();
    let decided = |run: &str| {
        let data = json!({ "question": run, "answer": "yes", "reasoning": "", "source": "", "confidence": 0.95 });
        Draft::for_test(Category::Question, "decided", Some(&id(run)), data)
    };
    let events = vec![decided("a"), draft("a", "decided", json!({})), decided("b"), decided("c")];
    crate::events::EventLog::append(&store, events).await.unwrap();
    let found = async |filter| store.decisions(&filter).await.unwrap().into_iter().map(|found| found.decision.question).collect::<Vec<_>>();
    let all = || DecisionFilter { limit: 10, ..DecisionFilter::default() };
    assert_eq!(found(all()).await, ["c", "b", "a"]);
    assert_eq!(found(DecisionFilter { limit: 1, ..all() }).await, ["c"]);
    assert_eq!(found(DecisionFilter { run: Some(id("a")), ..all() }).await, ["b", "a"]);
    assert_eq!(found(DecisionFilter { projects: Some(vec!["other".to_owned()]), ..all() }).await, ["c"]);
    assert_eq!(found(DecisionFilter { projects: Some(Vec::new()), ..all() }).await, [""; 0]);
    assert_eq!(found(DecisionFilter { until: Some(0), ..all() }).await, [""; 0], "none from before");
    assert_eq!(found(DecisionFilter { projects: Some(vec!["other".to_owned()]), run: Some(id("a")), ..all() }).await, [""; 0]);
}
