//! Questions that runs ask people: listed, found and answered. Shows none, and answers none by itself.

use std::{
    future,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::{OpenApi, ToSchema};

use super::{Host, Moment, Page, Problem, access::Caller};
use crate::{
    actor::Actor,
    events::{Category, Event},
    interfaces::people::{self, Asked, Filter, Given, QuestionStatus, QuestionsError},
    kernel::{KernelError, events::Waiting, run::State},
};

pub use crate::journal::{QuestionId, RunId};
pub use people::{Severity, Source};

/// Bytes of the longest answer.
const LONGEST: usize = 8 << 10;
/// Questions that are named where several are meant.
const MOST_NAMED: usize = 5;

/// How long it is watched whether the running host continues a run that has its answer, and how often.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// A question that was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// Its name for ever.
    pub id: QuestionId,
    /// What became of it.
    pub state: QuestionState,
    /// What was asked.
    pub text: String,
    /// Answers that the asker knows of; any other is an answer, too.
    pub options: Vec<String>,
    /// Why it was asked.
    pub reasoning: String,
    /// How sure the asker is of `best`, 0.0 to 1.0.
    pub confidence: f64,
    /// How much hangs on it.
    pub severity: Severity,
    /// What the asker added for programs.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub context: Value,
    /// What the asker would answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
    /// When `expiry_answer` is taken, if nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// What is taken then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_answer: Option<String>,
    /// The run that waits for it.
    pub run: RunId,
    /// The run that somebody started, in which it was asked.
    pub root: RunId,
    /// The call that asked.
    pub call: u64,
    /// The id of the run's project.
    pub project: String,
    /// The plugin that asked.
    pub plugin: String,
    /// When it was asked.
    pub asked_at: Moment,
    /// Its answer, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// When it was withdrawn, because its run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Moment>,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// It waits for an answer.
    Open,
    /// It was answered.
    Answered,
    /// Its run ended, and no answer is wanted any more.
    Withdrawn,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The text.
    pub answer: String,
    /// Who gave it.
    pub by: String,
    /// How they came by it.
    pub source: Source,
    /// When.
    pub at: Moment,
}

/// Which questions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListQuestions {
    /// Also those that were answered or withdrawn.
    #[serde(default)]
    pub all: bool,
    /// Only those of the runs under this root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RunId>,
}

/// Which questions to list for a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrowseQuestions {
    /// Those in every state, the open ones first.
    #[serde(default)]
    pub all: bool,
    /// Only those of which this became; open ones where nothing is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<QuestionState>,
    /// Only those of this project, by its id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those of the runs under this root, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RunId>,
    /// Only those that are as severe, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// An answer to give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerQuestion {
    /// The question's id.
    pub question: QuestionId,
    /// The text; absent for the suggested answer, or the first option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnsweredQuestion {
    /// The question's id.
    pub question: QuestionId,
    /// The answer.
    pub answer: String,
    /// How it was come by.
    pub source: Source,
    /// The run that waited for it.
    pub run: RunId,
    /// The run that somebody started, in which it was asked.
    pub root: RunId,
}

/// What becomes of a run that has its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerContinuation)]
pub enum Continuation {
    /// The running host continues it.
    Continues,
    /// The running host has not resumed it yet: it executes another run, or is about to end.
    Queued,
    /// No host executes it.
    NoHost,
}

/// Open questions first, most severe first, the oldest first; then the others, the newest first.
pub async fn list(host: &Host, request: &ListQuestions) -> Result<Page<Question>, Problem> {
    let filter = Filter { all: request.all, root: request.root.clone(), projects: None };
    let asked = host.app.questions.list(&filter).await?;
    // A root can have only so many open; a skin cuts them by id.
    Ok(Page::whole(asked.into_iter().map(Question::from).collect()))
}

/// The same for a caller, a page at a time: only those of projects that exist for them.
pub async fn list_for(host: &Host, caller: &Caller, request: &BrowseQuestions) -> Result<Page<Question>, Problem> {
    let projects = match &request.project {
        Some(name) => Some(vec![caller.find_project(host, name).await?]),
        None => caller.only_projects(),
    };
    let state = request.state.or((!request.all).then_some(QuestionState::Open));
    let filter = Filter { all: state != Some(QuestionState::Open), root: request.root.clone(), projects };
    let asked = host.app.questions.list(&filter).await?;
    let severity = |asked: &Asked| request.severity.is_none_or(|least| asked.question.severity >= least);
    let wanted =
        asked.into_iter().filter(severity).map(Question::from).filter(|question| state.is_none_or(|state| question.state == state));
    Page::cut(wanted.collect(), |question| question.id.as_str().to_owned(), request.cursor.as_deref(), request.limit)
}

/// The question that is meant by an id, or by any beginning or end of one.
pub async fn find(host: &Host, part: &str) -> Result<Question, Problem> {
    find_among(host, part, |_| true).await
}

/// The same for a caller, among the questions of projects that exist for them.
pub async fn find_for(host: &Host, caller: &Caller, part: &str) -> Result<Question, Problem> {
    find_among(host, part, |asked| caller.sees(&asked.project)).await
}

