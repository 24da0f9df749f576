//! The log of events as a stream, by Server-Sent Events and by WebSocket: one contract, two transports. Says itself only how a
//! frame is written.

mod events;
mod item;
mod replies;
mod socket;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, extract::Caller, failure::Failure};
use crate::operations::{
    Problem, access,
    accounts::tickets::{self, Ticket},
    events::Category,
    streams::{FollowEvents, HEARTBEAT, Subscription},
};

/// Which events a stream has.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamParameters {
    /// The `cursor` of the last frame that the client has; absent for what happens from now on, 0 for all that is kept.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Only events of this project, by its id or name.
    project: Option<String>,
    /// Only events of this run, by its id, and of those below it.
    run: Option<String>,
    /// Only events of this item of the project, and of the runs that work on it.
    item: Option<String>,
    /// Only events about these, separated by commas: `run,question`.
    category: Option<String>,
    /// `true` for what models are writing, too: frames `run.token`.
    #[serde(default)]
    #[param(default = false)]
    tokens: bool,
    /// A name that the client keeps: its next stream with it takes the place of this one.
    #[param(min_length = 1, max_length = 100)]
    client: Option<String>,
    /// A ticket in place of a credential, where no header can be sent. It opens one stream, within 30 s.
    #[allow(dead_code, reason = "it is redeemed before a handler runs, and described here")]
    ticket: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(events::follow))
        .routes(routes!(item::follow_item))
        .routes(routes!(replies::list_replies))
        .routes(routes!(socket::connect))
        .routes(routes!(create_ticket))
}

impl StreamParameters {
    fn request(self) -> Result<FollowEvents, Failure> {
        let categories = self.category.as_deref().map(read_categories).transpose()?.unwrap_or_default();
        let Self { after, project, run, item, tokens, client, .. } = self;
        Ok(FollowEvents { after, project, run, item, categories, tokens, client })
    }
}

/// Create a ticket that opens one stream
#[utoipa::path(post, path = "/stream/tickets", tag = "streams", responses((status = 201, body = Ticket)))]
async fn create_ticket(State(api): State<Arc<Api>>, Caller(caller): Caller) -> Result<(StatusCode, Json<Ticket>), Failure> {
    Ok((StatusCode::CREATED, Json(tickets::create(&api.host, &caller)?)))
}

fn read_categories(text: &str) -> Result<Vec<Category>, Failure> {
    let known = || Category::ALL.map(Category::as_str).join(", ");
    let read = |word: &str| {
        let unknown = || Problem::invalid("category_unknown", "category", format!("`{}` is not a category.", word.escape_debug()));
        Category::from_word(word).ok_or_else(|| Failure::from(unknown().advise(format!("The categories are {}.", known()))))
    };
    text.split(',').map(str::trim).map(read).collect()
}

/// Opens a stream. What the browser keeps of the last one goes before the parameter.
async fn open(api: &Api, caller: &access::Caller, parameters: StreamParameters, headers: &HeaderMap) -> Result<Subscription, Failure> {
    let after = match headers.get("last-event-id") {
        Some(id) => Some(read_last_event_id(id.to_str().unwrap_or_default())?),
        None => parameters.after,
    };
    let request = StreamParameters { after, ..parameters }.request()?;
    Ok(api.hub.follow(caller, &request, api.settings.streams.get(), HEARTBEAT).await?)
}

fn read_last_event_id(text: &str) -> Result<i64, Failure> {
    let wrong = || Problem::invalid("cursor_invalid", "Last-Event-ID", "`Last-Event-ID` has to be the cursor of a frame.");
    text.trim().parse().map_err(|_| wrong().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_read_and_unknown_ones_named() {
        assert_eq!(read_categories("run, question").unwrap(), [Category::Run, Category::Question]);
        for wrong in ["", "run,", "x", "run;item"] {
            let failure = format!("{:?}", read_categories(wrong).unwrap_err());
            assert!(failure.contains("field: Some(\"category\")"), "{failure}");
        }
    }

    #[test]
    fn what_is_no_cursor_is_rejected() {
        assert_eq!(read_last_event_id(" 7 ").unwrap(), 7);
        for wrong in ["", "x", "7.5", "99999999999999999999", "7,8"] {
            assert!(read_last_event_id(wrong).is_err(), "{wrong}");
        }
    }
}
