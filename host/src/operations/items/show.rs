//! One item: what it says, what it waits for, how it was moved and what happened for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemMove, ItemStory, Page, Problem, ProjectRef, load, story};
use crate::operations::access::Caller;

/// Which item to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowItem {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
}

/// An item and its story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemDetails {
    /// What a list says of it.
    #[serde(flatten)]
    pub item: Item,
    /// Markdown.
    pub body: String,
    /// How it was moved, oldest first.
    pub history: Vec<ItemMove>,
    /// What happened for it.
    #[serde(flatten)]
    pub story: ItemStory,
}

/// An item and its story.
pub async fn show(host: &Host, request: &ShowItem) -> Result<ItemDetails, Problem> {
    let project = request.project.find(host).await?;
    let whole = host.app.backlog.item(project.id(), &request.key).await?;
    let history = host.app.backlog.history(project.id(), &request.key).await?;
    let item = load(host, project.id(), &request.key).await?;
    let story = story::load(host, &project, &request.key, item.branch.as_deref()).await?;
    Ok(ItemDetails { item, body: whole.draft.body, history: history.into_iter().map(ItemMove::from).collect(), story })
}

/// The same for a caller: folders of this machine are told to its operator alone.
pub async fn show_for(host: &Host, caller: &Caller, request: &ShowItem) -> Result<ItemDetails, Problem> {
    let details = show(host, request).await?;
    let runs = details.story.runs.into_iter().map(|run| run.seen_by(caller)).collect();
    Ok(ItemDetails { story: ItemStory { runs, ..details.story }, ..details })
}

/// How an item was moved, the oldest first, a page at a time.
pub async fn history(host: &Host, request: &ShowItem, cursor: Option<&str>, limit: u32) -> Result<Page<ItemMove>, Problem> {
    let project = request.project.find(host).await?;
    let moves = host.app.backlog.history(project.id(), &request.key).await?;
    let numbered = (1_u64..).zip(moves.into_iter().map(ItemMove::from)).collect();
    let page = Page::cut(numbered, |(place, _): &(u64, ItemMove)| place.to_string(), cursor, limit)?;
    Ok(Page { items: page.items.into_iter().map(|(_, moved)| moved).collect(), next: page.next })
}