async fn find_among(host: &Host, part: &str, exists: impl Fn(&Asked) -> bool + Send) -> Result<Question, Problem> {
    if part.is_empty() {
        let problem = Problem::invalid("question_not_named", "question", "The id of the question is empty.");
        return Err(problem.advise("Give a beginning or an end of one."));
    }
    let mut found = host.app.questions.matching(part).await?;
    found.retain(|asked| exists(asked));
    match (found.len(), found.pop()) {
        (1, Some(asked)) => Ok(asked.into()),
        (_, None) => Err(QuestionsError::Unknown(part.escape_debug().to_string()).into()),
        (_, Some(last)) => {
            let ids: Vec<_> = found.iter().chain([&last]).take(MOST_NAMED).map(|asked| asked.id.as_str()).collect();
            let message = format!("`{}` fits more than one question.", part.escape_debug());
            let hint = format!("Give the whole id of the one you mean: {}.", ids.join(", "));
            Err(Problem::invalid("question_ambiguous", "question", message).advise(hint))
        }
    }
}

/// Answers a question. Whoever executes its run continues it.
pub async fn answer(host: &Host, actor: &Actor, request: &AnswerQuestion) -> Result<AnsweredQuestion, Problem> {
    let question = find(host, request.question.as_str()).await?;
    let (answer, source) = match &request.answer {
        Some(answer) => (check(answer)?, Source::Person),
        None => (question.best_or_first().ok_or_else(no_suggestion)?.to_owned(), Source::Yes),
    };
    let given = Given { answer: answer.clone(), by: actor.clone(), source };
    host.app.questions.answer(&question.id, &given).await?;
    host.app.kernel.changed();
    Ok(AnsweredQuestion { question: question.id, answer, source, run: question.run, root: question.root })
}

/// What becomes of the run that waited for an answer, seen for a while instead of guessed: the running host need not execute it.
pub async fn continuation(host: &Host, answered: &AnsweredQuestion) -> Result<Continuation, Problem> {
    let begun = Instant::now();
    while host.is_served() && begun.elapsed() < PATIENCE {
        let run = host.app.kernel.runs().find(&answered.run).await.map_err(KernelError::from)?;
        if run.is_some_and(|run| run.state != State::Queued) {
            return Ok(Continuation::Continues);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(if !host.is_served() || host.is_alone() { Continuation::NoHost } else { Continuation::Queued })
}

/// Says when questions of a host may have changed.
pub struct Changes(Receiver<Event>);

/// What may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionChange {
    /// A question was asked, answered or withdrawn.
    Question,
    /// A run began to wait, perhaps for an answer.
    Wait,
}

impl Changes {
    /// The changes of a host from now on.
    pub fn of(host: &Host) -> Self {
        Self(host.app.kernel.events().listen())
    }

    /// The next change. Can be dropped at any point and misses nothing.
    pub async fn next(&mut self) -> QuestionChange {
        loop {
            match self.0.recv().await {
                Ok(event) if event.draft.category == Category::Question => return QuestionChange::Question,
                Ok(event) if event.draft.is::<Waiting>() => return QuestionChange::Wait,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return QuestionChange::Question,
                Err(RecvError::Closed) => future::pending().await,
            }
        }
    }
}

fn check(answer: &str) -> Result<String, Problem> {
    if answer.trim().is_empty() {
        // The suggested answer is not a person's word.
        return Err(reject_empty_answer());
    }
    if answer.len() > LONGEST {
        let message = format!("The answer has {} bytes; at most {LONGEST} are accepted.", answer.len());
        return Err(Problem::invalid("answer_too_long", "answer", message).advise("Shorten it."));
    }
    Ok(answer.to_owned())
}

/// An answer without a character in it.
pub fn reject_empty_answer() -> Problem {
    let problem = Problem::invalid("answer_empty", "answer", "An answer has at least one character.");
    problem.advise("Give one, or use the suggested answer with `--yes`.")
}

fn no_suggestion() -> Problem {
    let problem = Problem::invalid("no_suggested_answer", "answer", "The question has no suggested answer and no options.");
    problem.advise("Give an answer of your own.")
}

impl Question {
    /// What the asker would answer, or its first option.
    pub fn best_or_first(&self) -> Option<&str> {
        self.best.as_deref().or_else(|| self.options.first().map(String::as_str))
    }
}

impl From<Asked> for Question {
    fn from(asked: Asked) -> Self {
        let Asked { id, run, seq, root, project, plugin, question, asked_at, status } = asked;
        let people::Question { text, options, reasoning, confidence, severity, context, best, expiry } = question;
        let (state, answer, withdrawn_at) = match status {
            QuestionStatus::Open => (QuestionState::Open, None, None),
            QuestionStatus::Withdrawn(at) => (QuestionState::Withdrawn, None, Some(Moment(at))),
            QuestionStatus::Answered(people::Answer { answer, by, source, at }) => {
                (QuestionState::Answered, Some(Answer { answer, by, source, at: Moment(at) }), None)
            }
        };
        Self {
            id,
            state,
            text,
            options,
            reasoning,
            confidence,
            severity,
            context,
            best,
            expires_at: expiry.as_ref().map(|expiry| Moment(expiry.at)),
            expiry_answer: expiry.map(|expiry| expiry.answer),
            run,
            root,
            call: seq,
            project,
            plugin,
            asked_at: Moment(asked_at),
            answer,
            withdrawn_at,
        }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Question, Page<Question>, AnsweredQuestion)))]
pub(super) struct Views;
