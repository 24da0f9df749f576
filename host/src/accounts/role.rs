//! What users may do: roles, and the permissions that they are made of. Decides about no request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user may do in the projects that exist for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also starts and controls runs, answers questions and edits items.
    Developer,
    /// Does everything.
    Admin,
}

/// A kind of request that is allowed or denied as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// To read.
    Read,
    /// To start and control runs, answer questions and edit items.
    Work,
    /// To install plugins and decide what they may do.
    Grant,
    /// To merge pull requests.
    Merge,
    /// To set budgets.
    Budgets,
    /// To set secrets.
    Secrets,
    /// To manage users, their roles and what they see.
    Users,
    /// To change settings and what settings lead to, and to add and remove projects.
    Settings,
}

impl Role {
    /// All of them, the one that may least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Developer, Self::Admin];

    /// Whether the role alone allows it.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::Work => self >= Self::Developer,
            Permission::Grant
            | Permission::Merge
            | Permission::Budgets
            | Permission::Secrets
            | Permission::Users
            | Permission::Settings => self == Self::Admin,
        }
    }

    /// All that the role allows.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.allows(*permission))
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Admin => "admin",
        }
    }

    /// What a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Read, Self::Work, Self::Grant, Self::Merge, Self::Budgets, Self::Secrets, Self::Users, Self::Settings];

    /// Whether an admin can delegate it for a project.
    pub fn can_be_delegated(self) -> bool {
        !matches!(self, Self::Read | Self::Work)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Work => "work",
            Self::Grant => "grant",
            Self::Merge => "merge",
            Self::Budgets => "budgets",
            Self::Secrets => "secrets",
            Self::Users => "users",
            Self::Settings => "settings",
        }
    }

    /// What a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_json_and_read_back() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(Role::from_word(role.as_str()), Some(role));
        }
        for permission in Permission::ALL {
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
            assert_eq!(Permission::from_word(permission.as_str()), Some(permission));
        }
        assert_eq!((Role::from_word("Admin"), Permission::from_word("")), (None, None));
    }

    #[test]
    fn a_role_allows_what_the_one_below_it_does_and_more() {
        let counts = Role::ALL.map(|role| role.permissions().count());
        assert_eq!(counts, [1, 2, 8]);
        assert_eq!(Permission::ALL.into_iter().filter(|permission| permission.can_be_delegated()).count(), 6);
    }
}
