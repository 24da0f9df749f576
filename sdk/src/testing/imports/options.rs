//! Options by name, checked as the host checks them.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::bindings::host::baton::plugin::types::OptionValue;
use crate::{Error, Result};

/// The options, each once and each known.
pub(in crate::testing) fn read(options: &[OptionValue], known: &[&str]) -> Result<Vec<(String, Value)>> {
    let mut read: Vec<(String, Value)> = Vec::new();
    for OptionValue { name, value } in options {
        if !known.contains(&&**name) {
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let name = shown(name);
            return Err(Error::invalid(format!("This call has no option `{name}`. Its options are {known}.")).about(name));
        }
        let document = serde_json::from_str(value)
            .map_err(|error| Error::invalid(format!("The option `{name}` is not JSON: {error}.")).about(name))?;
        if read.iter().any(|(other, _)| other == name) {
            return Err(Error::invalid(format!("The option `{name}` appears twice. Give it once.")).about(name));
        }
        read.push((name.clone(), document));
    }
    Ok(read)
}

/// How a child is started. What was not given is not noted.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::testing) struct StartOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::testing) worktree: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::testing) item: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::testing) within: Option<BTreeMap<String, Vec<String>>>,
    /// Milliseconds that the call waits at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::testing) timeout_ms: Option<u32>,
}

impl StartOptions {
    /// Those of a call that returns at once.
    pub(super) fn of(options: &[OptionValue]) -> Result<Self> {
        Self::among(options, &["worktree", "item", "within"])
    }

    /// Those of a call that waits for the child.
    pub(super) fn of_waiting(options: &[OptionValue]) -> Result<Self> {
        let read = Self::among(options, &["worktree", "item", "within", "timeout-ms"])?;
        if read.timeout_ms == Some(0) { Err(wrong("timeout-ms", TIMEOUT)) } else { Ok(read) }
    }

    fn among(options: &[OptionValue], known: &[&str]) -> Result<Self> {
        let mut start = Self::default();
        for (name, value) in read(options, known)? {
            match &*name {
                "worktree" => start.worktree = Some(typed(&name, value, "the name of a worktree, a text")?),
                "item" => start.item = Some(typed(&name, value, "the key of an item of the backlog, a text")?),
                "within" => start.within = Some(typed(&name, value, WITHIN)?),
                _ => start.timeout_ms = Some(typed(&name, value, TIMEOUT)?),
            }
        }
        Ok(start)
    }
}

const WITHIN: &str = "an object of lists of patterns by kind, such as {\"write\": [\"docs/**\"]}";
const TIMEOUT: &str = "a whole number of milliseconds from 1 to 4294967295";

fn typed<T: DeserializeOwned>(name: &str, value: Value, expected: &str) -> Result<T> {
    serde_json::from_value(value).map_err(|_| wrong(name, expected))
}

fn wrong(name: &str, expected: &str) -> Error {
    Error::invalid(format!("The option `{name}` must be {expected}.")).about(name)
}

/// A name that a guest made up, fit to be shown.
fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    name.chars().take(LONGEST).flat_map(char::escape_debug).collect()
}
