//! Reads what is to be decided. Guesses nothing: an unknown field is a mistake.

use baton_sdk::serde_json::{self, Value};
use baton_sdk::{Error, Result, people};
use serde::Deserialize;

/// Longest question in bytes, and longest context.
const LONGEST_TEXT: usize = 4 << 10;
const LONGEST_CONTEXT: usize = 48 << 10;
/// Most answers to choose from, and the longest of them in bytes.
const MOST_OPTIONS: usize = 20;
const LONGEST_OPTION: usize = 500;

/// What is to be decided.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    #[serde(rename = "question")]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) options: Vec<String>,
    #[serde(default)]
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) severity: Severity,
    pub(crate) threshold: Option<f32>,
}

/// How much waits on an answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    Info,
    #[default]
    Important,
    Critical,
}

impl From<Severity> for people::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Important => Self::Important,
            Severity::Critical => Self::Critical,
        }
    }
}

impl Question {
    /// A JSON string is the question itself.
    pub(crate) fn from_input(input: Value) -> Result<Self> {
        let input = if let Value::String(text) = input { serde_json::json!({ "question": text }) } else { input };
        let question: Self = serde_json::from_value(input).map_err(|error| wrong(&error.to_string()))?;
        let too_long = |option: &String| option.trim().is_empty() || option.len() > LONGEST_OPTION;
        if question.text.trim().is_empty() || question.text.len() > LONGEST_TEXT {
            return Err(wrong(&format!("a question has 1 to {LONGEST_TEXT} bytes")));
        }
        if question.context.len() > LONGEST_CONTEXT {
            return Err(wrong(&format!("the context has more than {LONGEST_CONTEXT} bytes")));
        }
        if question.options.len() > MOST_OPTIONS || question.options.iter().any(too_long) {
            return Err(wrong(&format!("there are at most {MOST_OPTIONS} options of 1 to {LONGEST_OPTION} bytes")));
        }
        Ok(question)
    }

    /// What to look for: the question with its options, as much as a query takes.
    pub(crate) fn query(&self) -> String {
        let query = format!("{} {}", self.text, self.options.join(" "));
        query[..query.floor_char_boundary(LONGEST_TEXT)].to_owned()
    }

    /// Whether a person has to decide, however sure a model is.
    pub(crate) fn is_critical(&self) -> bool {
        self.severity == Severity::Critical
    }

    /// Whether this can be the answer: one of the options, where there are any.
    pub(crate) fn admits(&self, answer: &str) -> bool {
        self.options.is_empty() || self.options.iter().any(|option| option == answer)
    }
}

fn wrong(what: &str) -> Error {
    Error::invalid(format!("The input is no question: {what}. Give {{ \"question\": \"…\", \"options\": [\"…\"], \"context\": \"…\" }}."))
}
