//! What can be said of an item, and what may become of it. Pure; knows one item at a time, the graph knows the rest.

use super::{Draft, Kind, Status};
use crate::{interfaces::likeness::distance, journal::CallError};

/// Items of one project.
pub const MOST_ITEMS: usize = 10_000;
/// Bytes of all that a list of the whole backlog holds, which has to fit into one answer.
pub(super) const LARGEST_LIST: usize = 4 << 20;

const LONGEST_KEY: usize = 64;
const LONGEST_LINE: usize = 1 << 10;
const LONGEST_BODY: usize = 256 << 10;
const LONGEST_REASON: usize = 4 << 10;
const MOST_AFTER: usize = 100;
const HIGHEST_PRIORITY: u8 = 10;

/// Why a backlog is not changed. Every text says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing that could be a file's name and a branch's.
    #[error(
        "`{0}` is not a key: a key has 1 to 64 of the characters a-z and 0-9, with single dashes between them, such as `1-2-user-login`; choose another."
    )]
    Key(String),
    /// A title, assignee or branch that is no line.
    #[error("The {what} of `{key}` has to be one line of 1 to 1024 bytes without control characters; choose another.")]
    Line {
        /// The item.
        key: String,
        /// `title`, `assignee` or `branch`.
        what: &'static str,
    },
    /// A body that is too long, or no text.
    #[error("The body of `{0}` has to be text of at most 262144 bytes; leave control characters out, and put more into a document.")]
    Body(String),
    /// Too many edges.
    #[error("`{key}` waits for {count} items, and at most 100 are kept; name fewer.")]
    After {
        /// The item.
        key: String,
        /// How many.
        count: usize,
    },
    /// A priority beyond the scale.
    #[error("The priority of `{key}` is {priority}; give 0 (last) to 10 (first).")]
    Priority {
        /// The item.
        key: String,
        /// What was given.
        priority: u8,
    },
    /// Nothing that items can be found by.
    #[error(
        "`{0}` is not a label: a label has 1 to 50 of the characters a-z (lower case), 0-9, `-`, `.`, `/` and `_`, and starts with a letter or \
         digit, such as `area/checkout`; choose another."
    )]
    Label(String),
    /// The same label more than once.
    #[error("`{key}` has the label `{label}` twice; give it once.")]
    LabelTwice {
        /// The item.
        key: String,
        /// The label.
        label: String,
    },
    /// Too many labels.
    #[error("`{key}` has {count} labels, and at most 20 are kept; give fewer.")]
    Labels {
        /// The item.
        key: String,
        /// How many.
        count: usize,
    },
    /// The same item more than once.
    #[error("`{0}` is given twice in one call; say once what it is.")]
    Twice(String),
    /// Part of something that is no wider.
    #[error(
        "`{key}` is {} and cannot belong to `{parent}`, which is {}; a story belongs to an epic, a task to an epic or a story.",
        with_article(kind),
        with_article(above)
    )]
    Belongs {
        /// The item.
        key: String,
        /// Its kind.
        kind: &'static str,
        /// What it was to be a part of.
        parent: String,
        /// The kind of that.
        above: &'static str,
    },
    /// A parent or an edge that leads nowhere.
    #[error("`{key}` {how} `{other}`, which is not in the backlog; add it first, or in the same call.")]
    Missing {
        /// The item.
        key: String,
        /// `waits for` or `belongs to`.
        how: &'static str,
        /// What is not there.
        other: String,
    },
    /// Items that would wait for ever.
    #[error("These items wait for each other: {}. Take one of them out of `after`.", circle(.0))]
    Cycle(Vec<String>),
    /// More items than a project has.
    #[error("A project has at most 10000 items, and these would be {0}; keep fewer.")]
    TooMany(usize),
    /// More than one answer holds.
    #[error(
        "The titles, edges and labels of the backlog would have {0} bytes, more than the 4194304 that one list can hold; keep fewer items, or say it shorter."
    )]
    TooLarge(usize),
    /// No such item.
    #[error("There is no item `{key}` in the backlog; {}.", advice(near))]
    Unknown {
        /// What was asked for.
        key: String,
        /// Keys that look alike.
        near: Vec<String>,
    },
    /// A status that cannot follow.
    #[error("`{key}` is `{}` and cannot become `{}`: {}.", before.as_str(), after.as_str(), way_on(*before, *by_person))]
    Conflict {
        /// The item.
        key: String,
        /// Its status.
        before: Status,
        /// What it was to become.
        after: Status,
        /// A person wanted it, who may do more than a run.
        by_person: bool,
    },
    /// A reason nobody would read.
    #[error("The reason has more than 4096 bytes; say it in fewer words.")]
    Reason,
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
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
    let hidden = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if body.len() > LONGEST_BODY || body.contains(hidden) {
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

/// ASCII alone, so that no two keys look alike and each is a file's name and a branch's everywhere.
pub fn check_key(key: &str) -> Result<(), Refusal> {
    let plain = key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !plain || key.is_empty() || key.len() > LONGEST_KEY || key.starts_with('-') || key.ends_with('-') || key.contains("--") {
        return Err(Refusal::Key(shown(key)));
    }
    Ok(())
}

/// The beginning of a text that may be anything, on one line.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

/// A title, an assignee or a branch.
pub fn check_line(key: &str, what: &'static str, text: &str) -> Result<(), Refusal> {
    match text.trim().is_empty() || text.len() > LONGEST_LINE || text.contains(char::is_control) {
        true => Err(Refusal::Line { key: key.to_owned(), what }),
        false => Ok(()),
    }
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
    near.sort_by_cached_key(|(distance, key)| (*distance, Place::of(key)));
    near.truncate(MOST_NAMED);
    Refusal::Unknown { key: key.escape_debug().to_string(), near: near.into_iter().map(|(_, key)| key.to_owned()).collect() }
}

/// Where a key stands: the numbers in it compared as numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Vec<Part>, String);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// How many digits it has, and which, without zeros before them.
    Number(usize, String),
    Text(String),
}

impl Place {
    /// The place of a key.
    pub fn of(key: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = key;
        while let Some(is_number) = rest.bytes().next().map(|byte| byte.is_ascii_digit()) {
            let end = rest.find(|character: char| character.is_ascii_digit() != is_number).unwrap_or(rest.len());
            let (part, later) = rest.split_at(end);
            let number = part.trim_start_matches('0');
            parts.push(if is_number { Part::Number(number.len(), number.to_owned()) } else { Part::Text(part.to_owned()) });
            rest = later;
        }
        Self(parts, key.to_owned())
    }
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
        [] => "`backlog.all` and `baton backlog list` list the items".to_owned(),
        near => format!("near it are `{}`", near.join("`, `")),
    }
}

fn way_on(before: Status, by_person: bool) -> String {
    if before == Status::Done && !by_person {
        return "a run cannot reopen what is done; add another item for what is still to do".to_owned();
    }
    let may = |after: &Status| follows(before, *after) || by_person && reopens(before, *after);
    let next: Vec<_> = Status::ALL.into_iter().filter(may).map(|status| format!("`{}`", status.as_str())).collect();
    format!("it may have been moved meanwhile, so look at its history; next may be {}", next.join(", "))
}
