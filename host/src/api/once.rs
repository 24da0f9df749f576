//! `Idempotency-Key`: a request that is sent again is not done again, and has the first answer, also after a restart. Decides nothing
//! about what a request does.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::{Api, failure::Failure, routes};
use crate::operations::{
    Problem, access,
    kept_answers::{self, Claimed, OnceRequest},
};

/// The header with the key.
static KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
static REPEATED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of the longest key.
const LONGEST_KEY: usize = 255;
/// Bytes of the largest answer that is kept.
const LARGEST_ANSWER: usize = 4 << 20;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    body: String,
    /// What went wrong, where the request failed half way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Does a request with a key once.
pub(super) async fn once(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let is_once = routes::of(&request).is_some_and(|route| route.once);
    let key = match read_key(request.headers()) {
        Ok(Some(key)) if is_once => key,
        Ok(_) => return next.run(request).await,
        Err(failure) if is_once => return failure.into_response(),
        Err(_) => return next.run(request).await,
    };
    match answer(api, key, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn answer(api: Arc<Api>, key: String, request: Request, next: Next) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let Some(caller) = parts.extensions.get::<access::Caller>().cloned() else { return Err(super::authentication::missing()) };
    let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let body = whole.map_err(|rejection| Failure::of_status(rejection.status()))?;
    let once = OnceRequest::new(&caller.actor, &key, hash(parts.method.as_str(), &parts.uri.to_string(), &body), &api.process);
    match kept_answers::claim(&api.host, &once).await? {
        Claimed::New => {}
        Claimed::Answered(answer) => return repeat(&answer),
        Claimed::InFlight => return Err(in_flight()),
        Claimed::Interrupted => return Err(interrupted()),
        Claimed::Other => return Err(other()),
    }
    let request = Request::from_parts(parts, Body::from(body));
    // It is finished and its answer is kept also where the client no longer waits for it.
    let done = tokio::spawn(async move { finish(&api, &once, request, next).await }.in_current_span());
    done.await.unwrap_or_else(|_| Err(Failure::of_status(StatusCode::INTERNAL_SERVER_ERROR)))
}

async fn finish(api: &Api, once: &OnceRequest, request: Request, next: Next) -> Result<Response, Failure> {
    let done = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = done.unwrap_or_else(|_| Failure::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response());
    let status = response.status();
    // Anything else than an answer or a failure half way means that nothing was done: the client may correct it and try again.
    if !status.is_success() && status != StatusCode::INTERNAL_SERVER_ERROR {
        kept_answers::release(&api.host, once).await?;
        return Ok(response);
    }
    let problem = response.extensions().get::<Failure>().map(Failure::problem);
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST_ANSWER).await.unwrap_or_default();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kept = KeptAnswer {
        status: status.as_u16(),
        location: text(header::LOCATION),
        media_type: text(header::CONTENT_TYPE),
        body: String::from_utf8_lossy(&body).into_owned(),
        problem,
    };
    response = Response::from_parts(parts, Body::from(body));
    kept_answers::keep(&api.host, once, &serde_json::to_string(&kept).unwrap_or_default()).await?;
    Ok(response)
}

fn repeat(answer: &str) -> Result<Response, Failure> {
    let damaged = || Failure::of_status(StatusCode::INTERNAL_SERVER_ERROR);
    let kept: KeptAnswer = serde_json::from_str(answer).map_err(|_| damaged())?;
    let mut response = match kept.problem {
        Some(problem) => Failure::from(problem).into_response(),
        None => Body::from(kept.body).into_response(),
    };
    *response.status_mut() = StatusCode::from_u16(kept.status).map_err(|_| damaged())?;
    let headers = response.headers_mut();
    headers.insert(REPEATED.clone(), HeaderValue::from_static("true"));
    for (name, value) in [(header::LOCATION, kept.location), (header::CONTENT_TYPE, kept.media_type)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// The key, if there is one.
fn read_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let mut values = headers.get_all(&KEY).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if headers.contains_key(&KEY) { Err(invalid_key()) } else { Ok(None) };
    };
    let key = value.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    key.map(|key| Some(key.to_owned())).ok_or_else(invalid_key)
}

/// Tells requests apart by all that they say. Each part ends where no other can go on.
fn hash(method: &str, target: &str, body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    for part in [method.as_bytes(), target.as_bytes(), body] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}

fn invalid_key() -> Failure {
    let message = format!("`Idempotency-Key` has to be one text of 1 to {LONGEST_KEY} visible ASCII characters.");
    Failure::of_client(StatusCode::BAD_REQUEST, "idempotency_key_invalid", message).of_field("Idempotency-Key")
}

fn in_flight() -> Failure {
    let message = "The first request with this key is still being done.";
    let failure = Failure::of_client(StatusCode::CONFLICT, "request_in_flight", message);
    failure.advise("Send it again later, with the same key.").retry_after(std::time::Duration::from_secs(1))
}

fn interrupted() -> Failure {
    let message = "The host stopped during the first request with this key, so what that did is not known.";
    let failure = Failure::of_client(StatusCode::CONFLICT, "request_interrupted", message);
    failure.advise("Look whether it was done. If it was not, send it with another key.")
}

fn other() -> Failure {
    let message = "Another request was sent with this `Idempotency-Key`.";
    let failure = Failure::of_client(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message);
    failure.of_field("Idempotency-Key").advise("Give each request a key of its own.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&[u8]]) -> Result<Option<String>, Failure> {
        let mut headers = HeaderMap::new();
        for value in values {
            let _ = headers.append(&KEY, HeaderValue::from_bytes(value).unwrap());
        }
        read_key(&headers)
    }

    #[test]
    fn a_key_is_one_short_text_without_spaces() {
        assert_eq!(key(&[]).unwrap(), None);
        assert_eq!(key(&[b"a-1"]).unwrap().as_deref(), Some("a-1"));
        assert!(key(&[&[b'a'; 255]]).is_ok());
        let odd: [&[&[u8]]; 5] = [&[b""], &[b"a b"], &[b"\xe9"], &[&[b'a'; 256]], &[b"a", b"a"]];
        assert!(odd.iter().all(|values| key(values).is_err()));
    }

    #[test]
    fn requests_that_differ_anywhere_have_different_hashes() {
        let all = [hash("POST", "/a", b"b"), hash("POST", "/ab", b""), hash("PUT", "/a", b"b"), hash("POST", "/a", b"c")];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_kept_answer_comes_back_as_it_was_and_says_so() {
        let kept = r#"{"status":201,"location":"/api/v1/runs/1","media_type":"application/json","body":"{}"}"#;
        let response = repeat(kept).unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[header::LOCATION], "/api/v1/runs/1");
        assert_eq!(response.headers()[&REPEATED], "true");
        assert!(repeat("{").is_err() && repeat(r#"{"status":7,"body":""}"#).is_err());
    }
}
