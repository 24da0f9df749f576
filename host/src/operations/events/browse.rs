//! The log for a caller: what belongs to projects that exist for them, searched by the database a part at a time. Follows nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Category, Event, EventLevel, EventView, last_before, level, read_cursor};
use crate::{
    events::{self, Found, Search},
    journal::RunId,
    kernel::KernelError,
    operations::{Host, Moment, Page, Problem, access::Caller},
};

/// Events of the log that are searched at once.
const WINDOW: i64 = 50_000;
/// How often the search continues where little was found. A page that is not full then leads on.
const WINDOWS: usize = 20;
/// Bytes of the longest text that is searched for.
const LONGEST_TEXT: usize = 1_000;

/// In which order events are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Which events to list for a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrowseEvents {
    /// Only those of this view of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<EventView>,
    /// Only those about this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Only those that ask for as much attention, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<EventLevel>,
    /// Only those of this project, by its id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those of this run and of those below it, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Only those about the item with this key, or of runs for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Only those in whose name or particulars this text is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only those from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Only those from before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// In which order.
    #[serde(default)]
    pub order: EventOrder,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// The events of projects that exist for the caller; those of no project are for who sees everything. A page may have fewer than are
/// wanted, or none, and lead on: the part of the log that is searched for one page is bounded.
pub async fn list_for(host: &Host, caller: &Caller, request: &BrowseEvents) -> Result<Page<Event>, Problem> {
    list_kinds(host, caller, request, request.view.map(EventView::kinds)).await
}

/// The same of these kinds of events, each as `category.name`; of all where none are given.
pub(in crate::operations) async fn list_kinds(
    host: &Host,
    caller: &Caller,
    request: &BrowseEvents,
    kinds: Option<Vec<String>>,
) -> Result<Page<Event>, Problem> {
    let mut search = Search { kinds, ..search(host, caller, request).await? };
    // The events of one tree are few beside the log, and found without a look at the others.
    let window = if search.run.is_some() { i64::MAX } else { WINDOW };
    let (mut begin, mut end) = bounds(host, request).await?;
    let mut items = Vec::new();
    for _ in 0..WINDOWS {
        let part = match request.order {
            EventOrder::Oldest => (begin, end.min(begin.saturating_add(window))),
            EventOrder::Newest => (begin.max(end.saturating_sub(window)), end),
        };
        (search.after, search.up_to) = (part.0, Some(part.1));
        search.limit = request.limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        let found = host.app.kernel.events().search(&search).await.map_err(KernelError::from)?;
        let last = found.last().map(|found| found.event.cursor).filter(|_| found.len() >= search.limit as usize);
        items.extend(found.into_iter().map(Event::from).filter(|event| request.level.is_none_or(|least| event.level >= least)));
        // Behind what was looked at: the last event of a full page, or the whole part.
        match request.order {
            EventOrder::Oldest => begin = last.unwrap_or(part.1),
            EventOrder::Newest => end = last.map_or(part.0, |last| last - 1),
        }
        if begin >= end || items.len() >= request.limit as usize {
            break;
        }
    }
    let next = match request.order {
        EventOrder::Oldest => begin,
        EventOrder::Newest => end + 1,
    };
    Ok(Page { items, next: (begin < end).then(|| next.to_string()) })
}

async fn search(host: &Host, caller: &Caller, request: &BrowseEvents) -> Result<Search, Problem> {
    let projects = match &request.project {
        Some(name) => Some(vec![caller.find_project(host, name).await?]),
        None => caller.only_projects(),
    };
    if request.text.as_ref().is_some_and(|text| text.len() > LONGEST_TEXT) {
        let message = format!("The text to search for has more than {LONGEST_TEXT} bytes.");
        return Err(Problem::invalid("text_too_long", "text", message));
    }
    Ok(Search {
        category: request.category,
        run: request.run.clone(),
        projects,
        item: request.item.clone(),
        text: request.text.clone(),
        newest_first: request.order == EventOrder::Newest,
        ..Search::default()
    })
}

/// The cursor behind which the search begins, and the last that it looks at.
async fn bounds(host: &Host, request: &BrowseEvents) -> Result<(i64, i64), Problem> {
    let cursor = request.cursor.as_deref().map(read_cursor).transpose()?;
    let begin = match request.since {
        Some(since) => last_before(host, since).await?,
        None => 0,
    };
    let end = match request.until {
        Some(until) => last_before(host, until).await?,
        None => host.app.kernel.events().newest().await.map_err(KernelError::from)?,
    };
    Ok(match (cursor, request.order) {
        (None, _) => (begin, end),
        (Some(cursor), EventOrder::Oldest) => (begin.max(cursor), end),
        (Some(cursor), EventOrder::Newest) => (begin, end.min(cursor.saturating_sub(1))),
    })
}

impl From<Found> for Event {
    fn from(Found { event, project }: Found) -> Self {
        let events::Event { cursor, at, draft } = event;
        let level = level(&draft);
        let events::Draft { category, name, run, actor, data } = draft;
        Self { cursor, at: Moment(at), category, name, level, run, project, actor, data }
    }
}
