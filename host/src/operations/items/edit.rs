//! What is said of an item changed: its labels.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, Problem, ProjectRef, author, load};
use crate::actor::Actor;

/// What to change of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EditItem {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
    /// Labels to add.
    #[serde(default)]
    pub add_labels: Vec<String>,
    /// Labels to remove.
    #[serde(default)]
    pub remove_labels: Vec<String>,
}

/// Changes an item; gives it as it is then.
pub async fn edit(host: &Host, actor: &Actor, request: &EditItem) -> Result<Item, Problem> {
    let project = request.project.find(host).await?;
    let EditItem { key, add_labels, remove_labels, .. } = request;
    host.app.backlog.label(project.id(), key, add_labels, remove_labels, &author(actor)).await?;
    load(host, project.id(), key).await
}
