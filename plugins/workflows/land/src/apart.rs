//! Landing from a checkout that a person works in: the batch is merged and tested in a worktree of its own, which is given
//! back whatever came of it.

use baton_sdk::prelude::*;

use crate::{Order, Outcome};

pub(crate) fn landed(order: Order) -> Result<Outcome> {
    let id = run::about().id;
    // The end of a run's id: its beginning is a time, which runs of the same second share.
    let name = format!("land/{}", &id[id.ceil_char_boundary(id.len().saturating_sub(12))..]);
    let worktree = git::worktree_add(&name, &order.main)?;
    let order = Order { apart: false, at_once: true, ..order };
    let landed = workflows::start_with("land", &order, &ChildOptions::new().in_worktree(&worktree)).and_then(Pending::wait);
    if let Err(error) = git::worktree_remove(&worktree) {
        run::warn(&format!("The worktree {worktree} could not be released: {error}"));
    }
    Ok(landed?.output)
}
