//! The way to a server at an address. An answer that is too long is a failure of its request at once, where the library
//! below would ask for it again until nobody waits any more.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt as _, stream::BoxStream};
use http::{HeaderName, HeaderValue};
use rmcp::{
    model::{ClientJsonRpcMessage, JsonRpcMessage, RequestId, ServerJsonRpcMessage},
    transport::streamable_http_client::{SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse},
};
use sse_stream::Sse;

use super::lines::{LARGEST_MESSAGE, failure};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Failure = StreamableHttpError<reqwest::Error>;
type Headers = HashMap<HeaderName, HeaderValue>;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// A client that follows no redirect.
#[derive(Clone)]
pub(super) struct Http(reqwest::Client);

impl Http {
    pub(super) fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        client.build().map(Self).map_err(|error| format!("no client can be made: {error}"))
    }
}

impl StreamableHttpClient for Http {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.post_message_with_max_sse_event_size(uri, message, session, token, headers, LARGEST_MESSAGE).await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
        most: usize,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let id = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let answer = self.0.post_message_with_max_sse_event_size(uri, message, session, token, headers, most).await;
        match (answer, id) {
            (Err(Failure::ResponseBodyTooLarge { .. }), Some(id)) => Ok(StreamableHttpPostResponse::Json(too_long(id), None)),
            (Ok(StreamableHttpPostResponse::Sse(events, session)), Some(id)) => {
                Ok(StreamableHttpPostResponse::Sse(bounded(events, id), session))
            }
            (answer, _) => answer,
        }
    }

    async fn delete_session(&self, uri: Arc<str>, session: Arc<str>, token: Option<String>, headers: Headers) -> Result<(), Failure> {
        self.0.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failure> {
        self.get_stream_with_max_sse_event_size(uri, session, last, token, headers, LARGEST_MESSAGE).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: Headers,
        most: usize,
    ) -> Result<Events, Failure> {
        self.0.get_stream_with_max_sse_event_size(uri, session, last, token, headers, most).await
    }
}

/// The same events, with a failure of the request in the place of one that is too long.
fn bounded(events: Events, id: RequestId) -> Events {
    let said = move |event: Result<Sse, SseError>| match event {
        // The library does not say it in another way.
        Err(SseError::Body(error)) if error.to_string().contains("maximum size") => {
            let data = serde_json::to_string(&too_long(id.clone())).unwrap_or_default();
            Ok(Sse::default().data(data))
        }
        other => other,
    };
    events.map(said).boxed()
}

fn too_long(id: RequestId) -> ServerJsonRpcMessage {
    failure(id, format!("its answer is longer than {} MiB, which is the most that one message may have", LARGEST_MESSAGE >> 20))
}
