//! The pull requests of stories that land: marked as merged, with the commits by which they were. What landed has landed,
//! whatever becomes of that.

use baton_sdk::forge::{self, Method};
use baton_sdk::prelude::*;
use baton_slots::land::Story;

use crate::{Merged, Proposed, batch};

/// What is about to be merged.
pub(crate) fn proposed(story: &Story) -> Result<Option<Proposed>> {
    story.pull_request.map(|number| Ok(Proposed { number, head: batch::tip(&story.branch)? })).transpose()
}

pub(crate) fn mark(landed: &Merged) {
    let Some(Proposed { number, head }) = &landed.proposed else { return };
    if let Err(error) = forge::merge(*number, head, Method::Merge, Some(&landed.commit)) {
        run::warn(&format!("Story {} landed, and its pull request {number} is not marked as merged: {error}", landed.key));
    }
}
