//! The log of events over HTTP: what happened, a page at a time.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Moment, Page,
    events::{self, BrowseEvents, Category, Event, EventLevel, EventOrder, EventView},
    runs::RunId,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(list_events))
}

/// Whose events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Scope {
    /// Only those of this project, by its id or name.
    pub(super) project: Option<String>,
    /// Only those of this run and of those below it, by its id.
    pub(super) run: Option<RunId>,
    /// Only those about the item with this key, or of runs for it.
    pub(super) item: Option<String>,
}

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventFilter {
    /// Only those of this view of the log.
    view: Option<EventView>,
    /// Only those about this.
    category: Option<Category>,
    /// Only those that ask for as much attention, or more.
    level: Option<EventLevel>,
    /// Only those in whose name or particulars this text is.
    text: Option<String>,
    /// Only those from then on.
    since: Option<Moment>,
    /// Only those from before then.
    until: Option<Moment>,
    /// In which order; the newest first unless another is named.
    #[serde(default)]
    order: EventOrder,
}

impl EventFilter {
    /// The request for a page of them.
    pub(super) fn request(self, paging: &Paging) -> Result<BrowseEvents, Failure> {
        let Self { view, category, level, text, since, until, order } = self;
        let (cursor, limit) = (paging.cursor().map(str::to_owned), paging.limit()?);
        Ok(BrowseEvents { view, category, level, text, since, until, order, cursor, limit, ..BrowseEvents::default() })
    }
}

/// List events
///
/// A page may have fewer events than `limit`, or none, and still have a `next`: a request searches a bounded part of the log.
#[utoipa::path(get, path = "/events", tag = "events", params(Scope, EventFilter, Paging), responses((status = 200, body = Page<Event>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(scope): Parameters<Scope>,
    Parameters(filter): Parameters<EventFilter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Event>>, Failure> {
    let Scope { project, run, item } = scope;
    let request = BrowseEvents { project, run, item, ..filter.request(&paging)? };
    Ok(Json(events::list_for(&api.host, &caller, &request).await?))
}

/// List the events of a run and of those below it
#[utoipa::path(
    get,
    path = "/runs/{run}/events",
    tag = "runs",
    params(("run" = String, Path, description = "Its id"), EventFilter, Paging),
    responses((status = 200, body = Page<Event>))
)]
async fn list_events(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<RunId>,
    Parameters(filter): Parameters<EventFilter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Event>>, Failure> {
    let request = BrowseEvents { run: Some(run), ..filter.request(&paging)? };
    Ok(Json(events::list_for(&api.host, &caller, &request).await?))
}
