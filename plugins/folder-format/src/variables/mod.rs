//! Resolves the variables of a folder: what its files, its configuration and the system say, until nothing changes any more.

mod declared;
pub mod references;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use declared::Declared;
pub(crate) use declared::core_config;
pub use references::{Form, Reference, find, is_name, key};

/// Where a variable comes from, strongest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The run was started with it.
    Caller,
    /// The table `variables`.
    Variables,
    /// A key of the workflow's file.
    Workflow,
    /// A key inside another one.
    Nested,
    /// The configuration of the module.
    Config,
    /// The configuration of the core.
    CoreConfig,
    /// Baton.
    System,
}

/// What is known of a variable before a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has its value.
    Set,
    /// Its value holds `{{names}}` or the time, which a run fills in.
    SetByRun,
    /// It is declared without a value; a run discovers it.
    Empty,
    /// It comes from a configuration that lacks it; a person is asked.
    Asked,
    /// It needs itself.
    Cyclic,
}

/// A variable.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// As its folder writes it.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What is known of it.
    pub state: State,
    /// Its value, with every known name replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The line that declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The file that declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What Baton says of itself. A text that is absent is filled in by the run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct System {
    /// The day, `YYYY-MM-DD`.
    pub date: Option<String>,
}

/// Every variable of a folder, by its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables {
    by_key: BTreeMap<String, Variable>,
}

impl Variables {
    /// Resolves what was declared.
    pub fn resolve(declared: &Declared, system: &System, findings: &mut crate::finding::Findings) -> Self {
        resolve::resolve(declared, system, findings)
    }

    /// A variable by its name; `-` and `_` are the same.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.by_key.get(&key(name))
    }

    /// The value of a variable that is set and not empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.as_deref().filter(|value| !value.is_empty())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.by_key.values()
    }

    /// A text with every known `{name}` replaced. `{{name}}` stays for the run.
    pub fn fill(&self, text: &str) -> String {
        fill(text, Form::Single, |name| self.value(name).map(str::to_owned))
    }
}

/// Replaces the names of a form that have a value, up to the longest value.
pub fn fill(text: &str, form: Form, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = 0;
    for reference in find(text).filter(|reference| reference.form == form) {
        let Some(value) = value(reference.name) else { continue };
        if filled.len() + value.len() > crate::limits::LONGEST_VALUE.max(2 * text.len()) {
            break;
        }
        filled.push_str(&text[rest..reference.start]);
        filled.push_str(&value);
        rest = reference.end;
    }
    filled.push_str(&text[rest..]);
    filled
}
