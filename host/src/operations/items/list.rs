//! Items listed: filtered, in order and a page at a time. Loads no whole backlog but for what a list of what can begin needs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemKind, ItemStatus, Page, Problem, ProjectRef, graph_of};
use crate::{
    interfaces::backlog::{self, ItemFilter, ItemRows, Kind, ListPosition, MOST_ITEMS, SortKey, Status},
    operations::reject_cursor,
};

/// Items of the longest page: all that a project can have.
pub const MOST_LISTED: u32 = 10_000;
const _: () = assert!(MOST_LISTED as usize == MOST_ITEMS, "a page can hold a whole backlog");

/// Which items to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListItems {
    /// The project.
    pub project: ProjectRef,
    /// Only those with one of these statuses; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<ItemStatus>,
    /// Only those of these kinds; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<ItemKind>,
    /// Only those that can begin now, most urgent first.
    #[serde(default)]
    pub ready: bool,
    /// Only those with all of these labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Only those with this text in their key, title or labels, in upper or lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only those that are directly part of the item with this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Only those that this one works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// In which order; those that can begin now are always in that of priority.
    #[serde(default)]
    pub order: ItemOrder,
    /// Only those after a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

impl ListItems {
    /// All items of a project, in the order of their keys, at most this many.
    pub fn of(project: ProjectRef, limit: u32) -> Self {
        Self {
            project,
            statuses: Vec::new(),
            kinds: Vec::new(),
            ready: false,
            labels: Vec::new(),
            search: None,
            parent: None,
            assignee: None,
            order: ItemOrder::Key,
            cursor: None,
            limit,
        }
    }
}

/// The order of a list of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemOrder {
    /// By their keys, numbers in them compared as numbers.
    #[default]
    Key,
    /// Most urgent first.
    Priority,
    /// As they were placed in the column of their status; those that were not placed come last.
    Place,
}

/// Which backlog to summarize.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SummarizeItems {
    /// The project.
    pub project: ProjectRef,
}

/// How far a backlog is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BacklogSummary {
    /// Epics.
    pub epics: u64,
    /// Stories and tasks.
    pub work: u64,
    /// Stories and tasks that are done.
    pub done: u64,
    /// Stories and tasks that can begin now.
    pub ready: u64,
}

/// A page of items. What it costs does not grow with the backlog, unless only those are wanted that can begin now.
pub async fn list(host: &Host, request: &ListItems) -> Result<Page<Item>, Problem> {
    let project = request.project.find(host).await?;
    if request.ready {
        return list_ready(host, project.id(), request).await;
    }
    // One more than was asked for says whether there is another page.
    let filter = ItemFilter { limit: request.limit.saturating_add(1), ..filter(request)? };
    let rows = host.app.item_lists.list_items(project.id(), &filter).await?;
    let firsts = rows.firsts.clone();
    let mut items = items_of(rows)?;
    let is_last = items.len() <= request.limit as usize;
    items.truncate(request.limit as usize);
    let last = items.last().zip(items.len().checked_sub(1).and_then(|last| firsts.get(last))).filter(|_| !is_last);
    let next = last.map(|(item, first)| format!("{first}.{}", item.key));
    Ok(Page { items, next })
}

/// Every item of some rows, as people see them.
pub(in crate::operations) fn items_of(rows: ItemRows) -> Result<Vec<Item>, Problem> {
    let ItemRows { mut items, related, .. } = rows;
    let shown = items.len();
    items.extend(related);
    let graph = graph_of(&items)?;
    Ok((0..shown).map(|place| Item::of(place, &items, &graph)).collect())
}

fn filter(request: &ListItems) -> Result<ItemFilter, Problem> {
    Ok(ItemFilter {
        statuses: request.statuses.iter().map(|status| (*status).into()).collect(),
        kinds: request.kinds.iter().map(|kind| (*kind).into()).collect(),
        labels: request.labels.clone(),
        search: request.search.as_ref().map(|search| search.to_lowercase()),
        parent: request.parent.clone(),
        assignee: request.assignee.clone(),
        order: match request.order {
            ItemOrder::Key => backlog::ItemOrder::Key,
            ItemOrder::Priority => backlog::ItemOrder::Priority,
            ItemOrder::Place => backlog::ItemOrder::Place,
        },
        behind: request.cursor.as_deref().map(read_position).transpose()?,
        limit: request.limit,
    })
}

fn read_position(cursor: &str) -> Result<ListPosition, Problem> {
    let parts = cursor.split_once('.').and_then(|(first, key)| Some((first.parse().ok()?, key)));
    let (first, key) = parts.filter(|(_, key)| backlog::check_key(key).is_ok()).ok_or_else(reject_cursor)?;
    Ok(ListPosition { first, key: key.to_owned() })
}

