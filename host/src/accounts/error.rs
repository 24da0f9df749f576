//! Why something of an account is not changed or not accepted. Says nothing about the request it came with.

use crate::errors::{Hint, StorageError};

/// Why an account operation did not do what it was asked. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("`{0}` is not a valid user name.")]
    UserName(String),
    #[error("`{0}` is not a valid token name.")]
    TokenName(String),
    /// The text is what is wrong with it, a sentence without the password.
    #[error("{0}")]
    Password(&'static str),
    #[error("A user `{0}` already exists.")]
    NameTaken(String),
    #[error("User `{0}` does not exist.")]
    NoUser(String),
    #[error("`{0}` is the only admin who is not disabled.")]
    LastAdmin(String),
    #[error("Token `{0}` does not exist.")]
    NoToken(String),
    #[error("The user already has a token `{0}`.")]
    TokenNameTaken(String),
    /// A user has as many as a user can have.
    #[error("The user already has {0} tokens.")]
    TooManyTokens(u32),
    /// There are users already, or the link was replaced or has expired.
    #[error("The setup link is not valid.")]
    NoSetup,
    /// More logins wait than are worth waiting.
    #[error("Too many logins are being checked.")]
    Busy,
    /// Passwords cannot be hashed on this machine, or tokens cannot be signed.
    #[error("The host cannot compute a hash: {0}.")]
    Hashing(String),
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for AccountError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UserName(_) => "Use 1 to 64 ASCII letters, digits, `-`, `_`, `.`, `@` and `+`, beginning with a letter or digit.",
            Self::TokenName(_) => "Use 1 to 64 ASCII letters, digits, `-`, `_`, `.` and spaces, beginning with a letter or digit.",
            Self::Password(_) => "Use 12 to 256 characters that are hard to guess, such as five random words.",
            Self::NameTaken(_) | Self::TokenNameTaken(_) => "Choose another name.",
            Self::NoUser(_) => "`baton user list` lists the users.",
            Self::LastAdmin(_) => "Make another user an admin first.",
            Self::NoToken(_) => "`baton token list` lists the tokens.",
            Self::TooManyTokens(_) => "Revoke those that are not used.",
            Self::NoSetup => "`baton serve` prints a new link at its start while there is no user. `baton user add` adds one at any time.",
            Self::Busy => "Try again in a moment.",
            Self::Hashing(_) => return None,
            Self::Store(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
