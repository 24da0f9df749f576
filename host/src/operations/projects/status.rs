//! What a project is doing now, and how far its epics are. Changes nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ProjectPhase, ProjectRef, ProjectState};
use crate::{
    interfaces::{
        backlog::{ItemCount, ItemFilter, Kind, Status},
        llm::money::Scope,
    },
    journal::RunId,
    kernel::{
        KernelError, package,
        run::{Filter, State, Summary},
    },
    operations::{
        Dollars, Host, Moment, Problem,
        execution::Feed,
        items::{Item, ItemStatus, MOST_LISTED, items_of},
    },
};

/// Trees of runs that are shown, and runs of workflows that are looked at, newest first.
const MOST_TREES: u32 = 10;
const MOST_RUNS: u32 = 500;

/// What a project is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectStatus {
    /// The id of the project.
    pub project: String,
    /// Its state.
    pub state: ProjectState,
    /// How far its work is.
    pub phase: ProjectPhase,
    /// Stories and tasks that are wanted.
    pub total: u64,
    /// Those of them that are done.
    pub done: u64,
    /// The part that is done, 0.0 to 1.0.
    pub progress: f64,
    /// The newest workflows that have not ended, at most 10.
    pub work: Vec<WorkStatus>,
    /// What all runs of the project spent.
    pub spent_usd: Dollars,
}

/// A workflow that has not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkStatus {
    /// Its run.
    pub run: RunId,
    /// The workflow.
    pub workflow: String,
    /// The word for the state of its run, such as `waiting`.
    pub state: String,
    /// What it is doing, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How far it says that it is, 0.0 to 1.0.
    pub progress: f64,
    /// The agents that have a task and have not ended, oldest first.
    pub agents: Vec<AgentAtWork>,
    /// What it spent, with all that it started.
    pub spent_usd: Dollars,
    /// When it was started.
    pub started_at: Moment,
}

/// An agent that has a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentAtWork {
    /// Its run.
    pub run: RunId,
    /// Its plugin.
    pub agent: String,
    /// The slot that it fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The item that its task is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The word for the state of its run.
    pub state: String,
}

/// The workflows that were started in a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowStatus {
    /// How far the work of the project is.
    pub phase: ProjectPhase,
    /// Each with its newest run, the newest first.
    pub workflows: Vec<StartedWorkflow>,
}

/// A workflow with its newest run in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedWorkflow {
    /// The workflow.
    pub workflow: String,
    /// Its newest run.
    pub run: RunId,
    /// The word for the state of that.
    pub state: String,
    /// When it was started.
    pub started_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// How far the epics of a project are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SprintStatus {
    /// How many stories and tasks have each status, in the order of the board.
    pub counts: Vec<StatusCount>,
    /// The epics, by their keys.
    pub epics: Vec<EpicStatus>,
}

/// How many stories and tasks have a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusCount {
    /// The status.
    pub status: ItemStatus,
    /// How many.
    pub count: u64,
}

/// How far an epic is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EpicStatus {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its status.
    pub status: ItemStatus,
    /// What is directly in it and wanted.
    pub total: u64,
    /// What of that is done.
    pub done: u64,
}

/// What a project is doing.
pub async fn status(host: &Host, project: &str) -> Result<ProjectStatus, Problem> {
    let project = host.app.kernel.find_project(project).await?;
    let counts = host.app.item_lists.count_items(Some(&project.id)).await?;
    let (total, done) = sum(counts.iter().filter(|count| count.kind != Kind::Epic).map(|count| (count.status, count.count)));
    let states = State::UNFINISHED.map(str::to_owned).into();
    let projects = Some(vec![project.id.clone()]);
    let filter = Filter { roots_only: true, states, projects, limit: MOST_TREES, ..Filter::default() };
    let roots = host.app.kernel.runs().summaries(&filter).await.map_err(KernelError::from)?;
    let mut work = Vec::new();
    for root in roots {
        work.push(work_status(host, root).await?);
    }
    Ok(ProjectStatus {
        phase: ProjectPhase::of(&counts),
        total,
        done,
        progress: if total == 0 { 0.0 } else { done as f64 / total as f64 },
        work,
        spent_usd: Dollars(host.app.budgets.load_spent(&Scope::Project(project.id.clone())).await?),
        project: project.id.clone(),
        state: super::Project::from(project).state,
    })
}

