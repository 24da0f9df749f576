//! An item moved to another status by a person. Does none of its work.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemStatus, Problem, ProjectRef, author, board, graph_of, load, of_field};
use crate::{
    actor::Actor,
    interfaces::backlog::{self, Graph, Status, check_reason, follows, reopens},
};

/// Keys that a message names.
const MOST_NAMED: usize = 5;

/// Where to move an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoveItem {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
    /// Its next status.
    pub status: ItemStatus,
    /// Why, for its history.
    #[serde(default)]
    pub reason: String,
    /// Its place among the items of that status, from 0; absent for behind them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Moves it to `done` although an item before it is open.
    #[serde(default)]
    pub force: bool,
}

/// An item that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovedItem {
    /// As it is now.
    pub item: Item,
    /// Where it was done and is open again, the keys of the items that had waited for it and have begun: they keep their status.
    pub begun_dependents: Vec<String>,
}

/// Moves an item. The problem is `item_waits` where it would be done before what it waits for, unless the move is forced.
pub async fn move_to(host: &Host, actor: &Actor, request: &MoveItem) -> Result<MovedItem, Problem> {
    let (key, status) = (request.key.as_str(), Status::from(request.status));
    check_reason(&request.reason).map_err(|refusal| of_field("reason", refusal))?;
    let project = request.project.find(host).await?;
    let before = host.app.backlog.item(project.id(), key).await?.status;
    // Only these two are about other items.
    let begun_dependents = match status == Status::Done || reopens(before, status) {
        true => judge(host, project.id(), request, status).await?,
        false => Vec::new(),
    };
    // Whoever only gives it another place moves it nowhere.
    if request.position.is_none() || before != status {
        host.app.backlog.move_to(project.id(), key, status, &request.reason, &author(actor)).await?;
    }
    if let Some(position) = request.position {
        board::place(host, actor, project.id(), key, position).await?;
    }
    Ok(MovedItem { item: load(host, project.id(), key).await?, begun_dependents })
}

/// The keys of what has begun behind an item that is opened again. Rejects that it is done before what it waits for.
async fn judge(host: &Host, project: &str, request: &MoveItem, status: Status) -> Result<Vec<String>, Problem> {
    let items = host.app.backlog.items(project, false).await?;
    let graph = graph_of(&items)?;
    let Some(place) = items.iter().position(|item| item.draft.key == request.key) else { return Ok(Vec::new()) };
    if !request.force {
        check_order(place, status, &items, &graph)?;
    }
    let begun = if reopens(items[place].status, status) { graph.begun_behind(place) } else { Vec::new() };
    Ok(begun.into_iter().map(str::to_owned).collect())
}

/// Rejects that an item is done before what it waits for.
fn check_order(place: usize, status: Status, items: &[backlog::Item], graph: &Graph<'_>) -> Result<(), Problem> {
    let open = if status == Status::Done { graph.open_before(place) } else { Vec::new() };
    if open.is_empty() || !follows(items[place].status, status) {
        return Ok(());
    }
    let are = if open.len() == 1 { "is" } else { "are" };
    let message = format!("`{}` cannot be done while {} {are} open.", items[place].draft.key, list_keys(&open));
    let hint = "Finish what is before it first, or repeat the command with `--force`.";
    Err(Problem::conflict("item_waits", message).of_field("force").advise(hint))
}

/// The first keys, and how many there are beside them.
fn list_keys(keys: &[&str]) -> String {
    let first: Vec<_> = keys.iter().take(MOST_NAMED).map(|key| format!("`{key}`")).collect();
    match keys.len().saturating_sub(MOST_NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_keys_the_first_are_named() {
        assert_eq!(list_keys(&["a", "b"]), "`a`, `b`");
        assert_eq!(list_keys(&["a", "b", "c", "d", "e", "f", "g"]), "`a`, `b`, `c`, `d`, `e` and 2 more");
    }
}
