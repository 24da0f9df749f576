//! What may be in a backlog, as the host decides it. Keeps nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::backlog::{Draft, Item, Kind, Status};
use crate::rules::items::{
    HIGHEST_PRIORITY, LONGEST_BODY, LONGEST_KEY, LONGEST_LABEL, LONGEST_LINE, MOST_AFTER, MOST_LABELS, SortKey, is_body, is_key, is_label,
    is_line,
};
use crate::{Error, Result};

type Items = BTreeMap<String, Item>;

/// What can be said of an item without knowing the others.
pub(super) fn check(draft: &Draft) -> Result<()> {
    let Draft { key, title, body, after, priority, labels, .. } = draft;
    for key in [key].into_iter().chain(&draft.parent).chain(after) {
        check_key(key)?;
    }
    check_line(key, "title", title)?;
    if !is_body(body) {
        let text = format!(
            "The body of `{key}` has to be text of at most {LONGEST_BODY} bytes, without control characters. Leave control characters out, and put more into a document."
        );
        return Err(Error::invalid(text).about(key));
    }
    if after.len() > MOST_AFTER {
        let text = format!("`{key}` waits for {} items, and the limit is {MOST_AFTER}. Name fewer.", after.len());
        return Err(Error::invalid(text).about(key));
    }
    if *priority > HIGHEST_PRIORITY {
        let text = format!(
            "The priority of `{key}` is {priority}, which is not on the scale from 0 (last) to {HIGHEST_PRIORITY} (first). Give 0 (last) to {HIGHEST_PRIORITY} (first)."
        );
        return Err(Error::invalid(text).about(key));
    }
    check_labels(key, labels)
}

fn check_labels(key: &str, labels: &[String]) -> Result<()> {
    let labels = sorted(labels);
    labels.iter().try_for_each(|label| check_label(label))?;
    if let Some(pair) = labels.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::invalid(format!("`{key}` has the label `{}` twice. Give it once.", pair[0])).about(pair[0].as_str()));
    }
    if labels.len() > MOST_LABELS {
        let text = format!("`{key}` has {} labels, and the limit is {MOST_LABELS}. Give fewer.", labels.len());
        return Err(Error::invalid(text).about(key));
    }
    Ok(())
}

fn check_label(label: &str) -> Result<()> {
    if is_label(label) {
        return Ok(());
    }
    let label = shown(label);
    let text = format!(
        "`{label}` is not a label: a label has 1 to {LONGEST_LABEL} of the characters a-z (lower case), 0-9, `-`, `.`, `/` and `_`, and starts \
         with a letter or digit, such as `area/checkout`. Choose another."
    );
    Err(Error::invalid(text).about(label))
}

/// The labels of an item as they are kept.
pub(in crate::testing) fn sorted(labels: &[String]) -> Vec<String> {
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    labels
}

