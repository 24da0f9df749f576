//! Workflows that can be started, agents that can be given tasks, and those that are at work, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    begun::Begun,
    events::EventFilter,
    extract::{Caller, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    agents::{self, Agent},
    bindings::Binding,
    events::{self, BrowseEvents, Event},
    execution::{self, Workflow},
    runs::{self, CancelRun, CancelledRun, ListRuns, PluginKind, Run, RunId, RunSummary, StateWord},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let kinds = OpenApiRouter::new().routes(routes!(list_startable)).routes(routes!(list)).routes(routes!(list_types));
    kinds.routes(routes!(list_instances)).routes(routes!(show_instance)).routes(routes!(list_logs)).routes(routes!(stop_instance))
}

/// Where the roles are filled.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Place {
    /// In this project, by its id or name; where no project says otherwise, if none is named.
    project: Option<String>,
}

/// Which agents at work are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those of this project, by its id or name.
    project: Option<String>,
    /// Only those of this agent.
    agent: Option<String>,
    /// Only those for the item with this key.
    item: Option<String>,
    /// Only those under this run, by its id.
    root: Option<RunId>,
}

/// List the workflows that can be started
#[utoipa::path(get, path = "/workflows", tag = "workflows", params(Paging), responses((status = 200, body = Page<Workflow>)))]
async fn list_startable(State(api): State<Arc<Api>>, Parameters(paging): Parameters<Paging>) -> Result<Json<Page<Workflow>>, Failure> {
    let workflows = execution::workflows(&api.host);
    Ok(Json(Page::cut(workflows, |workflow| workflow.name.clone(), paging.cursor(), paging.limit()?)?))
}

/// List the agents that workflows can give tasks to
#[utoipa::path(get, path = "/agents", tag = "agents", params(Paging), responses((status = 200, body = Page<Agent>)))]
async fn list(State(api): State<Arc<Api>>, Parameters(paging): Parameters<Paging>) -> Result<Json<Page<Agent>>, Failure> {
    let agents = agents::agents(&api.host);
    Ok(Json(Page::cut(agents, |agent| agent.name.clone(), paging.cursor(), paging.limit()?)?))
}

/// List the roles that workflows ask for agents by, each with the agent that fills it
#[utoipa::path(get, path = "/agent-types", tag = "agents", params(Place, Paging), responses((status = 200, body = Page<Binding>)))]
async fn list_types(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(place): Parameters<Place>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Binding>>, Failure> {
    let types = agents::list_types(&api.host, &caller, place.project.as_deref()).await?.items;
    let key = |binding: &Binding| format!("{}.{}", binding.slot, binding.label.as_deref().unwrap_or_default());
    Ok(Json(Page::cut(types, key, paging.cursor(), paging.limit()?)?))
}

/// List the agents that are at work, newest first
#[utoipa::path(get, path = "/agents/instances", tag = "agents", params(Filter, Paging), responses((status = 200, body = Page<RunSummary>)))]
async fn list_instances(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<RunSummary>>, Failure> {
    let request = ListRuns {
        all: true,
        project: filter.project,
        plugin: filter.agent,
        kind: Some(PluginKind::Agent),
        item: filter.item,
        states: vec![StateWord::Queued, StateWord::Running, StateWord::Waiting, StateWord::Paused],
        since: None,
        within: filter.root.into_iter().collect(),
        cursor: paging.cursor().map(str::to_owned),
        limit: paging.limit()?,
    };
    Ok(Json(runs::list_for(&api.host, &caller, &request).await?))
}

/// Show an agent that is at work, or was
#[utoipa::path(
    get,
    path = "/agents/instances/{run}",
    tag = "agents",
    params(("run" = String, Path, description = "The id of its run")),
    responses((status = 200, body = Run))
)]
async fn show_instance(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(run): Segments<String>) -> Result<Json<Run>, Failure> {
    Ok(Json(agents::find_instance(&api.host, &caller, &run).await?))
}

/// List what happened in the run of an agent and below it
#[utoipa::path(
    get,
    path = "/agents/instances/{run}/logs",
    tag = "agents",
    params(("run" = String, Path, description = "The id of its run"), EventFilter, Paging),
    responses((status = 200, body = Page<Event>))
)]
async fn list_logs(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Parameters(filter): Parameters<EventFilter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Event>>, Failure> {
    let run = agents::find_instance(&api.host, &caller, &run).await?.summary.id;
    let request = BrowseEvents { run: Some(run), ..filter.request(&paging)? };
    Ok(Json(events::list_for(&api.host, &caller, &request).await?))
}

/// Stop an agent that is at work: its run is cancelled
#[utoipa::path(
    post,
    path = "/agents/instances/{run}/stop",
    tag = "agents",
    params(("run" = String, Path, description = "The id of its run")),
    responses((status = 202, body = CancelledRun, description = "It ends soon.", headers(("location" = String, description = "Its run."))))
)]
async fn stop_instance(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
) -> Result<Begun<CancelledRun>, Failure> {
    let run = agents::find_instance(&api.host, &caller, &run).await?.summary.id.to_string();
    let cancelled = runs::cancel(&api.host, &caller.actor, &CancelRun { run, now: false }).await?;
    Ok(Begun::at(format!("/agents/instances/{}", cancelled.run), cancelled))
}
