//! What the log is told of accounts. Holds no secret, and of a login that failed no name that no user has: people type passwords
//! into the wrong field.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Member, Permission, Role};
use crate::{events, moment::Moment};

/// A user logged in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LoggedIn {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The id of the session.
    pub(crate) session: String,
}

/// A login failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LoginFailed {
    /// The id of the user whose name was given, if a user has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// The name of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// A user logged out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LoggedOut {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The id of the session.
    pub(crate) session: String,
}

/// A session was to be refreshed with a secret that was used before, so that two have it. The session was ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RefreshReused {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The id of the session.
    pub(crate) session: String,
}

/// A user was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct UserAdded {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The role.
    pub(crate) role: Role,
    /// Whether every project exists for the user.
    pub(crate) all_projects: bool,
    /// The projects of which the user is a member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<Membership>,
    /// Whether it is the first admin, made with the setup link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) by_setup_link: bool,
}

/// A project of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Membership {
    /// The id of the project.
    pub(crate) project: String,
    /// What is delegated to the user for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) permissions: Vec<Permission>,
}

impl From<&Member> for Membership {
    fn from(member: &Member) -> Self {
        Self { project: member.project.clone(), permissions: member.permissions.iter().copied().collect() }
    }
}

/// A user was changed. What is left out did not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct UserChanged {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The role from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Role>,
    /// The role before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) former_role: Option<Role>,
    /// Whether every project exists for the user from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) all_projects: Option<bool>,
    /// Whether the user may do nothing from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disabled: Option<bool>,
}

/// A user is a member of a project, with what is delegated from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct MemberSet {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The id of the project.
    pub(crate) project: String,
    /// What is delegated to the user for it.
    pub(crate) permissions: Vec<Permission>,
}

/// A user is no longer a member of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct MemberRemoved {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
    /// The id of the project.
    pub(crate) project: String,
}

/// A user has another password. The sessions that began with the one before were ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PasswordChanged {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
}

/// A user was removed with all sessions and tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct UserRemoved {
    /// The id of the user.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) name: String,
}

/// A token was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TokenCreated {
    /// The id of the token.
    pub(crate) token: String,
    /// The name of the token.
    pub(crate) name: String,
    /// The id of its user.
    pub(crate) user: String,
    /// What it is narrowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<Permission>>,
    /// The ids of the projects that it is narrowed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) projects: Option<Vec<String>>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Moment>,
}

/// A token was revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TokenRevoked {
    /// The id of the token.
    pub(crate) token: String,
    /// The name of the token.
    pub(crate) name: String,
    /// The id of its user.
    pub(crate) user: String,
}

/// Another key signs access tokens from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SigningKeyAdded {
    /// The id of the key.
    pub(crate) key: String,
    /// Whether what the keys before signed is void at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) former_void: bool,
}

/// A link was made with which the first admin is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SetupLinkCreated {
    /// When it expires.
    pub(crate) expires_at: Moment,
}

events::payloads! {
    LoggedIn => Auth "logged_in" Info,
    LoginFailed => Auth "login_failed" Warn,
    LoggedOut => Auth "logged_out" Info,
    RefreshReused => Auth "refresh_reused" Error,
    UserAdded => Audit "user_added" Info,
    UserChanged => Audit "user_changed" Info,
    MemberSet => Audit "member_set" Info,
    MemberRemoved => Audit "member_removed" Info,
    PasswordChanged => Audit "password_changed" Info,
    UserRemoved => Audit "user_removed" Info,
    TokenCreated => Audit "token_created" Info,
    TokenRevoked => Audit "token_revoked" Info,
    SigningKeyAdded => Audit "signing_key_added" Info,
    SetupLinkCreated => Audit "setup_link_created" Info,
}
