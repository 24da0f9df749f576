//! What a sprint is to take: whether the stories that its order names can be had, and why there are none where there are
//! none. Takes nothing up.

use std::collections::BTreeSet;

use baton_sdk::backlog::{Item, Kind, Status};
use baton_sdk::prelude::*;

/// Keys that a sentence names.
const MOST_NAMED: usize = 10;

/// Refuses keys of stories that are not there, or that no landing of this sprint's makes ready. What is done stays so.
/// `resume`: what an earlier sprint left can be had, too.
pub(crate) fn check(wanted: &[String], resume: bool) -> Result<()> {
    let (items, ready) = (backlog::all()?, backlog::ready()?);
    let is_left =
        |key: &str| items.iter().any(|item| item.draft.key == key && item.draft.kind != Kind::Epic && may_be_resumed(item.status));
    let others = wanted.iter().filter(|key| !(resume && is_left(key)));
    let objections: Vec<_> = others.filter_map(|key| objection(key, wanted, &items, &ready)).collect();
    if objections.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!("These stories cannot be taken: {}. Nothing was begun.", objections.join("; "))))
}

/// Whether a story of this status may have been left by an earlier sprint.
pub(crate) fn may_be_resumed(status: Status) -> bool {
    matches!(status, Status::InProgress | Status::Review | Status::Blocked | Status::Failed)
}

fn objection(key: &str, wanted: &[String], items: &[Item], ready: &[Item]) -> Option<String> {
    let find = |key: &str| items.iter().find(|item| item.draft.key == key);
    let Some(item) = find(key) else {
        return Some(format!("`{}` is not in the backlog", key.chars().take(64).flat_map(char::escape_debug).collect::<String>()));
    };
    if item.draft.kind == Kind::Epic {
        return Some(format!("{key} is an epic; name the stories in it"));
    }
    match item.status {
        Status::Done => return None,
        Status::Todo => {}
        status => return Some(format!("{key} is `{}` (`baton backlog move {key} todo` makes it ready again)", status.as_str())),
    }
    if ready.iter().any(|item| item.draft.key == key) {
        return None;
    }
    let open =
        |key: &&String| !wanted.contains(key) && find(key).is_some_and(|item| item.status != Status::Done && item.draft.kind != Kind::Epic);
    let missing: Vec<_> = item.draft.after.iter().filter(open).map(String::as_str).collect();
    (!missing.is_empty()).then(|| format!("{key} waits for {}, which the order does not name", named(&missing)))
}

/// Stories that are at work, but not in this sprint.
pub(crate) fn held(items: &[Item], own: &BTreeSet<&str>) -> Vec<String> {
    let at_work = |item: &&Item| item.status.is_at_work() && item.draft.kind != Kind::Epic;
    items.iter().filter(at_work).map(|item| item.draft.key.clone()).filter(|key| !own.contains(key.as_str())).collect()
}

/// What to do about them.
pub(crate) fn advice(held: &[String]) -> Option<String> {
    let first = held.first()?;
    let keys: Vec<_> = held.iter().map(String::as_str).collect();
    Some(format!(
        "At work or in review, but not in this sprint: {}. Where no run and no person works on one, `baton backlog move {first} todo` makes it ready \
         again; its branch keeps what was written.",
        named(&keys)
    ))
}

/// Why a sprint that took nothing found nothing.
pub(crate) fn nothing(items: &[Item], held: &[String]) -> String {
    let count = |statuses: &[Status]| items.iter().filter(|item| item.draft.kind != Kind::Epic && statuses.contains(&item.status)).count();
    let counted = [
        (count(&[Status::Todo]), "waiting or not wanted"),
        (held.len(), "at work or in review"),
        (count(&[Status::Blocked, Status::Failed]), "blocked or failed"),
        (count(&[Status::Done, Status::Cancelled]), "done or cancelled"),
    ];
    let told: Vec<_> = counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if told.is_empty() { "Nothing is ready: the backlog is empty".to_owned() } else { format!("Nothing is ready: {}", told.join(", ")) }
}

fn named(keys: &[&str]) -> String {
    let more = keys.len().saturating_sub(MOST_NAMED);
    let named: Vec<_> = keys.iter().take(MOST_NAMED).copied().collect();
    format!("{}{}", named.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
}
