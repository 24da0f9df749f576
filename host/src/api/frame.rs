//! What frames every request: its id, where it may come from, how long it may take, the headers of its answer, and the body of an
//! answer that says what went wrong. Knows no resource.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Api,
    failure::Failure,
    peer::Peer,
    rate::{self, Left},
    server,
};

/// The header that carries a request's id.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id and its answer the headers that every answer has.
pub(super) async fn frame(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let client = Peer::of(request.extensions()).and_then(|peer| peer.address(request.headers(), &api.settings.proxies));
    request.extensions_mut().insert(RequestId(id.clone()));
    // Whatever is logged while it is done names the request.
    let span = tracing::info_span!("request", request = id);
    let response = match check_sender(&api, &request).and_then(|()| count(&api, client)) {
        Ok(left) => {
            let response = next.run(request).instrument(span).await;
            match left {
                Some(left) => left.tell(response),
                None => response,
            }
        }
        Err(failure) => failure.into_response(),
    };
    let (path, status) = (path.escape_debug(), response.status().as_u16());
    tracing::debug!(request = id, ?client, %method, %path, status, "a request was answered");
    let response = word_failure(response, &id);
    api.answers.count(response.status().is_server_error());
    add_headers(&api, response, &id)
}

/// The id of a request, for those who record who asked.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// Counts a request that came over a network.
fn count(api: &Api, client: Option<IpAddr>) -> Result<Option<Left>, Failure> {
    client.map(|client| api.addresses.count(&rate::key_of(client))).transpose()
}

/// An answer that says what went wrong, in the form that all of them have.
fn word_failure(mut response: Response, id: &str) -> Response {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return copy_limits(&response, failure.answer(id));
    }
    let is_worded = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == super::failure::MEDIA_TYPE);
    if (response.status().is_client_error() || response.status().is_server_error()) && !is_worded {
        let worded = Failure::of_status(response.status()).answer(id);
        return copy_limits(&response, worded);
    }
    response
}

/// Keeps what layers said in headers of an answer whose body is written again.
fn copy_limits(from: &Response, mut to: Response) -> Response {
    for (name, value) in from.headers() {
        let is_kept = *name == header::ALLOW || *name == header::RETRY_AFTER || name.as_str().starts_with("x-ratelimit-");
        if is_kept && !to.headers().contains_key(name) {
            to.headers_mut().insert(name.clone(), value.clone());
        }
    }
    to
}

fn add_headers(api: &Api, mut response: Response, id: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if api.settings.tls.is_some() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Rejects what a web page of another site can send: a name that was bent to this address, or a page's own origin.
fn check_sender(api: &Api, request: &Request) -> Result<(), Failure> {
    match Peer::of(request.extensions()) {
        Some(Peer::Address(address)) if !server::may_connect(&api.settings, address.ip()) => {
            return Err(forbidden("not_the_proxy", "This host is reached through its proxy."));
        }
        Some(Peer::Address(_)) => {}
        Some(Peer::Socket) => return Ok(()),
        // Nothing but a test asks without a connection.
        None => {}
    }
    let named = host_of(request).ok_or_else(|| forbidden("host_missing", "The request names no host."))?;
    if !is_own_name(api, &named) {
        let failure = forbidden("host_unknown", format!("This host does not answer to the name `{}`.", named.escape_debug()));
        return Err(failure.advise("Use its address, or add the name to `hosts` under [api] in the host's settings."));
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    if is_same_origin(origin, request) || api.settings.origins.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    let failure = forbidden("origin_unknown", format!("Pages of `{}` may not use this host.", origin.escape_debug()));
    Err(failure.advise("Add the origin to `origins` under [api] in the host's settings."))
}

fn forbidden(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::of_client(StatusCode::FORBIDDEN, code, message)
}

/// The host that the request names, with its port.
fn host_of(request: &Request) -> Option<String> {
    // HTTP/2 names it in the target.
    let of_target = request.uri().authority().map(ToString::to_string);
    // Of two that differ, a proxy and this host could each mean another.
    let mut named = request.headers().get_all(header::HOST).iter();
    let of_header = named.next().filter(|_| named.next().is_none());
    of_target.or_else(|| of_header?.to_str().ok().map(str::to_owned))
}

fn is_own_name(api: &Api, named: &str) -> bool {
    let Ok(uri) = format!("http://{named}/").parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = bare.parse::<IpAddr>().is_ok();
    // A page cannot make a browser name an address that it did not ask: only names can be bent.
    is_address || bare.eq_ignore_ascii_case("localhost") || api.settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(bare))
}

/// Whether a page was loaded from the host that it asks, by the same port.
fn is_same_origin(origin: &str, request: &Request) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    matches!(scheme, "http" | "https") && host_of(request).is_some_and(|named| named.eq_ignore_ascii_case(rest))
}
