//! Questions to people, and decisions that people should know of. `ask` needs `people`; `inform` needs no grant.
//!
//! A run that asks is suspended until someone answers or the question expires. To do something else meanwhile, [`post`] the
//! question.
//!
//! ```
//! use baton_sdk::{people::Question, prelude::*};
//!
//! fn database() -> Result<String> {
//!     people::ask(&Question::new("Which database?").with_options(["SQLite", "PostgreSQL"]).with_best("SQLite", 0.6))
//! }
//! # let host = baton_sdk::testing::Host::new().answers("database", "SQLite");
//! # assert_eq!(host.inside(database), Ok("SQLite".to_owned()));
//! ```

use serde_json::Value;

use crate::imports::people as host;
use crate::waits::{self, Pending};
use crate::{Result, numbers};

pub use host::{Decision, Expiry, Question, Severity};

impl Question {
    /// A question of severity `important`, without options, context, suggested answer and expiry.
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

    /// Suggestions, at most 20. People may answer with any other text.
    #[must_use]
    pub fn with_options<T: Into<String>>(mut self, options: impl IntoIterator<Item = T>) -> Self {
        self.options = options.into_iter().map(Into::into).collect();
        self
    }

    /// The suggested answer, and your confidence in it, 0.0 to 1.0.
    #[must_use]
    pub fn with_best(mut self, answer: impl Into<String>, confidence: f32) -> Self {
        (self.best, self.confidence) = (Some(answer.into()), confidence);
        self
    }

    /// Why the question is asked, and what was considered.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = reasoning.into();
        self
    }

    /// How urgent the question is.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Additional information for the decision.
    #[must_use]
    pub fn with_context(mut self, context: &Value) -> Self {
        self.context = context.to_string();
        self
    }

    /// Uses `answer` if there is no answer by `at`, in milliseconds since 1970 UTC.
    ///
    /// ```
    /// # use baton_sdk::{people::{Question, Severity}, prelude::*, testing::Host};
    /// fn may_release() -> Result<bool> {
    ///     let tomorrow = run::now() + 24 * 60 * 60 * 1000;
    ///     let question = Question::new("Release version 2?").with_options(["yes", "no"]).with_severity(Severity::Critical);
    ///     Ok(people::ask(&question.expiring(tomorrow, "no"))? == "yes")
    /// }
    /// # assert_eq!(Host::new().answers("Release", "yes").inside(may_release), Ok(true));
    /// ```
    #[must_use]
    pub fn expiring(mut self, at: u64, answer: impl Into<String>) -> Self {
        self.expiry = Some(Expiry { at_ms: numbers::to_contract(at), answer: answer.into() });
        self
    }
}

impl Decision {
    /// A decision with a confidence of 1.0, without reasoning and source.
    pub fn new(question: impl Into<String>, answer: impl Into<String>) -> Self {
        Self { question: question.into(), answer: answer.into(), reasoning: String::new(), source: String::new(), confidence: 1.0 }
    }

    /// Why it was decided.
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

    /// The confidence, 0.0 to 1.0.
    #[must_use]
    pub fn with_confidence(mut self, confidence: f32) -> Self {
        self.confidence = confidence;
        self
    }
}

/// Asks a question and waits for the answer or the expiry.
///
/// Errors: `denied` without a grant for the severity; `invalid` for a malformed question, or if too many are open.
pub fn ask(question: &Question) -> Result<String> {
    Ok(host::ask(question)?)
}

/// Asks a question and returns immediately. The answer arrives when someone answers or the question expires.
///
/// Errors: those of [`ask`].
///
/// ```
/// # use baton_sdk::{people::Question, prelude::*, testing::Host};
/// /// An agent drafts while a person decides who it is for.
/// fn notes() -> Result<String> {
///     let audience = people::post(&Question::new("Who reads the notes?").with_options(["users", "developers"]))?;
///     let draft = agents::perform("mary", &Task::new("Draft the release notes."))?.answer;
///     Ok(format!("For {}: {draft}", audience.wait()?))
/// }
/// # let host = Host::new().answers_after("Who reads", 60_000, "users").with_agent("mary", |_| Ok(Report::new("New.", "drafted")));
/// # assert_eq!(host.inside(notes), Ok("For users: New.".to_owned()));
/// ```
pub fn post(question: &Question) -> Result<Pending<String>> {
    Ok(Pending::new(host::post(question)?, waits::read_host))
}

/// Reports a decision that was made without asking; `baton decisions` lists it.
///
/// ```
/// # use baton_sdk::{people::Decision, prelude::*, testing::Host};
/// fn choose_database() -> Result<&'static str> {
///     let decision = Decision::new("Which database?", "SQLite").with_reasoning("There is one user.").with_source("docs/brief.md");
///     people::inform(&decision.with_confidence(0.9))?;
///     Ok("SQLite")
/// }
/// # let host = Host::new();
/// # host.inside(choose_database).unwrap();
/// # assert_eq!(host.requests("people.inform")[0]["answer"], "SQLite");
/// ```
pub fn inform(decision: &Decision) -> Result<()> {
    Ok(host::inform(decision)?)
}
