//! One item: what it says, what it waits for, how it was moved and what happened for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemMove, ItemStory, Problem, ProjectRef, load, story};

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
