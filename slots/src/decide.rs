//! `decide`: answers a question, or has a person answer it.

use serde::{Deserialize, Serialize};

/// What is to be decided.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The question.
    pub question: String,
    /// The answers there are, where they are few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What is known already.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// How much waits on it.
    #[serde(default)]
    pub severity: Severity,
    /// How sure is sure enough, 0.0 to 1.0; the plugin's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
}

/// How much waits on an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Info,
    /// Work waits for it.
    #[default]
    Important,
    /// A person decides, always.
    Critical,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Output {
    /// One of the options, where there are any.
    pub answer: String,
    /// 0.0 to 1.0.
    #[serde(default)]
    pub confidence: f32,
    /// Who answered, such as `knowledge`, `model` or `person`.
    #[serde(default)]
    pub by: String,
    /// Where the answer is from.
    #[serde(default)]
    pub source: String,
    /// Why.
    #[serde(default)]
    pub reasoning: String,
}
