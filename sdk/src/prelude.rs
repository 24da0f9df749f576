//! What most plugins need, for `use baton_sdk::prelude::*`.

pub use crate::agents::{Outcome, Task};
pub use crate::tools::{Offer, ToolOutcome};
pub use crate::{Agent, Error, Result, Toolbox, Workflow};
pub use crate::{agents, assets, files, forge, knowledge, llm, people, run, settings, state, tools, workflows};
pub use serde_json::{Value, json};
