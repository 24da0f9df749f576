//! Reads a tool's arguments and holds them against its JSON Schema. Mends nothing.

use jsonschema::PatternOptions;
use serde_json::Value;

use super::toolset::Arguments;
use crate::journal::CallError;

const MOST_MISTAKES: usize = 8;
const LONGEST_MISTAKE: usize = 300;

/// The arguments of a call, a JSON object. None at all are an empty one.
pub(super) fn read(text: &str) -> Result<Arguments, CallError> {
    if text.trim().is_empty() {
        return Ok(Arguments::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(CallError::Invalid("The arguments are no JSON object; send one such as {\"path\": \"README.md\"}.".into())),
        Err(error) => Err(CallError::Invalid(format!("The arguments are not JSON: {error}. Send a JSON object."))),
    }
}

/// Holds the arguments of `tool` against its schema.
pub(super) fn check(tool: &str, schema: &Value, arguments: &Arguments) -> Result<(), CallError> {
    // Patterns run in linear time: neither schema nor arguments are to be trusted.
    let validator = jsonschema::options().with_pattern_options(PatternOptions::regex()).build(schema);
    let validator = validator.map_err(|error| {
        CallError::Other(format!(
            "The parameters that `{tool}` declares are no JSON Schema: {}. Report it to its author.",
            shortened(&error.to_string())
        ))
    })?;
    let arguments = Value::Object(arguments.clone());
    let mistakes: Vec<_> = validator
        .iter_errors(&arguments)
        .take(MOST_MISTAKES)
        .map(|error| match error.instance_path().as_str() {
            "" => format!("at the root: {}", shortened(&error.to_string())),
            pointer => format!("at {}: {}", shortened(pointer), shortened(&error.to_string())),
        })
        .collect();
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(CallError::Invalid(format!("The arguments do not fit `{tool}`, {}. Call it again with arguments that do.", mistakes.join("; "))))
}

/// A mistake quotes what is wrong, however long that is.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MISTAKE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.trim_end_matches('.').to_owned(),
    }
}
