//! API tokens: what programs bring instead of a login. Each does at most what its user may, and what it is narrowed to; its secret
//! is shown once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{denied, find_user, signing};
use crate::{
    accounts::{
        self, AccountError, KeyChange, NewToken, Secret, SecretKind, SignIn, TokenOfUser, check_token_name,
        events::{TokenCreated, TokenRevoked},
    },
    events::Draft,
    operations::{
        Host, Moment, Page, Problem,
        access::{Caller, Permission, Role, Subject},
    },
};

pub use super::signing::{RotateKeys, RotatedKeys};

const DAY_MS: u64 = 24 * 60 * 60_000;
/// How long a token lasts where nobody says.
const USUAL_LIFE_MS: u64 = 90 * DAY_MS;
/// How long it lasts at most.
const LONGEST_LIFE_MS: u64 = 366 * DAY_MS;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its user.
    pub user: String,
    /// The name of its user.
    pub user_name: String,
    /// What it is narrowed to; all that its user may do where it is not narrowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
    /// The ids of the projects that it is narrowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Moment,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// When it was used last, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Moment>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Moment>,
}

/// A token that was made, with its secret.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// What requests bring. It is shown once.
    pub secret: String,
}

/// A token to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateToken {
    /// Its name, unique among those of its user that hold.
    pub name: String,
    /// The name or id of its user: the caller where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Narrow it to what this role may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Narrow it to these permissions; with `role` to those of them that the role has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
    /// Narrow it to these projects, by id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// When it expires, at most 366 days from now; 90 days from now where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

/// Which tokens to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListTokens {
    /// Only those of this user, by name or id; all that the caller may see where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Also those that were revoked or have expired.
    #[serde(default)]
    pub all: bool,
    /// Only those after a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// Makes a token. Users make their own, with a session; the operator makes one for any user.
pub async fn create(host: &Host, caller: &Caller, request: &CreateToken) -> Result<CreatedToken, Problem> {
    check_token_name(&request.name).map_err(|error| Problem::from(error).of_field("name"))?;
    let user = owner(host, caller, request.user.as_deref()).await?;
    let now = host.now().0;
    let expires_at = request.expires_at.map_or(now.saturating_add(USUAL_LIFE_MS), |at| at.0);
    if expires_at <= now || expires_at > now.saturating_add(LONGEST_LIFE_MS) {
        let message = "A token must expire in the future, at most 366 days from now.";
        return Err(Problem::invalid("token_expiry_invalid", "expires_at", message));
    }
    let permissions = narrowed(request)?;
    let projects = match &request.projects {
        Some(names) => Some(find_projects(host, caller, names).await?),
        None => None,
    };
    let token = accounts::Token {
        id: uuid::Uuid::now_v7().to_string(),
        user: user.id.clone(),
        name: request.name.clone(),
        permissions,
        projects,
        created_at: now,
        expires_at: Some(expires_at),
        last_used_at: None,
        revoked_at: None,
    };
    let created = TokenCreated {
        token: token.id.clone(),
        name: token.name.clone(),
        user: user.id.clone(),
        permissions: token.permissions.as_ref().map(|permissions| permissions.iter().copied().collect()),
        projects: token.projects.as_ref().map(|projects| projects.iter().cloned().collect()),
        expires_at: token.expires_at.map(Moment),
    };
    let (secret, events) = (Secret::generate(SecretKind::Token), vec![Draft::of_host(&created).by(&caller.actor)]);
    let token = host.app.accounts.store.add_token(&NewToken { token, hash: secret.hash() }, events).await?;
    Ok(CreatedToken { token: Token::of(token, &user), secret: secret.reveal() })
}

/// The newest first: the caller's own, and all for whoever manages users.
pub async fn list(host: &Host, caller: &Caller, request: &ListTokens) -> Result<Page<Token>, Problem> {
    let only = match (&request.user, caller.may(Permission::Users, None)) {
        (Some(user), true) => Some(find_user(host, user).await?.id),
        (Some(user), false) => Some(own(host, caller, user).await?),
        (None, true) => None,
        (None, false) => Some(caller.user().unwrap_or_default().to_owned()),
    };
    let (store, now) = (&host.app.accounts.store, host.now().0);
    let users = store.users().await?;
    let mut tokens = store.tokens(only.as_deref()).await?;
    let holds = |token: &accounts::Token| token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now);
    tokens.retain(|token| request.all || holds(token));
    // Ids begin with the time at which they were made.
    tokens.sort_by(|one, other| other.id.cmp(&one.id));
    let named = |token: accounts::Token| users.iter().find(|user| user.id == token.user).map(|user| Token::of(token, user));
    let tokens = tokens.into_iter().filter_map(named).collect();
    Page::cut(tokens, |token: &Token| token.id.clone(), request.cursor.as_deref(), request.limit)
}

