//! The stream by Server-Sent Events: each frame as the data of a message, with its cursor as the id.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use futures::stream;

use super::{StreamParameters, open};
use crate::{
    api::{
        Api,
        extract::{Caller, Parameters},
        failure::Failure,
    },
    operations::streams::{Frame, FrameBody, Subscription},
};

/// How long a browser waits before it opens a stream again that has ended, in milliseconds.
const RETRY: &str = "retry: 1000\n";

/// Follow events by Server-Sent Events
///
/// Each message is a frame: one JSON document, whose `type` says what it is. Its id is the cursor of the frame, which a client
/// sends as `Last-Event-ID`, or as `after`, to continue where it was.
#[utoipa::path(
    get,
    path = "/events/stream",
    tag = "streams",
    params(
        StreamParameters,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last message; goes before `after`")
    ),
    responses((status = 200, description = "Frames, until the client or the host closes the stream", body = FrameBody, content_type = "text/event-stream"))
)]
pub(in crate::api) async fn follow(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(parameters): Parameters<StreamParameters>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let subscription = open(&api, &caller, parameters, &headers).await?;
    let messages = stream::unfold((subscription, true), write_next);
    let mut response = Response::new(Body::from_stream(messages));
    let fixed = [
        (header::CONTENT_TYPE, "text/event-stream"),
        // Proxies that collect answers would hold frames back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    response.headers_mut().extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Ok(response)
}

async fn write_next((mut subscription, is_first): (Subscription, bool)) -> Option<(Result<Bytes, Infallible>, (Subscription, bool))> {
    let frame = subscription.next().await?;
    let message = write_message(&frame, is_first);
    Some((Ok(message), (subscription, false)))
}

/// A frame as a message. Its JSON has no line break, since JSON escapes those in texts.
fn write_message(frame: &Frame, is_first: bool) -> Bytes {
    let mut message = Vec::with_capacity(frame.json.len() + 48);
    if is_first {
        message.extend_from_slice(RETRY.as_bytes());
    }
    if let Some(cursor) = frame.cursor {
        message.extend_from_slice(format!("id: {cursor}\n").as_bytes());
    }
    message.extend_from_slice(b"data: ");
    message.extend_from_slice(&frame.json);
    message.extend_from_slice(b"\n\n");
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{runs::RunId, streams::ControlFrame};

    #[test]
    fn a_frame_is_one_message_whatever_text_it_has() {
        let opened = Frame::from(ControlFrame::Opened { cursor: 7 });
        assert_eq!(write_message(&opened, true), "retry: 1000\nid: 7\ndata: {\"type\":\"stream.opened\",\"cursor\":7}\n\n");
        let text = "a\n\nid: 9\r\ndata: x\u{2028}".to_owned();
        let (run, call) = (RunId::from_text("r"), "7".to_owned());
        let token = Frame::from(ControlFrame::Token { run, project: None, call, offset: 0, text, done: false });
        let message = String::from_utf8(write_message(&token, false).to_vec()).unwrap();
        assert!(message.starts_with("data: {") && message.trim_end().lines().count() == 1, "{message}");
    }
}
