//! Requests to one registry: who asks, where an answer may send them, how much of it is read. Knows no plugin.

use std::{error::Error, time::Duration};

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{DistributionError, Reference, artifact, challenge::Challenge};
use crate::{config::RegistryAccess, interfaces::llm::providers::network};

/// Longest for one request with all of its answer.
const LONGEST_REQUEST: Duration = Duration::from_secs(300);
/// Longest between two pieces of an answer.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How often an answer may send the request on.
const REDIRECTS: usize = 3;
/// Bytes of a token's answer, or of an error.
const LARGEST_WORD: usize = 256 << 10;
/// Pages of tags that are read.
const PAGES: usize = 50;

/// A registry, and the repository of one reference in it.
pub(super) struct Client {
    http: reqwest::Client,
    reference: Reference,
    base: Url,
    access: RegistryAccess,
    /// The header that the registry asked for last.
    authorization: Mutex<Option<String>>,
}

/// What is sent along with a request.
struct Body<'a> {
    media_type: &'a str,
    bytes: &'a [u8],
}

impl Client {
    /// A client that encrypts, except to this machine and where the operator said otherwise.
    pub(super) fn new(reference: &Reference, access: RegistryAccess) -> Result<Self, DistributionError> {
        // One TLS for the process; that it was installed before is no failure.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unreachable = |reason: String| DistributionError::Unreachable { host: reference.host.clone(), reason };
        let http = network::client(access.proxy.as_ref(), LONGEST_REQUEST).map_err(unreachable)?;
        let scheme = if access.insecure || reference.is_loopback() { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{}/v2/{}/", reference.host, reference.repository));
        let base = base.map_err(|error| unreachable(error.to_string()))?;
        Ok(Self { http, reference: reference.clone(), base, access, authorization: Mutex::new(None) })
    }

    /// The manifest of the reference, of at most `limit` bytes.
    pub(super) async fn manifest(&self, limit: usize) -> Result<Vec<u8>, DistributionError> {
        let accept = [artifact::MANIFEST, artifact::INDEX].join(", ");
        let response = self.get(self.at(&format!("manifests/{}", self.reference.word()))?, Some(&accept)).await?;
        self.read(self.expect(response, &[StatusCode::OK]).await?, "The manifest", limit).await
    }

    /// A blob of at most `limit` bytes. Whether it is the right one is for the caller to find out.
    pub(super) async fn blob(&self, digest: &str, limit: usize) -> Result<Vec<u8>, DistributionError> {
        let response = self.get(self.at(&format!("blobs/{digest}"))?, None).await?;
        self.read(self.expect(response, &[StatusCode::OK]).await?, "The plugin", limit).await
    }

    /// The tags of the repository; each page has at most `limit` bytes.
    pub(super) async fn tags(&self, limit: usize) -> Result<Vec<String>, DistributionError> {
        let (mut tags, mut next) = (Vec::new(), Some(self.at("tags/list")?));
        for _ in 0..PAGES {
            let Some(url) = next.take() else { break };
            let response = self.expect(self.get(url.clone(), None).await?, &[StatusCode::OK]).await?;
            let link =
                response.headers().get(header::LINK).and_then(|link| link.to_str().ok()?.split(['<', '>']).nth(1)?.parse::<String>().ok());
            let page: Value = serde_json::from_slice(&self.read(response, "The list of tags", limit).await?)
                .map_err(|_| self.nonsense("its list of tags is not JSON"))?;
            let words = page.get("tags").and_then(Value::as_array);
            tags.extend(words.into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)));
            next = link.and_then(|link| url.join(&link).ok()).filter(|next| self.is_home(next));
        }
        Ok(tags)
    }

    /// Sends a blob that is not there yet.
    pub(super) async fn put_blob(&self, digest: &str, bytes: Vec<u8>) -> Result<(), DistributionError> {
        let there = self.send(Method::HEAD, &self.at(&format!("blobs/{digest}"))?, None, None).await?;
        if there.status() == StatusCode::OK {
            return Ok(());
        }
        let begun = self.send(Method::POST, &self.at("blobs/uploads/")?, None, Some(Body { media_type: "", bytes: &[] })).await?;
        let begun = self.expect(begun, &[StatusCode::ACCEPTED]).await?;
        let mut place = self.sent_to(&self.base, &begun)?;
        place.query_pairs_mut().append_pair("digest", digest);
        let body = Body { media_type: "application/octet-stream", bytes: &bytes };
        let done = self.send(Method::PUT, &place, None, Some(body)).await?;
        self.expect(done, &[StatusCode::CREATED]).await.map(drop)
    }

    /// Puts a manifest under a tag.
    pub(super) async fn put_manifest(&self, tag: &str, media_type: &str, bytes: Vec<u8>) -> Result<(), DistributionError> {
        let url = self.at(&format!("manifests/{tag}"))?;
        let done = self.send(Method::PUT, &url, None, Some(Body { media_type, bytes: &bytes })).await?;
        self.expect(done, &[StatusCode::CREATED, StatusCode::OK]).await.map(drop)
    }

    fn at(&self, path: &str) -> Result<Url, DistributionError> {
        // A colon in the first part would be taken for a scheme.
        self.base.join(&format!("./{path}")).map_err(|error| self.nonsense(&error.to_string()))
    }

    /// Asks, and goes where it is sent as long as that is encrypted or the same registry.
    async fn get(&self, mut url: Url, accept: Option<&str>) -> Result<Response, DistributionError> {
        for _ in 0..=REDIRECTS {
            let response = self.send(Method::GET, &url, accept, None).await?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            url = self.sent_to(&url, &response)?;
        }
        Err(self.redirected(&url, "it was sent on too often"))
    }

    /// Where an answer says to go on.
    fn sent_to(&self, from: &Url, response: &Response) -> Result<Url, DistributionError> {
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let location = location.and_then(|location| from.join(location).ok());
        let location = location.ok_or_else(|| self.nonsense("it sends on and does not say where to"))?;
        if !location.username().is_empty() || location.password().is_some() {
            return Err(self.redirected(&location, "the address has a password in it"));
        }
        if location.scheme() != "https" && !self.is_home(&location) {
            return Err(self.redirected(&location, "it is another host, and not encrypted"));
        }
        Ok(location)
    }

    fn is_home(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Sends a request, once more if the registry wants to know who asks.
    async fn send(&self, method: Method, url: &Url, accept: Option<&str>, body: Option<Body<'_>>) -> Result<Response, DistributionError> {
        let build = || {
            let request = self.http.request(method.clone(), url.clone());
            let request = accept.into_iter().fold(request, |request, accept| request.header(header::ACCEPT, accept));
            body.iter().fold(request, |request, body| {
                let typed = if body.media_type.is_empty() { request } else { request.header(header::CONTENT_TYPE, body.media_type) };
                typed.body(body.bytes.to_vec())
            })
        };
        let response = self.send_authorized(build(), url).await?;
        let asks = response.status() == StatusCode::UNAUTHORIZED && self.is_home(url);
        if asks && self.authorize(&response).await? { self.send_authorized(build(), url).await } else { Ok(response) }
    }

    /// Who asks is told to the registry itself and nobody else.
    async fn send_authorized(&self, request: RequestBuilder, url: &Url) -> Result<Response, DistributionError> {
        let authorization = self.authorization.lock().await.clone().filter(|_| self.is_home(url));
        let request = authorization.into_iter().fold(request, |request, value| request.header(header::AUTHORIZATION, value));
        request.send().await.map_err(|error| self.unreachable(error))
    }

    /// Gets ready to say who asks, in the way the registry wants; false when there is nothing new to say.
    async fn authorize(&self, response: &Response) -> Result<bool, DistributionError> {
        let wanted = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
        let Some(challenge) = wanted.filter_map(|value| Challenge::parse(value.to_str().ok()?)).next() else { return Ok(false) };
        let authorization = match challenge {
            Challenge::Basic => self.access.login.as_ref().map(|login| login.basic()),
            Challenge::Bearer { realm, service, scope } => Some(self.token(&realm, service, scope).await?),
        };
        let mut known = self.authorization.lock().await;
        let new = authorization.is_some() && *known != authorization;
        *known = authorization;
        Ok(new)
    }

    async fn token(&self, realm: &str, service: Option<String>, scope: Option<String>) -> Result<String, DistributionError> {
        let mut url = Url::parse(realm).map_err(|_| self.nonsense("it has its tokens at an address that is none"))?;
        if url.scheme() != "https" && !self.is_home(&url) {
            return Err(self.redirected(&url, "tokens are fetched encrypted or from the registry itself"));
        }
        let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.reference.repository));
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", &service);
        }
        url.query_pairs_mut().append_pair("scope", &scope);
        let request =
            self.access.login.iter().fold(self.http.get(url), |request, login| request.header(header::AUTHORIZATION, login.basic()));
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let answer = self.read(self.expect(response, &[StatusCode::OK]).await?, "The token", LARGEST_WORD).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| self.nonsense("its token is not JSON"))?;
        let token = ["token", "access_token"].iter().find_map(|key| answer.get(key)?.as_str());
        token.map(|token| format!("Bearer {token}")).ok_or_else(|| self.nonsense("its token is missing"))
    }

    async fn expect(&self, response: Response, wanted: &[StatusCode]) -> Result<Response, DistributionError> {
        let (host, status) = (self.reference.host.clone(), response.status());
        if wanted.contains(&status) {
            return Ok(response);
        }
        Err(match status {
            StatusCode::NOT_FOUND => DistributionError::Absent(self.reference.to_string()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let reason =
                    if self.access.login.is_some() { "this user may not, or the password is wrong" } else { "no user is logged in" };
                DistributionError::Unauthorized { host, reason }
            }
            _ => DistributionError::Refused { host, status: status.as_u16(), said: self.read_error_code(response).await },
        })
    }

    /// The word by which the protocol names the error. Any other text may be made to mislead.
    async fn read_error_code(&self, response: Response) -> String {
        let body = self.read(response, "The error", LARGEST_WORD).await.unwrap_or_default();
        let envelope: Value = serde_json::from_slice(&body).unwrap_or_default();
        let word = envelope.pointer("/errors/0/code").and_then(Value::as_str).unwrap_or_default();
        let plain = word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if plain && !word.is_empty() { format!(": {word}") } else { String::new() }
    }

    /// Reads an answer piece by piece, and stops where it is too long or too slow.
    async fn read(&self, mut response: Response, what: &'static str, limit: usize) -> Result<Vec<u8>, DistributionError> {
        let mut bytes = Vec::new();
        loop {
            let piece = tokio::time::timeout(LONGEST_SILENCE, response.chunk()).await;
            let slow = |_| DistributionError::Slow { host: self.reference.host.clone(), seconds: LONGEST_SILENCE.as_secs() };
            let Some(piece) = piece.map_err(slow)?.map_err(|error| self.unreachable(error))? else { return Ok(bytes) };
            if piece.len() > limit - bytes.len() {
                return Err(DistributionError::TooLarge { what, limit });
            }
            bytes.extend_from_slice(&piece);
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> DistributionError {
        let error = error.without_url();
        let mut deepest: &dyn Error = &error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        DistributionError::Unreachable { host: self.reference.host.clone(), reason: artifact::printable(&deepest.to_string()) }
    }

    fn nonsense(&self, reason: &str) -> DistributionError {
        DistributionError::Nonsense { host: self.reference.host.clone(), reason: artifact::printable(reason) }
    }

    fn redirected(&self, target: &Url, reason: &'static str) -> DistributionError {
        let host = target.host_str().unwrap_or_default();
        let target = target.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        DistributionError::Redirected { host: self.reference.host.clone(), target: artifact::printable(&target), reason }
    }
}
