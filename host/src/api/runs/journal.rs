//! What a run did, over HTTP: its calls, its commands and what it asked models. Large texts are read one by one.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    extract::{Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    runs::{self, CommandOutput, ExecutedCommand, JournalCall, JournalEntry, ListCalls, ReadTranscript, Transcript},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let journal = OpenApiRouter::new().routes(routes!(list_calls)).routes(routes!(list_entries)).routes(routes!(show_call));
    journal.routes(routes!(list_commands)).routes(routes!(show_command)).routes(routes!(show_transcript))
}

/// Whose transcript is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Breadth {
    /// Also what the runs below it asked.
    #[serde(default)]
    all: bool,
}

/// List the calls of a run, without requests and answers
#[utoipa::path(
    get,
    path = "/runs/{run}/journal",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), Paging),
    responses((status = 200, body = Page<JournalCall>))
)]
async fn list_calls(
    State(api): State<Arc<Api>>,
    Segments(run): Segments<String>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<JournalCall>>, Failure> {
    let request = ListCalls { run, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(runs::list_calls(&api.host, &request).await?))
}

/// List the calls of a run, with requests and answers
#[utoipa::path(
    get,
    path = "/runs/{run}/calls",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), Paging),
    responses((status = 200, body = Page<JournalEntry>))
)]
async fn list_entries(
    State(api): State<Arc<Api>>,
    Segments(run): Segments<String>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<JournalEntry>>, Failure> {
    let request = ListCalls { run, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(runs::list_entries(&api.host, &request).await?))
}

/// Show a call of a run, with its request and its answer
#[utoipa::path(
    get,
    path = "/runs/{run}/journal/{call}",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), ("call" = u64, Path, description = "The number of the call")),
    responses((status = 200, body = JournalEntry))
)]
async fn show_call(State(api): State<Arc<Api>>, Segments((run, call)): Segments<(String, u64)>) -> Result<Json<JournalEntry>, Failure> {
    Ok(Json(runs::find_call(&api.host, &run, call).await?))
}

/// List the commands that a run and those below it executed
#[utoipa::path(
    get,
    path = "/runs/{run}/commands",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), Paging),
    responses((status = 200, body = Page<ExecutedCommand>))
)]
async fn list_commands(
    State(api): State<Arc<Api>>,
    Segments(run): Segments<String>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ExecutedCommand>>, Failure> {
    let executed = runs::commands(&api.host, &run).await?.items;
    let key = |command: &ExecutedCommand| format!("{}.{}", command.run, command.seq);
    Ok(Json(Page::cut(executed, key, paging.cursor(), paging.limit()?)?))
}

/// Show a command that a run executed, with all that it printed
#[utoipa::path(
    get,
    path = "/runs/{run}/commands/{call}",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), ("call" = u64, Path, description = "The number of its call")),
    responses((status = 200, body = CommandOutput))
)]
async fn show_command(State(api): State<Arc<Api>>, Segments((run, call)): Segments<(String, u64)>) -> Result<Json<CommandOutput>, Failure> {
    Ok(Json(runs::command_output(&api.host, &run, call).await?))
}

/// Show what a run asked models
#[utoipa::path(
    get,
    path = "/runs/{run}/transcript",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), Breadth),
    responses((status = 200, body = Transcript))
)]
async fn show_transcript(
    State(api): State<Arc<Api>>,
    Segments(run): Segments<String>,
    Parameters(breadth): Parameters<Breadth>,
) -> Result<Json<Transcript>, Failure> {
    let request = ReadTranscript { run, only: !breadth.all };
    Ok(Json(runs::transcript(&api.host, &request).await?))
}
