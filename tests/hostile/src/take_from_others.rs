//! Threat: A plugin reads the documents of another project, or those of another plugin in its own project.
//! Stopped by: Documents belong to a project, and a bucket is granted by its name.
//! Expects: It finds nothing in another project. For another plugin's bucket: "Plugin `take-from-others` does not ask for
//! `state` of `others`."
//! Needs: state = ["mine"]

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    if let Some(value) = input.get("keep") {
        let version = state::set("mine", "secret", value, None)?;
        return Ok(json!(version));
    }
    let bucket = input["bucket"].as_str().unwrap_or("mine");
    let answers = [
        state::get::<Value>(bucket, "secret").map(|found| json!(found.map(|found| found.value))),
        state::keys(bucket, "").map(Value::from),
        state::set(bucket, "planted", "planted", None).map(Value::from),
        state::remove(bucket, "secret").map(|()| Value::Null),
    ];
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(|error| json!({ "refused": error.to_string() }))).collect())
}
