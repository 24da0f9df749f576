//! Deeds for the calls that no other deed makes. Expects an answer of each, or an error as `{"error": …}`.

use std::{collections::hash_map::RandomState, hash::BuildHasher};

use baton_sdk::prelude::*;

use crate::{calls, deeds, said};

/// Expects: what the run is told of itself.
pub(crate) fn about() -> Value {
    let about = run::about();
    json!({ "parent": about.parent, "plugin": about.plugin, "version": about.plugin_version })
}

/// Expects: what the setting `stand-in.NAME` says, where NAME is what this plugin is called: an answer, or a deed to do for it.
/// Where it says nothing, what the plugin was given.
pub(crate) fn stand_in(input: &Value) -> Result<Value> {
    let said = settings::get::<String>(&format!("stand-in.{}", run::about().plugin))?;
    let Some(said) = said else { return Ok(json!({ "given": input })) };
    let answer: Value = baton_sdk::serde_json::from_str(&said)?;
    if answer.get("do").is_some() { deeds::perform(&answer) } else { Ok(answer) }
}

/// Expects: the keys before and after one of two documents is deleted.
pub(crate) fn documents() -> Result<Value> {
    for key in ["rest-a", "rest-b"] {
        state::set("probe", key, &json!({ "key": key, "none": null }), None)?;
    }
    let before = state::keys("probe", "rest-")?;
    state::remove("probe", "rest-a")?;
    Ok(json!([before, state::keys("probe", "rest-")?]))
}

/// Expects: passages of what was granted, and that a note is not.
pub(crate) fn knowledge(query: &str) -> Value {
    let found = knowledge::search(query, 3).map(|found| json!(found.into_iter().map(|passage| passage.source).collect::<Vec<_>>()));
    json!([answer(found), answer(knowledge::remember("probe/note", "A note.").map(|()| Value::Null))])
}

/// Expects: what the deed `look-around` came to in a worktree.
pub(crate) fn in_worktree(branch: &str) -> Result<Value> {
    let worktree = git::worktree_add(branch, "main")?;
    let options = ChildOptions::new().in_worktree(&worktree);
    let seen = workflows::start_with("probe", &json!({ "do": "look-around" }), &options)?.wait()?.output;
    git::worktree_remove(&worktree)?;
    Ok(seen)
}

/// Expects: a look at the repository, a file changed and put back, a commit and the way back from it.
pub(crate) fn repository() -> Result<Value> {
    let (branch, base) = (git::branch()?, git::log(None, 1)?[0].id.clone());
    files::write("out/rest.txt", "one\n")?;
    let changed: Vec<_> = git::status()?.into_iter().map(|change| change.path).collect();
    let diff = answer(git::diff(&base).map(Value::from));
    let restored = answer(git::restore(&["out/rest.txt".to_owned()]).map(|()| Value::Null));
    files::write("out/rest.txt", "two\n")?;
    let commit = git::commit("Write the rest", None)?.unwrap_or_default();
    let content = answer(git::read(&commit, "out/rest.txt").map(|content| json!(String::from_utf8_lossy(&content))));
    let shared = answer(git::merge_base(&commit, &base).map(|shared| json!(shared == base)));
    let reset = answer(git::reset(&base).map(|()| Value::Null));
    let push = answer(git::push(&branch).map(|()| Value::Null));
    Ok(
        json!({ "changed": changed, "diff": diff, "restored": restored, "content": content, "shared": shared, "reset": reset, "push": push }),
    )
}

/// Expects: the value beside the run, or `invalid`.
pub(crate) fn publish(key: &str, value: &Value) -> Result<Value> {
    run::publish(key, value)?;
    Ok(Value::Null)
}

/// Expects: to begin again with `input`, or with so many bytes of `pad`; what it came to where that did not happen.
pub(crate) fn continue_with(input: &Value) -> Result<Value> {
    let pad = input["pad"].as_u64().and_then(|bytes| usize::try_from(bytes).ok());
    let next = pad.map_or_else(|| input["input"].clone(), |bytes| json!("x".repeat(bytes)));
    Ok(answer(Err(run::continue_with(&next))))
}

/// Expects: to begin again `times` times, each time with what was seen so far; then what every generation saw.
pub(crate) fn generations(input: &Value) -> Result<Value> {
    let left = input["times"].as_u64().unwrap_or_default();
    let mut seen = input["seen"].as_array().cloned().unwrap_or_default();
    publish("generation", &json!(seen.len()))?;
    let echo = workflows::start::<Value, _>("probe", &json!({ "do": "echo", "say": seen.len() }))?;
    let (child, said) = (echo.ticket().to_string(), echo.wait()?.output);
    let random = RandomState::new().hash_one(0).to_string();
    seen.push(json!({ "said": said, "child": child, "count": calls::count(1)?, "random": random, "now": run::now() }));
    if left == 0 {
        return Ok(json!(seen));
    }
    continue_with(&json!({ "input": { "do": "generations", "times": left - 1, "seen": seen } }))
}

fn answer(answer: Result<Value>) -> Value {
    answer.unwrap_or_else(|error| json!({ "error": said(&error) }))
}
