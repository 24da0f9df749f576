//! The host's settings over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Paging, Parameters},
    failure::Failure,
};
use crate::operations::{
    Page,
    settings::{self, Setting},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the settings that hold, without secrets
#[utoipa::path(get, path = "/settings", tag = "settings", params(Paging), responses((status = 200, body = Page<Setting>)))]
async fn list(State(api): State<Arc<Api>>, Parameters(paging): Parameters<Paging>) -> Result<Json<Page<Setting>>, Failure> {
    let all = settings::list(&api.host).items;
    Ok(Json(Page::cut(all, |setting| setting.key.clone(), paging.cursor(), paging.limit()?)?))
}
