//! Which events a stream has: those that exist for its caller, and of these those that were asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::about::About;
use crate::{
    events::Category,
    journal::RunId,
    operations::{
        Host, Problem,
        access::{Caller, Permission, Subject, VisibleProjects},
    },
};

/// Which events to follow, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowEvents {
    /// Those behind this event; those from now on where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Only those of this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those of this run, by its whole id, and of those below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only those of this item of the project, and of the runs that work on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Only those about one of these; all where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// Also what models are writing.
    #[serde(default)]
    pub tokens: bool,
    /// What tells the client from others of the same user: its next stream takes the place of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// A request, with what it names found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) visible: VisibleProjects,
    pub(super) project: Option<String>,
    pub(super) run: Option<RunId>,
    pub(super) item: Option<String>,
    pub(super) categories: Vec<Category>,
    pub(super) tokens: bool,
}

impl Filter {
    /// What a caller may follow of what they ask for. What does not exist for them is not found.
    pub(super) async fn find(host: &Host, caller: &Caller, request: &FollowEvents) -> Result<Self, Problem> {
        if request.item.is_some() && request.project.is_none() {
            let problem = Problem::invalid("project_missing", "item", "The key of an item says which one it is only within a project.");
            return Err(problem.advise("Give `project` as well."));
        }
        let project = match &request.project {
            Some(name) => {
                caller.check(host, Permission::Read, Subject::Project(name)).await?;
                Some(caller.find_project(host, name).await?)
            }
            None => None,
        };
        if let (Some(project), Some(item)) = (&project, &request.item) {
            host.app.backlog.item(project, item).await?;
        }
        if let Some(run) = &request.run {
            caller.check(host, Permission::Read, Subject::Run(run)).await?;
        }
        if request.project.is_none() && request.run.is_none() {
            caller.check(host, Permission::Read, Subject::Host).await?;
        }
        Ok(Self {
            visible: caller.projects.clone(),
            project,
            run: request.run.clone().map(RunId::from_text),
            item: request.item.clone(),
            categories: request.categories.clone(),
            tokens: request.tokens,
        })
    }

    /// Whether something belongs to the stream.
    pub(super) fn admits(&self, category: Category, about: &About) -> bool {
        let is_visible = match (&self.visible, &about.project) {
            (VisibleProjects::All, _) => true,
            (VisibleProjects::Only(ids), Some(project)) => ids.contains(project),
            (VisibleProjects::Only(_), None) => false,
        };
        is_visible
            && (self.categories.is_empty() || self.categories.contains(&category))
            && (self.project.is_none() || self.project == about.project)
            && self.run.as_ref().is_none_or(|run| about.run.as_ref().is_some_and(|facts| facts.line.contains(run)))
            && self.item.as_ref().is_none_or(|item| about.item.as_ref() == Some(item) || of_run(about) == Some(item))
    }
}

fn of_run(about: &About) -> Option<&String> {
    about.run.as_ref()?.item.as_ref()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use super::{super::about::RunFacts, *};
    use crate::kernel::package::Kind;

    fn all() -> Filter {
        Filter { visible: VisibleProjects::All, project: None, run: None, item: None, categories: Vec::new(), tokens: false }
    }

    fn about(project: Option<&str>) -> About {
        let line = ["child", "root"].map(RunId::from_text).into();
        let facts = RunFacts { project: "p1".to_owned(), executes: Kind::Agent, item: Some("S-1".to_owned()), line };
        About { project: project.map(str::to_owned), run: Some(Arc::new(facts)), item: Some("S-2".to_owned()) }
    }

    #[test]
    fn a_stream_has_what_exists_for_its_caller_alone() {
        let only = |ids: &[&str]| Filter { visible: VisibleProjects::Only(ids.iter().map(ToString::to_string).collect()), ..all() };
        assert!(all().admits(Category::Run, &about(Some("p1"))) && all().admits(Category::Plugin, &About::default()));
        assert!(only(&["p1"]).admits(Category::Run, &about(Some("p1"))));
        assert!(!only(&["p2"]).admits(Category::Run, &about(Some("p1"))));
        assert!(!only(&["p1"]).admits(Category::Plugin, &About::default()), "what is of no project is the host's");
        assert_eq!(only(&[]).visible, VisibleProjects::Only(BTreeSet::new()));
    }

    #[test]
    fn a_filter_admits_its_project_its_tree_its_item_and_its_categories() {
        let admits = |filter: Filter| filter.admits(Category::Run, &about(Some("p1")));
        let run = |id: &str| Filter { run: Some(RunId::from_text(id)), ..all() };
        let item = |key: &str| Filter { item: Some(key.to_owned()), ..all() };
        let project = |id: &str| Filter { project: Some(id.to_owned()), ..all() };
        assert_eq!([run("child"), run("root"), run("other")].map(admits), [true, true, false]);
        assert_eq!([item("S-1"), item("S-2"), item("S-3")].map(admits), [true, true, false]);
        assert_eq!([project("p1"), project("p2")].map(admits), [true, false]);
        let of = |categories: &[Category]| Filter { categories: categories.to_vec(), ..all() };
        assert_eq!([of(&[Category::Item, Category::Run]), of(&[Category::Item])].map(admits), [true, false]);
    }
}
