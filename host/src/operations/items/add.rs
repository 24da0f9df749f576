//! An item added to a backlog.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemKind, Problem, ProjectRef, author, load};
use crate::{
    actor::Actor,
    interfaces::backlog::{Draft, documents::USUAL_PRIORITY},
};

/// An item to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddItem {
    /// The project. A folder without one becomes one.
    pub project: ProjectRef,
    /// Its key.
    pub key: String,
    /// How wide it is.
    pub kind: ItemKind,
    /// One line.
    pub title: String,
    /// Markdown.
    #[serde(default)]
    pub body: String,
    /// The key of what it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Keys that must be done first.
    #[serde(default)]
    pub after: Vec<String>,
    /// 0 (last) to 10 (first).
    #[serde(default = "usual_priority")]
    pub priority: u8,
    /// What it is found by.
    #[serde(default)]
    pub labels: Vec<String>,
}

fn usual_priority() -> u8 {
    USUAL_PRIORITY
}

/// Adds an item. The problem is `item_exists` where its key is taken.
pub async fn add(host: &Host, actor: &Actor, request: &AddItem) -> Result<Item, Problem> {
    let project = request.project.open(host, actor).await?;
    let AddItem { key, kind, title, body, parent, after, priority, labels, .. } = request.clone();
    if host.app.backlog.items(project.id(), false).await?.iter().any(|item| item.draft.key == key) {
        let problem = Problem::conflict("item_exists", format!("Item `{key}` already exists."));
        return Err(problem.of_field("key").advise("Choose another key."));
    }
    let draft = Draft { key, kind: kind.into(), title, body, parent, after, priority, labels: labels.into() };
    host.app.backlog.put(project.id(), std::slice::from_ref(&draft), &author(actor)).await?;
    load(host, project.id(), &draft.key).await
}