async fn work_status(host: &Host, root: Summary) -> Result<WorkStatus, Problem> {
    let snapshot = Feed::begin(host, &root.id, false).await?.snapshot();
    let tree = host.app.kernel.tree_summaries(&root.id).await?;
    let mut agents: Vec<_> = tree.into_iter().filter(|run| run.kind == package::Kind::Agent && !run.state.is_final()).collect();
    agents.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    let agent = |run: Summary| {
        let state = run.state.as_str().to_owned();
        AgentAtWork { run: run.id, agent: run.plugin, slot: run.slot, item: run.item, state }
    };
    Ok(WorkStatus {
        workflow: root.plugin,
        state: root.state.as_str().to_owned(),
        step: snapshot.step,
        progress: snapshot.fraction,
        agents: agents.into_iter().map(agent).collect(),
        spent_usd: Dollars(host.app.budgets.load_spent(&Scope::Run(root.id.clone())).await?),
        started_at: Moment(root.created_at),
        run: root.id,
    })
}

/// The workflows that were started in a project, by the newest of their runs.
pub async fn workflow_status(host: &Host, project: &str) -> Result<WorkflowStatus, Problem> {
    let project = host.app.kernel.find_project(project).await?;
    let filter = Filter { roots_only: true, projects: Some(vec![project.id.clone()]), limit: MOST_RUNS, ..Filter::default() };
    let runs = host.app.kernel.runs().summaries(&filter).await.map_err(KernelError::from)?;
    let mut workflows: Vec<StartedWorkflow> = Vec::new();
    for run in runs {
        if workflows.iter().all(|known| known.workflow != run.plugin) {
            let (started_at, updated_at) = (Moment(run.created_at), Moment(run.updated_at));
            let state = run.state.as_str().to_owned();
            workflows.push(StartedWorkflow { workflow: run.plugin, run: run.id, state, started_at, updated_at });
        }
    }
    Ok(WorkflowStatus { phase: super::load_phase(host, &project.id).await?, workflows })
}

/// How far the epics of a project are.
pub async fn sprint_status(host: &Host, project: &str) -> Result<SprintStatus, Problem> {
    let place = ProjectRef::Name(project.to_owned()).find(host).await?;
    let counts = host.app.item_lists.count_items(Some(place.id())).await?;
    let filter = ItemFilter { kinds: vec![Kind::Epic], limit: MOST_LISTED, ..ItemFilter::default() };
    let rows = host.app.item_lists.list_items(place.id(), &filter).await?;
    let mut inside: HashMap<String, Vec<(Status, u64)>> = HashMap::new();
    for (parent, status, count) in host.app.item_lists.count_inside(place.id()).await? {
        inside.entry(parent).or_default().push((status, count));
    }
    let epic = |Item { key, title, status, .. }: Item| {
        let (total, done) = sum(inside.get(&key).into_iter().flatten().copied());
        EpicStatus { key, title, status, total, done }
    };
    Ok(SprintStatus { counts: count_statuses(&counts), epics: items_of(rows)?.into_iter().map(epic).collect() })
}

/// How many of the items are wanted, and how many of these are done.
fn sum(counts: impl Iterator<Item = (Status, u64)>) -> (u64, u64) {
    let wanted = counts.filter(|(status, _)| *status != Status::Cancelled);
    wanted.fold((0, 0), |(total, done), (status, count)| (total + count, done + if status == Status::Done { count } else { 0 }))
}

/// How many stories and tasks have each status.
pub(in crate::operations) fn count_statuses(counts: &[ItemCount]) -> Vec<StatusCount> {
    let of = |status: ItemStatus| {
        let those = counts.iter().filter(|count| count.kind != Kind::Epic && ItemStatus::from(count.status) == status);
        StatusCount { status, count: those.map(|count| count.count).sum() }
    };
    ItemStatus::ALL.iter().copied().map(of).collect()
}
