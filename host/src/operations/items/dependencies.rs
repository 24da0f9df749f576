//! What an item waits for, and what waits for it. Changes neither.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, Problem, ShowItem, graph_of};
use crate::interfaces::backlog::{self, BacklogError};

/// What an item depends on, and what depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dependencies {
    /// The item.
    pub key: String,
    /// What must be done before it, in the order of the keys.
    pub after: Vec<Item>,
    /// What waits for it or is directly part of it, in the order of the keys.
    pub dependents: Vec<Item>,
}

/// What an item depends on, and what depends on it.
pub async fn dependencies(host: &Host, request: &ShowItem) -> Result<Dependencies, Problem> {
    let project = request.project.find(host).await?;
    let behind: BTreeSet<String> = host.app.item_lists.dependents(project.id(), &request.key).await?.into_iter().collect();
    let items = host.app.backlog.items(project.id(), false).await?;
    let graph = graph_of(&items)?;
    let found = items.iter().find(|item| item.draft.key == request.key).ok_or_else(|| {
        let keys = items.iter().map(|item| item.draft.key.as_str());
        Problem::from(BacklogError::from(backlog::unknown(&request.key, keys)))
    })?;
    let pick = |is_wanted: &dyn Fn(&str) -> bool| {
        let places = (0..items.len()).filter(|place| is_wanted(&items[*place].draft.key));
        places.map(|place| Item::of(place, &items, &graph)).collect()
    };
    Ok(Dependencies {
        key: request.key.clone(),
        after: pick(&|key| found.draft.after.iter().any(|earlier| earlier == key)),
        dependents: pick(&|key| behind.contains(key)),
    })
}
