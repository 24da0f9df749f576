//! The tickets of one execution: what its run waits for, by name. A replay hands them out again, so nothing of them is
//! kept; and one that the run did not get itself is not there.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use serde_json::Value;

use crate::journal::{CallError, Performed};

/// Tickets that a run may hold, and so as many as one call can wait for.
pub const MOST: usize = 1000;

/// When and by which call it is looked whether something has come.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The call.
    pub seq: u64,
    /// Milliseconds since 1970 UTC.
    pub now: u64,
}

/// Something that a run waits for.
#[async_trait]
pub trait Awaited: Send + Sync {
    /// What it gave, or what wakes the run when it comes. Looking twice for the same call finds the same.
    async fn look(&self, moment: Moment) -> Performed<Value>;
    /// The name of the signal that it waits for, if that is what it does.
    fn signal(&self) -> Option<&str> {
        None
    }
    /// Gives it up. Giving up twice is giving up once.
    async fn give_up(&self) -> Performed<()>;
    /// Whether it arrives also after it was given up.
    fn arrives_given_up(&self) -> bool {
        false
    }
}

/// What a run holds.
#[derive(Default)]
pub struct Tickets {
    held: HashMap<String, Arc<dyn Awaited>>,
    /// Those of them that were given up and still arrive: they count towards no limit.
    given_up: HashSet<String>,
    used: HashSet<String>,
}

impl Tickets {
    /// `invalid` when the run holds as many as it may.
    pub fn check_room(&self) -> Result<(), CallError> {
        if self.held.len() - self.given_up.len() < MOST {
            return Ok(());
        }
        Err(CallError::invalid(format!(
            "The run holds {MOST} tickets, the limit. Wait for some of them, or cancel them, before it gets more."
        )))
    }

    /// Hands out a ticket.
    pub fn hold(&mut self, ticket: impl Into<String>, awaited: impl Awaited + 'static) {
        self.held.insert(ticket.into(), Arc::new(awaited));
    }

    /// What a ticket stands for: `invalid` for one that is used up, `not-found` for one that the run never got.
    pub fn find(&self, ticket: &str) -> Result<Arc<dyn Awaited>, CallError> {
        if let Some(awaited) = self.held.get(ticket) {
            return Ok(Arc::clone(awaited));
        }
        let shown = escape_ticket(ticket);
        let error = if self.used.contains(ticket) {
            CallError::invalid(format!("The ticket `{shown}` is used up: it arrived before, or was cancelled. Each ticket arrives once."))
        } else {
            CallError::not_found(format!("The run does not hold a ticket `{shown}`. Only the run that got a ticket can use it."))
        };
        Err(error.about(shown))
    }

    /// Counts a ticket no more that was given up: takes it back, unless it arrives all the same.
    pub fn give_up(&mut self, ticket: &str) {
        match self.held.get(ticket) {
            Some(awaited) if awaited.arrives_given_up() => drop(self.given_up.insert(ticket.to_owned())),
            _ => self.use_up(ticket),
        }
    }

    /// Takes a ticket back.
    pub fn use_up(&mut self, ticket: &str) {
        self.given_up.remove(ticket);
        if self.held.remove(ticket).is_some() {
            self.used.insert(ticket.to_owned());
        }
    }
}

/// A text of a guest, fit to be shown.
fn escape_ticket(ticket: &str) -> String {
    const LONGEST: usize = 64;
    ticket.chars().take(LONGEST).flat_map(char::escape_debug).collect()
}
