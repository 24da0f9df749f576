//! Reads what is to be decided. Guesses nothing: an unknown field is a mistake.

use baton_sdk::serde_json::{self, Value};
use baton_sdk::{Error, Result, people};
use baton_slots::decide::{Input, Severity};

/// Longest question in bytes, and longest context.
const LONGEST_TEXT: usize = 4 << 10;
const LONGEST_CONTEXT: usize = 48 << 10;
/// Most answers to choose from, and the longest of them in bytes.
const MOST_OPTIONS: usize = 20;
const LONGEST_OPTION: usize = 500;

/// What is to be decided, within what a model and a person can be given.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) options: Vec<String>,
    pub(crate) context: String,
    pub(crate) severity: Severity,
    pub(crate) threshold: Option<f32>,
}

impl Question {
    /// A JSON string is the question itself.
    pub(crate) fn from_input(input: Value) -> Result<Self> {
        let input = if let Value::String(text) = input { serde_json::json!({ "question": text }) } else { input };
        let input: Input = serde_json::from_value(input).map_err(|error| wrong(&error.to_string()))?;
        let Input { question: text, options, context, severity, threshold } = input;
        let question = Self { text, options, context, severity, threshold };
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

    /// How much waits on it, for people.
    pub(crate) fn severity(&self) -> people::Severity {
        match self.severity {
            Severity::Info => people::Severity::Info,
            Severity::Important => people::Severity::Important,
            Severity::Critical => people::Severity::Critical,
        }
    }

    /// Whether this can be the answer: one of the options, where there are any.
    pub(crate) fn admits(&self, answer: &str) -> bool {
        self.options.is_empty() || self.options.iter().any(|option| option == answer)
    }
}

fn wrong(what: &str) -> Error {
    Error::invalid(format!("The input is no question: {what}. Give {{ \"question\": \"…\", \"options\": [\"…\"], \"context\": \"…\" }}."))
}
