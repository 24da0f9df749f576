//! Questions of runs over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Segments},
    failure::Failure,
};
use crate::operations::questions::{self, AnswerQuestion, AnsweredQuestion, Question, QuestionId};

/// What is answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenAnswer {
    /// The text; absent for the suggested answer, or the first option.
    #[serde(default)]
    answer: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(answer))
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
