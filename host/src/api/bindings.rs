//! Which plugins fill slots, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page, access,
    bindings::{self, Binding, BindingList, ChangedBinding, ListBindings, SetBinding, UnsetBinding},
    projects::ProjectRef,
};

/// Which bindings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// What holds in this project, by its id or name; where no project says otherwise, if none is named.
    project: Option<String>,
}

/// Which binding is removed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Place {
    /// That of this project, by its id or name.
    project: Option<String>,
    /// That for items with this label.
    label: Option<String>,
}

/// The plugin that fills a slot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PluginToBind {
    /// The plugin.
    plugin: String,
    /// Only in this project, by its id or name.
    #[serde(default)]
    project: Option<String>,
    /// Only for items with this label.
    #[serde(default)]
    label: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set, unset))
}

/// The project of a name, if it exists for the caller.
async fn find_project(api: &Api, caller: &access::Caller, name: Option<String>) -> Result<Option<ProjectRef>, Failure> {
    Ok(match name {
        Some(name) => Some(ProjectRef::Name(caller.find_project(&api.host, &name).await?)),
        None => None,
    })
}

/// List which plugins fill the slots
#[utoipa::path(get, path = "/bindings", tag = "bindings", params(Filter, Paging), responses((status = 200, body = BindingList)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<BindingList>, Failure> {
    let project = find_project(&api, &caller, filter.project).await?;
    let list = bindings::list(&api.host, &ListBindings { project }).await?;
    let key = |binding: &Binding| format!("{}/{}", binding.slot, binding.label.as_deref().unwrap_or_default());
    let page = Page::cut(list.items, key, paging.cursor(), paging.limit()?)?;
    Ok(Json(BindingList { items: page.items, next: page.next, ..list }))
}

/// Bind a plugin to a slot
#[utoipa::path(
    put,
    path = "/bindings/{slot}",
    tag = "bindings",
    params(("slot" = String, Path, description = "The slot")),
    request_body = PluginToBind,
    responses((status = 200, body = ChangedBinding))
)]
async fn set(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(slot): Segments<String>,
    Input(given): Input<PluginToBind>,
) -> Result<Json<ChangedBinding>, Failure> {
    let project = find_project(&api, &caller, given.project).await?;
    let request = SetBinding { slot, plugin: given.plugin, project, label: given.label };
    Ok(Json(bindings::set(&api.host, &caller.actor, &request).await?))
}

/// Remove a binding
#[utoipa::path(
    delete,
    path = "/bindings/{slot}",
    tag = "bindings",
    params(("slot" = String, Path, description = "The slot"), Place),
    responses((status = 200, body = ChangedBinding))
)]
async fn unset(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(slot): Segments<String>,
    Parameters(place): Parameters<Place>,
) -> Result<Json<ChangedBinding>, Failure> {
    let project = find_project(&api, &caller, place.project).await?;
    let request = UnsetBinding { slot, project, label: place.label };
    Ok(Json(bindings::unset(&api.host, &caller.actor, &request).await?))
}
