//! Finds the JSON document in a model's reply and checks it. It never mends a broken document.

use serde_json::Value;

use crate::schema;

/// The document of a reply: the text itself, or what is inside its code fence.
/// The error is a paragraph for the model that says what to correct.
pub(super) fn document(text: &str, schema: &Value) -> Result<Value, String> {
    let value = parse(text)?;
    let violations = schema::violations(schema, &value);
    if violations.is_empty() {
        Ok(value)
    } else {
        Err(format!("The document does not satisfy the schema:\n{}", schema::listed(&violations)))
    }
}

fn parse(text: &str) -> Result<Value, String> {
    let whole = match serde_json::from_str(text.trim()) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let Some(inside) = fenced(text) else {
        return Err(format!("The reply is not a JSON document: {whole}."));
    };
    serde_json::from_str(inside).map_err(|error| format!("The reply's code fence does not hold a JSON document: {error}."))
}

/// From the first opening fence to the last closing one: strings in the document may hold fences of their own.
fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let (_, body) = after.split_once('\n')?;
    let (inside, _) = body.rsplit_once("```")?;
    Some(inside.trim())
}
