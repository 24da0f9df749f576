//! `backlog`, from memory. Documents are written as if nobody had changed them: what people added to one is lost.

use serde_json::{Value, json};

use super::Contract;
use crate::Result;
pub use crate::bindings::host::baton::plugin::backlog::{Draft, Item, Kind, Status, StatusChange};
use crate::testing::{backlog::sorted, installed, world::World};

const READ: Option<(&str, &str)> = Some(("backlog", "read"));
const WRITE: Option<(&str, &str)> = Some(("backlog", "write"));

pub(crate) fn put(items: &[Draft]) -> Contract<()> {
    let world = installed::world("backlog.put");
    let request = json!({ "items": items.iter().map(noted_draft).collect::<Vec<_>>() });
    let run = world.about.borrow().id.clone();
    let put = || world.backlog.borrow_mut().put(items, world.now.get(), Some(&run));
    Ok(world.call("backlog.put", request, WRITE, put, super::done)?)
}

pub(crate) fn get(key: &str) -> Contract<Item> {
    let world = installed::world("backlog.get");
    let get = || world.backlog.borrow().get(key).cloned();
    Ok(world.call("backlog.get", json!({ "key": key }), READ, get, noted_item)?)
}

pub(crate) fn all() -> Contract<Vec<Item>> {
    let world = installed::world("backlog.all");
    let all = || Ok(world.backlog.borrow().all());
    Ok(world.call("backlog.all", json!({}), READ, all, |items| items.iter().map(noted_item).collect())?)
}

pub(crate) fn ready() -> Contract<Vec<Item>> {
    let world = installed::world("backlog.ready");
    let ready = || Ok(world.backlog.borrow().ready());
    Ok(world.call("backlog.ready", json!({}), READ, ready, |items| items.iter().map(noted_item).collect())?)
}

pub(crate) fn move_to(key: &str, status: Status, reason: &str) -> Contract<()> {
    let world = installed::world("backlog.move-to");
    let request = json!({ "key": key, "status": status.as_str(), "reason": reason });
    let run = world.about.borrow().id.clone();
    let move_to = || world.backlog.borrow_mut().move_to(key, status, reason, world.now.get(), Some(&run));
    Ok(world.call("backlog.move-to", request, WRITE, move_to, super::done)?)
}

pub(crate) fn assign(key: &str, assignee: Option<&str>, branch: Option<&str>) -> Contract<()> {
    let world = installed::world("backlog.assign");
    let request = json!({ "key": key, "assignee": assignee, "branch": branch });
    let assign = || world.backlog.borrow_mut().assign(key, assignee, branch);
    Ok(world.call("backlog.assign", request, WRITE, assign, super::done)?)
}

pub(crate) fn history(key: &str) -> Contract<Vec<StatusChange>> {
    let world = installed::world("backlog.history");
    let history = || world.backlog.borrow().history(key);
    Ok(world.call("backlog.history", json!({ "key": key }), READ, history, |moves| moves.iter().map(noted_move).collect())?)
}

pub(crate) fn write_documents() -> Contract<Vec<String>> {
    let world = installed::world("backlog.write-documents");
    let write = || {
        let mut changed = Vec::new();
        for (path, content) in world.backlog.borrow().documents() {
            let mut files = world.files.borrow_mut();
            if files.read(&path).ok().as_deref() != Some(content.as_bytes()) {
                files.write(&path, content.as_bytes())?;
                changed.push(path);
            }
        }
        Ok(changed)
    };
    Ok(world.call("backlog.write-documents", json!({}), WRITE, write, |paths| json!(paths))?)
}

/// Whether the backlog has the item that a child is for, and the run may know.
pub(super) fn check_item(world: &World, item: Option<&str>) -> Result<()> {
    let Some(key) = item else { return Ok(()) };
    world.allows("backlog", "read")?;
    world.backlog.borrow().get(key).map(drop)
}

fn noted_draft(draft: &Draft) -> Value {
    let Draft { kind, key, title, body, parent, after, priority, labels } = draft;
    let mut noted =
        json!({ "kind": kind.as_str(), "key": key, "title": title, "body": body, "parent": parent, "after": after, "priority": priority });
    // As the host writes them down: sorted, and not at all where there are none.
    if !labels.is_empty() {
        noted["labels"] = json!(sorted(labels));
    }
    noted
}

fn noted_item(item: &Item) -> Value {
    let mut noted = noted_draft(&item.draft);
    noted["status"] = json!(item.status.as_str());
    noted["assignee"] = json!(item.assignee);
    noted["branch"] = json!(item.branch);
    noted
}

fn noted_move(moved: &StatusChange) -> Value {
    let before = moved.before.map(Status::as_str);
    json!({ "at": crate::numbers::from_contract(moved.at_ms), "before": before, "after": moved.after.as_str(), "reason": moved.reason, "run": moved.run })
}
