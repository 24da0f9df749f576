//! What can be said of an item, and what may become of it. Pure; knows one item at a time, the graph knows the rest.

use super::{Draft, Kind, Status};
use crate::{
    errors::Hint,
    interfaces::likeness::distance,
    journal::CallError,
    rules::items::{self, HIGHEST_PRIORITY, LONGEST_REASON, MOST_AFTER},
};

pub use crate::rules::items::{MOST_ITEMS, SortKey};

/// Bytes of all that a list of the whole backlog holds, which has to fit into one answer.
pub(super) const LARGEST_LIST: usize = 4 << 20;

/// Why a backlog is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing that could be a file's name and a branch's.
    #[error(
        "`{0}` is not a key: a key has 1 to 64 of the characters a-z and 0-9, with single dashes between them, such as `1-2-user-login`."
    )]
    Key(String),
    /// `what` is `title`, `assignee` or `branch`.
    #[error("The {what} of `{key}` has to be one line of 1 to 1024 bytes without control characters.")]
    Line { key: String, what: &'static str },
    #[error("The body of `{0}` has to be text of at most 262144 bytes, without control characters.")]
    Body(String),
    #[error("`{key}` waits for {count} items, and the limit is 100.")]
    After { key: String, count: usize },
    #[error("The priority of `{key}` is {priority}, which is not on the scale from 0 (last) to 10 (first).")]
    Priority { key: String, priority: u8 },
    #[error(
        "`{0}` is not a label: a label has 1 to 50 of the characters a-z (lower case), 0-9, `-`, `.`, `/` and `_`, and starts with a letter or \
         digit, such as `area/checkout`."
    )]
    Label(String),
    #[error("`{key}` has the label `{label}` twice.")]
    LabelTwice { key: String, label: String },
    #[error("`{key}` has {count} labels, and the limit is 20.")]
    Labels { key: String, count: usize },
    #[error("`{0}` is given twice in one call.")]
    Twice(String),
    /// Part of something that is not wider: `above` is the kind of `parent`.
    #[error("`{key}` is {} and cannot belong to `{parent}`, which is {}.", with_article(kind), with_article(above))]
    Belongs { key: String, kind: &'static str, parent: String, above: &'static str },
    /// `how` is `waits for` or `belongs to`.
    #[error("`{key}` {} `{other}`, which is not in the backlog.", .link.verb())]
    Missing { key: String, link: Link, other: String },
    #[error("These items wait for each other: {}.", circle(.0))]
    Cycle(Vec<String>),
    #[error("A project has at most 10000 items, and these would be {0}.")]
    TooMany(usize),
    /// More than one answer holds.
    #[error("The titles, edges and labels of the backlog would have {0} bytes, more than the 4194304 that one list can hold.")]
    TooLarge(usize),
    /// `near` are keys that look alike.
    #[error("Item `{key}` is not in the backlog.")]
    Unknown { key: String, near: Vec<String> },
    /// A status that cannot follow. A person may do more than a run.
    #[error("`{key}` is `{}` and cannot become `{}`.", before.as_str(), after.as_str())]
    Conflict { key: String, before: Status, after: Status, by_person: bool },
    #[error("The reason has more than 4096 bytes.")]
    Reason,
}

/// How an item names another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It waits for the other.
    After,
    /// It is a part of the other.
    Parent,
}

impl Link {
    fn verb(self) -> &'static str {
        match self {
            Self::After => "waits for",
            Self::Parent => "belongs to",
        }
    }
}

impl Hint for Refusal {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Key(_) | Self::Line { .. } | Self::Label(_) => "Choose another.",
            Self::Body(_) => "Leave control characters out, and put more into a document.",
            Self::After { .. } => "Name fewer.",
            Self::Priority { .. } => "Give 0 (last) to 10 (first).",
            Self::LabelTwice { .. } => "Give it once.",
            Self::Labels { .. } => "Give fewer.",
            Self::Twice(_) => "Say once what it is.",
            Self::Belongs { .. } => "A story belongs to an epic, a task to an epic or a story.",
            Self::Missing { .. } => "Add it first, or together with this item.",
            Self::Cycle(_) => "Take one of them out of `after`.",
            Self::TooMany(_) => "Keep fewer.",
            Self::TooLarge(_) => "Keep fewer items, or say it shorter.",
            Self::Unknown { near, .. } => return Some(advice(near)),
            Self::Conflict { before, by_person, .. } => return Some(way_on(*before, *by_person)),
            Self::Reason => "Say it in fewer words.",
        };
        Some(hint.to_owned())
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.explain();
        match refusal {
            Refusal::Unknown { key, .. } | Refusal::Missing { other: key, .. } => Self::not_found(text).about(key),
            Refusal::Conflict { key, .. } => Self::conflict(text).about(key),
            Refusal::Label(wrong) | Refusal::LabelTwice { label: wrong, .. } => Self::invalid(text).about(wrong),
            Refusal::Key(key)
            | Refusal::Line { key, .. }
            | Refusal::Body(key)
            | Refusal::After { key, .. }
            | Refusal::Priority { key, .. }
            | Refusal::Labels { key, .. }
            | Refusal::Twice(key)
            | Refusal::Belongs { key, .. } => Self::invalid(text).about(key),
            Refusal::Reason => Self::invalid(text).about("reason"),
            Refusal::Cycle(_) | Refusal::TooMany(_) | Refusal::TooLarge(_) => Self::invalid(text),
        }
    }
}

