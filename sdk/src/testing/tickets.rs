//! The tickets of a run: what it waits for, by name, and how each is to come. Knows no clock; what has come, `clock` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::world::World;
use crate::{Error, Result};

/// Tickets that a run may hold.
const MOST: usize = 1000;

/// What a run holds.
#[derive(Default)]
pub(super) struct Tickets {
    held: BTreeMap<String, Awaited>,
    used: BTreeSet<String>,
    /// Children that were started, also those of runs before.
    children: usize,
}

/// Something that a run waits for.
pub(super) enum Awaited {
    /// A child that takes time.
    Child(Work),
    /// A child that does its work at this moment, so what could wait for it is a part of it.
    Ending,
    /// A child that has ended, with what its ticket gives.
    Ended(Result<Value>),
    /// An answer, and when it comes.
    Answer { at: u64, answer: String },
    /// A time.
    Timer(u64),
    /// A signal of this name.
    Signal(String),
    /// A change of this item after its revision.
    Change { key: String, revision: u64 },
}

/// What a child does, once it is its turn.
type AtItsEnd = Box<dyn FnOnce(&World, &str) -> Result<Value>>;

/// What a child does at its end.
pub(super) struct Work {
    pub(super) ends: u64,
    pub(super) work: AtItsEnd,
}

impl Awaited {
    /// When it comes, where that is known now.
    fn due(&self) -> Option<u64> {
        match self {
            Self::Child(Work { ends: at, .. }) | Self::Answer { at, .. } | Self::Timer(at) => Some(*at),
            Self::Ending | Self::Ended(_) | Self::Signal(_) | Self::Change { .. } => None,
        }
    }

    fn is_child(&self) -> bool {
        matches!(self, Self::Child(_) | Self::Ending | Self::Ended(_))
    }
}

impl Tickets {
    /// `invalid` when the run holds as many as it may.
    pub(super) fn check_room(&self) -> Result<()> {
        if self.held.len() < MOST {
            return Ok(());
        }
        Err(Error::invalid(format!("The run holds {MOST} tickets, the limit. Wait for some of them, or cancel them, before it gets more.")))
    }

    /// The name of the next child.
    pub(super) fn name_child(&mut self) -> String {
        self.children += 1;
        format!("child-{}", self.children)
    }

    /// How many names there are, for another.
    pub(super) fn count(&self) -> usize {
        self.held.len() + self.used.len()
    }

    /// Questions that nobody has answered by now.
    pub(super) fn open_questions(&self, now: u64) -> usize {
        self.held.values().filter(|awaited| matches!(awaited, Awaited::Answer { at, .. } if *at > now)).count()
    }

    /// Hands out a ticket.
    pub(super) fn hold(&mut self, ticket: &str, awaited: Awaited) {
        self.held.insert(ticket.to_owned(), awaited);
    }

    /// Hands out a ticket for a child, unless starting it did. A second execution starts none, and asks for none.
    pub(super) fn hold_child(&mut self, ticket: &str) {
        self.held.entry(ticket.to_owned()).or_insert(Awaited::Ended(Ok(Value::Null)));
    }

    /// What a ticket stands for: `invalid` for one that is used up, `not-found` for one that the run never got.
    pub(super) fn find(&self, ticket: &str) -> Result<&Awaited> {
        const LONGEST: usize = 64;
        if let Some(awaited) = self.held.get(ticket) {
            return Ok(awaited);
        }
        let shown: String = ticket.chars().take(LONGEST).flat_map(char::escape_debug).collect();
        let error = if self.used.contains(ticket) {
            Error::invalid(format!("The ticket `{shown}` is used up: it arrived before, or was cancelled. Each ticket arrives once."))
        } else {
            Error::not_found(format!("The run does not hold a ticket `{shown}`. Only the run that got a ticket can use it."))
        };
        Err(error.about(shown))
    }

    /// Takes a ticket back.
    pub(super) fn use_up(&mut self, ticket: &str) {
        if self.held.remove(ticket).is_some() {
            self.used.insert(ticket.to_owned());
        }
    }

    /// Takes back the ticket of what was cancelled; a child still arrives.
    pub(super) fn use_up_unless_child(&mut self, ticket: &str) {
        if !self.held.get(ticket).is_some_and(Awaited::is_child) {
            self.use_up(ticket);
        }
    }

    /// Cancels a child that has not ended.
    pub(super) fn cancel(&mut self, ticket: &str) {
        if let Some(awaited @ Awaited::Child(_)) = self.held.get_mut(ticket) {
            let text = format!("Run {ticket} was cancelled. Continue without it, or return.");
            *awaited = Awaited::Ended(Err(Error::cancelled(text).about(ticket)));
        }
    }

    /// Gives up what the run still holds, at its end.
    pub(super) fn give_up(&mut self) {
        self.held.clear();
        self.used.clear();
    }

    /// When the next child ends, and the first of those that do.
    pub(super) fn next_end(&self) -> Option<u64> {
        self.held.values().filter(|awaited| matches!(awaited, Awaited::Child(_))).filter_map(Awaited::due).min()
    }

    /// Takes the work of a child that ends at this time; of several that of the one that began first.
    pub(super) fn begin_ending(&mut self, at: u64) -> Option<(String, Work)> {
        let ends = |awaited: &&Awaited| matches!(awaited, Awaited::Child(work) if work.ends == at);
        let (ticket, _) = self.held.iter().filter(|(_, awaited)| ends(awaited)).min_by_key(|(ticket, _)| number(ticket))?;
        let ticket = ticket.clone();
        match self.held.insert(ticket.clone(), Awaited::Ending) {
            Some(Awaited::Child(work)) => Some((ticket, work)),
            _ => None,
        }
    }

    /// A child has done its work. One that was given up meanwhile is not there any more.
    pub(super) fn end(&mut self, ticket: &str, ended: Result<Value>) {
        if let Some(awaited) = self.held.get_mut(ticket) {
            *awaited = Awaited::Ended(ended);
        }
    }

    /// When something comes next after this time, as far as that is known.
    pub(super) fn next_due(&self, now: u64) -> Option<u64> {
        self.held.values().filter_map(Awaited::due).filter(|at| *at > now).min()
    }
}

fn number(ticket: &str) -> usize {
    ticket.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
}
