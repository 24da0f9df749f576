//! The autopilot of a project, here or on a server.

use reqwest::Method;
use serde::Serialize;

use super::{Client, Parameters, parameters::Fields, projects::named};
use crate::operations::{
    Dollars, Problem,
    autopilot::{self, Autopilot, AutopilotOff, LimitChange, TurnAutopilotOn},
    projects::ProjectRef,
};

/// The word for a limit that is removed.
const ANY: &str = "any";

/// Limits as the route takes them.
#[derive(Serialize)]
struct Limits<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stories: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day_usd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'a str>,
}

pub(in crate::cli) async fn show(client: &Client, project: &ProjectRef) -> Result<Autopilot, Problem> {
    match client {
        Client::Here(host) => autopilot::show(host, project).await,
        Client::There(remote) => remote.read(&["projects", named(project)?, "autopilot"], &Parameters::default()).await,
    }
}

pub(in crate::cli) async fn turn_on(client: &Client, request: &TurnAutopilotOn) -> Result<Autopilot, Problem> {
    match client {
        Client::Here(host) => autopilot::turn_on(host, host.operator(), request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "autopilot"];
            remote.change(Method::PUT, &path, Fields::of(&limits(request), &[])).await
        }
    }
}

pub(in crate::cli) async fn turn_off(client: &Client, project: &ProjectRef) -> Result<AutopilotOff, Problem> {
    match client {
        Client::Here(host) => autopilot::turn_off(host, host.operator(), project).await,
        Client::There(remote) => remote.change(Method::DELETE, &["projects", named(project)?, "autopilot"], Fields::default()).await,
    }
}

fn limits(request: &TurnAutopilotOn) -> Limits<'_> {
    let TurnAutopilotOn { stories, tries, day_usd, hours, zone, branch, .. } = request;
    Limits {
        stories: *stories,
        tries: *tries,
        day_usd: match day_usd {
            LimitChange::Keep => None,
            LimitChange::Remove => Some(ANY.to_owned()),
            LimitChange::Set(Dollars(amount)) => Some(amount.to_string()),
        },
        hours: match hours {
            LimitChange::Keep => None,
            LimitChange::Remove => Some(ANY),
            LimitChange::Set(hours) => Some(hours),
        },
        zone: zone.as_deref(),
        branch: branch.as_deref(),
    }
}
