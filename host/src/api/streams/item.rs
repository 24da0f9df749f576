//! The stream of one item: its events as JSON lines, or as the messages of a WebSocket.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{StreamParameters, open, socket};
use crate::{
    api::{
        Api,
        extract::{Caller, Parameters, Segments},
        failure::Failure,
    },
    operations::streams::{Frame, ItemLine, Subscription},
};

/// Where the stream of an item begins.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemParameters {
    /// The `cursor` of the last line that the client has; absent for what happens from now on, 0 for all that is kept.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// A name that the client keeps: its next stream with it takes the place of this one.
    #[param(min_length = 1, max_length = 100)]
    client: Option<String>,
}

/// Follow the work on an item
///
/// One JSON document a line, whose `type` is `progress`, `log`, `result`, `error`, `status` or `heartbeat`. A request that opens a
/// WebSocket has each line as a message.
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/stream",
    tag = "items",
    params(
        ("project" = String, Path, description = "Its id or name"),
        ("item" = String, Path, description = "Its key"),
        ItemParameters
    ),
    responses((status = 200, description = "Lines, until the client or the host closes the stream", body = ItemLine, content_type = "application/x-ndjson"))
)]
pub(in crate::api) async fn follow_item(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, item)): Segments<(String, String)>,
    Parameters(parameters): Parameters<ItemParameters>,
    request: Request,
) -> Result<Response, Failure> {
    let (mut parts, _) = request.into_parts();
    let ItemParameters { after, client } = parameters;
    let parameters = StreamParameters { after, client, project: Some(project), item: Some(item), ..StreamParameters::default() };
    let upgrade = match parts.headers.contains_key(header::UPGRADE) {
        true => Some(socket::read_upgrade(&mut parts).await?),
        false => None,
    };
    let subscription = open(&api, &caller, parameters, &parts.headers).await?;
    if let Some(upgrade) = upgrade {
        return Ok(upgrade.on_upgrade(move |mut socket| async move { socket::send(&mut socket, subscription, write_line).await }));
    }
    let mut response = Response::new(Body::from_stream(stream::unfold(subscription, write_next)));
    let fixed = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        // Proxies that collect answers would hold lines back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    response.headers_mut().extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Ok(response)
}

async fn write_next(mut subscription: Subscription) -> Option<(Result<Bytes, Infallible>, Subscription)> {
    loop {
        let frame = subscription.next().await?;
        if let Some(line) = write_line(&frame) {
            return Some((Ok([&*line, b"\n"].concat().into()), subscription));
        }
    }
}

/// A frame as JSON in one line.
fn write_line(frame: &Frame) -> Option<Bytes> {
    let line = ItemLine::of(frame)?;
    // A line has no form that JSON has not.
    serde_json::to_vec(&line).ok().map(Bytes::from)
}
