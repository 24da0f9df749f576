//! The log of events: what happened, filtered and a page at a time. Follows nothing by itself: whoever follows asks again behind
//! the last page.

mod browse;
mod kinds;
#[cfg(test)]
pub(crate) mod sample;
mod view;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{Host, Moment, Page, Problem, reject_cursor};
use crate::{actor::Actor, events, journal::RunId, kernel::KernelError};

pub(in crate::operations) use browse::list_kinds;
pub use browse::{BrowseEvents, EventOrder, list_for};
pub use events::{Category, EventKind, EventLevel};
pub use kinds::kinds;
pub use view::EventView;

/// Events read from the log at once.
const CHUNK: u32 = 1_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its place in the log, from 1.
    pub cursor: i64,
    /// When it was written.
    pub at: Moment,
    /// What it is about.
    pub category: Category,
    /// What happened, such as `progress` or `completed`.
    pub name: String,
    /// How much it asks for attention.
    pub level: EventLevel,
    /// The run it happened in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The id of its project, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Who caused it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The particulars; their shape belongs to `category` and `name`.
    pub data: Value,
}

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListEvents {
    /// Only those of this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those of this run and of those below it: any beginning or end of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only those about this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Only those that ask for as much attention, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<EventLevel>,
    /// Only those from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many; with neither `since` nor `cursor` the last of them.
    pub limit: u32,
}

/// The oldest first. `next` always leads behind what was looked at, so that whoever follows misses nothing.
pub async fn list(host: &Host, request: &ListEvents) -> Result<Page<Event>, Problem> {
    list_with(host, request, &mut ProjectsOfRuns::new()).await
}

/// The projects of runs, which never change, as far as they were looked up.
pub(super) type ProjectsOfRuns = HashMap<RunId, Option<String>>;

/// The same for a caller that lists repeatedly: keeps the projects that it looked up.
pub(super) async fn list_with(host: &Host, request: &ListEvents, projects: &mut ProjectsOfRuns) -> Result<Page<Event>, Problem> {
    let mut looking = Looking::new(host, request, projects).await?;
    match (&request.cursor, request.since) {
        (Some(cursor), _) => looking.forwards(read_cursor(cursor)?).await,
        (None, Some(since)) => {
            let before = looking.last_before(since).await?;
            looking.forwards(before).await
        }
        (None, None) => looking.backwards().await,
    }
}

fn read_cursor(cursor: &str) -> Result<i64, Problem> {
    cursor.parse().ok().filter(|cursor| *cursor >= 0).ok_or_else(reject_cursor)
}

/// A request, with what it names found.
struct Looking<'a> {
    host: &'a Host,
    request: &'a ListEvents,
    /// The runs that are meant; none for all.
    runs: Option<HashSet<RunId>>,
    /// The id of the project that is meant; none for all.
    project: Option<String>,
    /// The projects of the runs that were met.
    projects: &'a mut ProjectsOfRuns,
}

impl<'a> Looking<'a> {
    async fn new(host: &'a Host, request: &'a ListEvents, projects: &'a mut ProjectsOfRuns) -> Result<Self, Problem> {
        let runs = match &request.run {
            Some(part) => {
                let run = host.app.kernel.resolve(part).await?;
                Some(host.app.kernel.tree_summaries(&run.id).await?.into_iter().map(|run| run.id).collect())
            }
            None => None,
        };
        let project = match &request.project {
            Some(name) => Some(host.app.kernel.find_project(name).await?.id),
            None => None,
        };
        Ok(Self { host, request, runs, project, projects })
    }

    async fn forwards(&mut self, mut cursor: i64) -> Result<Page<Event>, Problem> {
        let mut items = Vec::new();
        while items.len() < self.limit() {
            let most = self.chunk(items.len());
            let chunk = self.read(cursor, most).await?;
            let is_last = chunk.len() < most as usize;
            for event in chunk {
                cursor = event.cursor;
                items.extend(self.select_event(event).await?);
                if items.len() == self.limit() {
                    break;
                }
            }
            if is_last {
                break;
            }
        }
        Ok(Page { items, next: Some(cursor.to_string()) })
    }

    /// How many events to read at once, with so many found: without a filter no more than are wanted.
    fn chunk(&self, found: usize) -> u32 {
        let is_filtered = self.runs.is_some() || self.project.is_some() || self.request.category.is_some() || self.request.level.is_some();
        let wanted = u32::try_from(self.limit() - found).unwrap_or(u32::MAX);
        if is_filtered { CHUNK } else { CHUNK.min(wanted) }
    }

