//! The way to a server at an address. Whatever goes wrong over a request is the answer to that request, in words for a
//! person: the library below would end the conversation over it, or ask again until nobody waits any more.

use std::{
    collections::HashMap,
    error::Error,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use reqwest::{RequestBuilder, Response};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, ErrorCode, JsonRpcMessage, RequestId},
    transport::streamable_http_client::{SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse},
};
use sse_stream::{Sse, SseStream};

use super::{
    answers::{self, LOST, Received, UNASKED, UNREACHABLE, fail_request, failure},
    flow::{Excess, Flow, Meter},
    lines::LARGEST_MESSAGE,
    notes::Notes,
    translate::plain,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a failure that are read.
const LARGEST_REFUSAL: usize = 64 << 10;
const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

type Failure = StreamableHttpError<reqwest::Error>;
type Headers = HashMap<HeaderName, HeaderValue>;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// A client that follows no redirect.
#[derive(Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    /// The request by which the conversation began.
    greeting: Arc<OnceLock<RequestId>>,
    /// What the server says without being asked.
    flow: Arc<Flow>,
    notes: Notes,
}

impl Http {
    pub(super) fn new(notes: Notes) -> Result<Self, String> {
        let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(|error| format!("no client can be made: {error}"))?;
        Ok(Self { client, greeting: Arc::default(), flow: Arc::default(), notes })
    }

    async fn post(
        &self,
        request: RequestBuilder,
        message: ClientJsonRpcMessage,
        in_session: bool,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let Some(id) = self.note_request(&message) else {
            let response = request.json(&message).send().await?;
            if response.status() == StatusCode::NOT_FOUND && in_session {
                return Err(Failure::SessionExpired);
            }
            // Nothing is to come back, so it does not matter what does.
            return response.error_for_status().map(|_| StreamableHttpPostResponse::Accepted).map_err(Failure::Client);
        };
        let response = match request.json(&message).send().await {
            Ok(response) => response,
            Err(error) => return Ok(unsent(&error, id)),
        };
        let session = response.headers().get(SESSION).and_then(|session| session.to_str().ok()).map(str::to_owned);
        match response.status() {
            StatusCode::NOT_FOUND if in_session => Err(Failure::SessionExpired),
            // Its answer comes where the server speaks by itself.
            StatusCode::ACCEPTED | StatusCode::NO_CONTENT if in_session => Ok(StreamableHttpPostResponse::Accepted),
            status if !status.is_success() => Ok(StreamableHttpPostResponse::Json(refusal(response, id).await, None)),
            _ if is_of(&response, EVENTS) => Ok(StreamableHttpPostResponse::Sse(self.answering(response, id), session)),
            _ => Ok(StreamableHttpPostResponse::Json(self.whole(response, id).await, session)),
        }
    }

    /// The id of a request.
    fn note_request(&self, message: &ClientJsonRpcMessage) -> Option<RequestId> {
        let JsonRpcMessage::Request(request) = message else { return None };
        if matches!(request.request, ClientRequest::InitializeRequest(_)) {
            self.greeting.get_or_init(|| request.id.clone());
        }
        Some(request.id.clone())
    }

    /// The answer that is all of a body.
    async fn whole(&self, response: Response, id: RequestId) -> Received {
        if !is_of(&response, JSON) {
            return failure(id, format!("its answer is of the type `{}`, and MCP knows `{JSON}` and `{EVENTS}`", kind(&response)));
        }
        match beginning(response, LARGEST_MESSAGE).await {
            Ok((_, false)) => too_long(id),
            Ok((body, true)) => {
                let message = answers::message(&body, self.greeting.get());
                message.unwrap_or_else(|| failure(id, "its answer is not a message of JSON-RPC 2.0"))
            }
            Err(error) => fail_request(LOST, id, format!("it broke off its answer: {}", cause(&error))),
        }
    }

