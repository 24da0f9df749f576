//! The items of a project's backlog over HTTP: found, added, changed, moved and removed.

mod board;
mod logs;
mod work;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, ROOT,
    extract::{Caller, Input, Paging, Parameters, Segments, words},
    failure::Failure,
};
use crate::operations::{
    Page,
    items::{
        self, AddItem, ChangeItem, Dependencies, EditItem, Item, ItemDetails, ItemKind, ItemMove, ItemOrder, ItemStatus, ListItems,
        MoveItem, MovedItem, RemoveItem, RemovedItem, ShowItem, USUAL_PRIORITY,
    },
    projects::ProjectRef,
};

/// Which items are wanted, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those with this status.
    status: Option<ItemStatus>,
    /// Only those with one of these statuses, with commas between them.
    statuses: Option<String>,
    /// Only those of this kind.
    kind: Option<ItemKind>,
    /// Only those of these kinds, with commas between them.
    kinds: Option<String>,
    /// Only those that can begin now, most urgent first.
    #[serde(default)]
    ready: bool,
    /// Only those with this label.
    label: Option<String>,
    /// Only those with all of these labels, with commas between them.
    labels: Option<String>,
    /// Only those with this text in their key, title or labels, in upper or lower case.
    search: Option<String>,
    /// Only those that are directly part of the item with this key.
    parent: Option<String>,
    /// Only those that this one works on.
    assignee: Option<String>,
    /// The order.
    #[serde(default)]
    sort: ItemOrder,
}

/// An item to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewItem {
    /// Its name in the project: 1 to 64 of the characters a-z and 0-9, with single dashes between them.
    key: String,
    /// How wide it is.
    kind: ItemKind,
    /// One line.
    title: String,
    /// Markdown.
    #[serde(default)]
    body: String,
    /// The key of what it is a part of.
    #[serde(default)]
    parent: Option<String>,
    /// Keys that must be done first.
    #[serde(default)]
    after: Vec<String>,
    /// 0 (last) to 10 (first).
    #[serde(default = "usual_priority")]
    #[schema(maximum = 10)]
    priority: u8,
    /// What it is found by.
    #[serde(default)]
    labels: Vec<String>,
}

fn usual_priority() -> u8 {
    USUAL_PRIORITY
}

/// What to change of an item. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemEdit {
    /// One line.
    #[serde(default)]
    title: Option<String>,
    /// Markdown.
    #[serde(default)]
    body: Option<String>,
    /// The key of what it is a part of; empty for nothing.
    #[serde(default)]
    parent: Option<String>,
    /// Keys that must be done first.
    #[serde(default)]
    after: Option<Vec<String>>,
    /// 0 (last) to 10 (first).
    #[serde(default)]
    #[schema(maximum = 10)]
    priority: Option<u8>,
    /// What it is found by.
    #[serde(default)]
    labels: Option<Vec<String>>,
    /// Labels to add, whichever it has.
    #[serde(default)]
    add_labels: Vec<String>,
    /// Labels to remove, if it has them.
    #[serde(default)]
    remove_labels: Vec<String>,
    /// Who works on it; empty for nobody.
    #[serde(default)]
    assignee: Option<String>,
    /// The branch on which they do; empty for none.
    #[serde(default)]
    branch: Option<String>,
}

/// Where to move an item.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Destination {
    /// Its next status.
    status: ItemStatus,
    /// Its place among the items of that status, from 0; absent for behind them.
    #[serde(default)]
    position: Option<u32>,
    /// Why, for its history.
    #[serde(default)]
    reason: String,
    /// Moves it to `done` although an item before it is open.
    #[serde(default)]
    force: bool,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let own = OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, edit, remove));
    let own = own.routes(routes!(move_to)).routes(routes!(history)).routes(routes!(dependencies));
    own.merge(board::routes()).merge(logs::routes()).merge(work::routes())
}

/// The item that the segments of a path name.
fn item_of((project, key): (String, String)) -> ShowItem {
    ShowItem { project: ProjectRef::Name(project), key }
}

