//! The work on an item: started as a sprint of its own, shown, paused, resumed and stopped. Does none of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Host, ItemStatus, Problem, ProjectRef, ShowItem};
use crate::{
    actor::Actor,
    interfaces::backlog::Status,
    journal::RunId,
    kernel::{
        KernelError,
        run::{Filter, State, Summary},
    },
    operations::{
        access::Caller,
        execution::{self, RunOptions, StartInProject, StartedRun},
        projects::ProjectLocation,
        runs::{self, ResumeRun, RunSummary, summarize},
    },
};

/// The workflow that takes stories to the main branch.
const SPRINT: &str = "sprint";
/// Runs for an item that are looked at, newest first.
const MOST_RUNS: u32 = 200;

/// An item to start work on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartItem {
    /// The project.
    pub project: ProjectRef,
    /// The item.
    pub key: String,
    /// What is chosen for the run.
    #[serde(default)]
    pub options: RunOptions,
}

/// What is done on an item now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemWork {
    /// The item.
    pub key: String,
    /// Its status.
    pub status: ItemStatus,
    /// The runs for it that have not ended, below which others may work for it, the newest first.
    pub runs: Vec<RunSummary>,
}

/// Work that was paused, resumed or stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkChange {
    /// The item.
    pub key: String,
    /// The runs that were meant, each with all that it started. Those that are stopped may clean up before they end.
    pub runs: Vec<RunId>,
}

/// Starts a sprint for one item. The problem is `item_at_work` where runs for it have not ended.
pub async fn start(host: &Host, caller: &Caller, request: &StartItem) -> Result<StartedRun, Problem> {
    let StartItem { project, key, options } = request;
    let place = project.find(host).await?;
    let item = host.app.backlog.item(place.id(), key).await?;
    if let Some(run) = load_work(host, &place, key).await?.first() {
        let message = format!("Run {} works on `{key}` already.", run.id.short());
        return Err(Problem::conflict("item_at_work", message).of_field("item"));
    }
    if matches!(item.status, Status::Done | Status::Cancelled) {
        let message = format!("`{key}` is {}.", item.status.as_str());
        let problem = Problem::conflict("item_over", message).of_field("item");
        return Err(problem.advise("Move it to `todo` first."));
    }
    // What an earlier sprint left on its branch is continued.
    let input = json!({ "stories": [key], "most": 1, "resume": item.status != Status::Todo });
    let (workflow, project) = (SPRINT.to_owned(), place.id().to_owned());
    execution::start_in_project(host, caller, &StartInProject { workflow, project, input, options: options.clone() }).await
}

/// What is done on an item now.
pub async fn work(host: &Host, caller: &Caller, request: &ShowItem) -> Result<ItemWork, Problem> {
    let place = request.project.find(host).await?;
    let item = host.app.backlog.item(place.id(), &request.key).await?;
    let runs = summarize(host, load_work(host, &place, &request.key).await?).await?;
    let runs = runs.into_iter().map(|run| run.seen_by(caller)).collect();
    Ok(ItemWork { key: request.key.clone(), status: item.status.into(), runs })
}

/// Cancels the runs for an item. They may clean up before they end, and the running host executes that.
pub async fn stop(host: &Host, actor: &Actor, request: &ShowItem) -> Result<WorkChange, Problem> {
    let place = request.project.find(host).await?;
    host.app.backlog.item(place.id(), &request.key).await?;
    let mut stopped = Vec::new();
    for run in load_work(host, &place, &request.key).await? {
        let run = host.app.kernel.run(&run.id).await?;
        if host.app.kernel.check_cancellable(&run).await.is_ok() {
            host.app.kernel.cancel(&run, actor).await?;
            stopped.push(run.id);
        }
    }
    Ok(WorkChange { key: request.key.clone(), runs: stopped })
}

/// Pauses the runs for an item until they are resumed.
pub async fn pause(host: &Host, actor: &Actor, request: &ShowItem) -> Result<WorkChange, Problem> {
    let mut paused = Vec::new();
    for run in select_runs(host, request, |state| !matches!(state, State::Paused { .. })).await? {
        runs::pause(host, actor, run.id.as_str()).await?;
        paused.push(run.id);
    }
    Ok(WorkChange { key: request.key.clone(), runs: paused })
}

/// Resumes the runs for an item that are paused.
pub async fn resume(host: &Host, actor: &Actor, request: &ShowItem) -> Result<WorkChange, Problem> {
    let mut resumed = Vec::new();
    for run in select_runs(host, request, |state| matches!(state, State::Paused { .. })).await? {
        let resume = ResumeRun { run: run.id.to_string(), options: None, on_current: false, at: None };
        runs::resume(host, actor, &resume).await?;
        resumed.push(run.id);
    }
    Ok(WorkChange { key: request.key.clone(), runs: resumed })
}

/// The runs for an item in a state that is meant. The problem is `item_not_at_work` where there are none.
async fn select_runs(host: &Host, request: &ShowItem, is_meant: impl Fn(&State) -> bool) -> Result<Vec<Summary>, Problem> {
    let place = request.project.find(host).await?;
    host.app.backlog.item(place.id(), &request.key).await?;
    let found: Vec<_> = load_work(host, &place, &request.key).await?.into_iter().filter(|run| is_meant(&run.state)).collect();
    if found.is_empty() {
        let message = format!("No run for `{}` is in a state in which this can be done.", request.key);
        return Err(Problem::conflict("item_not_at_work", message).of_field("item"));
    }
    Ok(found)
}

/// The runs for an item that have not ended: those that are below no other of them, and sprints that were started for it alone.
async fn load_work(host: &Host, place: &ProjectLocation, key: &str) -> Result<Vec<Summary>, Problem> {
    let unfinished = || Filter {
        states: State::UNFINISHED.map(str::to_owned).into(),
        projects: Some(vec![place.id().to_owned()]),
        limit: MOST_RUNS,
        ..Filter::default()
    };
    let kernel = &host.app.kernel;
    let sprints = Filter { plugin: Some(SPRINT.to_owned()), roots_only: true, ..unfinished() };
    let sprints = kernel.runs().list(&sprints).await.map_err(KernelError::from)?.into_iter();
    let mut found: Vec<Summary> = sprints.filter(|run| run.input["stories"] == json!([key])).map(Summary::from).collect();
    let of_item = kernel.runs().summaries(&Filter { item: Some(key.to_owned()), ..unfinished() }).await.map_err(KernelError::from)?;
    let is_below = |run: &Summary, of: &[Summary]| {
        let parent = run.parent.as_ref().map(|(parent, _)| parent);
        of.iter().any(|other| parent == Some(&other.id) || (other.parent.is_none() && run.root == other.id))
    };
    let topmost: Vec<_> = of_item.iter().filter(|run| !is_below(run, &of_item) && !is_below(run, &found)).cloned().collect();
    found.extend(topmost);
    Ok(found)
}
