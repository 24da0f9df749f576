//! One-time tickets, with which a stream is opened that cannot send a header: who asked for one, for 30 seconds. Held in memory
//! and bounded; decides nothing about who they are by then.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Secret, SecretKind};

/// How long a ticket can be used.
const LIFE_MS: u64 = 30_000;
/// Tickets that are held.
const MOST: usize = 10_000;
/// Tickets that are held for one sign-in.
const MOST_OF_ONE: usize = 50;

/// By what a caller is known: what is looked up again whenever it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The operator of this machine.
    Operator,
    /// A session.
    Session {
        /// Its id.
        session: String,
        /// The id of its user.
        user: String,
    },
    /// A token.
    Token {
        /// Its id.
        token: String,
        /// The id of its user.
        user: String,
    },
}

/// Tickets that were given out and not used yet.
#[derive(Default)]
pub struct Tickets {
    held: Mutex<HashMap<String, Held>>,
}

struct Held {
    sign_in: SignIn,
    expires_at: u64,
}

impl Tickets {
    /// A ticket, with when it expires; none where too many are held.
    pub fn issue(&self, sign_in: &SignIn, now: u64) -> Option<(Secret, u64)> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, ticket| ticket.expires_at > now);
        if held.len() >= MOST || held.values().filter(|ticket| ticket.sign_in == *sign_in).count() >= MOST_OF_ONE {
            return None;
        }
        let (secret, expires_at) = (Secret::generate(SecretKind::Ticket), now.saturating_add(LIFE_MS));
        held.insert(secret.hash(), Held { sign_in: sign_in.clone(), expires_at });
        Some((secret, expires_at))
    }

    /// Who asked for a ticket. It cannot be used again.
    pub fn redeem(&self, secret: &Secret, now: u64) -> Option<SignIn> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&secret.hash()).filter(|ticket| ticket.expires_at > now).map(|ticket| ticket.sign_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: usize) -> SignIn {
        SignIn::Session { session: id.to_string(), user: "ada".to_owned() }
    }

    #[test]
    fn a_ticket_is_used_once_and_in_time() {
        let tickets = Tickets::default();
        let (ticket, expires_at) = tickets.issue(&session(1), 1_000).unwrap();
        assert_eq!(expires_at, 31_000);
        assert_eq!(tickets.redeem(&Secret::generate(SecretKind::Ticket), 1_000), None);
        assert_eq!(tickets.redeem(&ticket, 30_999), Some(session(1)));
        assert_eq!(tickets.redeem(&ticket, 30_999), None, "it cannot be used twice");
        let (late, _) = tickets.issue(&session(1), 1_000).unwrap();
        assert_eq!(tickets.redeem(&late, 31_000), None);
    }

    #[test]
    fn so_many_are_held_and_no_more() {
        let tickets = Tickets::default();
        let one: Vec<_> = (0..MOST_OF_ONE).map(|_| tickets.issue(&session(1), 0).unwrap()).collect();
        assert!(tickets.issue(&session(1), 0).is_none());
        assert!(tickets.issue(&session(2), 0).is_some(), "others do not notice");
        assert!(tickets.redeem(&one[0].0, 0).is_some() && tickets.issue(&session(1), 0).is_some());
        assert!(tickets.issue(&session(1), LIFE_MS).is_some(), "those that expired make room");
    }

    #[test]
    fn all_tickets_together_are_bounded() {
        let tickets = Tickets::default();
        let issued = (0..MOST + 10).filter(|id| tickets.issue(&session(*id), 0).is_some()).count();
        assert_eq!(issued, MOST);
    }
}
