//! The operator's secrets over HTTP. No value comes back.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    secrets::{self, RemoveSecret, Secret, SetSecret},
};

/// The value of a secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecretValue {
    /// The value. White space around it is dropped.
    value: String,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set, remove))
}

/// List secrets by name
#[utoipa::path(get, path = "/secrets", tag = "secrets", params(Paging), responses((status = 200, body = Page<Secret>)))]
async fn list(State(api): State<Arc<Api>>, Parameters(paging): Parameters<Paging>) -> Result<Json<Page<Secret>>, Failure> {
    let all = secrets::list(api.host.config())?.items;
    Ok(Json(Page::cut(all, |secret| secret.name.clone(), paging.cursor(), paging.limit()?)?))
}

/// Store a secret
#[utoipa::path(
    put,
    path = "/secrets/{secret}",
    tag = "secrets",
    params(("secret" = String, Path, description = "Its name, such as `ANTHROPIC_API_KEY`")),
    request_body = SecretValue,
    responses((status = 200, body = Secret))
)]
async fn set(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(name): Segments<String>,
    Input(given): Input<SecretValue>,
) -> Result<Json<Secret>, Failure> {
    Ok(Json(secrets::set_for(&api.host, &caller.actor, &SetSecret { name, value: given.value }).await?))
}

/// Remove a secret
#[utoipa::path(
    delete,
    path = "/secrets/{secret}",
    tag = "secrets",
    params(("secret" = String, Path, description = "Its name")),
    responses((status = 200, body = Secret))
)]
async fn remove(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(name): Segments<String>) -> Result<Json<Secret>, Failure> {
    Ok(Json(secrets::remove_for(&api.host, &caller.actor, &RemoveSecret { name }).await?))
}
