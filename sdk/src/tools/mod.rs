//! Tools: call those of the host, of toolboxes and of MCP servers; offer your own to a model; declare those of a toolbox.
//! [`call`] needs `tools`.
//!
//! ```
//! use baton_sdk::{prelude::*, tools::Tool};
//!
//! // A tool that an agent offers to its own model.
//! fn count_words() -> Tool {
//!     let parameters = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
//!     Tool::new("count_words", "Counts the words of a text.", parameters, |arguments| {
//!         Ok(arguments["text"].as_str().unwrap_or_default().split_whitespace().count().to_string())
//!     })
//! }
//! # assert_eq!(count_words().call(&json!({ "text": "one two" })), Ok("2".to_owned()));
//! ```

mod changing;
mod commands;
mod editing;
mod granted;
mod history;
mod named;
mod patch;
pub(crate) mod reading;
pub mod text;

use serde_json::Value;

use crate::imports::tools as host;
use crate::{Error, Result, llm};

pub use changing::{apply_patch, edit_file};
pub use commands::{read_output, run_command};
pub use granted::{available, call, call_all, fitting};
pub use history::{git_diff, git_log, git_show};
pub use host::{Effects, Offer, ToolOutcome};
pub use named::named;
pub use reading::{find_files, read_file, search_files, write_file};

type Action = Box<dyn Fn(&Value) -> Result<String>>;
pub(crate) type Together = fn(&[(&str, Value)]) -> Vec<Result<ToolOutcome>>;

/// A tool as a value: what the model is told, and the closure that does it.
pub struct Tool {
    /// Its name, such as `read_file` or `calculator.add`.
    pub name: String,
    /// For the model: what the tool does and when to use it.
    pub description: String,
    /// JSON Schema of the arguments, an object. Arguments are checked against it before the closure sees them.
    pub parameters: Value,
    run: Action,
    /// Calls several tools of the host at once. Kept here, so that a plugin without tools of the host does not import them.
    together: Option<Together>,
}

impl Tool {
    /// A tool whose closure returns the text the model reads; its error is shown to the model as a failed call.
    pub fn new(name: &str, description: &str, parameters: Value, run: impl Fn(&Value) -> Result<String> + 'static) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), parameters, run: Box::new(run), together: None }
    }

    /// Calls the closure; the arguments have been checked by the caller.
    pub fn call(&self, arguments: &Value) -> Result<String> {
        (self.run)(arguments)
    }

    /// The tool as it is offered to a model.
    pub fn offered(&self) -> llm::Tool {
        llm::Tool { name: self.name.clone(), description: self.description.clone(), parameters: self.parameters.to_string() }
    }
}

impl Offer {
    /// A tool of a toolbox that may change things and must not be sent twice. Narrow it with the methods below.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, tools::Effects};
    /// let parameters = json!({
    ///     "type": "object",
    ///     "properties": { "query": { "type": "string", "minLength": 1 } },
    ///     "required": ["query"],
    ///     "additionalProperties": false
    /// });
    /// let search = Offer::new("search", "Searches the handbook. Returns the best paragraphs.", &parameters)
    ///     .with_effects(Effects::READ_ONLY | Effects::IDEMPOTENT);
    /// # assert_eq!(search.tool.name, "search");
    /// ```
    pub fn new(name: &str, description: &str, parameters: &Value) -> Self {
        let tool = llm::Tool { name: name.to_owned(), description: description.to_owned(), parameters: parameters.to_string() };
        Self { tool, effects: Effects::empty() }
    }

    /// Says what calling the tool does to the world.
    #[must_use]
    pub fn with_effects(mut self, effects: Effects) -> Self {
        self.effects |= effects;
        self
    }
}

impl ToolOutcome {
    /// The tool did what it was asked.
    pub fn done(content: impl Into<String>) -> Self {
        Self { content: content.into(), failed: false }
    }

    /// The tool did not; `reason` tells the model why and what to do instead.
    ///
    /// ```
    /// # use baton_sdk::prelude::*;
    /// fn divide(a: i64, b: i64) -> ToolOutcome {
    ///     match a.checked_div(b) {
    ///         Some(quotient) => ToolOutcome::done(quotient.to_string()),
    ///         None => ToolOutcome::failed("Nothing can be divided by 0. Call it with another divisor."),
    ///     }
    /// }
    /// # assert!(divide(1, 0).failed && !divide(4, 2).failed);
    /// ```
    pub fn failed(reason: impl Into<String>) -> Self {
        Self { content: reason.into(), failed: true }
    }

    /// What the tool gave, or, where it did not do what it was asked, an error that says why.
    ///
    /// ```
    /// # use baton_sdk::prelude::*;
    /// assert_eq!(ToolOutcome::done("3").into_content(), Ok("3".to_owned()));
    /// assert_eq!(ToolOutcome::failed("No.").into_content(), Err(Error::other("No.")));
    /// ```
    pub fn into_content(self) -> Result<String> {
        if self.failed { Err(Error::other(self.content)) } else { Ok(self.content) }
    }
}