    /// The events of an answer. Where it does not come, or too much comes before it, there is a failure in its place, unless
    /// the server can be asked for the rest.
    fn answering(&self, response: Response, id: RequestId) -> Events {
        let (greeting, resumable) = (Arc::clone(&self.greeting), Arc::new(AtomicBool::new(false)));
        let (can_resume, last) = (Arc::clone(&resumable), id.clone());
        let said = move |event: Result<Sse, SseError>| {
            let error = match event {
                Ok(event) => {
                    resumable.fetch_or(event.id.is_some(), Ordering::Relaxed);
                    return Ok(read_event(event, &greeting, Some(&id)));
                }
                Err(error) => error,
            };
            match cut(&error) {
                Some(Cut::Excess(Excess::Message)) => Ok(event_of(&too_long(id.clone()))),
                Some(Cut::Excess(excess)) => Ok(event_of(&failure(id.clone(), excess.to_string()))),
                Some(Cut::Lost(lost)) if !resumable.load(Ordering::Relaxed) => {
                    Ok(event_of(&fail_request(LOST, id.clone(), format!("it broke off its answer: {}", cause(lost)))))
                }
                _ => Err(error),
            }
        };
        let end = stream::once(async move {
            let is_lost = !can_resume.load(Ordering::Relaxed);
            is_lost.then(|| Ok(event_of(&fail_request(LOST, last, "it closed the connection before it answered"))))
        });
        events(response, Meter::of_an_answer()).map(said).chain(end.filter_map(std::future::ready)).boxed()
    }

    async fn listen(&self, request: RequestBuilder) -> Result<Events, Failure> {
        if !self.flow.opens() {
            self.notes.flooded();
            return Err(Failure::ServerDoesNotSupportSse);
        }
        let response = request.send().await?;
        // What is wrong for the moment is tried again.
        let status = response.status();
        let may_stream = status.is_server_error() || (status.is_success() && is_of(&response, EVENTS));
        if !may_stream {
            return Err(Failure::ServerDoesNotSupportSse);
        }
        let response = response.error_for_status()?;
        let (greeting, notes) = (Arc::clone(&self.greeting), self.notes.clone());
        let said = move |event: Result<Sse, SseError>| {
            if matches!(event.as_ref().err().and_then(cut), Some(Cut::Excess(_))) {
                notes.flooded();
            }
            event.map(|event| read_event(event, &greeting, None))
        };
        Ok(events(response, Meter::of_flow(Arc::clone(&self.flow))).map(said).boxed())
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
        let request = with(self.client.post(uri.as_ref()), session.as_deref(), token, headers);
        self.post(request, message, session.is_some()).await
    }

