//! What a tool is, what a set of tools offers, and the port through which `tools` learns what the installed toolboxes
//! declare. The kernel is handed in behind it; calling a toolbox is starting a child run.

use std::{collections::BTreeMap, sync::Arc};

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

/// A tool that is declared and not offered, because models or providers could not use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quarantined {
    /// Its name as far as it has one, or its place in the list, such as `#3`; safe for a terminal.
    pub name: String,
    /// The part of its declaration that is wrong, such as `inputSchema/properties/a`.
    pub field: String,
    /// What is wrong with it, a sentence.
    pub reason: String,
}

/// The form of a tool in hashes: equal hashes mean the same to a model. The order of keys and white space do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Form {
    /// Of what the tool says it does.
    pub description: String,
    /// Of the schema of its arguments.
    pub parameters: String,
    /// Of what calling it does to the world.
    pub effects: String,
}

impl Form {
    /// The parts in which another form differs, for people.
    pub fn changes(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("description", self.description != other.description),
            ("parameters", self.parameters != other.parameters),
            ("effects", self.effects != other.effects),
        ];
        parts.into_iter().filter_map(|(part, differs)| differs.then_some(part)).collect()
    }
}

/// What a set of tools offers, and what of it is not offered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roster {
    /// The tools that are offered.
    pub tools: Vec<Declared>,
    /// Those that are not, each with the reason.
    pub quarantined: Vec<Quarantined>,
    /// What was changed in a tool so that providers take it, by the tool's name.
    pub mended: BTreeMap<String, Vec<String>>,
    /// How many tools are left out because there are more than a set may have.
    pub left_out: usize,
    /// What else an operator has to know of the list, in sentences.
    pub remarks: Vec<String>,
    /// The form of each tool, where tools can change without an act of the operator. Empty elsewhere.
    pub forms: BTreeMap<String, Form>,
}

impl Roster {
    /// What is offered of the tools that a toolbox declares.
    pub fn of_toolbox(declared: Vec<Declared>) -> Self {
        super::tools::of_toolbox(declared)
    }

    /// The tool of this name.
    pub fn find(&self, name: &str) -> Option<&Declared> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Why a tool of this name is not offered, if it is quarantined.
    pub fn objection(&self, name: &str) -> Option<&Quarantined> {
        self.quarantined.iter().find(|tool| tool.name == name)
    }
}

/// The installed toolboxes.
#[async_trait]
pub trait Toolboxes: Send + Sync {
    /// Their names, sorted.
    fn names(&self) -> Vec<String>;
    /// What a toolbox offers; none when there is no toolbox of that name. The error is a sentence that says what is wrong
    /// with the toolbox.
    async fn tools(&self, toolbox: &str) -> Result<Option<Arc<Roster>>, String>;
}
