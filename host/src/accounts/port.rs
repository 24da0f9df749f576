//! The ports that keep accounts. Say nothing of where the rows lie; keep passwords and secrets as hashes alone.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;

use super::{AccountError, Permission, Role};
use crate::{actor::Actor, errors::StorageError, events::Draft};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name as it was written when the user was added.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Whether every project exists for the user; else those alone of which the user is a member.
    pub all_projects: bool,
    /// The projects of which the user is a member.
    pub members: Vec<Member>,
    /// When the user was added, in milliseconds since 1970 UTC, as all times here.
    pub created_at: u64,
    /// When the user was changed last.
    pub updated_at: u64,
    /// Since when the user may do nothing.
    pub disabled_at: Option<u64>,
}

/// That a user sees a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the project.
    pub project: String,
    /// What is delegated to the user for it beyond the role.
    pub permissions: BTreeSet<Permission>,
}

/// A user to add.
#[derive(Clone)]
pub struct NewUser {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The hash of the password.
    pub password: String,
    /// What the user may do.
    pub role: Role,
    /// Whether every project exists for the user.
    pub all_projects: bool,
    /// The projects of which the user is a member.
    pub members: Vec<Member>,
}

/// What a login is checked by.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: User,
    /// The hash of the password.
    pub password: String,
}

/// What is changed of a user; what is none stays.
#[derive(Clone, Default)]
pub struct UserChange {
    /// What the user may do.
    pub role: Option<Role>,
    /// Whether every project exists for the user.
    pub all_projects: Option<bool>,
    /// Projects that the user becomes or is no longer a member of.
    pub members: Vec<MemberChange>,
    /// Whether the user may do nothing any more. The sessions of one who is disabled are revoked.
    pub is_disabled: Option<bool>,
    /// The hash of another password. The sessions that began with the one before are revoked.
    pub password: Option<String>,
    /// The session that continues when the others are revoked.
    pub keeps_session: Option<String>,
    /// Whether the change is rejected where no admin would be left who is not disabled.
    pub keeps_admin: bool,
}

/// What is delegated to a user for a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// The id of the project.
    pub project: String,
    /// What is delegated from now on; none where the user is no longer a member.
    pub permissions: Option<BTreeSet<Permission>>,
}

/// A session: what began with a login, and is continued by one refresh after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The id of its user.
    pub user: String,
    /// When the user logged in.
    pub created_at: u64,
    /// When it was refreshed last.
    pub refreshed_at: u64,
    /// When it ends unless it is refreshed.
    pub expires_at: u64,
    /// When it was ended.
    pub revoked_at: Option<u64>,
    /// Where the user logged in from.
    pub address: Option<String>,
}

/// A session to begin.
#[derive(Clone)]
pub struct NewSession {
    /// Its id.
    pub id: String,
    /// The id of its user.
    pub user: String,
    /// The hash of what it is refreshed by.
    pub refresh: String,
    /// When it ends unless it is refreshed.
    pub expires_at: u64,
    /// Where the user logged in from.
    pub address: Option<String>,
}

/// A session with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOfUser {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The session continues, with another secret.
    Rotated(Box<SessionOfUser>),
    /// The secret was used before: somebody has a copy of it. The session was ended.
    Reused,
    /// No session is refreshed by it.
    Unknown,
}

/// A token of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// The id of its user.
    pub user: String,
    /// Its name.
    pub name: String,
    /// What it is narrowed to; none for all that the user may do.
    pub permissions: Option<BTreeSet<Permission>>,
    /// The ids of the projects that it is narrowed to; none for all that the user sees.
    pub projects: Option<BTreeSet<String>>,
    /// When it was made.
    pub created_at: u64,
    /// When it ends by itself.
    pub expires_at: Option<u64>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<u64>,
    /// When it was ended.
    pub revoked_at: Option<u64>,
}

/// A token to add. Its times but for `expires_at` are those of the store.
#[derive(Clone)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// The hash of its secret.
    pub hash: String,
}

/// A token with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOfUser {
    /// The token.
    pub token: Token,
    /// Its user.
    pub user: User,
}

/// A key that signs access tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id, which stands in what it signed.
    pub id: String,
    /// The key.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created_at: u64,
    /// Since when it signs no more.
    pub retired_at: Option<u64>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("id", &self.id).field("retired_at", &self.retired_at).finish_non_exhaustive()
    }
}