/// What can be said of an item without knowing the others.
pub(super) fn check(draft: &Draft) -> Result<(), Refusal> {
    let Draft { key, title, body, after, priority, labels, .. } = draft;
    for key in [key].into_iter().chain(&draft.parent).chain(after) {
        check_key(key)?;
    }
    check_line(key, "title", title)?;
    if !items::is_body(body) {
        return Err(Refusal::Body(key.clone()));
    }
    if after.len() > MOST_AFTER {
        return Err(Refusal::After { key: key.clone(), count: after.len() });
    }
    if *priority > HIGHEST_PRIORITY {
        return Err(Refusal::Priority { key: key.clone(), priority: *priority });
    }
    labels.check(key)
}

/// Whether a text can be the key of an item.
pub fn check_key(key: &str) -> Result<(), Refusal> {
    if items::is_key(key) { Ok(()) } else { Err(Refusal::Key(excerpt(key))) }
}

/// The beginning of a text that may be anything, on one line.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

/// A title, an assignee or a branch.
pub fn check_line(key: &str, what: &'static str, text: &str) -> Result<(), Refusal> {
    if items::is_line(text) { Ok(()) } else { Err(Refusal::Line { key: key.to_owned(), what }) }
}

/// Why an item is moved.
pub fn check_reason(reason: &str) -> Result<(), Refusal> {
    if reason.len() > LONGEST_REASON { Err(Refusal::Reason) } else { Ok(()) }
}

/// Whether a status may follow another. None follows itself, so that of two who take the same item one is refused.
pub fn follows(before: Status, after: Status) -> bool {
    match before {
        Status::Todo | Status::InProgress | Status::Review => before != after,
        Status::Blocked => !matches!(after, Status::Blocked | Status::Done),
        Status::Failed => matches!(after, Status::Todo | Status::InProgress | Status::Cancelled),
        Status::Cancelled => after == Status::Todo,
        Status::Done => false,
    }
}

/// Whether a person may reopen an item so, which a run may not: what it found done stays done for it.
pub fn reopens(before: Status, after: Status) -> bool {
    before == Status::Done && matches!(after, Status::Todo | Status::InProgress)
}

/// An item that nobody has: the keys that differ from it by the fewest letters are named.
pub fn unknown<'a>(key: &str, keys: impl Iterator<Item = &'a str>) -> Refusal {
    const MOST_NAMED: usize = 3;
    let key: String = key.chars().take(100).collect();
    let alike = |other: &'a str| {
        let begins = !key.is_empty() && (other.starts_with(&key) || other.contains(&format!("-{key}")));
        let distance = if begins { 0 } else { distance(&key, other) };
        (distance <= key.len() / 3).then_some((distance, other))
    };
    let mut near: Vec<_> = keys.filter_map(alike).collect();
    near.sort_by_cached_key(|(distance, key)| (*distance, SortKey::of(key)));
    near.truncate(MOST_NAMED);
    Refusal::Unknown { key: key.escape_debug().to_string(), near: near.into_iter().map(|(_, key)| key.to_owned()).collect() }
}

/// Bytes that an item takes in a list.
pub(super) fn weight(draft: &Draft) -> usize {
    let Draft { key, title, parent, after, labels, .. } = draft;
    let lists = after.iter().chain(labels.as_slice()).map(String::len).sum::<usize>();
    key.len() + title.len() + parent.as_ref().map_or(0, String::len) + lists
}

impl Refusal {
    pub(super) fn belongs(draft: &Draft, parent: &str, above: Kind) -> Self {
        Self::Belongs { key: draft.key.clone(), kind: draft.kind.as_str(), parent: parent.to_owned(), above: above.as_str() }
    }
}

/// A word that begins with a vowel, as `epic` does, has another article.
fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// A circle in a sentence: whole where it is short, else its first and last items and how many there are between them.
fn circle(keys: &[String]) -> String {
    const ENDS: usize = 5;
    let between = keys.len().saturating_sub(2 * ENDS);
    if between <= 1 {
        return keys.join(" → ");
    }
    format!("{} → {between} more → {}", keys[..ENDS].join(" → "), keys[keys.len() - ENDS..].join(" → "))
}

fn advice(near: &[String]) -> String {
    match near {
        [] => "`baton backlog list` lists the items.".to_owned(),
        near => format!("Did you mean `{}`?", near.join("` or `")),
    }
}

fn way_on(before: Status, by_person: bool) -> String {
    if before == Status::Done && !by_person {
        return "A run cannot reopen what is done; add another item for what is still to do.".to_owned();
    }
    let may = |after: &Status| follows(before, *after) || by_person && reopens(before, *after);
    let next: Vec<_> = Status::ALL.into_iter().filter(may).map(|status| format!("`{}`", status.as_str())).collect();
    format!("It may have been moved meanwhile, so look at its history. Next may be {}.", next.join(", "))
}