/// The beginning of a text that may be anything, on one line.
fn shown(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

/// A title, an assignee or a branch.
pub(super) fn check_line(key: &str, what: &str, text: &str) -> Result<()> {
    if !is_line(text) {
        let text =
            format!("The {what} of `{key}` has to be one line of 1 to {LONGEST_LINE} bytes without control characters. Choose another.");
        return Err(Error::invalid(text).about(key));
    }
    Ok(())
}

/// Parents and `after` are there and fit, and nothing waits for itself.
pub(super) fn check_graph(items: &Items) -> Result<()> {
    for item in items.values() {
        let Draft { key, kind, parent, after, .. } = &item.draft;
        if let Some(parent) = parent {
            let above = items.get(parent).ok_or_else(|| missing(key, "belongs to", parent))?;
            if above.draft.kind as u8 >= *kind as u8 {
                let text = format!(
                    "`{key}` is {} and cannot belong to `{parent}`, which is {}. A story belongs to an epic, a task to an epic or a story.",
                    with_article(*kind),
                    with_article(above.draft.kind)
                );
                return Err(Error::invalid(text).about(key));
            }
        }
        if let Some(unknown) = after.iter().find(|key| !items.contains_key(*key)) {
            return Err(missing(key, "waits for", unknown));
        }
    }
    match cycle(items) {
        Some(cycle) => {
            Err(Error::invalid(format!("These items wait for each other: {}. Take one of them out of `after`.", cycle.join(" → "))))
        }
        None => Ok(()),
    }
}

/// The keys an item waits for: its own, and those of the epic it is in.
pub(super) fn waits<'a>(items: &'a Items, item: &'a Item) -> impl Iterator<Item = &'a str> {
    item.draft.after.iter().chain(epic_of(items, item).into_iter().flat_map(|epic| &epic.draft.after)).map(String::as_str)
}

/// Whether what waits for an item may begin. An epic is done with all that is directly in it, too.
pub(super) fn done(items: &Items, key: &str) -> bool {
    let Some(item) = items.get(key) else { return false };
    let mut below = below(items, item).filter(|item| item.status != Status::Cancelled).peekable();
    item.status == Status::Done || below.peek().is_some() && below.all(|item| item.status == Status::Done)
}

pub(super) fn follows(before: Status, after: Status) -> bool {
    match before {
        Status::Todo | Status::InProgress | Status::Review => before != after,
        Status::Blocked => !matches!(after, Status::Blocked | Status::Done),
        Status::Failed => matches!(after, Status::Todo | Status::InProgress | Status::Cancelled),
        Status::Cancelled => after == Status::Todo,
        Status::Done => false,
    }
}

/// Sorts keys with the numbers in them compared as numbers.
pub(super) fn order(key: &str) -> SortKey {
    SortKey::of(key)
}

pub(in crate::testing) fn check_key(key: &str) -> Result<()> {
    if !is_key(key) {
        let key = shown(key);
        let text = format!(
            "`{key}` is not a key: a key has 1 to {LONGEST_KEY} of the characters a-z and 0-9, with single dashes between them, such as \
             `1-2-user-login`. Choose another."
        );
        return Err(Error::invalid(text).about(key));
    }
    Ok(())
}

fn with_article(kind: Kind) -> String {
    format!("{} {}", if kind == Kind::Epic { "an" } else { "a" }, kind.as_str())
}

fn missing(key: &str, how: &str, unknown: &str) -> Error {
    Error::not_found(format!("`{key}` {how} `{unknown}`, which is not in the backlog. Add it first, or together with this item."))
        .about(unknown)
}

fn epic_of<'a>(items: &'a Items, item: &'a Item) -> Option<&'a Item> {
    let above = items.get(item.draft.parent.as_deref()?)?;
    if above.draft.kind == Kind::Epic { Some(above) } else { items.get(above.draft.parent.as_deref()?) }
}

/// What is directly in an epic; nothing of any other item.
fn below<'a>(items: &'a Items, item: &'a Item) -> impl Iterator<Item = &'a Item> {
    let in_it = |other: &&Item| item.draft.kind == Kind::Epic && other.draft.parent.as_deref() == Some(&item.draft.key);
    items.values().filter(in_it)
}

/// One circle of items, its first again at the end. An item in an epic begins after what the epic waits for, and the
/// epic ends after all that is in it.
fn cycle(items: &Items) -> Option<Vec<String>> {
    let mut settled = BTreeSet::new();
    for item in items.values() {
        let mut path = Vec::new();
        let found =
            (search(items, (item, false), &mut path, &mut settled)).or_else(|| search(items, (item, true), &mut path, &mut settled));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// An item's beginning, or its end.
type Point<'a> = (&'a Item, bool);

/// Recursion is deep enough for a test's backlog.
fn search<'a>(
    items: &'a Items,
    point: Point<'a>,
    path: &mut Vec<(&'a str, bool)>,
    settled: &mut BTreeSet<(&'a str, bool)>,
) -> Option<Vec<String>> {
    let name = (point.0.draft.key.as_str(), point.1);
    if settled.contains(&name) {
        return None;
    }
    if let Some(begin) = path.iter().position(|other| *other == name) {
        let mut circle: Vec<_> = path[begin..].iter().chain([&name]).map(|(key, _)| (*key).to_owned()).collect();
        // Beginning and end of an item are one word to a reader.
        circle.dedup();
        if circle.len() == 1 {
            circle.extend(circle.first().cloned());
        }
        return Some(circle);
    }
    path.push(name);
    let found = before(items, point).into_iter().find_map(|earlier| search(items, earlier, path, settled));
    path.pop();
    settled.insert(name);
    found
}

/// What has to come first.
fn before<'a>(items: &'a Items, (item, ends): Point<'a>) -> Vec<Point<'a>> {
    if ends {
        return [(item, false)].into_iter().chain(below(items, item).map(|item| (item, true))).collect();
    }
    let epic = epic_of(items, item).map(|epic| (epic, false));
    item.draft.after.iter().filter_map(|key| items.get(key)).map(|item| (item, true)).chain(epic).collect()
}
