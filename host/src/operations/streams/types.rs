//! What streams call events: a subject and what happened to it. The log keeps its own names, which a frame has as well.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    events::{Category, EventKind},
    kernel::package::Kind,
};

/// What a kind of event is called where it is not called as in the log.
enum Naming {
    /// Always this.
    Always(&'static str),
    /// By the kind of the item, or `item` for one of an older log: what happened to it.
    OfItem(&'static str),
    /// By what executes the run: as here where that is a workflow or an agent, else as in the log.
    OfRun { workflow: Option<&'static str>, agent: Option<&'static str> },
}

use Category::{Agent, Audit, Git, Item, Question, Run};
use Naming::{Always, OfItem, OfRun};

/// All kinds of events that are called otherwise.
const RENAMED: &[(Category, &str, Naming)] = &[
    (Agent, "ended", Always("agent.completed")),
    (Audit, "budget_set", Always("budget.changed")),
    (Audit, "project_added", Always("project.created")),
    (Audit, "project_completed", Always("project.status.changed")),
    (Audit, "project_moved", Always("project.folder.changed")),
    (Audit, "project_paused", Always("project.status.changed")),
    (Audit, "project_removed", Always("project.deleted")),
    (Audit, "project_renamed", Always("project.renamed")),
    (Audit, "project_resumed", Always("project.status.changed")),
    (Git, "check_reported", Always("pr.check.reported")),
    (Git, "pull_request_closed", Always("pr.closed")),
    (Git, "pull_request_merged", Always("pr.merged")),
    (Git, "pull_request_opened", Always("pr.created")),
    (Git, "pull_request_reviewed", Always("pr.reviewed")),
    (Item, "added", OfItem("created")),
    (Item, "changed", OfItem("changed")),
    (Item, "moved", OfItem("status.changed")),
    (Question, "asked", Always("question.created")),
    (Question, "decided", Always("decision.created")),
    (Run, "created", OfRun { workflow: Some("workflow.started"), agent: Some("agent.started") }),
    (Run, "failed", OfRun { workflow: Some("workflow.error"), agent: None }),
    (Run, "succeeded", OfRun { workflow: Some("workflow.completed"), agent: None }),
];

/// The words for the kinds of items.
const ITEMS: [&str; 3] = ["epic", "story", "task"];

/// What streams call an event of a run that this executes, if it is of one.
pub(super) fn name_type(category: Category, name: &str, data: &Value, executes: Option<Kind>) -> Cow<'static, str> {
    let usual = || Cow::Owned(format!("{}.{name}", category.as_str()));
    match find(category, name) {
        None => usual(),
        Some(Always(known)) => Cow::Borrowed(known),
        Some(OfItem(what)) => {
            let subject = ITEMS.into_iter().find(|kind| data["kind"] == **kind).unwrap_or("item");
            Cow::Owned(format!("{subject}.{what}"))
        }
        Some(OfRun { workflow, agent }) => {
            let known = match executes {
                Some(Kind::Workflow) => *workflow,
                Some(Kind::Agent) => *agent,
                _ => None,
            };
            known.map_or_else(usual, Cow::Borrowed)
        }
    }
}

/// All that streams call events of a kind.
pub fn types_of(kind: &EventKind) -> Vec<String> {
    let usual = format!("{}.{}", kind.category.as_str(), kind.name);
    match find(kind.category, kind.name) {
        None => vec![usual],
        Some(Always(known)) => vec![(*known).to_owned()],
        Some(OfItem(what)) => ITEMS.into_iter().chain(["item"]).map(|subject| format!("{subject}.{what}")).collect(),
        Some(OfRun { workflow, agent }) => workflow.iter().chain(agent).map(|known| (*known).to_owned()).chain([usual]).collect(),
    }
}

fn find(category: Category, name: &str) -> Option<&'static Naming> {
    RENAMED.iter().find(|(of, called, _)| *of == category && *called == name).map(|(.., naming)| naming)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operations::events::kinds;

    #[test]
    fn what_is_renamed_exists_and_every_name_is_one_that_is_listed() {
        for (category, name, _) in RENAMED {
            assert!(kinds().any(|kind| kind.category == *category && kind.name == *name), "{name} does not exist");
        }
        for kind in kinds() {
            let types = types_of(kind);
            for executes in [None, Some(Kind::Workflow), Some(Kind::Agent), Some(Kind::Toolbox)] {
                for item in ["epic", "story", "task", "other"] {
                    let named = name_type(kind.category, kind.name, &json!({ "kind": item }), executes);
                    assert!(types.iter().any(|known| *known == named), "{named} is not listed");
                }
            }
        }
    }

    #[test]
    fn an_event_is_named_by_its_item_or_by_what_executes_its_run() {
        let moved = |data| name_type(Item, "moved", &data, None);
        assert_eq!(moved(json!({ "kind": "story" })), "story.status.changed");
        assert_eq!(moved(json!({})), "item.status.changed");
        assert_eq!(name_type(Run, "failed", &json!({}), Some(Kind::Workflow)), "workflow.error");
        assert_eq!(name_type(Run, "failed", &json!({}), Some(Kind::Agent)), "run.failed");
        assert_eq!(name_type(Run, "of the future", &json!({}), None), "run.of the future");
    }
}
