//! Names a question that a run asks. Says nothing of what is asked, nor of who answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RunId;

/// Names a question for ever. UUID text, version 8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct QuestionId(String);

impl QuestionId {
    /// The question that call `seq` of `run` asks. The same call always names the same question, so that asking it
    /// twice is asking it once.
    pub fn of(run: &RunId, seq: u64) -> Self {
        let digest = blake3::hash(format!("question {run}:{seq}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        Self(uuid::Uuid::new_v8(bytes).to_string())
    }

    /// Takes an id that was read back from a store or a command line as it is.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QuestionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_names_one_question_and_no_other_does() {
        let (run, other) = (RunId::from_text("a"), RunId::from_text("a:1"));
        assert_eq!(QuestionId::of(&run, 1), QuestionId::of(&run, 1));
        assert_ne!(QuestionId::of(&run, 1), QuestionId::of(&run, 2));
        assert_ne!(QuestionId::of(&run, 11), QuestionId::of(&other, 1));
        assert_ne!(QuestionId::of(&run, 1).as_str(), run.child(1).as_str());
    }
}
