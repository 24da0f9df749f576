//! What is told of questions. Asks none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Decision, Severity, Source};
use crate::{
    events,
    journal::QuestionId,
    moment::{self, Moment},
};

/// A run asks a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QuestionAsked {
    /// The question.
    pub(crate) question: QuestionId,
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// What it asks.
    pub(crate) text: String,
    /// Suggestions.
    pub(crate) options: Vec<String>,
    /// 0.0 to 1.0: how sure the asker is of `best`.
    pub(crate) confidence: f64,
    /// How much depends on it.
    pub(crate) severity: Severity,
    /// The suggested answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) best: Option<String>,
    /// When the run continues without an answer.
    #[serde(deserialize_with = "moment::either_or_none", default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Moment>,
}

/// A question has its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QuestionAnswered {
    /// The question.
    pub(crate) question: QuestionId,
    /// What it asked.
    #[serde(default)]
    pub(crate) text: String,
    /// The answer.
    pub(crate) answer: String,
    /// Who it came from.
    pub(crate) source: Source,
}

/// A run does not need the answer any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QuestionWithdrawn {
    /// The question.
    pub(crate) question: QuestionId,
}

/// A run decided something without asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct DecisionMade {
    /// What was to be decided.
    pub(crate) question: String,
    /// What was decided.
    pub(crate) answer: String,
    /// Why.
    #[serde(default)]
    pub(crate) reasoning: String,
    /// Where the answer comes from.
    #[serde(default)]
    pub(crate) source: String,
    /// 0.0 to 1.0.
    #[serde(default)]
    pub(crate) confidence: f64,
}

impl From<Decision> for DecisionMade {
    fn from(decision: Decision) -> Self {
        let Decision { question, answer, reasoning, source, confidence } = decision;
        Self { question, answer, reasoning, source, confidence }
    }
}

impl From<DecisionMade> for Decision {
    fn from(made: DecisionMade) -> Self {
        let DecisionMade { question, answer, reasoning, source, confidence } = made;
        Self { question, answer, reasoning, source, confidence }
    }
}

events::payloads! {
    QuestionAsked => Question "asked" Info,
    QuestionAnswered => Question "answered" Info,
    QuestionWithdrawn => Question "withdrawn" Info,
    DecisionMade => Question "decided" Info,
}
