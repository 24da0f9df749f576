//! Who asks, and whether the route allows it: decided before a handler runs, by the table of routes. A route that is not in the
//! table is not served.

use std::sync::Arc;

use axum::{
    RequestPartsExt as _,
    extract::{MatchedPath, RawPathParams, Request, State},
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
    routes::{self, About, Rule},
};
use crate::operations::access::{Caller, Permission, Subject};

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
    if route.rule == Rule::Public {
        return Ok(None);
    }
    let mut caller = match identify(api, parts) {
        Err(_) if route.rule == Rule::SignsIn && parts.headers.get(header::AUTHORIZATION).is_none() => return Ok(None),
        identified => identified?,
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
fn identify(api: &Api, parts: &Parts) -> Result<Caller, Failure> {
    match (Peer::of(&parts.extensions), bearer(&parts.headers)?) {
        (Some(Peer::Socket), None) => Ok(Caller::operator(api.host.operator().clone())),
        (_, Some(credential)) => authenticate(credential),
        (_, None) => Err(missing()),
    }
}

/// Whoever a credential names.
pub(super) fn authenticate(_credential: &str) -> Result<Caller, Failure> {
    Err(Failure::unauthenticated("credential_invalid", "The credential is not valid."))
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