    async fn delete_session(&self, uri: Arc<str>, session: Arc<str>, token: Option<String>, headers: Headers) -> Result<(), Failure> {
        self.client.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failure> {
        let request = with(self.client.get(uri.as_ref()), session.as_deref(), token, headers);
        self.listen(last.into_iter().fold(request, |request, last| request.header(LAST_EVENT, last))).await
    }
}

fn with(request: RequestBuilder, session: Option<&str>, token: Option<String>, headers: Headers) -> RequestBuilder {
    let request = request.header(header::ACCEPT, format!("{JSON}, {EVENTS}")).headers(headers.into_iter().collect());
    let request = session.into_iter().fold(request, |request, session| request.header(SESSION, session));
    token.into_iter().fold(request, RequestBuilder::bearer_auth)
}

/// Why the bytes of a stream end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error(transparent)]
    Excess(#[from] Excess),
    #[error(transparent)]
    Lost(#[from] reqwest::Error),
}

fn events(response: Response, meter: Meter) -> Events {
    let pieces = response.bytes_stream().scan(Some(meter), |meter, piece| {
        let taken = meter.as_mut().map(|open| take_piece(open, piece));
        if matches!(taken, Some(Err(_))) {
            *meter = None;
        }
        std::future::ready(taken)
    });
    SseStream::from_bytes_stream(pieces).boxed()
}

fn take_piece(meter: &mut Meter, piece: reqwest::Result<Bytes>) -> Result<Bytes, Cut> {
    let piece = piece?;
    meter.take(&piece)?;
    Ok(piece)
}

fn cut(error: &SseError) -> Option<&Cut> {
    match error {
        SseError::Body(error) => error.downcast_ref(),
        _ => None,
    }
}

/// An event whose message the library takes. One that is no message and would answer `id` is a failure of it.
fn read_event(event: Sse, greeting: &OnceLock<RequestId>, id: Option<&RequestId>) -> Sse {
    let Some(data) = &event.data else { return event };
    let unread =
        || id.filter(|id| answers::seems_to_answer(data, id)).map(|id| failure(id.clone(), "its answer is not a message of JSON-RPC 2.0"));
    match answers::message(data, greeting.get()).or_else(unread) {
        Some(message) => Sse { data: serde_json::to_string(&message).ok(), ..event },
        None => event,
    }
}

fn event_of(message: &Received) -> Sse {
    Sse::default().data(serde_json::to_string(message).unwrap_or_default())
}

fn too_long(id: RequestId) -> Received {
    failure(id, format!("its answer is longer than {} MiB, which is the most that one message may have", LARGEST_MESSAGE >> 20))
}

fn unsent(error: &reqwest::Error, id: RequestId) -> StreamableHttpPostResponse {
    let failure = match error {
        error if error.is_connect() => fail_request(UNREACHABLE, id, format!("it cannot be reached: {}", cause(error))),
        error if error.is_builder() => fail_request(UNASKED, id, format!("the request cannot be made: {}", cause(error))),
        error => fail_request(LOST, id, format!("it closed the connection before it answered: {}", cause(error))),
    };
    StreamableHttpPostResponse::Json(failure, None)
}

/// How the sentence begins that says that a token is not taken.
pub(super) const DENIED: &str = "it denies access";

/// What a status says that is not one of success.
async fn refusal(response: Response, id: RequestId) -> Received {
    let status = response.status();
    let place = response.headers().get(header::LOCATION).map(|place| plain(&String::from_utf8_lossy(place.as_bytes())));
    let body = beginning(response, LARGEST_REFUSAL).await.map(|(body, _)| body).unwrap_or_default();
    let is_denied = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if let Some(JsonRpcMessage::Error(error)) = answers::message(&body, None).filter(|_| !is_denied) {
        return JsonRpcMessage::error(error.error, Some(id));
    }
    let (code, why) = describe_refusal(status, place.as_deref(), &plain(&body));
    fail_request(code, id, why)
}

fn describe_refusal(status: StatusCode, place: Option<&str>, said: &str) -> (ErrorCode, String) {
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    match status.as_u16() {
        300..=399 => {
            let place = place.map(|place| format!(" to `{place}`")).unwrap_or_default();
            let why = format!(
                "it redirects{place} (HTTP {status}). Baton follows no redirect, since that would hand the token to another address; set `url` to the right one"
            );
            (UNREACHABLE, why)
        }
        401 | 403 => (UNREACHABLE, format!("{DENIED} (HTTP {status}); check the token that `token-env` names")),
        // It may have begun.
        408 | 500.. => (LOST, format!("it failed (HTTP {status}){said}")),
        _ => (UNASKED, format!("it rejects the request (HTTP {status}){said}")),
    }
}

/// As much of a body as is wanted, and whether that is all of it.
async fn beginning(mut response: Response, most: usize) -> Result<(String, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece);
        if body.len() > most {
            body.truncate(most);
            return Ok((String::from_utf8_lossy(&body).into_owned(), false));
        }
    }
    Ok((String::from_utf8_lossy(&body).trim_start_matches('\u{feff}').to_owned(), true))
}

fn is_of(response: &Response, wanted: &str) -> bool {
    kind(response).to_ascii_lowercase().starts_with(wanted)
}

fn kind(response: &Response) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| plain(&String::from_utf8_lossy(kind.as_bytes())));
    kind.unwrap_or_else(|| "none".to_owned())
}

/// What is at the bottom of an error, in the words of the system.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = plain(&cause.to_string());
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_with_where_it_leads() {
        let (code, why) = describe_refusal(StatusCode::TEMPORARY_REDIRECT, Some("http://other/mcp"), "");
        assert!(code == UNREACHABLE && why.contains("`http://other/mcp`") && why.contains("set `url`"), "{why}");
    }

    #[test]
    fn what_a_server_did_not_take_is_told_from_what_was_lost_and_from_what_an_operator_corrects() {
        for (status, code) in
            [(400, UNASKED), (401, UNREACHABLE), (403, UNREACHABLE), (429, UNASKED), (408, LOST), (500, LOST), (503, LOST)]
        {
            assert_eq!(describe_refusal(StatusCode::from_u16(status).unwrap(), None, "no").0, code, "{status}");
        }
    }
}
