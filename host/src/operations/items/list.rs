//! Items listed: filtered, in order and a page at a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Item, ItemStatus, Page, Problem, ProjectRef, graph_of};
use crate::{
    interfaces::backlog::{self, Kind, MOST_ITEMS, SortKey, Status},
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
    /// Only those that can begin now, most urgent first.
    #[serde(default)]
    pub ready: bool,
    /// Only those with all of these labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Only those with this text in their key, title or labels, in upper or lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only those after a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
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

/// Items in the order of their keys, or with `ready` most urgent first.
pub async fn list(host: &Host, request: &ListItems) -> Result<Page<Item>, Problem> {
    let project = request.project.find(host).await?;
    let items = host.app.backlog.items(project.id(), false).await?;
    let graph = graph_of(&items)?;
    let behind = request.cursor.as_deref().map(|cursor| Position::read(cursor, request.ready)).transpose()?;
    let search = request.search.as_ref().map(|search| search.to_lowercase());
    let places = if request.ready { graph.ready() } else { (0..items.len()).collect() };
    let fits = |place: &usize| {
        let item = &items[*place];
        (request.statuses.is_empty() || request.statuses.contains(&graph.status(*place).into()))
            && request.labels.iter().all(|label| item.draft.labels.contains(label))
            && search.as_ref().is_none_or(|search| mentions(item, search))
            && behind.as_ref().is_none_or(|behind| Position::of(item, request.ready) > *behind)
    };
    let mut fitting = places.into_iter().filter(fits).peekable();
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

/// The position of an item in a list, which it keeps when others are added or leave the list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    /// 0 where the list is not in the order of urgency.
    urgency: u8,
    place: SortKey,
}

impl Position {
    fn new(priority: u8, key: &str, by_urgency: bool) -> Self {
        Self { urgency: if by_urgency { u8::MAX - priority } else { 0 }, place: SortKey::of(key) }
    }

    fn of(item: &backlog::Item, by_urgency: bool) -> Self {
        Self::new(item.draft.priority, &item.draft.key, by_urgency)
    }

    fn write(item: &backlog::Item) -> String {
        format!("{}.{}", item.draft.priority, item.draft.key)
    }

    fn read(cursor: &str, by_urgency: bool) -> Result<Self, Problem> {
        let parts = cursor.split_once('.').and_then(|(priority, key)| Some((priority.parse().ok()?, key)));
        let (priority, key) = parts.filter(|(_, key)| backlog::check_key(key).is_ok()).ok_or_else(reject_cursor)?;
        Ok(Self::new(priority, key, by_urgency))
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
    fn a_cursor_leads_behind_its_item_in_both_orders() {
        let (urgent, late) = (item("1-10", 9), item("1-2", 1));
        for by_urgency in [false, true] {
            for one in [&urgent, &late] {
                assert_eq!(Position::read(&Position::write(one), by_urgency), Ok(Position::of(one, by_urgency)));
            }
        }
        assert!(Position::of(&urgent, true) < Position::of(&late, true) && Position::of(&urgent, false) > Position::of(&late, false));
        for wrong in ["", "1-2", "x.1-2", "300.1-2", "5.../x", "5."] {
            assert_eq!(Position::read(wrong, false).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }

    #[test]
    fn a_text_is_searched_in_keys_titles_and_labels() {
        for (search, is_found) in [("everything", true), ("1-1", true), ("checkout", true), ("ghost", false)] {
            assert_eq!(mentions(&item("1-1-init", 5), search), is_found, "{search}");
        }
    }
}
