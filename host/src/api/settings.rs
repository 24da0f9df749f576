//! The host's settings over HTTP. What is changed holds from the next start.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    settings::{self, Setting},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, set, unset))
}

/// The value of a setting.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingValue {
    /// A text, a number, true, false or a list of these, as the setting's `kind` says.
    value: Value,
}

/// List the settings that hold, without secrets
#[utoipa::path(get, path = "/settings", tag = "settings", params(Paging), responses((status = 200, body = Page<Setting>)))]
async fn list(State(api): State<Arc<Api>>, Parameters(paging): Parameters<Paging>) -> Result<Json<Page<Setting>>, Failure> {
    let all = settings::list(&api.host).items;
    Ok(Json(Page::cut(all, |setting| setting.key.clone(), paging.cursor(), paging.limit()?)?))
}

/// Show a setting
#[utoipa::path(
    get,
    path = "/settings/{setting}",
    tag = "settings",
    params(("setting" = String, Path, description = "Its key, such as `models.default`")),
    responses((status = 200, body = Setting))
)]
async fn get(State(api): State<Arc<Api>>, Segments(key): Segments<String>) -> Result<Json<Setting>, Failure> {
    Ok(Json(settings::get(&api.host, &key)?))
}

/// Set a setting from the next start of the host on
///
/// The value is written to the operator's file, whose comments stay. Only settings that are `changeable` can be set: the others say
/// what is executed, what leaves the machine and who is let in.
#[utoipa::path(
    put,
    path = "/settings/{setting}",
    tag = "settings",
    params(("setting" = String, Path, description = "Its key, such as `models.default`")),
    request_body = SettingValue,
    responses((status = 200, body = Setting))
)]
async fn set(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(key): Segments<String>,
    Input(given): Input<SettingValue>,
) -> Result<Json<Setting>, Failure> {
    Ok(Json(settings::set(&api.host, &caller.actor, &key, &given.value).await?))
}

/// Take a setting out of the operator's file, from the next start of the host on
#[utoipa::path(
    delete,
    path = "/settings/{setting}",
    tag = "settings",
    params(("setting" = String, Path, description = "Its key")),
    responses((status = 200, body = Setting))
)]
async fn unset(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(key): Segments<String>) -> Result<Json<Setting>, Failure> {
    Ok(Json(settings::unset(&api.host, &caller.actor, &key).await?))
}
