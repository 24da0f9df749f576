//! The runs of a home, as `baton runs list -o json` lists them. Starts no program.

use serde_json::Value;

use crate::program::Ended;

/// All that a list has, newest first.
pub fn runs(listed: &Ended) -> Vec<Value> {
    let page: Value = serde_json::from_str(&listed.stdout).unwrap_or_else(|error| panic!("no list of runs ({error}): {}", listed.stdout));
    page["items"].as_array().unwrap_or_else(|| panic!("no list of runs: {page}")).clone()
}

/// The newest of a list.
pub fn newest(listed: &Ended) -> Value {
    runs(listed).into_iter().next().unwrap_or_else(|| panic!("no run is listed: {}", listed.stdout))
}

/// The id of a run that is listed or shown.
pub fn id(run: &Value) -> &str {
    run["id"].as_str().unwrap_or_else(|| panic!("no run: {run}"))
}

/// The id of the newest of a list.
pub fn newest_id(listed: &Ended) -> String {
    id(&newest(listed)).to_owned()
}
