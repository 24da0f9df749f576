//! Who asks, and whether the route allows it: decided before a handler runs, by the table of routes. A route that is not in the
//! table is not served.

use std::{net::IpAddr, sync::Arc};

use axum::{
    RequestPartsExt as _,
    extract::{MatchedPath, Query, RawPathParams, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    Api,
    failure::Failure,
    frame::RequestId,
    peer::Peer,
    rate::Left,
    routes::{self, About, Route, Rule},
};
use crate::operations::{
    access::{Caller, Permission, Subject},
    accounts::{self, tickets},
};

/// Lets a request through to its handler, or answers why it is not let through.
pub(super) async fn authorize(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&api, &mut parts).await {
        Ok(left) => {
            let response = next.run(Request::from_parts(parts, body)).await;
            match left {
                Some(left) => left.tell(response),
                None => response,
            }
        }
        Err(failure) => failure.into_response(),
    }
}

/// What is left of the caller's limit, where they have one.
async fn admit(api: &Api, parts: &mut Parts) -> Result<Option<Left>, Failure> {
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let route = routes::find(parts.method.as_str(), &path).ok_or_else(|| Failure::of_status(StatusCode::METHOD_NOT_ALLOWED))?;
    api.parameters.check(route, &parts.uri)?;
    if route.rule == Rule::Public {
        return Ok(None);
    }
    let mut caller = match signs_in(api, route, parts).await {
        Some(signed_in) => signed_in?,
        None => match identify(api, parts).await {
            Err(_) if route.rule == Rule::SignsIn && parts.headers.get(header::AUTHORIZATION).is_none() => return Ok(None),
            identified => identified?,
        },
    };
    // Whoever owns the data directory can do more harm without the API.
    let is_limited = Peer::of(&parts.extensions) != Some(Peer::Socket);
    let left = is_limited.then(|| api.users.count(&(caller.actor.kind, caller.actor.id.clone()))).transpose()?;
    caller.actor.request = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
    if let Rule::May(permission, about) = route.rule {
        check(api, &caller, permission, about, parts).await?;
    }
    parts.extensions.insert(caller);
    Ok(left)
}

async fn check(api: &Api, caller: &Caller, permission: Permission, about: About, parts: &mut Parts) -> Result<(), Failure> {
    let named = parts.extract::<RawPathParams>().await.map_err(|_| Failure::of_status(StatusCode::NOT_FOUND))?;
    let segment = |name: &str| named.iter().find(|(key, _)| *key == name).map(|(_, value)| value).unwrap_or_default();
    let subject = match about {
        About::Host => Subject::Host,
        About::Project => Subject::Project(segment("project")),
        About::Run => Subject::Run(segment("run")),
        About::Question => Subject::Question(segment("question")),
    };
    Ok(caller.check(&api.host, permission, subject).await?)
}

/// Who asks: the operator behind the socket in the data directory, or whoever a credential names.
async fn identify(api: &Api, parts: &Parts) -> Result<Caller, Failure> {
    let peer = Peer::of(&parts.extensions);
    match (peer, bearer(&parts.headers)?) {
        (Some(Peer::Socket), None) => Ok(Caller::operator(api.host.operator().clone())),
        (peer, Some(credential)) => authenticate(api, credential, address(api, peer, &parts.headers)).await,
        (_, None) => Err(missing()),
    }
}

/// Whoever a credential names, sent from an address.
pub(super) async fn authenticate(api: &Api, credential: &str, address: Option<IpAddr>) -> Result<Caller, Failure> {
    Ok(accounts::authenticate(&api.host, credential, address).await?)
}

/// Where a request came from, as far as that is known.
pub(super) fn address(api: &Api, peer: Option<Peer>, headers: &HeaderMap) -> Option<IpAddr> {
    peer.and_then(|peer| peer.address(headers, &api.settings.proxies))
}

/// Whose ticket a stream is opened with, where it is opened with one.
async fn signs_in(api: &Api, route: &Route, parts: &Parts) -> Option<Result<Caller, Failure>> {
    if route.rule != Rule::SignsIn || parts.headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok()?;
    let (_, ticket) = given.into_iter().find(|(name, _)| name == "ticket")?;
    let address = address(api, Peer::of(&parts.extensions), &parts.headers);
    Some(tickets::redeem(&api.host, &ticket, address).await.map_err(Failure::from))
}

/// The credential in the header, if there is one.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let wrong = || Failure::unauthenticated("credential_invalid", "The authorization header cannot be read.");
    let (scheme, credential) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(wrong)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(credential.trim())) } else { Err(wrong()) }
}

/// A request that needs a credential and has none.
pub(super) fn missing() -> Failure {
    let failure = Failure::unauthenticated("credential_missing", "This needs a credential.");
    failure.advise("Send an access token with `authorization: Bearer …`.")
}
