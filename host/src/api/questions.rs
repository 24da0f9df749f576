//! Questions of runs over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Paging, Parameters, PartOfId, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    questions::{self, AnswerQuestion, AnsweredQuestion, BrowseQuestions, Question, QuestionId, QuestionState, RunId, Severity},
};

/// What is answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenAnswer {
    /// The text; absent for the suggested answer, or the first option.
    #[serde(default)]
    answer: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(find)).routes(routes!(show)).routes(routes!(answer))
}

/// Which questions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Those in every state, unless one is named: the open ones first.
    #[serde(default)]
    all: bool,
    /// Only those of which this became; open ones unless something else is named.
    state: Option<QuestionState>,
    /// Only those of this project, by its id or name.
    project: Option<String>,
    /// Only those asked under this run, which somebody started, by its id.
    root: Option<RunId>,
    /// Only those that are as severe, or more.
    severity: Option<Severity>,
}

/// List questions, open ones most severe first, others newest first
#[utoipa::path(get, path = "/questions", tag = "questions", params(Filter, Paging), responses((status = 200, body = Page<Question>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Question>>, Failure> {
    let Filter { all, state, project, root, severity } = filter;
    let (cursor, limit) = (paging.cursor().map(str::to_owned), paging.limit()?);
    let request = BrowseQuestions { all, state, project, root, severity, cursor, limit };
    Ok(Json(questions::list_for(&api.host, &caller, &request).await?))
}

/// Find a question by a part of its id
#[utoipa::path(get, path = "/questions/find", tag = "questions", params(PartOfId), responses((status = 200, body = Question)))]
async fn find(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(PartOfId { id }): Parameters<PartOfId>,
) -> Result<Json<Question>, Failure> {
    Ok(Json(questions::find_for(&api.host, &caller, &id).await?))
}

/// Show a question
#[utoipa::path(
    get,
    path = "/questions/{question}",
    tag = "questions",
    params(("question" = String, Path, description = "Its id")),
    responses((status = 200, body = Question))
)]
async fn show(State(api): State<Arc<Api>>, Segments(question): Segments<String>) -> Result<Json<Question>, Failure> {
    Ok(Json(questions::find(&api.host, &question).await?))
}

/// Answer a question
#[utoipa::path(
    post,
    path = "/questions/{question}/answer",
    tag = "questions",
    params(("question" = String, Path, description = "Its id")),
    request_body = GivenAnswer,
    responses((status = 200, body = AnsweredQuestion))
)]
async fn answer(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(question): Segments<String>,
    Input(given): Input<GivenAnswer>,
) -> Result<Json<AnsweredQuestion>, Failure> {
    let request = AnswerQuestion { question: QuestionId::from_text(question), answer: given.answer };
    Ok(Json(questions::answer(&api.host, &caller.actor, &request).await?))
}
