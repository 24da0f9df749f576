//! Runs over HTTP: `control` changes them, `journal` and `progress` show what they did and do.

mod control;
mod journal;
mod progress;

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    begun::Begun,
    extract::{Caller, Input, Paging, Parameters, PartOfId, Segments, words},
    failure::Failure,
};
use crate::operations::{
    Dollars, Moment, Page,
    execution::{self, RunOptions, StartInProject, StartedRun},
    runs::{self, ListRuns, ListTree, PluginKind, Run, RunId, RunOutput, RunSummary, StateWord},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let own = OpenApiRouter::new().routes(routes!(list, start)).routes(routes!(find)).routes(routes!(show)).routes(routes!(show_tree));
    let own = own.routes(routes!(show_output));
    own.merge(control::routes()).merge(journal::routes()).merge(progress::routes())
}

/// Which runs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Also runs that other runs started.
    #[serde(default)]
    all: bool,
    /// Only those of this project, by its id or name.
    project: Option<String>,
    /// Only those of this plugin.
    plugin: Option<String>,
    /// Only those of a plugin of this kind.
    kind: Option<PluginKind>,
    /// Only those for the item with this key.
    item: Option<String>,
    /// Only those in this state.
    state: Option<StateWord>,
    /// Only those in one of these states, with commas between them.
    states: Option<String>,
    /// Only those created then or later.
    since: Option<Moment>,
    /// Only this run and those below it, by its id.
    root: Option<RunId>,
    /// Only these runs and those below them, by their ids, with commas between them.
    within: Option<String>,
}

/// A run to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRun {
    /// The name of the workflow.
    workflow: String,
    /// The project in whose folder it works, by its id or name.
    project: String,
    /// What the workflow is given; an empty object unless something else is named.
    #[serde(default = "empty")]
    #[schema(value_type = Value)]
    input: Value,
    /// The model to use instead of those of the settings: `provider/model` or an alias.
    #[serde(default)]
    model: Option<String>,
    /// Dollars that the run may spend on models, with all that it starts.
    #[serde(default)]
    budget_usd: Option<Dollars>,
}

fn empty() -> Value {
    Value::Object(Map::new())
}

/// List runs, newest first
#[utoipa::path(get, path = "/runs", tag = "runs", params(Filter, Paging), responses((status = 200, body = Page<RunSummary>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<RunSummary>>, Failure> {
    let states: Vec<StateWord> = words("states", filter.states.as_deref())?;
    let within: Vec<RunId> = words("within", filter.within.as_deref())?;
    let request = ListRuns {
        all: filter.all || filter.root.is_some(),
        project: filter.project,
        plugin: filter.plugin,
        kind: filter.kind,
        item: filter.item,
        states: filter.state.into_iter().chain(states).collect(),
        since: filter.since,
        within: filter.root.into_iter().chain(within).collect(),
        cursor: paging.cursor().map(str::to_owned),
        limit: paging.limit()?,
    };
    Ok(Json(runs::list_for(&api.host, &caller, &request).await?))
}

/// Find a run by a part of its id
#[utoipa::path(get, path = "/runs/find", tag = "runs", params(PartOfId), responses((status = 200, body = RunSummary)))]
async fn find(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(PartOfId { id }): Parameters<PartOfId>,
) -> Result<Json<RunSummary>, Failure> {
    Ok(Json(runs::identify_for(&api.host, &caller, &id).await?))
}

/// Start a workflow
#[utoipa::path(
    post,
    path = "/runs",
    tag = "runs",
    request_body = NewRun,
    responses((status = 202, body = StartedRun, description = "It is executed next.", headers(("location" = String, description = "The run."))))
)]
async fn start(State(api): State<Arc<Api>>, Caller(caller): Caller, Input(run): Input<NewRun>) -> Result<Begun<StartedRun>, Failure> {
    let options = RunOptions { model: run.model, budget_usd: run.budget_usd };
    let request = StartInProject { workflow: run.workflow, project: run.project, input: run.input, options };
    let started = execution::start_in_project(&api.host, &caller, &request).await?;
    Ok(Begun::at(format!("/runs/{}", started.run), started))
}

/// Show a run
#[utoipa::path(
    get,
    path = "/runs/{run}",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Run))
)]
async fn show(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(run): Segments<String>) -> Result<Json<Run>, Failure> {
    Ok(Json(runs::find_for(&api.host, &caller, &run).await?))
}

/// Show what came of a run
#[utoipa::path(
    get,
    path = "/runs/{run}/output",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = RunOutput))
)]
async fn show_output(State(api): State<Arc<Api>>, Segments(run): Segments<String>) -> Result<Json<RunOutput>, Failure> {
    Ok(Json(runs::load_output(&api.host, &run).await?))
}

/// List a run and all runs below it, each followed by its own
#[utoipa::path(
    get,
    path = "/runs/{run}/tree",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), Paging),
    responses((status = 200, body = Page<RunSummary>))
)]
async fn show_tree(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<RunSummary>>, Failure> {
    let request = ListTree { run, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(runs::list_tree(&api.host, &caller, &request).await?))
}
