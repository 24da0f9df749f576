//! What is done to a run over HTTP: it is cancelled, resumed, forked, sent a signal, recorded and replayed.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    begun::Begun,
    extract::{Caller, Input, Segments},
    failure::Failure,
    money::BudgetAmount,
};
use crate::operations::{
    Dollars,
    budgets::{self, Budget, BudgetTarget, RemoveBudget, RemovedBudget, SetBudget},
    execution::RunOptions,
    runs::{
        self, CancelRun, CancelledRun, ForkRun, ForkedRun, PausedRun, RecordedRun, RecordingSource, ReplayRecording, Replayed, ResumeRun,
        ResumedRun, SendSignal, SentSignal,
    },
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let changes = OpenApiRouter::new().routes(routes!(cancel)).routes(routes!(resume)).routes(routes!(fork)).routes(routes!(signal));
    let changes = changes.routes(routes!(show_run_budget, set_run_budget, remove_run_budget));
    changes.routes(routes!(pause)).routes(routes!(record)).routes(routes!(replay)).routes(routes!(replay_text))
}

/// How a run is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// End the runs at once, in the middle of what they do.
    #[serde(default)]
    now: bool,
}

/// How a run is resumed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resumption {
    /// The model to use from now on: `provider/model` or an alias.
    #[serde(default)]
    model: Option<String>,
    /// Dollars that the run may spend on models in all, with all that it starts.
    #[serde(default)]
    budget_usd: Option<Dollars>,
    /// Move it to the version of its plugin that is installed now, if that makes the same calls.
    #[serde(default)]
    on_current: bool,
    /// With `on_current`, the first call to give up: the run makes it and all after it again.
    #[serde(default)]
    at: Option<u64>,
}

/// How a run is forked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFork {
    /// The first call that the new run makes again.
    at: u64,
    /// The model to use from there on: `provider/model` or an alias.
    #[serde(default)]
    model: Option<String>,
}

/// A signal to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSignal {
    /// The name by which the run waits for it.
    name: String,
    /// What the run gets.
    #[serde(default)]
    value: Value,
}

/// A recording to replay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenRecording {
    /// The text of a recording.
    recording: String,
}

/// Cancel a run and all runs below it
#[utoipa::path(
    post,
    path = "/runs/{run}/cancel",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    request_body = Cancellation,
    responses((status = 202, body = CancelledRun, description = "It ends soon.", headers(("location" = String, description = "The run."))))
)]
async fn cancel(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Input(given): Input<Cancellation>,
) -> Result<Begun<CancelledRun>, Failure> {
    let cancelled = runs::cancel(&api.host, &caller.actor, &CancelRun { run, now: given.now }).await?;
    Ok(Begun::at(format!("/runs/{}", cancelled.run), cancelled))
}

/// Pause a run and all runs below it
#[utoipa::path(
    post,
    path = "/runs/{run}/pause",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 202, body = PausedRun, description = "It ends after the call that it makes.", headers(("location" = String, description = "The run."))))
)]
async fn pause(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(run): Segments<String>) -> Result<Begun<PausedRun>, Failure> {
    let paused = runs::pause(&api.host, &caller.actor, &run).await?;
    Ok(Begun::at(format!("/runs/{}", paused.run), paused))
}

/// Resume a run with all of its tree
#[utoipa::path(
    post,
    path = "/runs/{run}/resume",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    request_body = Resumption,
    responses((status = 202, body = ResumedRun, description = "It is executed next.", headers(("location" = String, description = "The run."))))
)]
async fn resume(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Input(given): Input<Resumption>,
) -> Result<Begun<ResumedRun>, Failure> {
    let Resumption { model, budget_usd, on_current, at } = given;
    let options = Some(RunOptions { model, budget_usd }).filter(|options| *options != RunOptions::default());
    let resumed = runs::resume_for(&api.host, &caller, &ResumeRun { run, options, on_current, at }).await?;
    Ok(Begun::at(format!("/runs/{}", resumed.run), resumed))
}

/// Fork a run: start one that shares its calls before one call
#[utoipa::path(
    post,
    path = "/runs/{run}/fork",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    request_body = NewFork,
    responses((status = 202, body = ForkedRun, description = "It is executed next.", headers(("location" = String, description = "The new run."))))
)]
async fn fork(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Input(given): Input<NewFork>,
) -> Result<Begun<ForkedRun>, Failure> {
    let options = given.model.map(RunOptions::with_model);
    let forked = runs::fork_for(&api.host, &caller, &ForkRun { run, at: given.at, options }).await?;
    Ok(Begun::at(format!("/runs/{}", forked.run), forked))
}

/// Send a signal to a run
#[utoipa::path(
    post,
    path = "/runs/{run}/signal",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    request_body = NewSignal,
    responses((status = 200, body = SentSignal))
)]
async fn signal(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Input(given): Input<NewSignal>,
) -> Result<Json<SentSignal>, Failure> {
    let request = SendSignal { run, name: given.name, value: given.value };
    Ok(Json(runs::signal(&api.host, &caller.actor, &request).await?))
}

/// Show the budget of the tree that a run is in
#[utoipa::path(
    get,
    path = "/runs/{run}/budget",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Budget))
)]
async fn show_run_budget(State(api): State<Arc<Api>>, Segments(run): Segments<String>) -> Result<Json<Budget>, Failure> {
    Ok(Json(budgets::show(&api.host, &BudgetTarget::Run(run)).await?))
}

/// Set the budget of the tree that a run is in
#[utoipa::path(
    put,
    path = "/runs/{run}/budget",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    request_body = BudgetAmount,
    responses((status = 200, body = Budget))
)]
async fn set_run_budget(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
    Input(BudgetAmount { amount_usd }): Input<BudgetAmount>,
) -> Result<Json<Budget>, Failure> {
    let request = SetBudget { target: BudgetTarget::Run(run), amount_usd };
    Ok(Json(budgets::set(&api.host, &caller.actor, &request).await?))
}

/// Remove the budget of the tree that a run is in
#[utoipa::path(
    delete,
    path = "/runs/{run}/budget",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = RemovedBudget))
)]
async fn remove_run_budget(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
) -> Result<Json<RemovedBudget>, Failure> {
    Ok(Json(budgets::remove(&api.host, &caller.actor, &RemoveBudget { target: BudgetTarget::Run(run) }).await?))
}

/// Write a run and the answers of all its calls to a recording
#[utoipa::path(
    post,
    path = "/runs/{run}/record",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = RecordedRun))
)]
async fn record(State(api): State<Arc<Api>>, Segments(run): Segments<String>) -> Result<Json<RecordedRun>, Failure> {
    Ok(Json(runs::record(&api.host, &run).await?))
}

/// Execute the plugin of a run against what the run recorded
#[utoipa::path(
    post,
    path = "/runs/{run}/replay",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Replayed))
)]
async fn replay(State(api): State<Arc<Api>>, Segments(run): Segments<String>) -> Result<Json<Replayed>, Failure> {
    let request = ReplayRecording { source: RecordingSource::Run(run), component: None };
    Ok(Json(runs::replay(&api.host, &request).await?))
}

/// Execute an installed plugin against a recording
#[utoipa::path(post, path = "/recordings/replay", tag = "runs", request_body = GivenRecording, responses((status = 200, body = Replayed)))]
async fn replay_text(State(api): State<Arc<Api>>, Input(given): Input<GivenRecording>) -> Result<Json<Replayed>, Failure> {
    let request = ReplayRecording { source: RecordingSource::Text(given.recording), component: None };
    Ok(Json(runs::replay(&api.host, &request).await?))
}
