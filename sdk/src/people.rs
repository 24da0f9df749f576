//! People: ask one and wait without memory for the answer, or tell them what was decided without asking.

use serde_json::Value;

use crate::Result;
use crate::imports::people as host;

pub use host::{Decision, Expiry, Question, Severity};

impl Question {
    /// A question of the severity `important`, without options, context, a best answer or an expiry.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            options: Vec::new(),
            reasoning: String::new(),
            confidence: 0.0,
            severity: Severity::Important,
            context: "null".to_owned(),
            best: None,
            expiry: None,
        }
    }

    /// Suggestions, at most 20; any other text may be answered as well.
    #[must_use]
    pub fn with_options<T: Into<String>>(mut self, options: impl IntoIterator<Item = T>) -> Self {
        self.options = options.into_iter().map(Into::into).collect();
        self
    }

    /// The answer you would give yourself, and how sure you are of it, 0.0 to 1.0.
    #[must_use]
    pub fn with_best(mut self, answer: impl Into<String>, confidence: f32) -> Self {
        (self.best, self.confidence) = (Some(answer.into()), confidence);
        self
    }

    /// Why it has to be asked, and what was considered.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = reasoning.into();
        self
    }

    /// How much depends on the answer.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whatever helps to decide.
    #[must_use]
    pub fn with_context(mut self, context: &Value) -> Self {
        self.context = context.to_string();
        self
    }

    /// Takes `answer` when nobody has answered by `at`, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn expiring(mut self, at: u64, answer: impl Into<String>) -> Self {
        self.expiry = Some(Expiry { at, answer: answer.into() });
        self
    }
}

impl Decision {
    /// What was to be decided and what was, with a confidence of 1.0 and nothing said of why.
    pub fn new(question: impl Into<String>, answer: impl Into<String>) -> Self {
        Self { question: question.into(), answer: answer.into(), reasoning: String::new(), source: String::new(), confidence: 1.0 }
    }

    /// Why it was decided so.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = reasoning.into();
        self
    }

    /// Where the answer comes from, such as a path or a model.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// How sure that is, 0.0 to 1.0.
    #[must_use]
    pub fn with_confidence(mut self, confidence: f32) -> Self {
        self.confidence = confidence;
        self
    }
}

/// Asks, and waits without memory until somebody answers or the question expires. `denied` without a grant for the
/// severity, `invalid` for a question nobody could answer or for one too many.
pub fn ask(question: &Question) -> Result<String> {
    Ok(host::ask(question)?)
}

/// Tells people what was decided without asking them; `baton decisions` lists it. Needs no grant.
pub fn inform(decision: &Decision) -> Result<()> {
    Ok(host::inform(decision)?)
}
