//! Sessions: begun by a login, continued by refreshes that work once each, and ended by a logout. Says in the same words, after
//! about the same work, that a user does not exist and that a password is wrong.

use std::{collections::BTreeSet, net::IpAddr};

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{
    actor_of_user, find_user, signing, unauthenticated,
    users::{Membership, User},
};
use crate::{
    accounts::{
        self, AccountError, Blocked, NewSession, Refreshed, Secret, SecretKind, SignIn, access_token,
        events::{LoggedIn, LoggedOut, LoginFailed},
        key_of_name,
    },
    actor::Actor,
    events::Draft,
    operations::{
        Host, Moment, Problem, ProblemKind, ProblemSource,
        access::{Caller, Permission, Role, VisibleProjects},
    },
};

/// How long a session lasts without a refresh.
const LIFE_MS: u64 = 30 * 24 * 60 * 60_000;
/// Characters of a name that is looked up.
const LONGEST_NAME: usize = 64;

/// A login.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Login {
    /// The name of the user, in upper or lower case.
    pub name: String,
    /// The password.
    pub password: String,
}

/// A refresh.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Refresh {
    /// What the last login or refresh gave.
    pub refresh_token: String,
}

/// What a client acts with for its user. It is shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Credentials {
    /// What each request brings, as `Authorization: Bearer …`.
    pub access_token: String,
    /// When it expires.
    pub access_expires_at: Moment,
    /// What the next refresh brings, once.
    pub refresh_token: String,
    /// When the session ends unless it is refreshed.
    pub refresh_expires_at: Moment,
    /// The user.
    pub user: User,
}

/// Who the caller is, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Who acts.
    pub actor: Actor,
    /// The user, unless it is the operator of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// The role.
    pub role: Role,
    /// What the role allows, as far as a token is not narrowed to less.
    pub permissions: Vec<Permission>,
    /// Whether every project exists for the caller.
    pub all_projects: bool,
    /// The projects that the caller is a member of, with what is delegated for each.
    pub members: Vec<Membership>,
}

/// Begins a session of the user with this name and password. `address` is where the request came from.
pub async fn login(host: &Host, request: Login, address: Option<IpAddr>) -> Result<Credentials, Problem> {
    let attempts = &host.app.accounts.attempts;
    let Login { name, password } = request;
    let key: String = key_of_name(&name).chars().take(LONGEST_NAME + 1).collect();
    let attempt = attempts.begin(&key, address, host.now().0).map_err(blocked)?;
    let (fits, known) = match check(host, &key, password).await {
        Ok(checked) => checked,
        Err(error) => {
            attempts.withdraw(&attempt);
            let is_busy = error == AccountError::Busy;
            let problem = Problem::from(error);
            return Err(if is_busy { problem.retry_after(1) } else { problem });
        }
    };
    if let Some(user) = known.as_ref().filter(|user| fits && user.disabled_at.is_none()) {
        attempts.succeed(&attempt);
        return begin(host, user, address).await;
    }
    let failed = LoginFailed { user: known.as_ref().map(|user| user.id.clone()), name: known.map(|user| user.name) };
    let events = vec![Draft::of_host(&failed).by(&unknown_actor(address))];
    host.app.kernel.events().append(events).await?;
    Err(login_failed())
}

/// Whether the password is that of the user with a name, and the user.
async fn check(host: &Host, key: &str, password: String) -> Result<(bool, Option<accounts::User>), AccountError> {
    let login = host.app.accounts.store.find_login(key).await?;
    let hash = login.as_ref().map(|login| login.password.clone());
    let fits = host.app.accounts.hashing.verify(password, hash).await?;
    Ok((fits, login.map(|login| login.user)))
}

async fn begin(host: &Host, user: &accounts::User, address: Option<IpAddr>) -> Result<Credentials, Problem> {
    let (now, refresh) = (host.now().0, Secret::generate(SecretKind::Refresh));
    let session = NewSession {
        id: uuid::Uuid::now_v7().to_string(),
        user: user.id.clone(),
        refresh: refresh.hash(),
        expires_at: now.saturating_add(LIFE_MS),
        address: address.map(|address| address.to_string()),
    };
    let begun = LoggedIn { user: user.id.clone(), name: user.name.clone(), session: session.id.clone() };
    let events = vec![Draft::of_host(&begun).by(&actor_of_user(&user.id, &user.name, address))];
    host.app.accounts.store.add_session(&session, events).await?;
    credentials(host, user, &session.id, (&refresh, session.expires_at)).await
}

