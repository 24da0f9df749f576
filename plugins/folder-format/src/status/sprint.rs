//! The status of a sprint: which key is an epic, a story or a retrospective, and which status goes over which.

use super::{Entry, StatusError, StatusFile};
use crate::conditions::SprintItem;

/// The section with the keys.
pub const SECTION: &str = "development_status";

/// What a key names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// `epic-2`
    Epic(u32),
    /// `2-3-title`
    Story(u32, u32),
    /// `epic-2-retrospective`
    Retrospective(u32),
}

impl Key {
    /// None: the key follows none of the patterns.
    pub fn read(key: &str) -> Option<Self> {
        if let Some(rest) = key.strip_prefix("epic-") {
            return match rest.strip_suffix("-retrospective") {
                Some(number) => number.parse().ok().map(Self::Retrospective),
                None => rest.parse().ok().map(Self::Epic),
            };
        }
        let mut parts = key.splitn(3, '-');
        let (epic, story) = (parts.next()?, parts.next()?);
        let story = story.trim_end_matches(|character: char| character.is_ascii_lowercase());
        parts.next().filter(|title| !title.is_empty())?;
        Some(Self::Story(epic.parse().ok()?, story.parse().ok()?))
    }

    /// What kind of item it is.
    pub fn item(self) -> SprintItem {
        match self {
            Self::Epic(_) => SprintItem::Epic,
            Self::Story(..) => SprintItem::Story,
            Self::Retrospective(_) => SprintItem::Retrospective,
        }
    }

    /// The number of its epic.
    pub fn epic(self) -> u32 {
        match self {
            Self::Epic(number) | Self::Story(number, _) | Self::Retrospective(number) => number,
        }
    }
}

/// How far a status is along, for items that only move forward.
pub fn rank(status: &str) -> Option<u32> {
    match status {
        "backlog" | "optional" => Some(0),
        "drafted" | "contexted" => Some(1),
        "ready-for-dev" => Some(2),
        "in-progress" => Some(3),
        "review" => Some(4),
        "done" | "completed" => Some(5),
        _ => None,
    }
}

impl StatusFile {
    /// The items of a kind, in the order in which they are worked on.
    pub fn items(&self, what: SprintItem) -> Vec<Entry<'_>> {
        let is_item = |entry: &Entry<'_>| Key::read(entry.key).is_some_and(|key| key.item() == what);
        self.entries(SECTION).into_iter().filter(is_item).collect()
    }

    /// The first item of a kind with one of these statuses.
    pub fn first_with(&self, what: SprintItem, statuses: &[&str]) -> Option<Entry<'_>> {
        self.items(what).into_iter().find(|entry| statuses.contains(&entry.value))
    }

    /// Moves an item forward. False: it is as far, or further, and nothing changes.
    pub fn advance(&mut self, key: &str, status: &str) -> Result<bool, StatusError> {
        let current = self.get(SECTION, key).ok_or_else(|| StatusError::NoKey(key.to_owned()))?;
        if rank(current).zip(rank(status)).is_some_and(|(current, new)| current >= new) {
            return Ok(false);
        }
        self.set(SECTION, key, status)
    }

    /// Lets epics follow their stories: in progress once one is at work, done when all are. A contexted epic stays so until
    /// then, and an epic without stories as it is.
    pub fn update_epics(&mut self) -> Result<Vec<String>, StatusError> {
        let mut changes = Vec::new();
        for epic in self.items(SprintItem::Epic) {
            let stories = || {
                self.items(SprintItem::Story)
                    .into_iter()
                    .filter(|story| Key::read(story.key).map(Key::epic) == Key::read(epic.key).map(Key::epic))
            };
            let ranks: Vec<_> = stories().map(|story| rank(story.value).unwrap_or(0)).collect();
            let status = match (ranks.iter().min(), ranks.iter().max()) {
                (Some(least), _) if *least >= 5 => "done",
                (_, Some(most)) if *most >= 3 => "in-progress",
                _ => continue,
            };
            if status != epic.value {
                changes.push((epic.key.to_owned(), status));
            }
        }
        for (key, status) in &changes {
            self.set(SECTION, key, status)?;
        }
        Ok(changes.into_iter().map(|(key, _)| key).collect())
    }
}
