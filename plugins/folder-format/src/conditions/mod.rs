//! Takes conditions apart: what an evaluator decides, what it decides if the facts are there, and what only a judge can decide.

mod comparison;
mod evaluate;
mod phrases;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::limits::LONGEST_CONDITION;

pub(crate) use evaluate::is_path;
pub use evaluate::{Facts, evaluate};

/// Who decides a condition.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The evaluator, always: it compares variables, or reads the last answer.
    Evaluator,
    /// The evaluator where the facts exist (a flag that was set, a file, a status), else the judge.
    EvaluatorOrJudge,
    /// A judge: an agent that is given the condition and its context.
    Judge,
}

/// A condition as it was understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
    /// Who decides it.
    pub decider: Decider,
    /// What the evaluator tests; absent where only a judge can decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
}

/// What an evaluator tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "test")]
pub enum Test {
    /// The last answer is yes, or no.
    Answer {
        /// Which.
        yes: bool,
    },
    /// The condition of the check just before was false.
    Else,
    /// Two values, compared.
    Compare {
        /// A variable, or text where there is no such variable.
        left: Operand,
        /// How.
        operator: Operator,
        /// Text, or a variable where there is one of this name.
        right: Operand,
    },
    /// A value that is one of several.
    Member {
        /// The value.
        left: Operand,
        /// The values, or a variable that lists them.
        list: Vec<Operand>,
        /// Whether it is not one of them.
        negated: bool,
    },
    /// A variable that is true.
    Flag {
        /// Its name.
        name: String,
        /// Whether it is false.
        negated: bool,
    },
    /// A variable that has a value.
    Provided {
        /// Its name.
        name: String,
        /// Whether it has none.
        negated: bool,
    },
    /// The last answer is one of these.
    Chosen {
        /// Options by number, letter or word.
        options: Vec<String>,
    },
    /// A file that exists.
    File {
        /// Its name or path.
        path: String,
        /// Whether it does not.
        negated: bool,
    },
    /// The file with the status of workflows exists.
    StatusFile {
        /// Whether it does not.
        negated: bool,
    },
    /// The state of a workflow in the status file.
    WorkflowStatus {
        /// Its id.
        id: String,
        /// What is asked.
        question: WorkflowQuestion,
    },
    /// The key of the story, epic or retrospective at work is in the sprint's status.
    SprintKey {
        /// Which.
        what: SprintItem,
        /// Whether it is not.
        negated: bool,
    },
    /// The status of the story or epic at work.
    SprintStatus {
        /// Which.
        what: SprintItem,
        /// One of these.
        statuses: Vec<String>,
        /// Whether it is none of these.
        negated: bool,
    },
    /// Some story or epic has a status.
    SprintAny {
        /// Which.
        what: SprintItem,
        /// One of these.
        statuses: Vec<String>,
        /// Whether there is none.
        negated: bool,
    },
    /// All of these.
    All {
        /// Which.
        tests: Vec<Test>,
    },
    /// At least one of these.
    Any {
        /// Which.
        tests: Vec<Test>,
    },
}

/// What is asked of a workflow's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowQuestion {
    /// Whether its value is a path, which means that it is complete.
    IsComplete,
    /// Whether it is the next one.
    IsNext,
    /// Whether it is not the next one.
    IsNotNext,
}

/// What a sprint's status lists.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SprintItem {
    /// An epic.
    Epic,
    /// A story.
    Story,
    /// The retrospective of an epic.
    Retrospective,
}

/// One side of a comparison.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// A name between braces.
    Variable(String),
    /// A bare word: a variable if there is one, else itself.
    Word(String),
    /// Quoted.
    Text(String),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Condition {
    /// Understands the text of an `if`.
    pub fn read(text: &str, line: u32) -> Self {
        let trimmed = text.trim();
        let whole = if trimmed.len() > LONGEST_CONDITION { None } else { Self::test(trimmed) };
        let decider = match &whole {
            None => Decider::Judge,
            Some(test) if test.is_always_decidable() => Decider::Evaluator,
            Some(_) => Decider::EvaluatorOrJudge,
        };
        Self { text: text.to_owned(), line, decider, test: whole }
    }

    fn test(text: &str) -> Option<Test> {
        answer(text).or_else(|| comparison::read(text)).or_else(|| phrases::read(text))
    }
}

impl Test {
    /// Comparisons of variables and the last answer need nothing that may be missing.
    fn is_always_decidable(&self) -> bool {
        match self {
            Self::Answer { .. } | Self::Else | Self::Compare { .. } => true,
            Self::All { tests } | Self::Any { tests } => tests.iter().all(Self::is_always_decidable),
            _ => false,
        }
    }
}

fn answer(text: &str) -> Option<Test> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(Test::Answer { yes: true }),
        "n" | "no" => Some(Test::Answer { yes: false }),
        "else" => Some(Test::Else),
        _ => None,
    }
}
