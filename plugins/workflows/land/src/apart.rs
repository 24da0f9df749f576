//! Landing from a checkout that a person works in: the batch is merged and tested in a worktree of its own, which is given
//! back whatever came of it.

use baton_sdk::prelude::*;
use baton_slots::LAND;
use baton_slots::land::{Input, Output};

pub(crate) fn landed(order: Input) -> Result<Output> {
    let id = run::about().id;
    // The end of a run's id: its beginning is a time, which runs of the same second share.
    let name = format!("land/{}", &id[id.ceil_char_boundary(id.len().saturating_sub(12))..]);
    let worktree = git::worktree_add(&name, &order.main)?;
    let order = Input { apart: false, at_once: true, ..order };
    let landed = workflows::start_with(LAND, &order, &ChildOptions::new().in_worktree(&worktree)).and_then(Pending::wait);
    if let Err(error) = git::worktree_remove(&worktree) {
        run::warn(&format!("The worktree {worktree} could not be released: {error}"));
    }
    Ok(landed?.output)
}
