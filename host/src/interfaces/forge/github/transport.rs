//! Every request to one host, whoever makes it: who asks, when it may be asked, what is remembered of its answers, how
//! much of one is read. Follows no redirect and tells the token to nobody else.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use octocrab::OctoBody;
use reqwest::{
    Method, StatusCode, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use tokio::sync::{Mutex as Turn, MutexGuard, Semaphore, SemaphorePermit};

use super::{
    remembered::{Answer, Remembered},
    schedule::{Closed, Rates},
};
use crate::{interfaces::forge::Token, journal::Clock};

/// Bytes of an answer.
const LARGEST: usize = 8 << 20;
/// A wait that a call makes itself, in milliseconds; for a longer one the run is suspended.
const LONGEST_WAIT: u64 = 20_000;
/// What GitHub asks for between two changes.
const BETWEEN_CHANGES: Duration = Duration::from_secs(1);
/// Questions on their way at once.
const AT_ONCE: usize = 4;
/// How often a request is made that the host refused for being asked too often.
const TRIES: usize = 3;
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TransportError {
    /// The host is not to be asked for a while; nothing was done.
    #[error("{}", .0.reason)]
    Closed(Closed),
    /// No answer, or half of one: a change may have been made.
    #[error("{0}")]
    Broken(String),
    /// An answer that is not to be trusted.
    #[error("{0}")]
    Refused(String),
}

impl From<Closed> for TransportError {
    fn from(closed: Closed) -> Self {
        Self::Closed(closed)
    }
}

/// The way to one host.
pub(super) struct Transport {
    http: reqwest::Client,
    base: Url,
    token: Token,
    clock: Arc<dyn Clock>,
    rates: Mutex<Rates>,
    remembered: Mutex<Remembered>,
    reads: Semaphore,
    /// When the last change was asked for.
    changes: Turn<Option<tokio::time::Instant>>,
}

/// Held by a request while it is on its way.
enum Place<'a> {
    Read { _permit: Option<SemaphorePermit<'a>> },
    Change { _turn: MutexGuard<'a, Option<tokio::time::Instant>> },
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Transport").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Transport {
    /// The way to `base`, which has no slash at its end. `http` follows no redirect.
    pub(super) fn new(http: reqwest::Client, base: Url, token: Token, clock: Arc<dyn Clock>) -> Self {
        Self {
            http,
            base,
            token,
            clock,
            rates: Mutex::default(),
            remembered: Mutex::default(),
            reads: Semaphore::new(AT_ONCE),
            changes: Turn::default(),
        }
    }

    /// The host, as people know it.
    pub(super) fn account(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// A text without the token.
    pub(super) fn clean(&self, text: &str) -> String {
        let token = self.token.reveal();
        if token.is_empty() { text.to_owned() } else { text.replace(token, "[key]") }
    }

    /// Asks, as soon as the host may be asked.
    pub(super) async fn send(&self, request: Request<OctoBody>) -> Result<Response<Full<Bytes>>, TransportError> {
        let (parts, body) = request.into_parts();
        let url = self.at(&parts.uri)?;
        let body = body.collect().await.map_err(|_| broken("the request could not be put together"))?.to_bytes();
        let is_query = url.path().ends_with("/graphql");
        let resource = if is_query { "graphql" } else { "core" };
        let _place = self.place(parts.method == Method::GET || is_query).await;
        for _ in 0..TRIES {
            self.open(resource).await?;
            if let Some(answer) = self.ask(&parts, &url, body.clone(), resource).await? {
                return Ok(answer);
            }
        }
        self.open(resource).await?;
        Err(broken("it rejects requests again and again because it gets too many"))
    }

    /// One change at a time, and not many questions.
    async fn place(&self, reads: bool) -> Place<'_> {
        if reads {
            // Nobody closes the semaphore.
            return Place::Read { _permit: self.reads.acquire().await.ok() };
        }
        let mut turn = self.changes.lock().await;
        if let Some(last) = *turn {
            tokio::time::sleep_until(last + BETWEEN_CHANGES).await;
        }
        *turn = Some(tokio::time::Instant::now());
        Place::Change { _turn: turn }
    }

    /// Waits until the host may be asked, where that is soon.
    async fn open(&self, resource: &str) -> Result<(), TransportError> {
        loop {
            let now = self.clock.now();
            let closed = self.rates.lock().unwrap_or_else(PoisonError::into_inner).closed(resource, now);
            let Some(closed) = closed else { return Ok(()) };
            let wait = closed.until.saturating_sub(now);
            if wait > LONGEST_WAIT {
                return Err(closed.into());
            }
            tokio::time::sleep(Duration::from_millis(wait + 10)).await;
        }
    }

    /// None: it refused because it was asked too often.
    async fn ask(
        &self,
        parts: &http::request::Parts,
        url: &Url,
        body: Bytes,
        resource: &str,
    ) -> Result<Option<Response<Full<Bytes>>>, TransportError> {
        let known = (parts.method == Method::GET).then(|| self.find(url)).flatten();
        let request = self.http.request(parts.method.clone(), url.clone()).headers(self.headers(parts, known.as_ref())?).body(body);
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (status, known) {
            self.learn(resource, status, &headers, "");
            return answer(StatusCode::OK, &known).map(Some);
        }
        if status.is_redirection() {
            let target = headers.get(header::LOCATION).and_then(|target| target.to_str().ok()).unwrap_or("nowhere");
            let target: String = self.clean(target).chars().filter(|character| !character.is_control()).take(200).collect();
            return Err(TransportError::Refused(format!(
                "it sends the request on to {target}, where the token is not told. A repository that was renamed is set by its new name."
            )));
        }
        let body = self.read(response).await?;
        let beginning = String::from_utf8_lossy(&body[..body.len().min(4096)]).into_owned();
        if self.learn(resource, status, &headers, &beginning) {
            return Ok(None);
        }
        let word = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let said = Answer { etag: word(header::ETAG).unwrap_or_default(), link: word(header::LINK), body };
        if parts.method == Method::GET && status == StatusCode::OK && !said.etag.is_empty() {
            self.remembered.lock().unwrap_or_else(PoisonError::into_inner).keep(url.as_str(), said.clone());
        }
        answer(status, &said).map(Some)
    }

    fn find(&self, url: &Url) -> Option<Answer> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).find(url.as_str())
    }

    fn learn(&self, resource: &str, status: StatusCode, headers: &HeaderMap, said: &str) -> bool {
        let now = self.clock.now();
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).learn(resource, status, headers, said, now)
    }

    /// Below the base; a next page has to be there too.
    fn at(&self, uri: &http::Uri) -> Result<Url, TransportError> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        if uri.scheme().is_some() {
            let url = Url::parse(&uri.to_string()).ok().filter(|url| url.origin() == self.base.origin());
            return url
                .ok_or_else(|| TransportError::Refused("it has the next page at another host, which is not told the token.".to_owned()));
        }
        // An Enterprise Server has its REST under /api/v3 and its GraphQL beside that.
        let base = self.base.as_str().trim_end_matches('/');
        let base = if path == "/graphql" { base.strip_suffix("/v3").unwrap_or(base) } else { base };
        Url::parse(&format!("{base}{path}")).map_err(|_| broken("the address of the request is not valid"))
    }

    fn headers(&self, parts: &http::request::Parts, known: Option<&Answer>) -> Result<HeaderMap, TransportError> {
        let mut headers = HeaderMap::new();
        for name in [header::ACCEPT, header::CONTENT_TYPE] {
            headers.extend(parts.headers.get(&name).map(|value| (name, value.clone())));
        }
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/vnd.github+json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("baton"));
        headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        let token = HeaderValue::from_str(&format!("Bearer {}", self.token.reveal()));
        let mut token =
            token.map_err(|_| TransportError::Refused("the token has characters that no token has; set it again.".to_owned()))?;
        token.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, token);
        if let Some(etag) = known.and_then(|known| HeaderValue::from_str(&known.etag).ok()) {
            headers.insert(header::IF_NONE_MATCH, etag);
        }
        Ok(headers)
    }

    /// Reads an answer piece by piece, and stops where it is too long or too slow.
    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let mut bytes = Vec::new();
        loop {
            let piece = tokio::time::timeout(LONGEST_SILENCE, response.chunk()).await;
            let piece = piece.map_err(|_| broken("it fell silent in the middle of its answer"))?;
            let Some(piece) = piece.map_err(|error| self.unreachable(error))? else { return Ok(bytes.into()) };
            if piece.len() > LARGEST - bytes.len() {
                return Err(TransportError::Refused(format!("its answer has more than {LARGEST} bytes.")));
            }
            bytes.extend_from_slice(&piece);
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> TransportError {
        let error = error.without_url();
        let mut deepest: &dyn Error = &error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        broken(&self.clean(&deepest.to_string()))
    }
}

fn answer(status: StatusCode, said: &Answer) -> Result<Response<Full<Bytes>>, TransportError> {
    let builder = said.link.iter().fold(Response::builder().status(status), |builder, link| builder.header(header::LINK, link));
    builder.body(Full::new(said.body.clone())).map_err(|_| broken("its answer has headers that are none"))
}

fn broken(reason: &str) -> TransportError {
    TransportError::Broken(reason.to_owned())
}
