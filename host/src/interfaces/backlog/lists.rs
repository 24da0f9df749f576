//! The port of what people do with a backlog beside its items' work: list them a page at a time, so that what a page costs does not
//! grow with the backlog, place them in a column, remove them. Moves none to another status.

use async_trait::async_trait;

use super::{Author, BacklogError, Item, Kind, Status};

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItemOrder {
    /// By their keys, numbers in them compared as numbers.
    #[default]
    Key,
    /// The most urgent first, then by their keys.
    Priority,
    /// As people placed them among the items of their status; those that nobody placed come last, by their keys.
    Place,
}

/// Which items are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// Only those with one of these statuses; all when empty. That of an epic is the one that people see.
    pub statuses: Vec<Status>,
    /// Only those of these kinds; all when empty.
    pub kinds: Vec<Kind>,
    /// Only those with all of these labels.
    pub labels: Vec<String>,
    /// Only those with this text, which is in lower case, in their key, title or labels.
    pub search: Option<String>,
    /// Only those that are directly part of this item.
    pub parent: Option<String>,
    /// Only those that this one works on.
    pub assignee: Option<String>,
    /// In which order.
    pub order: ItemOrder,
    /// Only those behind this one in the order.
    pub behind: Option<ListPosition>,
    /// At most this many.
    pub limit: u32,
}

/// Where an item is in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPosition {
    /// What the order compares before keys; 0 where it compares nothing before them.
    pub first: i64,
    /// Its key.
    pub key: String,
}

/// A page of items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemRows {
    /// The items, in order, without their bodies.
    pub items: Vec<Item>,
    /// Others, as far as they decide whether those can begin, and whether an epic among them is done.
    pub related: Vec<Item>,
    /// For each of the items, what the order compares before keys.
    pub firsts: Vec<i64>,
}

/// How many items of a kind have a status, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCount {
    /// The id of the project.
    pub project: String,
    /// Their kind.
    pub kind: Kind,
    /// Their status.
    pub status: Status,
    /// How many.
    pub count: u64,
}

/// Lists the items of projects.
#[async_trait]
pub trait ItemLists: Send + Sync {
    /// A page of the items of a project.
    async fn list_items(&self, project: &str, filter: &ItemFilter) -> Result<ItemRows, BacklogError>;
    /// One item without its body, and the others that decide whether it can begin.
    async fn load_item(&self, project: &str, key: &str) -> Result<(Item, Vec<Item>), BacklogError>;
    /// How many items there are, of one project or of all.
    async fn count_items(&self, project: Option<&str>) -> Result<Vec<ItemCount>, BacklogError>;
    /// How many items are directly part of each, by their status: its key, the status and how many.
    async fn count_inside(&self, project: &str) -> Result<Vec<(String, Status, u64)>, BacklogError>;
    /// The keys of the items that wait for an item, or are directly part of it.
    async fn dependents(&self, project: &str, key: &str) -> Result<Vec<String>, BacklogError>;
    /// Gives an item a place among the stories and tasks of its status, from 0.
    async fn place_item(&self, project: &str, key: &str, position: u32, by: &Author) -> Result<(), BacklogError>;
    /// Removes an item with its history, unless others name it: gives their keys, and removes nothing then.
    async fn remove_item(&self, project: &str, key: &str, by: &Author) -> Result<Vec<String>, BacklogError>;
}

/// A text of digits and the letters a to f that compares as the [`super::SortKey`] of a key does, whatever order of text a database
/// has.
pub fn sortable_key(key: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), key);
    while let Some(is_number) = rest.bytes().next().map(|byte| byte.is_ascii_digit()) {
        let end = rest.find(|character: char| character.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (part, later) = rest.split_at(end);
        // What ends before another is before it, and a number is before a text.
        let part = if is_number { part.trim_start_matches('0') } else { part };
        match is_number {
            true => bytes.extend([1, u8::try_from(part.len()).unwrap_or(u8::MAX)]),
            false => bytes.push(2),
        }
        bytes.extend(part.bytes());
        rest = later;
    }
    bytes.push(0);
    bytes.extend(key.bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::SortKey, *};

    #[test]
    fn a_sortable_text_compares_as_its_key() {
        let keys = ["1", "1-1", "1-2", "1-10", "2", "01", "a", "a-1", "a1", "ab", "1a", "1-a", "10", "a-b", "a-b-1", "a01", "a1-b"];
        for one in keys {
            for other in keys {
                let sortable = sortable_key(one).cmp(&sortable_key(other));
                assert_eq!(sortable, SortKey::of(one).cmp(&SortKey::of(other)), "{one} {other}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_sortable_text_compares_as_its_key(one in "[a-c0-2]{1,4}(-[a-b0-2]{1,3}){0,2}", other in "[a-c0-2]{1,4}(-[a-b0-2]{1,3}){0,2}") {
            prop_assert_eq!(sortable_key(&one).cmp(&sortable_key(&other)), SortKey::of(&one).cmp(&SortKey::of(&other)));
        }
    }
}
