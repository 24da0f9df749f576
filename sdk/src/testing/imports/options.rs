//! Options by name, checked as the host checks them.

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

/// How a child is to be started.
#[derive(Default)]
pub(super) struct Placing {
    pub(super) worktree: Option<String>,
    pub(super) item: Option<String>,
}

impl Placing {
    pub(super) fn read(options: &[OptionValue]) -> Result<Self> {
        let mut given = read(options, &["worktree", "item"])?;
        let worktree = take(&mut given, "worktree", "the name of a worktree, a text")?;
        Ok(Self { worktree, item: take(&mut given, "item", "the key of an item of the backlog, a text")? })
    }
}

fn take(given: &mut Vec<(String, Value)>, name: &str, expected: &str) -> Result<Option<String>> {
    let Some(place) = given.iter().position(|(given, _)| given == name) else { return Ok(None) };
    match given.remove(place).1 {
        Value::String(text) => Ok(Some(text)),
        _ => Err(Error::invalid(format!("The option `{name}` must be {expected}.")).about(name)),
    }
}

/// A name that a guest made up, fit to be shown.
fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    name.chars().take(LONGEST).flat_map(char::escape_debug).collect()
}
