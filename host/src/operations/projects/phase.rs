//! How far the work of projects is, from how many of their items have which status. Reads no item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    interfaces::backlog::{ItemCount, Kind, Status},
    operations::{Host, Problem},
};

/// How far the work of a project is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectPhase {
    /// Its backlog has no story and no task.
    #[default]
    Planning,
    /// Stories or tasks are to be done.
    Implementation,
    /// All stories and tasks are done or cancelled.
    Finished,
}

impl ProjectPhase {
    /// The phase of a project with these items.
    pub(super) fn of<'a>(counts: impl IntoIterator<Item = &'a ItemCount>) -> Self {
        let is_open = |count: &ItemCount| !matches!(count.status, Status::Done | Status::Cancelled);
        let work = counts.into_iter().filter(|count| count.kind != Kind::Epic && count.count > 0);
        work.fold(
            Self::Planning,
            |phase, count| if is_open(count) || phase == Self::Implementation { Self::Implementation } else { Self::Finished },
        )
    }
}

/// The phases of all projects that have items, by their ids.
pub(super) async fn load_phases(host: &Host) -> Result<BTreeMap<String, ProjectPhase>, Problem> {
    let mut counts: BTreeMap<String, Vec<ItemCount>> = BTreeMap::new();
    for count in host.app.item_lists.count_items(None).await? {
        counts.entry(count.project.clone()).or_default().push(count);
    }
    Ok(counts.into_iter().map(|(project, counts)| (project, ProjectPhase::of(&counts))).collect())
}

/// The phase of one project.
pub(super) async fn load_phase(host: &Host, project: &str) -> Result<ProjectPhase, Problem> {
    Ok(ProjectPhase::of(&host.app.item_lists.count_items(Some(project)).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_follows_from_stories_and_tasks_alone() {
        let count = |kind, status| ItemCount { project: "p".to_owned(), kind, status, count: 2 };
        let (epic, done) = (count(Kind::Epic, Status::Todo), count(Kind::Story, Status::Done));
        let (cancelled, failed) = (count(Kind::Task, Status::Cancelled), count(Kind::Task, Status::Failed));
        assert_eq!(ProjectPhase::of([]), ProjectPhase::Planning);
        assert_eq!(ProjectPhase::of([&epic]), ProjectPhase::Planning);
        assert_eq!(ProjectPhase::of([&epic, &done, &cancelled]), ProjectPhase::Finished);
        assert_eq!(ProjectPhase::of([&failed, &done]), ProjectPhase::Implementation);
        assert_eq!(ProjectPhase::of([&done, &failed, &cancelled]), ProjectPhase::Implementation);
    }
}
