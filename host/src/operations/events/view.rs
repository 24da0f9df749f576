//! Views of the log that leave out what does not matter for them. Names kinds of events alone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Category, EventKind, kinds};

/// A view of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventView {
    /// Every decision and change of people: who signed in, what was granted, set, approved, paused and removed.
    Audit,
    /// What was denied, rejected and stopped, who signed in, and what was granted and revoked.
    Security,
    /// What people follow the work by: runs, agents, items, questions, commits and pull requests.
    Activity,
}

/// What runs tell that people follow the work by.
const OF_RUNS: &[&str] = &["created", "resumed", "succeeded", "failed", "paused", "cancelled"];
/// The same of repositories.
const OF_GIT: &[&str] = &["merged", "conflict"];
/// The same of plugins.
const OF_PLUGINS: &[&str] = &["published", "installed", "removed"];

impl EventView {
    /// The kinds of events that it has, each as `category.name`.
    pub(super) fn kinds(self) -> Vec<String> {
        kinds().filter(|kind| self.has(kind)).map(|kind| format!("{}.{}", kind.category.as_str(), kind.name)).collect()
    }

    fn has(self, kind: &EventKind) -> bool {
        let EventKind { category, name, .. } = kind;
        match self {
            Self::Audit => matches!(category, Category::Audit | Category::Auth),
            Self::Security => *category == Category::Auth || matches!(*name, "denied" | "rejected" | "tripped" | "granted" | "revoked"),
            Self::Activity => match category {
                Category::Run => OF_RUNS.contains(name),
                Category::Git => OF_GIT.contains(name) || name.starts_with("pull_request_"),
                Category::Plugin => OF_PLUGINS.contains(name),
                Category::Agent | Category::Item | Category::Question => true,
                Category::Audit => name.starts_with("project_"),
                Category::Llm | Category::Tool | Category::Sandbox | Category::Auth | Category::System => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_has_kinds_and_every_named_kind_exists() {
        let has = |view: EventView, kind: &str| view.kinds().iter().any(|known| known == kind);
        assert!(
            has(EventView::Audit, "audit.denied")
                && has(EventView::Security, "sandbox.denied")
                && has(EventView::Security, "audit.granted")
        );
        assert!(has(EventView::Activity, "git.pull_request_merged") && has(EventView::Activity, "question.asked"));
        assert!(
            !has(EventView::Activity, "llm.completed") && !has(EventView::Audit, "run.created") && !has(EventView::Security, "run.log")
        );
        for (category, names) in [(Category::Run, OF_RUNS), (Category::Git, OF_GIT), (Category::Plugin, OF_PLUGINS)] {
            for name in names {
                assert!(kinds().any(|kind| kind.category == category && kind.name == *name), "{name}");
            }
        }
    }
}