/// Continues a session. What is brought a second time ends it: somebody has a copy.
pub async fn refresh(host: &Host, request: &Refresh, address: Option<IpAddr>) -> Result<Credentials, Problem> {
    let used = Secret::read(SecretKind::Refresh, &request.refresh_token).ok_or_else(unauthenticated)?;
    let (next, expires_at) = (Secret::generate(SecretKind::Refresh), host.now().0.saturating_add(LIFE_MS));
    match host.app.accounts.store.refresh(&used.hash(), &next.hash(), expires_at, &unknown_actor(address)).await? {
        Refreshed::Rotated(found) => credentials(host, &found.user, &found.session.id, (&next, expires_at)).await,
        Refreshed::Reused | Refreshed::Unknown => Err(unauthenticated()),
    }
}

async fn credentials(
    host: &Host,
    user: &accounts::User,
    session: &str,
    (refresh, refresh_expires_at): (&Secret, u64),
) -> Result<Credentials, Problem> {
    let key = signing::current(host).await?;
    let (access_token, access_expires_at) = access_token::sign(&key, &user.id, session, host.now().0)?;
    Ok(Credentials {
        access_token,
        access_expires_at: Moment(access_expires_at),
        refresh_token: refresh.reveal(),
        refresh_expires_at: Moment(refresh_expires_at),
        user: user.clone().into(),
    })
}

/// Ends the session of the caller: what it was given is accepted no more.
pub async fn logout(host: &Host, caller: &Caller) -> Result<(), Problem> {
    let SignIn::Session { session, user } = &caller.sign_in else {
        let message = "Only a session can be logged out.";
        return Err(Problem::conflict("not_a_session", message).advise("Revoke the token instead."));
    };
    let ended = LoggedOut { user: user.clone(), name: caller.actor.name.clone(), session: session.clone() };
    host.app.accounts.store.revoke_session(session, vec![Draft::of_host(&ended).by(&caller.actor)]).await?;
    Ok(())
}

/// Who the caller is.
pub async fn me(host: &Host, caller: &Caller) -> Result<Me, Problem> {
    let user = match caller.user() {
        Some(id) => Some(User::from(find_user(host, id).await?)),
        None => None,
    };
    Ok(Me {
        actor: caller.actor.clone(),
        user,
        role: caller.role,
        permissions: caller.role.permissions().filter(|permission| !caller.is_narrowed_away(*permission)).collect(),
        all_projects: caller.sees_all(),
        members: members(caller),
    })
}

/// The projects that the caller is a member of, with what may be done in each beyond the role.
fn members(caller: &Caller) -> Vec<Membership> {
    let only = match &caller.projects {
        VisibleProjects::All => BTreeSet::new(),
        VisibleProjects::Only(ids) => ids.clone(),
    };
    let projects = only.into_iter().chain(caller.delegated.keys().filter(|project| caller.sees(project)).cloned());
    let member = |project: String| {
        let delegated = caller.delegated.get(&project).into_iter().flatten().copied();
        let permissions = delegated.filter(|permission| !caller.is_narrowed_away(*permission)).collect();
        Membership { project, permissions }
    };
    projects.collect::<BTreeSet<_>>().into_iter().map(member).collect()
}

/// Whoever it was, from where.
fn unknown_actor(address: Option<IpAddr>) -> Actor {
    Actor { address: address.map(|address| address.to_string()), ..Actor::system() }
}

fn blocked(blocked: Blocked) -> Problem {
    let seconds = blocked.wait_ms.div_ceil(1_000);
    let message = "Too many logins failed for this name or from this address.";
    let problem = Problem::new(ProblemKind::Exhausted, "too_many_logins", message, ProblemSource::Client);
    problem.advise(format!("Try again in {seconds} s.")).retry_after(seconds)
}

fn login_failed() -> Problem {
    let message = "The name or the password is wrong.";
    Problem::new(ProblemKind::Unauthenticated, "login_failed", message, ProblemSource::Client)
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Credentials, Me)))]
pub(in crate::operations) struct Views;
