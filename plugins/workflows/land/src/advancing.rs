//! Moves the branch to what was merged and tested. What stands in the way of that is a person's, who is asked to see to it:
//! the stories are done and paid for. Nothing of the person's is touched.

use baton_sdk::prelude::*;
use baton_slots::land::Input;

use crate::batch;

/// How often a person is asked to clear the way.
const MOST_PAUSES: u32 = 3;

/// Moves the branch from `expected`; false where it is not there any more.
pub(crate) fn advanced(order: &Input, expected: &str) -> Result<bool> {
    let Input { main, at_once, .. } = order;
    let mut pauses = if *at_once { MOST_PAUSES } else { 0 };
    loop {
        match git::advance(main, expected) {
            Ok(()) => return Ok(true),
            Err(Error { kind: ErrorKind::Conflict, .. }) if batch::tip(main)? != expected => return Ok(false),
            Err(Error { kind: ErrorKind::Conflict, text: reason, .. }) if pauses < MOST_PAUSES => {
                pauses += 1;
                run::pause(&format!("Stories are merged and green, and cannot be landed in `{main}`. {reason} Then resume this run."))?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Takes the worktree back to what the branch has, so that nothing is left of a batch that did not land.
pub(crate) fn withdrawn(main: &str) {
    let back = || git::reset(&git::merge_base(&batch::head()?, main)?);
    if let Err(error) = back() {
        run::warn(&format!("The branch of this landing holds what was not landed: {error}"));
    }
}