    async fn backwards(&mut self) -> Result<Page<Event>, Problem> {
        let newest = self.host.app.kernel.events().newest().await.map_err(KernelError::from)?;
        let (mut items, mut end) = (Vec::new(), newest);
        while items.len() < self.limit() && end > 0 {
            let begin = (end - i64::from(CHUNK)).max(0);
            let chunk = self.read(begin, CHUNK).await?;
            for event in chunk.into_iter().rev().filter(|event| event.cursor <= end) {
                if items.len() < self.limit() {
                    items.extend(self.select_event(event).await?);
                }
            }
            end = begin;
        }
        items.reverse();
        Ok(Page { items, next: Some(newest.to_string()) })
    }

    /// The cursor of the last event from before a time, 0 for none.
    async fn last_before(&self, since: Moment) -> Result<i64, Problem> {
        last_before(self.host, since).await
    }

    async fn read(&self, cursor: i64, limit: u32) -> Result<Vec<events::Event>, Problem> {
        // One run alone is found without reading what happened in others.
        let only = self.runs.as_ref().filter(|runs| runs.len() == 1).and_then(|runs| runs.iter().next());
        let read = self.host.app.kernel.events().after(cursor, only, limit).await;
        Ok(read.map_err(KernelError::from)?)
    }

    async fn select_event(&mut self, event: events::Event) -> Result<Option<Event>, Problem> {
        let events::Event { cursor, at, draft } = event;
        let level = level(&draft);
        let is_of_run = self.runs.as_ref().is_none_or(|runs| draft.run.as_ref().is_some_and(|run| runs.contains(run)));
        let is_meant = is_of_run
            && self.request.category.is_none_or(|category| category == draft.category)
            && self.request.level.is_none_or(|least| level >= least);
        if !is_meant {
            return Ok(None);
        }
        let project = self.project_of(&draft).await?;
        if self.project.is_some() && self.project != project {
            return Ok(None);
        }
        let events::Draft { category, name, run, actor, data } = draft;
        Ok(Some(Event { cursor, at: Moment(at), category, name, level, run, project, actor, data }))
    }

    async fn project_of(&mut self, draft: &events::Draft) -> Result<Option<String>, Problem> {
        let Some(run) = &draft.run else { return Ok(draft.data["project"].as_str().map(str::to_owned)) };
        if let Some(project) = self.projects.get(run) {
            return Ok(project.clone());
        }
        let found = self.host.app.kernel.runs().find(run).await.map_err(KernelError::from)?;
        let project = found.map(|run| run.project);
        self.projects.insert(run.clone(), project.clone());
        Ok(project)
    }

    fn limit(&self) -> usize {
        self.request.limit as usize
    }
}

/// An event of a project as skins show it.
pub(in crate::operations) fn show_event(event: events::Event, project: Option<String>) -> Event {
    let events::Event { cursor, at, draft } = event;
    let level = level(&draft);
    let events::Draft { category, name, run, actor, data } = draft;
    Event { cursor, at: Moment(at), category, name, level, run, project, actor, data }
}

/// The cursor of the last event from before a time, 0 for none: the log is in the order of time.
async fn last_before(host: &Host, time: Moment) -> Result<i64, Problem> {
    let log = host.app.kernel.events();
    let (mut before, mut from) = (0, log.newest().await.map_err(KernelError::from)?);
    while before < from {
        let middle = before + (from - before) / 2;
        match log.after(middle, None, 1).await.map_err(KernelError::from)?.first() {
            Some(event) if event.at < time.0 => before = event.cursor,
            _ => from = middle,
        }
    }
    Ok(before)
}

/// How much an event asks for attention, as the type of its particulars says. One that no type describes any more is the usual.
pub(super) fn level(draft: &events::Draft) -> EventLevel {
    let kind = kinds().find(|kind| kind.category == draft.category && kind.name == draft.name);
    kind.map_or(EventLevel::Info, |kind| kind.level_of(&draft.data))
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Event, Page<Event>)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_the_level_that_its_plugin_gave_it() {
        let draft = |name: &str, data: Value| events::Draft::for_test(Category::Run, name, None, data);
        assert_eq!(level(&draft("log", json!({ "level": "debug" }))), EventLevel::Debug);
        assert_eq!(level(&draft("log", json!({ "level": "loud" }))), EventLevel::Info);
        assert_eq!(level(&draft("failed", json!({ "level": "debug" }))), EventLevel::Error);
        assert!(EventLevel::Warn > EventLevel::Info);
    }

    #[test]
    fn what_is_no_cursor_is_refused_with_its_field() {
        assert_eq!(read_cursor("7").unwrap(), 7);
        for wrong in ["", "-1", "x", "99999999999999999999"] {
            assert_eq!(read_cursor(wrong).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }
}
