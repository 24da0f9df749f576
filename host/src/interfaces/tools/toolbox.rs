//! A toolbox: a component whose every call is a child run with grants and a journal of its own. A call that was cut off
//! is found again by the child's id, so that none is made twice.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::toolset::{Outcome, Toolset, Usage};
use crate::{
    interfaces::{
        children::{ChildError, Children, Ended, Order, Role},
        toolboxes::{Declared, Roster, Toolboxes},
    },
    journal::{CallError, Effect, Performed, RunId, Wait},
};

/// The installed toolbox of one name.
pub(super) struct Toolbox {
    name: String,
    toolboxes: Arc<dyn Toolboxes>,
    children: Arc<dyn Children>,
}

impl Toolbox {
    pub(super) fn new(name: &str, toolboxes: Arc<dyn Toolboxes>, children: Arc<dyn Children>) -> Self {
        Self { name: name.to_owned(), toolboxes, children }
    }

    async fn follow(&self, usage: Usage<'_>) -> Result<Performed<Outcome>, ChildError> {
        let input = json!({ "name": usage.tool, "arguments": usage.arguments });
        let order = Order { role: Role::Toolbox, plugin: &self.name, input, worktree: None, item: None, within: None };
        let child = self.children.start(&usage.run, usage.attempt.seq, order).await?;
        Ok(match self.children.find_ended(&usage.run, &child).await? {
            None => Performed::Waiting(Wait::Runs(vec![child])),
            Some(ended) => Performed::answer(self.outcome(&child, ended)),
        })
    }

    fn outcome(&self, child: &RunId, ended: Ended) -> Result<Outcome, CallError> {
        let name = &self.name;
        match ended {
            Ended::Succeeded(outcome) => serde_json::from_value(outcome.output).map_err(|error| {
                CallError::other(format!(
                    "Toolbox `{name}` gave something that is not an outcome: {error}. This is a mistake of that plugin."
                ))
            }),
            Ended::Failed(error) => Err(CallError::child_failed(child.as_str(), format!("Toolbox `{name}` failed: {error}"), &error)),
            Ended::Cancelled => {
                let text = format!("The call of toolbox `{name}` was cancelled. Continue without it, or return.");
                Err(CallError::cancelled(text).about(child.as_str()))
            }
        }
    }
}

#[async_trait]
impl Toolset for Toolbox {
    async fn tools(&self) -> Result<Arc<Roster>, CallError> {
        let tools = self.toolboxes.tools(&self.name).await.map_err(CallError::other)?;
        tools.ok_or_else(|| {
            let name = self.name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            CallError::not_found(format!("There is no toolbox and no tool server `{name}`; `tools.available` lists the tools there are."))
        })
    }

    fn effect(&self, _: &Declared) -> Effect {
        Effect::Wait
    }

    async fn call(&self, usage: Usage<'_>) -> Performed<Outcome> {
        self.follow(usage).await.unwrap_or_else(Performed::from)
    }
}
