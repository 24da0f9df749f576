//! The items of a project's backlog: listed, shown, added, changed, moved, and kept in step with the documents. Does no work on
//! them.

mod add;
mod board;
mod change;
mod dependencies;
mod edit;
mod graph;
mod import;
mod list;
mod logs;
mod move_to;
mod show;
mod story;
mod view;
mod work;
mod write;

use utoipa::OpenApi;

use super::{Host, Page, Problem, projects::ProjectRef};
use crate::{
    actor::Actor,
    interfaces::backlog::{self, Author, BacklogError, Graph},
};

pub use add::{AddItem, add};
pub use backlog::documents::USUAL_PRIORITY;
pub use board::{Board, Column, ShowBoard, show_board};
pub use change::{ChangeItem, RemoveItem, RemovedItem, change, remove};
pub use dependencies::{Dependencies, dependencies};
pub use edit::{EditItem, edit};
pub use graph::{BacklogGraph, ShowGraph, graph};
pub use import::{ImportEffect, ImportFinding, ImportItems, ImportedItems, import};
pub(in crate::operations) use list::items_of;
pub use list::{BacklogSummary, ItemOrder, ListItems, MOST_LISTED, SummarizeItems, list, summarize};
pub use logs::{ListItemLogs, artifact, artifacts, logs};
pub use move_to::{MoveItem, MovedItem, move_to};
pub use show::{ItemDetails, ShowItem, history, show, show_for};
pub use story::{ItemReview, ItemStory, ItemTests, ReviewFinding, TestCounts};
pub use view::{Item, ItemKind, ItemMove, ItemStatus};
pub use work::{ItemWork, StartItem, WorkChange, pause, resume, start, stop, work};
pub use write::{LeftDocument, WriteDocuments, WrittenDocuments, write};

/// Checks the key of an item.
pub fn check_key(key: &str) -> Result<(), Problem> {
    backlog::check_key(key).map_err(|refusal| of_field("key", refusal))
}

/// Checks a label.
pub fn check_label(label: &str) -> Result<(), Problem> {
    backlog::check_label(label).map_err(|refusal| of_field("labels", refusal))
}

fn of_field(field: &str, refusal: backlog::Refusal) -> Problem {
    Problem::from(BacklogError::from(refusal)).of_field(field)
}

fn author(actor: &Actor) -> Author {
    Author::Person(actor.clone())
}

fn graph_of(items: &[backlog::Item]) -> Result<Graph<'_>, Problem> {
    Ok(Graph::of(items).map_err(BacklogError::from)?)
}

/// One item as it is now.
async fn load(host: &Host, project: &str, key: &str) -> Result<Item, Problem> {
    let (found, related) = host.app.item_lists.load_item(project, key).await?;
    let items = [vec![found], related].concat();
    Ok(Item::of(0, &items, &graph_of(&items)?))
}

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(Board, Dependencies, Item, ItemWork, Page<Item>, ItemDetails, RemovedItem, WorkChange, BacklogSummary, BacklogGraph, MovedItem, ImportedItems, WrittenDocuments)))]
pub(super) struct Views;
