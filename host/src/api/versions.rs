//! `ETag`, `If-None-Match` and `If-Match`: a change that was made from an older state is rejected. What can be edited is what the table
//! of routes lets clients read and change by the same path. Knows no resource.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use super::{failure::Failure, routes};
use crate::operations::access::Caller;

/// Bytes of the largest document that has a version.
const LARGEST: usize = 16 << 20;

/// Whose turn it is, by path.
type Paths = HashMap<String, Arc<tokio::sync::Mutex<()>>>;

/// What reads documents for their versions, and the paths that are being changed.
#[derive(Clone)]
pub(super) struct Versions {
    /// The routes without any middleware: who may change something was checked before.
    reads: Router,
    changing: Arc<Mutex<Paths>>,
}

impl Versions {
    /// Reads by these routes.
    pub(super) fn new(reads: Router) -> Self {
        Self { reads, changing: Arc::default() }
    }

    /// The version of what a request changes; none where it does not exist.
    async fn current(&self, parts: &Parts) -> Option<HeaderValue> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = parts.uri.clone();
        // Nothing else: the router finds the path's parts anew, and would add them to those that it found before.
        if let Some(caller) = parts.extensions.get::<Caller>() {
            request.extensions_mut().insert(caller.clone());
        }
        let Ok(response) = self.reads.clone().oneshot(request).await;
        if response.status() != StatusCode::OK {
            return None;
        }
        let body = to_bytes(response.into_body(), LARGEST).await.ok()?;
        version_of(&body)
    }

    /// A panic of another request leaves the paths as they are.
    fn paths(&self) -> MutexGuard<'_, Paths> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other request changes what is at the path.
    async fn lock(&self, path: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = Arc::clone(self.paths().entry(path.to_owned()).or_default());
        lock.lock_owned().await
    }

    /// Forgets the path, unless somebody else waits for it.
    fn unlock(&self, path: &str, guard: tokio::sync::OwnedMutexGuard<()>) {
        drop(guard);
        let mut changing = self.paths();
        if changing.get(path).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            changing.remove(path);
        }
    }
}

/// Gives what can be edited its version, and lets only those change it who know its present one, where they say which they know.
pub(super) async fn check(State(versions): State<Versions>, request: Request, next: Next) -> Response {
    if !routes::of(&request).is_some_and(|route| routes::is_editable(route.path)) {
        return next.run(request).await;
    }
    if *request.method() == Method::GET {
        let known = request.headers().get(header::IF_NONE_MATCH).cloned();
        return answer_read(next.run(request).await, known.as_ref()).await;
    }
    if !matches!(*request.method(), Method::PATCH | Method::PUT | Method::DELETE) {
        return next.run(request).await;
    }
    change(&versions, request, next).await
}

async fn change(versions: &Versions, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let guard = versions.lock(&path).await;
    let mut response = match check_match(versions, &parts).await {
        Ok(()) => next.run(Request::from_parts(parts.clone(), body)).await,
        Err(failure) => failure.into_response(),
    };
    if response.status().is_success() && parts.method != Method::DELETE && !response.headers().contains_key(header::ETAG) {
        let current = versions.current(&parts).await;
        current.into_iter().for_each(|version| drop(response.headers_mut().insert(header::ETAG, version)));
    }
    versions.unlock(&path, guard);
    response
}

async fn check_match(versions: &Versions, parts: &Parts) -> Result<(), Failure> {
    let Some(known) = list(&parts.headers, &header::IF_MATCH)? else { return Ok(()) };
    let current = versions.current(parts).await;
    let holds = current.is_some_and(|current| known.iter().any(|known| known == "*" || known.as_bytes() == current.as_bytes()));
    if holds { Ok(()) } else { Err(changed()) }
}

async fn answer_read(response: Response, known: Option<&HeaderValue>) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return Failure::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    };
    let Some(version) = version_of(&body) else { return Response::from_parts(parts, Body::from(body)) };
    let is_known = known.and_then(|known| known.to_str().ok()).is_some_and(|known| {
        known
            .split(',')
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == "*" || known.as_bytes() == version.as_bytes())
    });
    parts.headers.insert(header::ETAG, version);
    if !is_known {
        return Response::from_parts(parts, Body::from(body));
    }
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.status = StatusCode::NOT_MODIFIED;
    Response::from_parts(parts, Body::empty())
}

/// The entries of a list in a header; none where the header is absent.
fn list(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Vec<String>>, Failure> {
    let mut all = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| unreadable(name))?;
        all.extend(text.split(',').map(|entry| entry.trim().to_owned()));
    }
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let is_version = |entry: &String| entry == "*" || (entry.len() > 1 && entry.starts_with('"') && entry.ends_with('"'));
    if all.iter().all(is_version) { Ok(Some(all)) } else { Err(unreadable(name)) }
}

fn unreadable(name: &HeaderName) -> Failure {
    let message = format!("`{name}` has to be the `etag` of an answer, with its quotes.");
    Failure::of_client(StatusCode::BAD_REQUEST, "version_invalid", message).of_field(name.as_str())
}

fn changed() -> Failure {
    let message = "It has changed since you read it, so it was not changed again.";
    let failure = Failure::of_client(StatusCode::PRECONDITION_FAILED, "version_outdated", message).of_field("If-Match");
    failure.advise("Read it again, and send the change with its `etag`.")
}

/// The version of a document: what it says.
fn version_of(body: &Bytes) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{}\"", hex::encode(&Sha256::digest(body)[..16]))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<Vec<String>>, Failure> {
        let mut headers = HeaderMap::new();
        for value in values {
            let _ = headers.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        list(&headers, &header::IF_MATCH)
    }

    #[test]
    fn a_version_is_read_with_its_quotes() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&["\"a\", \"b\"", "*"]).unwrap().unwrap(), ["\"a\"", "\"b\"", "*"]);
        for odd in ["", "a", "\"", "W/\"a\"", "\"a\","] {
            assert!(read(&[odd]).is_err(), "{odd}");
        }
    }

    #[tokio::test]
    async fn what_a_client_knows_is_not_sent_again() {
        let answer = || "{}".into_response();
        let first = answer_read(answer(), None).await;
        let version = first.headers()[header::ETAG].clone();
        let again = answer_read(answer(), Some(&version)).await;
        assert_eq!((again.status(), &again.headers()[header::ETAG]), (StatusCode::NOT_MODIFIED, &version));
        let other = answer_read("{\"a\":1}".into_response(), Some(&version)).await;
        assert_eq!(other.status(), StatusCode::OK);
        let missing = answer_read(StatusCode::NOT_FOUND.into_response(), None).await;
        assert!(!missing.headers().contains_key(header::ETAG));
    }

    #[tokio::test]
    async fn a_path_is_changed_by_one_request_at_a_time_and_then_forgotten() {
        let versions = Versions::new(Router::new());
        let first = versions.lock("/a").await;
        let _other = versions.lock("/b").await;
        assert!(futures::FutureExt::now_or_never(versions.lock("/a")).is_none());
        versions.unlock("/a", first);
        assert_eq!(versions.paths().keys().collect::<Vec<_>>(), ["/b"]);
    }
}
