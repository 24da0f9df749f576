//! What a tool is, and the port through which `tools` learns what the installed toolboxes declare. The kernel is handed
//! in behind it; calling a toolbox is starting a child run.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::Effect;

/// What calling a tool does to the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Effects {
    /// Changes nothing.
    pub read_only: bool,
    /// May undo or overwrite what a person made.
    pub destructive: bool,
    /// Twice with the same arguments is once.
    pub idempotent: bool,
}

impl Effects {
    /// What the journal does about a call that was cut off. A tool that says nothing of itself is never called twice.
    pub fn effect(self) -> Effect {
        match self {
            Self { read_only: true, .. } => Effect::Read,
            Self { idempotent: true, .. } => Effect::Write,
            _ => Effect::Once,
        }
    }
}

/// A tool as it is declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Declared {
    /// Its name: in its toolbox, or whole where it is offered to a plugin.
    pub name: String,
    /// For a model: what it does and when to use it.
    pub description: String,
    /// JSON Schema of the arguments, an object.
    pub parameters: Value,
    /// What calling it does.
    pub effects: Effects,
}

/// The installed toolboxes.
#[async_trait]
pub trait Toolboxes: Send + Sync {
    /// Their names, sorted.
    fn names(&self) -> Vec<String>;
    /// What a toolbox declares; none when there is no toolbox of that name. The error is a sentence that says what is
    /// wrong with the toolbox.
    async fn tools(&self, toolbox: &str) -> Result<Option<Arc<[Declared]>>, String>;
}
