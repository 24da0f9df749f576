//! What most plugins need: `use baton_sdk::prelude::*`.

pub use crate::agents::{Report, Task};
pub use crate::sandbox::Job;
pub use crate::tools::{Offer, ToolOutcome};
pub use crate::{Agent, Error, ErrorKind, Result, Toolbox, Workflow};
pub use crate::{agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, workflows};
pub use serde_json::{Value, json};
