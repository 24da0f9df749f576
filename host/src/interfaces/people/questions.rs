//! The port below `people`: questions, their answers and the decisions people were told of. Wakes nobody by itself and
//! knows no plugin's code.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    journal::{QuestionId, RunId},
};

/// How much depends on an answer, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth a look when there is time.
    Info,
    /// Work is held up.
    Important,
    /// Nothing else should be done first.
    Critical,
}

impl Severity {
    /// The word the store and the command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Important => "important",
            Self::Critical => "critical",
        }
    }

    /// The severity a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Info, Self::Important, Self::Critical].into_iter().find(|severity| severity.as_str() == word)
    }
}

/// The answer that is taken when nobody gives one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The answer.
    pub answer: String,
}

/// What a run wants to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Question {
    /// The question itself.
    pub text: String,
    /// Suggestions; any other text may be answered as well.
    pub options: Vec<String>,
    /// Why it has to be asked.
    pub reasoning: String,
    /// 0.0 to 1.0: how sure the asker is of `best`.
    pub confidence: f64,
    /// How much depends on it.
    pub severity: Severity,
    /// Whatever helps to decide.
    pub context: Value,
    /// The asker's own best answer.
    pub best: Option<String>,
    /// None: it waits for as long as it takes.
    pub expiry: Option<Expiry>,
}

/// Who an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Somebody who read the question.
    Person,
    /// Somebody who takes whatever the asker thinks best.
    Yes,
    /// Nobody: its time had come.
    Expiry,
}

impl Source {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Yes => "yes",
            Self::Expiry => "expiry",
        }
    }

    /// The source a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Person, Self::Yes, Self::Expiry].into_iter().find(|source| source.as_str() == word)
    }
}

/// An answer as somebody gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The text.
    pub answer: String,
    /// Who gives it.
    pub by: Actor,
    /// How they came by it.
    pub source: Source,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer {
    /// The text.
    pub answer: String,
    /// Who gave it.
    pub by: String,
    /// How they came by it.
    pub source: Source,
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionStatus {
    /// It waits for an answer.
    Open,
    /// It was answered.
    Answered(Answer),
    /// Its run ended at this time, in milliseconds since 1970 UTC; no answer is wanted any more.
    Withdrawn(u64),
}

/// A question that was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Asked {
    /// Its name for ever.
    pub id: QuestionId,
    /// The run that waits for it.
    pub run: RunId,
    /// The call that asked.
    pub seq: u64,
    /// The run somebody started, in which it was asked.
    pub root: RunId,
    /// The project of the run.
    pub project: String,
    /// The plugin that asked.
    pub plugin: String,
    /// What was asked.
    pub question: Question,
    /// When, in milliseconds since 1970 UTC.
    pub asked_at: u64,
    /// What became of it.
    pub status: QuestionStatus,
}

impl Asked {
    /// The decision that it came to, if no person answered it.
    pub fn to_decision(self) -> Option<Decided> {
        let QuestionStatus::Answered(answer) = self.status else { return None };
        let source = match answer.source {
            Source::Person => return None,
            Source::Yes => format!("best answer, taken for {} by --yes", answer.by),
            Source::Expiry => "expired without an answer".to_owned(),
        };
        let Question { text, reasoning, confidence, .. } = self.question;
        let decision = Decision { question: text, answer: answer.answer, reasoning, source, confidence };
        Some(Decided { at: answer.at, run: self.run, project: self.project, plugin: self.plugin, decision })
    }
}

/// Which questions to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Also those that were answered or withdrawn.
    pub all: bool,
    /// Only those of runs under this root.
    pub root: Option<RunId>,
    /// Only those of the projects with these ids; all when there is none.
    pub projects: Option<Vec<String>>,
}

/// Something that was decided without a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// What was to be decided.
    pub question: String,
    /// What was decided.
    pub answer: String,
    /// Why.
    pub reasoning: String,
    /// Where the answer comes from.
    pub source: String,
    /// 0.0 to 1.0.
    pub confidence: f64,
}

/// A decision people were told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decided {
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The run that decided.
    pub run: RunId,
    /// The project of the run.
    pub project: String,
    /// The plugin that decided.
    pub plugin: String,
    /// What it decided.
    #[serde(flatten)]
    pub decision: Decision,
}

/// Which decisions to list.
#[derive(Clone, Debug, Default)]
pub struct DecisionFilter {
    /// Only those of this run and those below it.
    pub run: Option<RunId>,
    /// Only those of the projects with these ids; all when there is none.
    pub projects: Option<Vec<String>>,
    /// Only those from then or before, in milliseconds since 1970 UTC.
    pub until: Option<u64>,
    /// At most so many, the newest first.
    pub limit: u32,
}

/// Why a question was not asked or answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionsError {
    #[error("A question was asked outside of a run, where nothing receives the answer.")]
    Outside,
    #[error("The runs of this root have {0} questions open, which is the limit.")]
    TooMany(u64),
    #[error("Question `{0}` does not exist.")]
    Unknown(String),
    #[error("The question was answered already, by {} at {}: “{}”. The run continues with that answer.", .0.by, moment(.0.at), .0.answer)]
    Answered(Answer),
    /// Its run has ended.
    #[error("The run that asked ended at {} and does not wait for an answer any more.", moment(*.0))]
    Withdrawn(u64),
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for QuestionsError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Outside => "Start a run instead.",
            Self::TooMany(_) => "Ask for less, or wait until some are answered.",
            Self::Unknown(_) => "`baton questions list --all` lists all of them.",
            Self::Answered(_) => return None,
            Self::Withdrawn(_) => "Start another run.",
            Self::Store(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}

/// `2026-01-02T14:05:09Z`.
fn moment(milliseconds: u64) -> jiff::Timestamp {
    let moment = i64::try_from(milliseconds / 1000).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    moment.unwrap_or(jiff::Timestamp::MAX)
}

/// Keeps questions. Every change is durable when it returns.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Asks the question of call `seq` of `run`, once, and tells what became of it. One whose time has come is answered
    /// by its expiry; one that was withdrawn is asked again.
    async fn ask(&self, run: &RunId, seq: u64, question: &Question) -> Result<QuestionStatus, QuestionsError>;
    /// Withdraws the question of call `seq` of `run`, if it is open.
    async fn withdraw(&self, run: &RunId, seq: u64) -> Result<(), QuestionsError>;
    /// Answers a question that is open and queues the run that waits for it, in one step.
    async fn answer(&self, id: &QuestionId, given: &Given) -> Result<(), QuestionsError>;
    /// The questions whose id begins or ends with `part`, at most 20.
    async fn matching(&self, part: &str) -> Result<Vec<Asked>, QuestionsError>;
    /// The questions that fit: open ones first, the gravest of them first, the oldest of those first; then the others,
    /// the newest first.
    async fn list(&self, filter: &Filter) -> Result<Vec<Asked>, QuestionsError>;
    /// The decisions people were told of, and the questions that no person answered, newest first.
    async fn decisions(&self, filter: &DecisionFilter) -> Result<Vec<Decided>, QuestionsError>;
}
