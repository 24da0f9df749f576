//! The changes of questions, each one step: whoever waits for an answer is queued in the transaction in which it comes.

use async_trait::async_trait;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        StoreError, autopilots,
        events::NewEvent,
        number::stored,
        queue::{Change, Step},
        runs::in_tree,
        waiting,
    },
    Statement, columns,
    record::load,
};
use crate::{
    actor::Actor,
    events::Draft,
    interfaces::people::events::{QuestionAnswered, QuestionAsked, QuestionWithdrawn},
    interfaces::people::{Answer, Asked, Given, Question, QuestionStatus, QuestionsError, Source},
    journal::{QuestionId, RunId},
    moment::Moment,
};

/// Open questions of the runs under one root: a person does not read more.
const MOST_OPEN: u64 = 32;

const FIND: &str = concat!("select ", columns!(), " from questions where id = $1");
const ASKER: &str = "select root_id, project, plugin from runs where id = $1";
const COUNT_OPEN: &str = "select count(*) from questions where answered_at is null and withdrawn_at is null and root_id = $1";
const ASK: &str = "insert into questions (id, run_id, seq, root_id, project, plugin, text, options, reasoning, confidence, severity, context, \
    best, expires_at, expiry_answer, asked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
const ASK_AGAIN: &str = "update questions set withdrawn_at = null where id = $1";
const TEXT: &str = "select text from questions where id = $1";
const ANSWER: &str = "update questions set answer = $1, answered_by = $2, source = $3, answered_at = $4 where id = $5";
const WITHDRAW: &str = "update questions set withdrawn_at = $2 where run_id = $1 and seq >= $3 and answered_at is null \
    and withdrawn_at is null returning id, run_id";
const WITHDRAW_CANCELLED: &str = concat!(
    "update questions set withdrawn_at = $2 where answered_at is null and withdrawn_at is null \
     and run_id in (select id from runs where cancel_requested_at is not null) and ",
    in_tree!("run_id", "$1"),
    " returning id, run_id"
);
const WITHDRAW_ONE: &str = "update questions set withdrawn_at = $2 where id = $1 and answered_at is null and withdrawn_at is null \
    returning id, run_id";
const IS_ANSWERED: &str = "select count(*) from questions where id = $1 and answered_at is not null";

pub(super) struct Ask {
    pub(super) run: RunId,
    pub(super) seq: u64,
    pub(super) question: Question,
}

#[async_trait]
impl Change for Ask {
    type Outcome = Result<QuestionStatus, QuestionsError>;

    fn run(&self) -> Option<&RunId> {
        Some(&self.run)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let id = QuestionId::of(&self.run, self.seq);
        let status = match find(&id, step.connection).await? {
            Some(Asked { status: QuestionStatus::Answered(answer), .. }) => return Ok(Ok(QuestionStatus::Answered(answer))),
            Some(Asked { status: QuestionStatus::Open, .. }) => Ok(()),
            Some(Asked { status: QuestionStatus::Withdrawn(_), root, .. }) => self.ask_again(&id, root.as_str(), step).await?,
            None => self.ask(&id, step).await?,
        };
        if let Err(error) = status {
            return Ok(Err(error));
        }
        let due = self.question.expiry.as_ref().filter(|expiry| expiry.at <= step.now);
        let Some(expiry) = due else { return Ok(Ok(QuestionStatus::Open)) };
        let given = Given { answer: expiry.answer.clone(), by: Actor::system(), source: Source::Expiry };
        let answer = answer(&id, &self.run, &given, step).await?;
        Ok(Ok(QuestionStatus::Answered(answer)))
    }
}

impl Ask {
    async fn ask(&self, id: &QuestionId, step: &mut Step<'_>) -> Result<Result<(), QuestionsError>, StoreError> {
        let asker = sqlx::query(ASKER).bind(self.run.as_str()).fetch_optional(&mut *step.connection).await?;
        let Some(asker) = asker else { return Ok(Err(QuestionsError::Outside)) };
        let root: String = asker.try_get("root_id")?;
        if let Some(refusal) = refusal(&root, step.connection).await? {
            return Ok(Err(refusal));
        }
        let question = &self.question;
        let query = sqlx::query(ASK)
            .bind(id.as_str())
            .bind(self.run.as_str())
            .bind(stored(self.seq))
            .bind(&*root)
            .bind(asker.try_get::<String, _>("project")?)
            .bind(asker.try_get::<String, _>("plugin")?)
            .bind(&*question.text)
            .bind(json!(question.options).to_string())
            .bind(&*question.reasoning)
            .bind(question.confidence)
            .bind(question.severity.as_str())
            .bind(question.context.to_string())
            .bind(question.best.as_deref())
            .bind(question.expiry.as_ref().map(|expiry| stored(expiry.at)))
            .bind(question.expiry.as_ref().map(|expiry| expiry.answer.as_str()))
            .bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        tell(step, Draft::of_run(&self.run, &self.to_event(id)));
        // A story that waits for a person leaves its place to another.
        autopilots::tell(&asker.try_get::<String, _>("project")?, step).await?;
        Ok(Ok(()))
    }

