//! Reads a tool's arguments and holds them against its JSON Schema. Mends nothing.

use serde_json::Value;

use super::toolset::Arguments;
use crate::{
    interfaces::{
        blocking::blocking,
        schema_check::{self, Mistake, Unchecked},
    },
    journal::CallError,
};

const MOST_MISTAKES: usize = 8;
const LONGEST_MISTAKE: usize = 300;

/// The arguments of a call, a JSON object. None at all are an empty one.
pub(super) fn read(text: &str) -> Result<Arguments, CallError> {
    if text.trim().is_empty() {
        return Ok(Arguments::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(CallError::invalid("The arguments are not a JSON object; send one such as {\"path\": \"README.md\"}.")),
        Err(error) => Err(CallError::invalid(format!("The arguments are not JSON: {error}. Send a JSON object."))),
    }
}

/// Holds the arguments of `tool` against its schema, on a thread that may block.
pub(super) async fn check(tool: &str, schema: &Value, arguments: &Arguments) -> Result<(), CallError> {
    let (schema, arguments) = (schema.clone(), Value::Object(arguments.clone()));
    let checked = blocking(move |_| schema_check::check(&schema, &arguments, MOST_MISTAKES)).await;
    let checked = checked.map_err(|error| CallError::other(format!("The host failed to check the arguments: {error}. Report it.")))?;
    let mistakes = checked.map_err(|unchecked| match unchecked {
        Unchecked::Schema(reason) => CallError::other(format!(
            "The parameters that `{tool}` declares are not a JSON Schema that Baton accepts: {}. Report it to its author.",
            shorten(&reason)
        )),
        Unchecked::Costly(reason) => {
            CallError::invalid(format!("The arguments of `{tool}` cannot be checked against its schema: {reason}. Send smaller arguments."))
        }
    })?;
    let mistakes: Vec<_> = mistakes.iter().map(describe_place).collect();
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(CallError::invalid(format!("The arguments do not fit `{tool}`, {}. Call it again with arguments that do.", mistakes.join("; "))))
}

fn describe_place(mistake: &Mistake) -> String {
    match mistake.pointer.as_str() {
        "" => format!("at the root: {}", shorten(&mistake.problem)),
        pointer => format!("at {}: {}", shorten(pointer), shorten(&mistake.problem)),
    }
}

/// A mistake quotes what is wrong, however long that is.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MISTAKE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.trim_end_matches('.').to_owned(),
    }
}
