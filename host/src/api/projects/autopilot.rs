//! The autopilot of a project over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    extract::{Caller, Input, Segments},
    failure::Failure,
};
use crate::operations::{
    Dollars,
    autopilot::{self, Autopilot, AutopilotOff, LimitChange, TurnAutopilotOn},
    projects::ProjectRef,
};

/// The limits of an autopilot. What is absent stays as it was.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AutopilotLimits {
    /// Stories at work at the same time.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 16)]
    stories: Option<u32>,
    /// How often a story is tried.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 20)]
    tries: Option<u32>,
    /// What all runs of the project may spend a day, or `any`.
    #[serde(default)]
    day_usd: Option<String>,
    /// The hours in which stories are begun, such as `22:00-06:00`, or `any`.
    #[serde(default)]
    hours: Option<String>,
    /// The time zone of the hours and of the day, such as `Europe/Berlin`.
    #[serde(default)]
    zone: Option<String>,
    /// The branch in which stories land.
    #[serde(default)]
    branch: Option<String>,
}

/// The word for a limit that there is not to be.
const ANY: &str = "any";

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(show_autopilot, turn_autopilot_on, turn_autopilot_off))
}

/// Show the autopilot of a project
#[utoipa::path(
    get,
    path = "/projects/{project}/autopilot",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = Autopilot))
)]
async fn show_autopilot(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<Autopilot>, Failure> {
    Ok(Json(autopilot::show(&api.host, &ProjectRef::Name(project)).await?))
}

/// Turn the autopilot of a project on, or change its limits
#[utoipa::path(
    put,
    path = "/projects/{project}/autopilot",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    request_body = AutopilotLimits,
    responses((status = 200, body = Autopilot))
)]
async fn turn_autopilot_on(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
    Input(limits): Input<AutopilotLimits>,
) -> Result<Json<Autopilot>, Failure> {
    let AutopilotLimits { stories, tries, day_usd, hours, zone, branch } = limits;
    let request = TurnAutopilotOn {
        project: ProjectRef::Name(project),
        stories,
        tries,
        day_usd: match day_usd.as_deref() {
            None => LimitChange::Keep,
            Some(ANY) => LimitChange::Remove,
            Some(text) => LimitChange::Set(Dollars::read(text, "day_usd")?),
        },
        hours: match hours {
            None => LimitChange::Keep,
            Some(hours) if hours == ANY => LimitChange::Remove,
            Some(hours) => LimitChange::Set(hours),
        },
        zone,
        branch,
    };
    Ok(Json(autopilot::turn_on(&api.host, &caller.actor, &request).await?))
}

/// Turn the autopilot of a project off, and cancel what it has at work
#[utoipa::path(
    delete,
    path = "/projects/{project}/autopilot",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = AutopilotOff))
)]
async fn turn_autopilot_off(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
) -> Result<Json<AutopilotOff>, Failure> {
    Ok(Json(autopilot::turn_off(&api.host, &caller.actor, &ProjectRef::Name(project)).await?))
}
