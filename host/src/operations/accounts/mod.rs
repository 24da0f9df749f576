//! Who may use the API: users, their sessions and tokens, and who a request comes from. Shows each secret once, to the person
//! whom it was made for.

pub mod credential;
pub mod sessions;
pub mod setup;
mod signing;
pub mod tickets;
pub mod tokens;
pub mod users;

use std::{collections::BTreeMap, net::IpAddr};

use super::{
    Host, Problem, ProblemKind, ProblemSource,
    access::{Caller, VisibleProjects},
};
use crate::{
    accounts::{AccountError, Bearer, SessionOfUser, SignIn, TokenOfUser, User, access_token, access_token::Rejection, key_of_name},
    actor::{Actor, ActorKind},
};

/// The use of a token is noted once in so long: a write for every request would cost more than the request.
const NOTED_AFTER_MS: u64 = 60_000;

/// Who a request comes from that brings a text: an access token, an API token, or what the credential file holds. `address` is
/// where it came from. Looks at the rows each time, so that what was revoked or disabled is rejected at once.
pub async fn authenticate(host: &Host, text: &str, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let accounts = &host.app.accounts;
    match Bearer::read(text) {
        None => Err(unauthenticated()),
        Some(Bearer::Operator(secret)) if accounts.is_credential(&secret) => Ok(operator(host, address)),
        Some(Bearer::Operator(_)) => Err(unauthenticated()),
        Some(Bearer::Token(secret)) => {
            let found = accounts.store.find_token(&secret.hash()).await?;
            of_token(host, found, address).await
        }
        Some(Bearer::Access(text)) => of_access_token(host, &text, address).await,
    }
}

/// The same caller as they are now, for what lasts longer than a request: whoever may do nothing any more is rejected.
pub async fn authenticate_again(host: &Host, caller: &Caller) -> Result<Caller, Problem> {
    let address = caller.actor.address.as_deref().and_then(|address| address.parse().ok());
    of_sign_in(host, &caller.sign_in, address).await
}

async fn of_sign_in(host: &Host, sign_in: &SignIn, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let store = &host.app.accounts.store;
    match sign_in {
        SignIn::Operator => Ok(operator(host, address)),
        SignIn::Session { session, .. } => of_session(host, store.find_session(session).await?, address),
        SignIn::Token { token, .. } => of_token(host, store.find_token_by_id(token).await?, address).await,
    }
}

async fn of_access_token(host: &Host, text: &str, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let store = &host.app.accounts.store;
    let id = access_token::key_id(text).ok_or_else(unauthenticated)?;
    let key = store.find_signing_key(&id).await?.ok_or_else(unauthenticated)?;
    let claims = access_token::verify(text, &key, host.now().0).map_err(|rejection| match rejection {
        Rejection::Invalid => unauthenticated(),
        Rejection::Expired => expired(),
    })?;
    let found = store.find_session(&claims.sid).await?.filter(|found| found.user.id == claims.sub);
    of_session(host, found, address)
}

fn of_session(host: &Host, found: Option<SessionOfUser>, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let now = host.now().0;
    let holds =
        |found: &SessionOfUser| found.session.revoked_at.is_none() && found.session.expires_at > now && found.user.disabled_at.is_none();
    let SessionOfUser { session, user } = found.filter(holds).ok_or_else(unauthenticated)?;
    let actor = actor_of_user(&user.id, &user.name, address);
    let sign_in = SignIn::Session { session: session.id, user: user.id.clone() };
    Ok(caller(&user, actor, sign_in))
}

async fn of_token(host: &Host, found: Option<TokenOfUser>, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let now = host.now().0;
    let holds = |found: &TokenOfUser| {
        found.token.revoked_at.is_none()
            && found.token.expires_at.is_none_or(|expires_at| expires_at > now)
            && found.user.disabled_at.is_none()
    };
    let TokenOfUser { token, user } = found.filter(holds).ok_or_else(unauthenticated)?;
    if token.last_used_at.is_none_or(|last_used_at| now.saturating_sub(last_used_at) >= NOTED_AFTER_MS)
        && let Err(error) = host.app.accounts.store.touch_token(&token.id).await
    {
        // A request is not rejected because its time cannot be noted.
        tracing::warn!(%error, "the use of a token cannot be noted");
    }
    let actor = Actor {
        kind: ActorKind::Token,
        id: token.id.clone(),
        name: format!("{}/{}", user.name, token.name),
        address: address.map(|address| address.to_string()),
        request: None,
    };
    let caller = caller(&user, actor, SignIn::Token { token: token.id, user: user.id.clone() });
    let projects = match (caller.projects, token.projects) {
        (projects, None) => projects,
        (VisibleProjects::All, Some(only)) => VisibleProjects::Only(only),
        (VisibleProjects::Only(seen), Some(only)) => VisibleProjects::Only(&seen & &only),
    };
    Ok(Caller { projects, narrowed_to: token.permissions, ..caller })
}

fn caller(user: &User, actor: Actor, sign_in: SignIn) -> Caller {
    let projects = match user.all_projects {
        true => VisibleProjects::All,
        false => VisibleProjects::Only(user.members.iter().map(|member| member.project.clone()).collect()),
    };
    let delegated: BTreeMap<_, _> = user.members.iter().map(|member| (member.project.clone(), member.permissions.clone())).collect();
    Caller { actor, sign_in, role: user.role, projects, delegated, narrowed_to: None }
}

fn operator(host: &Host, address: Option<IpAddr>) -> Caller {
    Caller::operator(Actor { address: address.map(|address| address.to_string()), ..host.operator().clone() })
}

fn actor_of_user(id: &str, name: &str, address: Option<IpAddr>) -> Actor {
    let address = address.map(|address| address.to_string());
    Actor { kind: ActorKind::User, id: id.to_owned(), name: name.to_owned(), address, request: None }
}

/// The user that a name or an id means.
async fn find_user(host: &Host, name: &str) -> Result<User, Problem> {
    let store = &host.app.accounts.store;
    let found = match store.find_login(&key_of_name(name)).await? {
        Some(login) => Some(login.user),
        None => store.find_user(name).await?,
    };
    found.ok_or_else(|| no_user(name))
}

fn no_user(name: &str) -> Problem {
    let shown: String = name.chars().take(100).flat_map(char::escape_debug).collect();
    AccountError::NoUser(shown).into()
}

/// In the same words whatever is wrong: who guesses learns nothing.
fn unauthenticated() -> Problem {
    let problem = Problem::new(
        ProblemKind::Unauthenticated,
        "unauthenticated",
        "The request does not say who makes it, or what it brings is not valid.",
        ProblemSource::Client,
    );
    problem.advise("Log in again, or use a token that is not revoked.")
}

fn expired() -> Problem {
    let problem =
        Problem::new(ProblemKind::Unauthenticated, "access_token_expired", "The access token has expired.", ProblemSource::Client);
    problem.advise("Refresh the session.")
}

fn denied(message: &str, hint: &str) -> Problem {
    Problem::new(ProblemKind::Forbidden, "permission_denied", message, ProblemSource::Client).advise(hint)
}

#[cfg(test)]
mod tests;
