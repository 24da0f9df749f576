//! The stories and tasks of a project as a board: a column for each status, in which people place items. Moves none by itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemKind, ItemOrder, ItemStatus, ListItems, Problem, ProjectRef, author, list};
use crate::{
    actor::Actor,
    operations::projects::{StatusCount, count_statuses},
};

/// Which board to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowBoard {
    /// The project.
    pub project: ProjectRef,
    /// At most this many items of each column.
    pub limit: u32,
}

/// A board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// A column for each status.
    pub columns: Vec<Column>,
}

/// The stories and tasks with a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// The status.
    pub status: ItemStatus,
    /// How many items have it.
    pub total: u64,
    /// The first of them: as they were placed, and behind them those that were not, by their keys.
    pub items: Vec<Item>,
    /// What gives the next ones in a list of items of this status, in the order `place`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The board of a project.
pub async fn show_board(host: &Host, request: &ShowBoard) -> Result<Board, Problem> {
    let project = request.project.find(host).await?;
    let counts = host.app.item_lists.count_items(Some(project.id())).await?;
    let mut columns = Vec::new();
    for StatusCount { status, count: total } in count_statuses(&counts) {
        let page = ListItems {
            statuses: vec![status],
            kinds: vec![ItemKind::Story, ItemKind::Task],
            order: ItemOrder::Place,
            ..ListItems::of(request.project.clone(), request.limit)
        };
        let page = list(host, &page).await?;
        columns.push(Column { status, total, items: page.items, next: page.next });
    }
    Ok(Board { columns })
}

/// Gives an item a place in the column of its status, from 0. One behind the last is the last.
pub(super) async fn place(host: &Host, actor: &Actor, project: &str, key: &str, position: u32) -> Result<(), Problem> {
    Ok(host.app.item_lists.place_item(project, key, position, &author(actor)).await?)
}
