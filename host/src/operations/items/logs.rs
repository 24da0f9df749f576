//! What happened in the runs for an item, and what their commands printed. Reads the log of these runs alone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Page, Problem, ProjectRef, ShowItem};
use crate::{
    kernel::{KernelError, run::Filter},
    operations::{
        Moment,
        events::{Event, EventLevel, show_event},
        reject_cursor,
        runs::{self, ExecutedCommand},
    },
};

/// Events that are read at once, and in all for one page: a rare level is looked for on several pages.
const CHUNK: u32 = 500;
const MOST_READ: u32 = 10_000;
/// Runs for an item whose commands are listed, newest first.
const MOST_RUNS: u32 = 200;

/// Which events of an item to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListItemLogs {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
    /// Only those that ask for as much attention, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<EventLevel>,
    /// Only those from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// What happened in the runs for an item, the oldest first. A page may be shorter than was asked for, and is the last only where it
/// has no `next`.
pub async fn logs(host: &Host, request: &ListItemLogs) -> Result<Page<Event>, Problem> {
    let project = request.project.find(host).await?;
    host.app.backlog.item(project.id(), &request.key).await?;
    let mut cursor = request.cursor.as_deref().map(read_cursor).transpose()?.unwrap_or_default();
    let since = request.since.map_or(0, |since| since.0);
    let (limit, mut items, mut read) = (request.limit as usize, Vec::new(), 0);
    while read < MOST_READ {
        let events = host.app.kernel.events().after_of_item(cursor, (project.id(), &request.key), since, CHUNK).await;
        let events = events.map_err(KernelError::from)?;
        let is_last = events.len() < CHUNK as usize;
        read += CHUNK;
        for event in events {
            if items.len() == limit {
                return Ok(Page { items, next: Some(cursor.to_string()) });
            }
            cursor = event.cursor;
            let event = show_event(event, Some(project.id().to_owned()));
            if request.level.is_none_or(|least| event.level >= least) {
                items.push(event);
            }
        }
        if is_last {
            return Ok(Page { items, next: None });
        }
    }
    Ok(Page { items, next: Some(cursor.to_string()) })
}

fn read_cursor(cursor: &str) -> Result<i64, Problem> {
    cursor.parse().ok().filter(|cursor| *cursor >= 0).ok_or_else(reject_cursor)
}

/// The commands that the runs for an item executed, whose output can be read by their run and call.
pub async fn artifacts(host: &Host, request: &ShowItem) -> Result<Vec<ExecutedCommand>, Problem> {
    let project = request.project.find(host).await?;
    host.app.backlog.item(project.id(), &request.key).await?;
    let projects = Some(vec![project.id().to_owned()]);
    let filter = Filter { projects, item: Some(request.key.clone()), limit: MOST_RUNS, ..Filter::default() };
    let of_item = host.app.kernel.runs().summaries(&filter).await.map_err(KernelError::from)?;
    runs::commands_of(host, &of_item).await
}

/// All that a command printed, which a run for the item executed.
pub async fn artifact(host: &Host, request: &ShowItem, run: &str, call: u64) -> Result<String, Problem> {
    let known = artifacts(host, request).await?;
    let found = known.into_iter().find(|command| command.run.as_str() == run && command.seq == call);
    let found = found.ok_or_else(|| {
        Problem::not_found("artifact_not_found", format!("No command of call {call} belongs to `{}`.", request.key)).of_field("call")
    })?;
    Ok(runs::command_output(host, found.run.as_str(), found.seq).await?.printed)
}