/// What becomes of the keys before when one is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// It is added only where no key signs.
    IfNone,
    /// They sign no more, and verify what they signed.
    Retire,
    /// They are forgotten: what they signed is void at once.
    Forget,
}

/// Keeps users.
#[async_trait]
pub trait Users: Send + Sync {
    /// All of them, in no order.
    async fn users(&self) -> Result<Vec<User>, StorageError>;
    /// The user with an id.
    async fn find_user(&self, id: &str) -> Result<Option<User>, StorageError>;
    /// The user whose name has a key, with what a login is checked by.
    async fn find_login(&self, key: &str) -> Result<Option<Login>, StorageError>;
    /// Adds a user, and removes the setup link. With the hash of one, the user is added only where it is the valid link and
    /// there is no user.
    async fn add_user(&self, user: &NewUser, link: Option<&str>, events: Vec<Draft>) -> Result<User, AccountError>;
    /// Changes a user.
    async fn change_user(&self, id: &str, change: &UserChange, events: Vec<Draft>) -> Result<User, AccountError>;
    /// Removes a user with all sessions and tokens. `keeps_admin` as in [`UserChange`].
    async fn remove_user(&self, id: &str, keeps_admin: bool, events: Vec<Draft>) -> Result<(), AccountError>;
}

/// Keeps sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a session, and forgets those that ended by themselves.
    async fn add_session(&self, session: &NewSession, events: Vec<Draft>) -> Result<(), StorageError>;
    /// The session with an id, whatever became of it.
    async fn find_session(&self, id: &str) -> Result<Option<SessionOfUser>, StorageError>;
    /// Continues the session that a secret refreshes with another secret, both as hashes. One that was used before ends the
    /// session, which the log tells with `by` as whoever brought it.
    async fn refresh(&self, used: &str, next: &str, expires_at: u64, by: &Actor) -> Result<Refreshed, StorageError>;
    /// Ends a session; false where it has ended.
    async fn revoke_session(&self, id: &str, events: Vec<Draft>) -> Result<bool, StorageError>;
}

/// Keeps tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Those of a user, or of all, in no order; revoked ones too.
    async fn tokens(&self, user: Option<&str>) -> Result<Vec<Token>, StorageError>;
    /// The token whose secret has a hash, whatever became of it.
    async fn find_token(&self, hash: &str) -> Result<Option<TokenOfUser>, StorageError>;
    /// The token with an id, whatever became of it.
    async fn find_token_by_id(&self, id: &str) -> Result<Option<TokenOfUser>, StorageError>;
    /// Adds a token.
    async fn add_token(&self, token: &NewToken, events: Vec<Draft>) -> Result<Token, AccountError>;
    /// Ends a token; false where it has ended.
    async fn revoke_token(&self, id: &str, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Notes that a token was used now.
    async fn touch_token(&self, id: &str) -> Result<(), StorageError>;
}

/// Keeps the keys that sign access tokens.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// The key that signs.
    async fn signing_key(&self) -> Result<Option<SigningKey>, StorageError>;
    /// The key with an id.
    async fn find_signing_key(&self, id: &str) -> Result<Option<SigningKey>, StorageError>;
    /// Adds a key, and gives the one that signs from now on. Keys that verify nothing any more are forgotten.
    async fn add_signing_key(&self, key: &SigningKey, change: KeyChange, events: Vec<Draft>) -> Result<SigningKey, StorageError>;
}

/// Keeps the link with which the first admin is made.
#[async_trait]
pub trait SetupLinks: Send + Sync {
    /// Whether a hash is that of the link, and the link is valid at a time.
    async fn has_setup_link(&self, hash: &str, now: u64) -> Result<bool, StorageError>;
    /// Keeps the hash of a link in place of the one before; false, and nothing is kept, where there are users.
    async fn set_setup_link(&self, hash: &str, expires_at: u64, events: Vec<Draft>) -> Result<bool, StorageError>;
}

/// Keeps all of it.
pub trait AccountStore: Users + Sessions + Tokens + SigningKeys + SetupLinks {}

impl<T: Users + Sessions + Tokens + SigningKeys + SetupLinks> AccountStore for T {}
