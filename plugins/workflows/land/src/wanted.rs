//! Which of the approved stories are still to land. Between a review and a landing people cancel stories and take them
//! back, and nobody asks for the merge of what nobody wants.

use baton_sdk::backlog::{Item, TakenAway};
use baton_sdk::prelude::*;
use baton_slots::land::{Story, Withdrawn};

use crate::Merged;

/// Those that are, and those that are not any more.
pub(crate) fn sorted(stories: &[Story]) -> Result<(Vec<Story>, Vec<Withdrawn>)> {
    let (mut wanted, mut withdrawn) = (Vec::new(), Vec::new());
    for story in stories {
        match objection(story)? {
            None => wanted.push(story.clone()),
            Some(reason) => withdrawn.push(Withdrawn { key: story.key.clone(), reason }),
        }
    }
    Ok((wanted, withdrawn))
}

/// Whether all that was merged is still to land.
pub(crate) fn all(merged: &[Merged], stories: &[Story]) -> Result<bool> {
    let merged: Vec<_> = stories.iter().filter(|story| merged.iter().any(|landed| landed.key == story.key)).cloned().collect();
    Ok(sorted(&merged)?.1.is_empty())
}

fn objection(story: &Story) -> Result<Option<String>> {
    match backlog::get(&story.key) {
        Ok(item) => Ok(against(&item, &story.branch)),
        Err(Error { kind: ErrorKind::NotFound, text: reason, .. }) => Ok(Some(reason)),
        Err(error) => Err(error),
    }
}

fn against(item: &Item, branch: &str) -> Option<String> {
    let key = &item.draft.key;
    Some(match item.taken_from(branch)? {
        TakenAway::Moved(status) => format!("{key} is `{}` in the backlog, so it was not landed. It is on `{branch}`.", status.as_str()),
        TakenAway::Elsewhere(theirs) => format!("{key} is built on `{theirs}` by now, so `{branch}` was not landed."),
    })
}