/// Revokes a token, by its id: one of the caller's own, or any for whoever manages users. A token can revoke itself.
pub async fn revoke(host: &Host, caller: &Caller, id: &str) -> Result<Token, Problem> {
    let store = &host.app.accounts.store;
    let missing = || Problem::from(AccountError::NoToken(id.chars().take(100).flat_map(char::escape_debug).collect()));
    let TokenOfUser { token, user } = store.find_token_by_id(id).await?.ok_or_else(missing)?;
    let is_own = match &caller.sign_in {
        SignIn::Operator => true,
        SignIn::Session { user: own, .. } => *own == user.id,
        SignIn::Token { token: own, .. } => *own == token.id,
    };
    if !is_own && !caller.may(Permission::Users, None) {
        return Err(missing());
    }
    let revoked = TokenRevoked { token: token.id.clone(), name: token.name.clone(), user: user.id.clone() };
    let is_new = store.revoke_token(&token.id, vec![Draft::of_host(&revoked).by(&caller.actor)]).await?;
    let revoked_at = if is_new { Some(host.now().0) } else { token.revoked_at };
    Ok(Token::of(accounts::Token { revoked_at, ..token }, &user))
}

/// Has another key sign access tokens from now on. What was signed before verifies until it expires, unless it is to be void at once;
/// in both cases sessions go on.
pub async fn rotate_keys(host: &Host, caller: &Caller, request: &RotateKeys) -> Result<RotatedKeys, Problem> {
    caller.check(host, Permission::Users, Subject::Host).await?;
    let change = if request.at_once { KeyChange::Forget } else { KeyChange::Retire };
    Ok(RotatedKeys { key: signing::add(host, change, &caller.actor).await?.id })
}

/// The user for whom the caller may make a token. What a token makes would outlive it.
async fn owner(host: &Host, caller: &Caller, named: Option<&str>) -> Result<accounts::User, Problem> {
    match (&caller.sign_in, named) {
        (SignIn::Operator, Some(name)) => find_user(host, name).await,
        (SignIn::Operator, None) => {
            Err(Problem::invalid("token_user_missing", "user", "A token belongs to a user.").advise("Name the user."))
        }
        (SignIn::Session { user, .. }, None) => find_user(host, user).await,
        (SignIn::Session { .. }, Some(name)) => {
            let own = own(host, caller, name).await?;
            find_user(host, &own).await
        }
        (SignIn::Token { .. }, _) => Err(denied("A token may not make tokens.", "Log in, or use `baton token create` on the host.")),
    }
}

/// The id of the user, who has to be the caller. Whether another user exists is not told.
async fn own(host: &Host, caller: &Caller, name: &str) -> Result<String, Problem> {
    let found = find_user(host, name).await.ok().map(|user| user.id).filter(|id| caller.user() == Some(id));
    found.ok_or_else(|| denied("Users have tokens of their own alone.", "Leave the user out."))
}

fn narrowed(request: &CreateToken) -> Result<Option<BTreeSet<Permission>>, Problem> {
    let of_role = request.role.map(|role| role.permissions().collect::<BTreeSet<_>>());
    let listed = request.permissions.as_ref().map(|permissions| permissions.iter().copied().collect::<BTreeSet<_>>());
    let narrowed = match (of_role, listed) {
        (Some(of_role), Some(listed)) => Some(&of_role & &listed),
        (one, other) => one.or(other),
    };
    if narrowed.as_ref().is_some_and(BTreeSet::is_empty) {
        let message = "A token that is narrowed to no permission can do nothing.";
        return Err(Problem::invalid("token_can_do_nothing", "permissions", message));
    }
    Ok(narrowed)
}

async fn find_projects(host: &Host, caller: &Caller, names: &[String]) -> Result<BTreeSet<String>, Problem> {
    if names.is_empty() {
        let message = "A token that is narrowed to no project can do nothing.";
        return Err(Problem::invalid("token_can_do_nothing", "projects", message));
    }
    let mut projects = BTreeSet::new();
    for name in names {
        projects.insert(caller.find_project(host, name).await.map_err(|problem| problem.of_field("projects"))?);
    }
    Ok(projects)
}

impl Token {
    fn of(token: accounts::Token, user: &accounts::User) -> Self {
        Self {
            id: token.id,
            name: token.name,
            user: token.user,
            user_name: user.name.clone(),
            permissions: token.permissions.map(|permissions| permissions.into_iter().collect()),
            projects: token.projects.map(|projects| projects.into_iter().collect()),
            created_at: Moment(token.created_at),
            expires_at: token.expires_at.map(Moment),
            last_used_at: token.last_used_at.map(Moment),
            revoked_at: token.revoked_at.map(Moment),
        }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Token, Page<Token>, CreatedToken, RotatedKeys)))]
pub(in crate::operations) struct Views;
