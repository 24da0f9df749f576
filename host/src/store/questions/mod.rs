//! The table `questions`, and the decisions among the events. Reads here, changes beside.

mod change;
mod record;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{Any, any::AnyArguments, query::Query};

use super::{
    Store, StoreError,
    error::{reading, writing},
    number::stored,
    runs::in_tree,
};
use crate::{
    interfaces::people::{Asked, Decided, DecisionFilter, Filter, Given, Question, QuestionStatus, Questions, QuestionsError},
    journal::{QuestionId, RunId},
};
use change::{Ask, Settle, Withdraw};
pub(super) use change::{is_answered, withdraw, withdraw_cancelled, withdraw_from};
use record::{load, parse_decided};

/// What errors call it.
const QUESTIONS: &str = "the questions";

/// The columns a question is read from.
macro_rules! columns {
    () => {
        "id, run_id, seq, root_id, project, plugin, text, options, reasoning, confidence, severity, context, best, expires_at, \
         expiry_answer, asked_at, answer, answered_by, source, answered_at, withdrawn_at"
    };
}
use columns;

/// Not `like`, which would take a `%` of a part for more than itself.
const MATCHING: &str = concat!(
    "select ",
    columns!(),
    " from questions where substr(id, 1, $1) = $2 or substr(id, length(id) - $1 + 1) = $2 or substr(id, length(id) - 7, $1) = $2",
    " order by asked_at desc, id limit 20"
);
/// Questions of one root or of all, in some projects or in all.
macro_rules! of_filter {
    () => {
        "($1 = '' or root_id = $1) and ($2 = '' or project in (select value from json_each($2)))"
    };
}
const ALL: &str = concat!("select ", columns!(), " from questions where ", of_filter!());
const OPEN: &str = concat!("select ", columns!(), " from questions where answered_at is null and withdrawn_at is null and ", of_filter!());
const DECISIONS: &str = "select e.at, e.run_id, e.data, r.project, r.plugin from events e join runs r on r.id = e.run_id \
    where e.category = 'question' and e.name = 'decided' and ($1 = '' or r.project in (select value from json_each($1))) \
    and e.at <= $3 order by e.cursor desc limit $2";
const DECISIONS_OF_TREE: &str = concat!(
    "select e.at, e.run_id, e.data, r.project, r.plugin from events e join runs r on r.id = e.run_id \
     where e.category = 'question' and e.name = 'decided' and ($1 = '' or r.project in (select value from json_each($1))) \
     and e.at <= $3 and ",
    in_tree!("e.run_id", "$4"),
    " order by e.cursor desc limit $2"
);

/// Questions that no person answered: their best answer was taken, or that of their expiry.
const TAKEN: &str = concat!(
    "select ",
    columns!(),
    " from questions where source in ('yes', 'expiry') and ($1 = '' or project in (select value from json_each($1))) and answered_at <= $3 order by answered_at desc limit $2"
);
const TAKEN_OF_TREE: &str = concat!(
    "select ",
    columns!(),
    " from questions where source in ('yes', 'expiry') and ($1 = '' or project in (select value from json_each($1))) and answered_at <= $3 and ",
    in_tree!("run_id", "$4"),
    " order by answered_at desc limit $2"
);

type Statement<'a> = Query<'a, Any, AnyArguments>;

#[async_trait]
impl Questions for Store {
    async fn ask(&self, run: &RunId, seq: u64, question: &Question) -> Result<QuestionStatus, QuestionsError> {
        self.queue.change(Ask { run: run.clone(), seq, question: question.clone() }).await.map_err(writing(QUESTIONS))?
    }

    async fn withdraw(&self, run: &RunId, seq: u64) -> Result<(), QuestionsError> {
        Ok(self.queue.change(Withdraw { run: run.clone(), seq }).await.map_err(writing(QUESTIONS))?)
    }

    async fn answer(&self, id: &QuestionId, given: &Given) -> Result<(), QuestionsError> {
        self.queue.change(Settle { id: id.clone(), given: given.clone() }).await.map_err(writing(QUESTIONS))?
    }

    async fn matching(&self, part: &str) -> Result<Vec<Asked>, QuestionsError> {
        let characters = stored(part.chars().count() as u64);
        Ok(self.load_questions(sqlx::query(MATCHING).bind(characters).bind(part)).await.map_err(reading(QUESTIONS))?)
    }

    async fn list(&self, filter: &Filter) -> Result<Vec<Asked>, QuestionsError> {
        let root = filter.root.as_ref().map(RunId::as_str).unwrap_or_default();
        let statement = sqlx::query(if filter.all { ALL } else { OPEN }).bind(root).bind(list_of_ids(filter.projects.as_deref()));
        let mut questions = self.load_questions(statement).await.map_err(reading(QUESTIONS))?;
        // Here, because databases do not agree on an order of text.
        questions.sort_by(|one, other| place(one).cmp(&place(other)).then_with(|| one.id.cmp(&other.id)));
        Ok(questions)
    }

    async fn decisions(&self, filter: &DecisionFilter) -> Result<Vec<Decided>, QuestionsError> {
        let (told, taken) = match filter.run {
            Some(_) => (DECISIONS_OF_TREE, TAKEN_OF_TREE),
            None => (DECISIONS, TAKEN),
        };
        let rows = narrowed(told, filter).fetch_all(&self.reads).await.map_err(reading(QUESTIONS))?;
        let mut decisions: Vec<_> = rows.iter().map(parse_decided).collect::<Result<_, _>>().map_err(reading(QUESTIONS))?;
        let questions = self.load_questions(narrowed(taken, filter)).await.map_err(reading(QUESTIONS))?;
        decisions.extend(questions.into_iter().filter_map(Asked::to_decision));
        // Those of one time stay in the order of the log.
        decisions.sort_by_key(|decided| std::cmp::Reverse(decided.at));
        decisions.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
        Ok(decisions)
    }
}

impl Store {
    async fn load_questions(&self, query: Statement<'_>) -> Result<Vec<Asked>, StoreError> {
        query.fetch_all(&self.reads).await?.iter().map(load).collect()
    }
}

fn narrowed<'a>(statement: &'static str, filter: &'a DecisionFilter) -> Statement<'a> {
    let query = sqlx::query(statement).bind(list_of_ids(filter.projects.as_deref())).bind(i64::from(filter.limit));
    let query = query.bind(filter.until.map_or(i64::MAX, stored));
    match &filter.run {
        Some(run) => query.bind(run.as_str()),
        None => query,
    }
}

/// The ids as a JSON array for a statement; an empty text for all.
fn list_of_ids(ids: Option<&[String]>) -> String {
    ids.map(|ids| Value::from(ids.to_vec()).to_string()).unwrap_or_default()
}

/// Open ones first, most severe first, the oldest first; then the others, the newest first.
fn place(asked: &Asked) -> (bool, u8, u64) {
    match asked.status {
        QuestionStatus::Open => (false, u8::MAX - asked.question.severity as u8, asked.asked_at),
        QuestionStatus::Answered(_) | QuestionStatus::Withdrawn(_) => (true, 0, u64::MAX - asked.asked_at),
    }
}
