//! Threat: A plugin joins runs that it did not start: by an id it was told, one it derived, or its own.
//! Stopped by: Only the run that started a run can join it.
//! Expects: Each is `not-found`, with the same sentence whether such a run exists or not. The plugin sees no output of another
//! run.
//! Needs: workflows = ["*"]

use baton_sdk::prelude::*;

use crate::said;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let about = run::about();
    let told: Vec<_> = input["runs"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = told.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    ids.extend([about.id.clone(), about.parent.unwrap_or_default(), format!("{}.1", about.id), String::new(), "*".to_owned(), "%".to_owned()]);
    let joined = ids.iter().map(|id| workflows::join::<Value>(id));
    let any = workflows::join_any::<Value>(&ids).and_then(|(_, output)| output);
    Ok(joined.chain([any]).map(|answer| json!(answer.map_err(|error| said(&error)))).collect())
}