/// List items
#[utoipa::path(
    get,
    path = "/projects/{project}/items",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), Filter, Paging),
    responses((status = 200, body = Page<Item>))
)]
async fn list(
    State(api): State<Arc<Api>>,
    Segments(project): Segments<String>,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Item>>, Failure> {
    let statuses: Vec<ItemStatus> = words("statuses", filter.statuses.as_deref())?;
    let kinds: Vec<ItemKind> = words("kinds", filter.kinds.as_deref())?;
    let labels: Vec<String> = words("labels", filter.labels.as_deref())?;
    let request = ListItems {
        statuses: filter.status.into_iter().chain(statuses).collect(),
        kinds: filter.kind.into_iter().chain(kinds).collect(),
        ready: filter.ready,
        labels: filter.label.into_iter().chain(labels).collect(),
        search: filter.search,
        parent: filter.parent,
        assignee: filter.assignee,
        order: filter.sort,
        cursor: paging.cursor().map(str::to_owned),
        ..ListItems::of(ProjectRef::Name(project), paging.limit()?)
    };
    Ok(Json(items::list(&api.host, &request).await?))
}

/// Add an item
#[utoipa::path(
    post,
    path = "/projects/{project}/items",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project")),
    request_body = NewItem,
    responses((status = 201, body = Item, headers(("location" = String, description = "The path of the item"))))
)]
async fn add(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
    Input(new): Input<NewItem>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Item>), Failure> {
    let NewItem { key, kind, title, body, parent, after, priority, labels } = new;
    let location = format!("{ROOT}/projects/{project}/items/{key}");
    let request = AddItem { project: ProjectRef::Name(project), key, kind, title, body, parent, after, priority, labels };
    let item = items::add(&api.host, &caller.actor, &request).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(item)))
}

/// Show an item with its history and what happened for it
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 200, body = ItemDetails))
)]
async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
) -> Result<Json<ItemDetails>, Failure> {
    Ok(Json(items::show_for(&api.host, &caller, &item_of(segments)).await?))
}

/// Change what is said of an item
#[utoipa::path(
    patch,
    path = "/projects/{project}/items/{item}",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    request_body = ItemEdit,
    responses((status = 200, body = Item))
)]
async fn edit(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
    Input(edit): Input<ItemEdit>,
) -> Result<Json<Item>, Failure> {
    let ShowItem { project, key } = item_of(segments);
    let ItemEdit { title, body, parent, after, priority, labels, add_labels, remove_labels, assignee, branch } = edit;
    let relabels = !add_labels.is_empty() || !remove_labels.is_empty();
    if relabels && labels.is_some() {
        let failure =
            Failure::of_client(StatusCode::BAD_REQUEST, "body_invalid", "`labels` cannot be given with labels to add or to remove.");
        return Err(failure.of_field("labels"));
    }
    let labelling = EditItem { project: project.clone(), key: key.clone(), add_labels, remove_labels };
    let request = ChangeItem { project, key, title, body, parent, after, priority, labels, assignee, branch };
    // What can be rejected comes first.
    let changed = items::change(&api.host, &caller.actor, &request).await?;
    Ok(Json(if relabels { items::edit(&api.host, &caller.actor, &labelling).await? } else { changed }))
}

/// Remove an item with its history
#[utoipa::path(
    delete,
    path = "/projects/{project}/items/{item}",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 200, body = RemovedItem))
)]
async fn remove(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
) -> Result<Json<RemovedItem>, Failure> {
    let ShowItem { project, key } = item_of(segments);
    Ok(Json(items::remove(&api.host, &caller.actor, &RemoveItem { project, key }).await?))
}

/// Move an item to a status, or to another place in its column
#[utoipa::path(
    post,
    path = "/projects/{project}/items/{item}/move",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    request_body = Destination,
    responses((status = 200, body = MovedItem))
)]
async fn move_to(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
    Input(destination): Input<Destination>,
) -> Result<Json<MovedItem>, Failure> {
    let ShowItem { project, key } = item_of(segments);
    let Destination { status, position, reason, force } = destination;
    let request = MoveItem { project, key, status, reason, position, force };
    Ok(Json(items::move_to(&api.host, &caller.actor, &request).await?))
}

/// List how an item was moved, the oldest first
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/history",
    tag = "items",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("item" = String, Path, description = "Its key"),
        Paging
    ),
    responses((status = 200, body = Page<ItemMove>))
)]
async fn history(
    State(api): State<Arc<Api>>,
    Segments(segments): Segments<(String, String)>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ItemMove>>, Failure> {
    Ok(Json(items::history(&api.host, &item_of(segments), paging.cursor(), paging.limit()?).await?))
}

/// Show what an item waits for, and what waits for it
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/dependencies",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 200, body = Dependencies))
)]
async fn dependencies(State(api): State<Arc<Api>>, Segments(segments): Segments<(String, String)>) -> Result<Json<Dependencies>, Failure> {
    Ok(Json(items::dependencies(&api.host, &item_of(segments)).await?))
}
