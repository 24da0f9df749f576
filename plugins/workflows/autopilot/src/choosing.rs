//! Which stories may be begun now: those that are ready, and those that a run left unfinished. Begins none.

use std::collections::BTreeSet;

use baton_sdk::backlog::{Item, Kind, Status};
use baton_sdk::prelude::*;

use crate::memory::Memory;

/// Stories that were left of which the history is looked at in one round.
const MOST_LOOKED_AT: usize = 50;
/// A forge of the host's own.
const LOCAL: &str = "local";

/// What may be begun, and when to look again where only the time keeps something back.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// The most urgent first; of those that are alike, what was begun before.
    pub(crate) items: Vec<Item>,
    pub(crate) again_at: Option<u64>,
}

/// Looks at the backlog. `at_work`: keys of the stories that have a sprint.
pub(crate) fn choose(memory: &mut Memory, at_work: &BTreeSet<String>, now: u64) -> Result<Choice> {
    let (mut choice, all, waits_for_people) = (Choice::default(), backlog::all()?, !lands()?);
    // A task about a story's conflict has the branch of that story.
    let in_use: BTreeSet<_> = all.iter().filter(|item| at_work.contains(&item.draft.key)).filter_map(|item| item.branch.clone()).collect();
    let may_be_meant = |item: &Item| {
        let is_held = item.branch.as_ref().is_some_and(|branch| in_use.contains(branch));
        item.draft.kind != Kind::Epic && !at_work.contains(&item.draft.key) && !is_held
    };
    let stories: BTreeSet<_> = all.iter().filter(|item| item.draft.kind == Kind::Story).map(|item| item.draft.key.clone()).collect();
    let is_part = |item: &Item| item.draft.parent.as_ref().is_some_and(|parent| stories.contains(parent));
    let left = all.into_iter().filter(|item| may_be_meant(item) && !is_part(item) && is_left_over(item.status, waits_for_people));
    for item in left.take(MOST_LOOKED_AT) {
        if choice.is_due(&item, memory, now)? && is_resumed(&item, memory)? {
            choice.items.push(item);
        }
    }
    for item in backlog::ready()?.into_iter().filter(may_be_meant) {
        // Only a person makes a story ready that was taken up before, and means now.
        if let Some(known) = memory.stories.get_mut(&item.draft.key).filter(|known| !known.untouched) {
            known.after = 0;
        }
        if choice.is_due(&item, memory, now)? {
            choice.items.push(item);
        }
    }
    choice.items.sort_by_key(|item| std::cmp::Reverse(item.draft.priority));
    Ok(choice)
}

impl Choice {
    /// Whether nothing that is known of a story keeps it back.
    fn is_due(&mut self, item: &Item, memory: &mut Memory, now: u64) -> Result<bool> {
        let key = &item.draft.key;
        if memory.is_left(key)? {
            return Ok(false);
        }
        let after = memory.stories.get(key).map_or(0, |known| known.after);
        if after > now {
            self.again_at = Some(self.again_at.map_or(after, |at| at.min(after)));
        }
        Ok(after <= now)
    }
}

/// Where a person merges, what is in review waits for that.
fn is_left_over(status: Status, waits_for_people: bool) -> bool {
    match status {
        Status::InProgress | Status::Failed | Status::Blocked => true,
        Status::Review => !waits_for_people,
        Status::Todo | Status::Done | Status::Cancelled => false,
    }
}

/// Whether the story was left by a run. What a person put somewhere stays there, and so does what is blocked until
/// something about it changes.
fn is_resumed(item: &Item, memory: &mut Memory) -> Result<bool> {
    let key = &item.draft.key;
    if backlog::history(key)?.last().is_none_or(|last| last.run.is_none()) {
        return Ok(false);
    }
    match item.status {
        Status::Blocked if memory.stories.get(key).is_some_and(|known| known.changed) => Ok(true),
        // Seen for the first time: from now on a change of it is noticed.
        Status::Blocked => memory.leave(key).map(|()| false),
        Status::Failed => Ok(true),
        _ => Ok(item.branch.is_some()),
    }
}

fn lands() -> Result<bool> {
    match forge::about() {
        Ok(about) => Ok(about.kind == LOCAL && about.auto_merge),
        Err(Error { kind: ErrorKind::Denied, .. }) => Ok(true),
        Err(error) => Err(error),
    }
}
