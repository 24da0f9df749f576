//! The options that calls take by name, written as the contract wants them. Each module says what its options mean.

use serde::Serialize;

use crate::bindings::host::baton::plugin::types::OptionValue;

/// An option by its name. A value that is JSON without fail: text, numbers and lists of them.
pub(crate) fn option(name: &str, value: &impl Serialize) -> OptionValue {
    let value = serde_json::json!(value).to_string();
    OptionValue { name: name.to_owned(), value }
}

/// The options of a call that starts a child in this worktree, or in the caller's workspace.
pub(crate) fn in_worktree(worktree: Option<&str>) -> Vec<OptionValue> {
    worktree.map(|worktree| option("worktree", &worktree)).into_iter().collect()
}

/// The same for an item of the backlog.
pub(crate) fn for_item(item: &str, worktree: Option<&str>) -> Vec<OptionValue> {
    in_worktree(worktree).into_iter().chain([option("item", &item)]).collect()
}
