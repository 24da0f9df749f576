//! What is said of an item changed, and an item removed. Moves none to another status.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, Problem, ProjectRef, author, load, of_field};
use crate::{
    actor::Actor,
    interfaces::backlog::{Status, check_line},
};

/// What to change of an item. What is absent stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeItem {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The key of what it is a part of; empty for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Keys that must be done first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<String>>,
    /// 0 (last) to 10 (first).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// What it is found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Who works on it; empty for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// The branch on which they do; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// An item to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemoveItem {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
}

/// An item that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedItem {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
}

/// Changes what is said of an item; gives it as it is then.
pub async fn change(host: &Host, actor: &Actor, request: &ChangeItem) -> Result<Item, Problem> {
    let project = request.project.find(host).await?;
    let ChangeItem { key, title, body, parent, after, priority, labels, assignee, branch, .. } = request.clone();
    let backlog = &host.app.backlog;
    for (what, line) in [("assignee", &assignee), ("branch", &branch)] {
        if let Some(line) = line.as_deref().filter(|line| !line.is_empty()) {
            check_line(&key, what, line).map_err(|refusal| of_field(what, refusal))?;
        }
    }
    let before = backlog.item(project.id(), &key).await?;
    let mut draft = before.draft.clone();
    draft.title = title.unwrap_or(draft.title);
    draft.body = body.unwrap_or(draft.body);
    draft.parent = choose_text(parent, draft.parent);
    draft.after = after.unwrap_or(draft.after);
    draft.priority = priority.unwrap_or(draft.priority);
    draft.labels = labels.map_or(draft.labels, Into::into);
    if draft != before.draft {
        backlog.put(project.id(), std::slice::from_ref(&draft), &author(actor)).await?;
    }
    let (assignee, branch) = (choose_text(assignee, before.assignee.clone()), choose_text(branch, before.branch.clone()));
    if (&assignee, &branch) != (&before.assignee, &before.branch) {
        backlog.assign(project.id(), &key, assignee.as_deref(), branch.as_deref(), &author(actor)).await?;
    }
    load(host, project.id(), &key).await
}

/// What was given, where an empty text is nothing; else what was.
fn choose_text(given: Option<String>, before: Option<String>) -> Option<String> {
    given.map_or(before, |given| Some(given).filter(|given| !given.is_empty()))
}

/// Removes an item with its history. The problem is `item_needed` where others are part of it or wait for it, and `item_at_work`
/// where it is worked on.
pub async fn remove(host: &Host, actor: &Actor, request: &RemoveItem) -> Result<RemovedItem, Problem> {
    let project = request.project.find(host).await?;
    let item = host.app.backlog.item(project.id(), &request.key).await?;
    if matches!(item.status, Status::InProgress | Status::Review) {
        let message = format!("`{}` is {}.", request.key, item.status.as_str());
        let problem = Problem::conflict("item_at_work", message).of_field("item");
        return Err(problem.advise("Stop the work on it, or move it to another status first."));
    }
    let needed = host.app.item_lists.remove_item(project.id(), &request.key, &author(actor)).await?;
    if let Some(other) = needed.first() {
        let message = format!("`{other}` is part of `{}` or waits for it.", request.key);
        let problem = Problem::conflict("item_needed", message).of_field("item");
        return Err(problem.advise("Remove or change the items that name it first, or move it to `cancelled`."));
    }
    Ok(RemovedItem { key: request.key.clone(), title: item.draft.title })
}
