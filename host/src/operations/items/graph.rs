//! What waits for what in a backlog, in waves that can be worked on side by side. Draws nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, Problem, ProjectRef, graph_of};
use crate::interfaces::backlog::BacklogError;

/// Whose graph to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowGraph {
    /// The project.
    pub project: ProjectRef,
}

/// The graph of a backlog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BacklogGraph {
    /// Keys of stories and tasks that are not over, a wave each: a wave waits only for what is done and for the waves before it.
    pub waves: Vec<Vec<String>>,
    /// Every item, in the order of the keys.
    pub items: Vec<Item>,
}

/// The graph of the whole backlog.
pub async fn graph(host: &Host, request: &ShowGraph) -> Result<BacklogGraph, Problem> {
    let project = request.project.find(host).await?;
    let items = host.app.backlog.items(project.id(), false).await?;
    let graph = graph_of(&items)?;
    let waves = graph.waves().map_err(BacklogError::from)?;
    let key = |place: usize| items[place].draft.key.clone();
    Ok(BacklogGraph {
        waves: waves.into_iter().map(|wave| wave.into_iter().map(key).collect()).collect(),
        items: (0..items.len()).map(|place| Item::of(place, &items, &graph)).collect(),
    })
}
