//! What one round has to know of those before: how often each story was tried, and what it was when it was left. Asks
//! nobody but the backlog.

use std::collections::BTreeMap;

use baton_sdk::backlog::Item;
use baton_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// Stories that are remembered; of more, those that need nothing are forgotten first.
const MOST_STORIES: usize = 500;

/// The run's input, once it has continued with another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// By their keys.
    pub(crate) stories: BTreeMap<String, Known>,
    /// The commit of the branch that was found fit to begin stories at.
    pub(crate) good: Option<String>,
    /// The one that was not.
    pub(crate) bad: Option<Bad>,
    /// When the limits were set that the rounds before went by, in milliseconds since 1970 UTC.
    pub(crate) set_at: u64,
    /// Why no story can be begun, as people were told.
    pub(crate) told: Option<String>,
}

/// A commit at which no story can begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bad {
    pub(crate) commit: String,
    pub(crate) reason: String,
}

/// What is known of a story that was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    /// How often it was begun since a person made it ready.
    pub(crate) tries: u32,
    /// It is not begun before this time, in milliseconds since 1970 UTC.
    pub(crate) after: u64,
    /// What its item was when it was left. Only a change of it brings the story back.
    pub(crate) left: Option<String>,
    /// It was not taken up at all the last time, so that its status says nothing of a person.
    pub(crate) untouched: bool,
    /// Something about its item has changed since it was left.
    pub(crate) changed: bool,
}

impl Memory {
    /// What is known of a story, which is remembered from now on.
    pub(crate) fn of(&mut self, key: &str) -> &mut Known {
        if self.stories.len() >= MOST_STORIES && !self.stories.contains_key(key) {
            self.stories.retain(|_, known| known.left.is_some());
            while self.stories.len() >= MOST_STORIES {
                self.stories.pop_first();
            }
        }
        self.stories.entry(key.to_owned()).or_default()
    }

    /// Leaves a story until something about its item changes.
    pub(crate) fn leave(&mut self, key: &str) -> Result<()> {
        let left = fingerprint(key)?;
        self.of(key).left = left;
        Ok(())
    }

    /// Whether the story of this key was left and is as it was then. One that has changed begins with all its tries.
    pub(crate) fn is_left(&mut self, key: &str) -> Result<bool> {
        let Some(left) = self.stories.get(key).and_then(|known| known.left.clone()) else { return Ok(false) };
        if fingerprint(key)?.as_ref() == Some(&left) {
            return Ok(true);
        }
        *self.of(key) = Known { changed: true, ..Known::default() };
        Ok(false)
    }
}

/// What people change of an item; none where it is gone.
fn fingerprint(key: &str) -> Result<Option<String>> {
    match backlog::get(key) {
        Ok(item) => Ok(Some(hashed(&item))),
        Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// FNV-1a: two versions of one item are told apart, and nobody gains by making them alike.
fn hashed(item: &Item) -> String {
    let text = format!("{:?} {:?} {:?}", item.draft, item.status, item.assignee);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
