//! Plugins over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, failure::Failure};
use crate::operations::plugins::{self, PluginList};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List plugins
#[utoipa::path(get, path = "/plugins", tag = "plugins", responses((status = 200, body = PluginList)))]
async fn list(State(api): State<Arc<Api>>) -> Result<Json<PluginList>, Failure> {
    Ok(Json(plugins::list(&api.host).await?))
}
