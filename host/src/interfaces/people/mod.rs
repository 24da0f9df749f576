//! People: a run asks one and is suspended until the answer, or tells them what was decided without them. Answers
//! nothing itself and shows nothing to anybody.

pub(crate) mod events;
mod host;
mod questions;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use super::tickets::Tickets;
use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use questions::{
    Answer, Asked, Decided, Decision, DecisionFilter, Expiry, Filter, Given, Question, QuestionStatus, Questions, QuestionsError, Severity,
    Source,
};

/// Allows to interrupt people with questions of a severity.
pub const PEOPLE: CapabilityKind = CapabilityKind {
    word: "people",
    matching: Matching::Name,
    interface: "people",
    meaning: "ask people questions of these severities (info, important, critical)",
    values: &["info", "important", "critical"],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// What the run holds.
    pub tickets: &'a mut Tickets,
    /// Where questions lie.
    pub questions: &'a Arc<dyn Questions>,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::people::add_to_linker::<T, Viewed>(linker, view)
}
