//! What the host is doing with runs: how many it executes, which are queued and why. Starts none.

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Host, Moment, Page, Problem, access::Caller};
use crate::{
    journal::RunId,
    kernel::{KernelError, line::Why, run::InLine},
};

/// What the host is doing with runs. Numbers of runs are those of projects that exist for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Orchestrator {
    /// Since when it serves. Absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving_since: Option<Moment>,
    /// For how long it serves, in seconds.
    pub uptime_s: u64,
    /// How many runs it executes at once at most.
    pub slots: u64,
    /// How many of these are free.
    pub free_slots: u64,
    /// Runs that are executed.
    pub active: u64,
    /// Runs that are ready to be executed.
    pub queued: u64,
    /// Runs that are suspended until something happens.
    pub waiting: u64,
    /// Runs that are suspended until an operator resumes them.
    pub paused: u64,
}

/// A run that is ready to be executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuedRun {
    /// Its place in the queue of the host, from 1.
    pub position: u64,
    /// The run.
    pub run: RunId,
    /// The run at the top of its tree.
    pub root: RunId,
    /// Its plugin.
    pub plugin: String,
    /// The id of its project.
    pub project: String,
    /// The item of the backlog that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// When it was created.
    pub created_at: Moment,
    /// Why it is not executed yet.
    pub reason: QueueReason,
}

/// Why a queued run is not executed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueReason {
    /// It is executed next.
    Next,
    /// Its project is paused.
    ProjectPaused,
    /// Its plugin has as many executions as it may have.
    PluginLimit,
    /// The host executes as many runs as it may.
    HostLimit,
    /// Its own last execution has not ended yet.
    Ending,
}

/// Which part of the queue to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListQueue {
    /// Only runs of this project, by its id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// What the host is doing with the runs of projects that exist for the caller.
pub async fn load(host: &Host, caller: &Caller) -> Result<Orchestrator, Problem> {
    let kernel = &host.app.kernel;
    let counts = kernel.runs().count_states(caller.only_projects().as_deref()).await.map_err(KernelError::from)?;
    let count = |state: &str| counts.get(state).copied().unwrap_or_default();
    let (slots, executed) = (kernel.at_once() as u64, kernel.executed() as u64);
    let serving_since = host.serving_since();
    Ok(Orchestrator {
        serving_since,
        uptime_s: serving_since.map_or(0, |since| host.now().0.saturating_sub(since.0) / 1000),
        slots,
        free_slots: slots.saturating_sub(executed),
        active: count("running"),
        queued: count("queued"),
        waiting: count("waiting"),
        paused: count("paused"),
    })
}

/// The runs in the queue that belong to projects that exist for the caller, in the order in which they are executed.
pub async fn list_queue(host: &Host, caller: &Caller, request: &ListQueue) -> Result<Page<QueuedRun>, Problem> {
    let project = match &request.project {
        Some(name) => Some(caller.find_project(host, name).await?),
        None => None,
    };
    let line = (1..).zip(host.app.kernel.line().await?).map(|(position, (run, why))| QueuedRun::new(position, run, why));
    let is_wanted = |run: &QueuedRun| caller.sees(&run.project) && project.as_ref().is_none_or(|id| *id == run.project);
    Page::cut(line.filter(is_wanted).collect(), |run| run.run.to_string(), request.cursor.as_deref(), request.limit)
}

/// Has the host look at once for work, and for what runs wait for and is there now.
pub async fn trigger(host: &Host, caller: &Caller) -> Result<Orchestrator, Problem> {
    host.app.kernel.look_for_needs(None).await?;
    host.app.kernel.changed();
    load(host, caller).await
}

impl QueuedRun {
    fn new(position: u64, run: InLine, why: Why) -> Self {
        let InLine { queued, root, project, item, .. } = run;
        let reason = match why {
            Why::Next => QueueReason::Next,
            Why::ProjectPaused => QueueReason::ProjectPaused,
            Why::PluginFull => QueueReason::PluginLimit,
            Why::HostFull => QueueReason::HostLimit,
            Why::Ending => QueueReason::Ending,
        };
        Self { position, run: queued.id, root, plugin: queued.plugin, project, item, created_at: Moment(queued.created_at), reason }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Orchestrator, QueuedRun, Page<QueuedRun>)))]
pub(super) struct Views;
