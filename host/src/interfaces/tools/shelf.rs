//! Finds the set a tool belongs to by the tool's name, and lists what a run may see. Calls no tool.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    TOOLS,
    toolbox::Toolbox,
    toolset::{Toolset, full_name, split},
};
use crate::{
    interfaces::{
        children::Children,
        toolboxes::{Declared, Toolboxes},
    },
    journal::{Authority, CallError, Capability},
};

/// The operator's tool servers by name.
pub type Servers = BTreeMap<String, Arc<dyn Toolset>>;

/// Where all tools of one run are.
pub struct Shelf {
    /// The host's own, whose names have no dot.
    pub builtin: Arc<dyn Toolset>,
    /// The operator's servers. They come before toolboxes, which cannot take their names.
    pub servers: Arc<Servers>,
    /// The installed toolboxes.
    pub toolboxes: Arc<dyn Toolboxes>,
    /// Starts toolboxes.
    pub children: Arc<dyn Children>,
}

/// A tool whose set is known.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) toolset: Arc<dyn Toolset>,
    /// The tool's name in its set.
    pub(super) tool: String,
}

impl Shelf {
    /// The set that a tool of this name belongs to, whether it has the tool or not.
    pub(super) fn locate(&self, name: &str) -> Ready {
        let (set, tool) = split(name);
        Ready { toolset: self.set(set), tool: tool.to_owned() }
    }

    /// What a tool says of itself.
    pub(super) async fn declared(&self, name: &str, ready: &Ready) -> Result<Declared, CallError> {
        let tools = ready.toolset.tools().await?;
        tools.iter().find(|tool| tool.name == ready.tool).cloned().ok_or_else(|| {
            let name = name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            CallError::NotFound(format!("There is no tool `{name}`; `tools.available` lists those there are."))
        })
    }

    /// What the run may call, sorted by name. A set that cannot be asked is left out, and the operator's log says so.
    pub(super) async fn available(&self, authority: &dyn Authority) -> Vec<Declared> {
        let mut names = vec![String::new()];
        names.extend(self.servers.keys().cloned());
        names.extend(self.toolboxes.names().into_iter().filter(|name| !self.servers.contains_key(name)));
        names.retain(|name| name.is_empty() || authority.may_allow_below(TOOLS.word, &format!("{name}.")));
        let asked = names.iter().map(|name| async move { (name, self.set(name).tools().await) });
        let mut available = Vec::new();
        for (set, tools) in futures::future::join_all(asked).await {
            match tools {
                Ok(tools) => {
                    available.extend(tools.iter().map(|tool| Declared { name: full_name(set, &tool.name).into_owned(), ..tool.clone() }))
                }
                Err(error) => tracing::warn!(set, %error, "tools are left out"),
            }
        }
        available.retain(|tool| authority.decide(&Capability::new(TOOLS.word, tool.name.as_str())).is_ok());
        available.sort_by(|one, other| one.name.cmp(&other.name));
        available
    }

    fn set(&self, name: &str) -> Arc<dyn Toolset> {
        if name.is_empty() {
            return Arc::clone(&self.builtin);
        }
        match self.servers.get(name) {
            Some(server) => Arc::clone(server),
            None => Arc::new(Toolbox::new(name, Arc::clone(&self.toolboxes), Arc::clone(&self.children))),
        }
    }
}