    /// The run ended without an answer, and was resumed.
    async fn ask_again(&self, id: &QuestionId, root: &str, step: &mut Step<'_>) -> Result<Result<(), QuestionsError>, StoreError> {
        if let Some(refusal) = refusal(root, step.connection).await? {
            return Ok(Err(refusal));
        }
        sqlx::query(ASK_AGAIN).bind(id.as_str()).execute(&mut *step.connection).await?;
        tell(step, Draft::of_run(&self.run, &self.to_event(id)));
        Ok(Ok(()))
    }

    fn to_event(&self, id: &QuestionId) -> QuestionAsked {
        let Question { text, options, confidence, severity, best, expiry, .. } = self.question.clone();
        let expires_at = expiry.map(|expiry| Moment(expiry.at));
        QuestionAsked { question: id.clone(), seq: self.seq, text, options, confidence, severity, best, expires_at }
    }
}

pub(super) struct Settle {
    pub(super) id: QuestionId,
    pub(super) given: Given,
}

#[async_trait]
impl Change for Settle {
    type Outcome = Result<(), QuestionsError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Some(asked) = find(&self.id, step.connection).await? else {
            return Ok(Err(QuestionsError::Unknown(self.id.as_str().escape_debug().to_string())));
        };
        match asked.status {
            QuestionStatus::Open => {}
            QuestionStatus::Answered(answer) => return Ok(Err(QuestionsError::Answered(answer))),
            QuestionStatus::Withdrawn(at) => return Ok(Err(QuestionsError::Withdrawn(at))),
        }
        answer(&self.id, &asked.run, &self.given, step).await?;
        waiting::wake(&waiting::question_key(&self.id), step).await?;
        Ok(Ok(()))
    }
}

/// Withdraws what a run that has ended still asks.
pub(in crate::store) async fn withdraw(run: &RunId, step: &mut Step<'_>) -> Result<(), StoreError> {
    withdraw_from(run, 1, step).await
}

/// Withdraws what call `first` of a run and those after it still ask.
pub(in crate::store) async fn withdraw_from(run: &RunId, first: u64, step: &mut Step<'_>) -> Result<(), StoreError> {
    withdraw_by(sqlx::query(WITHDRAW).bind(run.as_str()).bind(stored(step.now)).bind(stored(first)), step).await
}

/// Withdraws what runs ask that are being cancelled, of a run and all below it: they take no answer any more.
pub(in crate::store) async fn withdraw_cancelled(root: &RunId, step: &mut Step<'_>) -> Result<(), StoreError> {
    withdraw_by(sqlx::query(WITHDRAW_CANCELLED).bind(root.as_str()).bind(stored(step.now)), step).await
}

async fn withdraw_by(statement: Statement<'_>, step: &mut Step<'_>) -> Result<(), StoreError> {
    for row in statement.fetch_all(&mut *step.connection).await? {
        let run = RunId::from_text(row.try_get::<String, _>("run_id")?);
        let question = QuestionId::from_text(row.try_get::<String, _>("id")?);
        tell(step, Draft::of_run(&run, &QuestionWithdrawn { question }));
    }
    Ok(())
}

/// A question that its run gives up.
pub(super) struct Withdraw {
    pub(super) run: RunId,
    pub(super) seq: u64,
}

#[async_trait]
impl Change for Withdraw {
    type Outcome = ();

    fn run(&self) -> Option<&RunId> {
        Some(&self.run)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let id = QuestionId::of(&self.run, self.seq);
        withdraw_by(sqlx::query(WITHDRAW_ONE).bind(id.as_str()).bind(stored(step.now)), step).await
    }
}

/// Whether a question has its answer.
pub(in crate::store) async fn is_answered(id: &QuestionId, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(IS_ANSWERED).bind(id.as_str()).fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

async fn find(id: &QuestionId, connection: &mut AnyConnection) -> Result<Option<Asked>, StoreError> {
    sqlx::query(FIND).bind(id.as_str()).fetch_optional(connection).await?.as_ref().map(load).transpose()
}

async fn refusal(root: &str, connection: &mut AnyConnection) -> Result<Option<QuestionsError>, StoreError> {
    let open = sqlx::query(COUNT_OPEN).bind(root).fetch_one(connection).await?.try_get::<i64, _>(0)?.unsigned_abs();
    Ok((open >= MOST_OPEN).then_some(QuestionsError::TooMany(open)))
}

async fn answer(id: &QuestionId, run: &RunId, given: &Given, step: &mut Step<'_>) -> Result<Answer, StoreError> {
    // The row names a person, or that none answered.
    let by = if given.source == Source::Expiry { Source::Expiry.as_str() } else { &*given.by.name };
    let query = sqlx::query(ANSWER).bind(&*given.answer).bind(by).bind(given.source.as_str()).bind(stored(step.now));
    query.bind(id.as_str()).execute(&mut *step.connection).await?;
    let Given { answer, source, .. } = given.clone();
    let text: String = sqlx::query(TEXT).bind(id.as_str()).fetch_one(&mut *step.connection).await?.try_get("text")?;
    let answered = QuestionAnswered { question: id.clone(), text, answer: answer.clone(), source };
    tell(step, Draft::of_run(run, &answered).by(&given.by));
    Ok(Answer { answer, by: by.to_owned(), source, at: step.now })
}

fn tell(step: &mut Step<'_>, event: Draft) {
    step.events.extend(NewEvent::all(vec![event]));
}
