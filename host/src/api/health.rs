//! Whether the host lives and is ready, and which API it serves.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, failure::Failure};
use crate::operations::{
    Problem, ProblemKind, ProblemSource, host,
    readiness::{self, Readiness, ReadinessState},
};

/// The versions of the API that this host serves.
const SERVED: u32 = 1;

/// Whether the host is alive.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
struct Liveness {
    /// `true` for as long as the host answers.
    live: bool,
}

/// What this host is, and which versions of the API it serves.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
struct Version {
    /// Of the program and of the plugin contract.
    #[serde(flatten)]
    versions: host::Versions,
    /// The oldest version of the API that is served.
    oldest_api: u32,
    /// The newest version of the API that is served.
    newest_api: u32,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(version))
}

/// Say that the host is alive
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Liveness)))]
async fn live() -> Json<Liveness> {
    Json(Liveness { live: true })
}

/// Say whether the host is ready for work
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, body = Readiness)))]
async fn ready(State(api): State<Arc<Api>>) -> Result<Json<Readiness>, Failure> {
    let readiness = readiness::check(&api.host, &api.providers, api.answers.rate()).await;
    if readiness.ready {
        return Ok(Json(readiness));
    }
    let failed = readiness.checks.into_iter().filter(|check| check.state == ReadinessState::Failed);
    let message = failed.map(|check| check.message).collect::<Vec<_>>().join(" ");
    // Not `Host`: there is nothing in it that a client must not see.
    Err(Problem::new(ProblemKind::Unavailable, "not_ready", message, ProblemSource::Engine).into())
}

/// Show the versions of the host
#[utoipa::path(get, path = "/version", tag = "health", responses((status = 200, body = Version)))]
async fn version() -> Result<Json<Version>, Failure> {
    Ok(Json(Version { versions: host::versions()?, oldest_api: SERVED, newest_api: SERVED }))
}

/// The document itself, which is not part of what it describes.
pub(super) async fn document(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(api.document.clone())
}
