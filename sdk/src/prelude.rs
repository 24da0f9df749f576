//! What most plugins need: the traits, the errors, JSON, and every module that calls the host.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn count(input: &Value) -> Result<Value> {
//!     let path = input["path"].as_str().ok_or_else(|| Error::invalid("`path` is missing. Name a file."))?;
//!     Ok(json!({ "lines": files::read_text(path)?.lines().count() }))
//! }
//! # let host = baton_sdk::testing::Host::new().with_file("a.md", "one\ntwo");
//! # assert_eq!(host.inside(|| count(&json!({ "path": "a.md" }))), Ok(json!({ "lines": 2 })));
//! ```

pub use crate::agents::{Report, Task};
pub use crate::sandbox::Job;
pub use crate::tools::{Offer, ToolOutcome};
pub use crate::waits::Pending;
pub use crate::{Agent, ChildOptions, Error, ErrorKind, Result, Toolbox, Workflow};
pub use crate::{
    agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, waits, workflows,
};
pub use serde_json::{Value, json};
