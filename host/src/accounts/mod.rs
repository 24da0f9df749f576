//! Who may use a host over a network: users, their sessions and tokens, and the keys that sign access tokens. Decides nothing
//! about what an operation needs, and gives out no secret but to the person whom it was made for.

pub mod access_token;
mod attempts;
mod bearer;
pub mod credential;
mod error;
pub(crate) mod events;
mod names;
mod password;
mod port;
mod role;
mod secret;
mod tickets;

use std::sync::{Arc, Mutex, PoisonError};

pub use attempts::{Attempt, Attempts, Blocked};
pub use bearer::Bearer;
pub use error::AccountError;
pub use names::{check_name, check_token_name, key_of_name};
pub use password::{Hashing, check_password};
pub use port::{
    AccountStore, KeyChange, Login, Member, MemberChange, NewSession, NewToken, NewUser, Refreshed, Session, SessionOfUser, Sessions,
    SetupLinks, SigningKey, SigningKeys, Token, TokenOfUser, Tokens, User, UserChange, Users,
};
pub use role::{Permission, Role};
pub use secret::{Secret, SecretKind};
pub use tickets::{SignIn, Tickets};

/// What a host keeps about accounts: the rows, and what it holds in memory beside them.
pub struct Accounts {
    /// The rows.
    pub store: Arc<dyn AccountStore>,
    /// Failed logins.
    pub attempts: Attempts,
    /// Hashes and checks passwords.
    pub hashing: Hashing,
    /// Tickets that were given out and not used yet.
    pub tickets: Tickets,
    /// What the credential file of this host holds, where it serves.
    credential: Mutex<Option<Secret>>,
}

impl Accounts {
    /// Over the rows of a store.
    pub fn new(store: Arc<dyn AccountStore>) -> Self {
        let (attempts, hashing, tickets) = (Attempts::default(), Hashing::default(), Tickets::default());
        Self { store, attempts, hashing, tickets, credential: Mutex::new(None) }
    }

    /// Sets what the credential file of this host holds.
    pub fn set_credential(&self, secret: Secret) {
        *self.credential.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret);
    }

    /// What the credential file of this host held: from now on it is accepted no more.
    pub fn take_credential(&self) -> Option<Secret> {
        self.credential.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether a secret is that of the credential file.
    pub fn is_credential(&self, secret: &Secret) -> bool {
        let held = self.credential.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(|held| held.is_same(secret))
    }
}