/// What an item waits for is known of the whole backlog alone.
async fn list_ready(host: &Host, project: &str, request: &ListItems) -> Result<Page<Item>, Problem> {
    let items = host.app.backlog.items(project, false).await?;
    let graph = graph_of(&items)?;
    let behind = request.cursor.as_deref().map(|cursor| read_position(cursor).map(Position::from)).transpose()?;
    let search = request.search.as_ref().map(|search| search.to_lowercase());
    let fits = |place: &usize| {
        let item = &items[*place];
        (request.statuses.is_empty() || request.statuses.contains(&graph.status(*place).into()))
            && (request.kinds.is_empty() || request.kinds.contains(&item.draft.kind.into()))
            && request.labels.iter().all(|label| item.draft.labels.contains(label))
            && request.parent.as_ref().is_none_or(|parent| item.draft.parent.as_ref() == Some(parent))
            && request.assignee.as_ref().is_none_or(|assignee| item.assignee.as_ref() == Some(assignee))
            && search.as_ref().is_none_or(|search| mentions(item, search))
            && behind.as_ref().is_none_or(|behind| Position::of(item) > *behind)
    };
    let mut fitting = graph.ready().into_iter().filter(fits).peekable();
    let page: Vec<_> = fitting.by_ref().take(request.limit as usize).collect();
    let next = page.last().filter(|_| fitting.peek().is_some()).map(|last| Position::write(&items[*last]));
    Ok(Page { items: page.into_iter().map(|place| Item::of(place, &items, &graph)).collect(), next })
}

/// How far the whole backlog is.
pub async fn summarize(host: &Host, request: &SummarizeItems) -> Result<BacklogSummary, Problem> {
    let project = request.project.find(host).await?;
    let items = host.app.backlog.items(project.id(), false).await?;
    let mut summary = BacklogSummary { ready: graph_of(&items)?.ready().len() as u64, ..BacklogSummary::default() };
    for item in &items {
        match (item.draft.kind, item.status) {
            (Kind::Epic, _) => summary.epics += 1,
            (_, status) => {
                summary.work += 1;
                summary.done += u64::from(status == Status::Done);
            }
        }
    }
    Ok(summary)
}

/// `search` is in lower case.
fn mentions(item: &backlog::Item, search: &str) -> bool {
    let draft = &item.draft;
    draft.key.contains(search)
        || draft.title.to_lowercase().contains(search)
        || draft.labels.as_slice().iter().any(|label| label.contains(search))
}

/// The position of an item among those that can begin, most urgent first. It keeps it when others are added or leave the list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    urgency: i64,
    place: SortKey,
}

impl Position {
    fn of(item: &backlog::Item) -> Self {
        Self { urgency: -i64::from(item.draft.priority), place: SortKey::of(&item.draft.key) }
    }

    fn write(item: &backlog::Item) -> String {
        format!("{}.{}", -i64::from(item.draft.priority), item.draft.key)
    }
}

impl From<ListPosition> for Position {
    fn from(ListPosition { first, key }: ListPosition) -> Self {
        Self { urgency: first, place: SortKey::of(&key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::backlog::Draft;

    fn item(key: &str, priority: u8) -> backlog::Item {
        let draft = Draft {
            key: key.to_owned(),
            kind: Kind::Story,
            title: "Split EVERYTHING".to_owned(),
            body: String::new(),
            parent: None,
            after: Vec::new(),
            priority,
            labels: vec!["area/checkout".to_owned()].into(),
        };
        backlog::Item { draft, status: Status::Todo, assignee: None, branch: None }
    }

    #[test]
    fn a_cursor_leads_behind_its_item_and_anything_else_is_rejected() {
        let (urgent, late) = (item("1-10", 9), item("1-2", 1));
        for one in [&urgent, &late] {
            assert_eq!(read_position(&Position::write(one)).map(Position::from), Ok(Position::of(one)));
        }
        assert!(Position::of(&urgent) < Position::of(&late));
        for wrong in ["", "1-2", "x.1-2", "9223372036854775808.1-2", "5.../x", "5."] {
            assert_eq!(read_position(wrong).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }

    #[test]
    fn a_text_is_searched_in_keys_titles_and_labels() {
        for (search, is_found) in [("everything", true), ("1-1", true), ("checkout", true), ("ghost", false)] {
            assert_eq!(mentions(&item("1-1-init", 5), search), is_found, "{search}");
        }
    }
}
