//! One call as an interface asks for it. Decides nothing about it.

use serde::Serialize;

use super::{Capability, Effect, Entry, recorder::to_json};
use crate::errors::StorageError;

/// One call as an interface asks for it.
pub struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    /// A JSON document.
    pub(super) request: String,
    pub(super) needs: Vec<Capability<'a>>,
    begins: bool,
}

impl<'a> Call<'a> {
    /// A call such as `files.read` with its request. Fails when the request has no JSON form.
    pub fn new(name: &'static str, effect: Effect, request: &impl Serialize) -> Result<Self, StorageError> {
        Ok(Self { name, effect, request: to_json(request)?, needs: Vec::new(), begins: false })
    }

    /// The run must be allowed this before the call is done.
    #[must_use]
    pub fn needing(mut self, capability: Capability<'a>) -> Self {
        self.needs.push(capability);
        self
    }

    /// The call begins something that goes on after it, such as another run.
    #[must_use]
    pub fn beginning(mut self) -> Self {
        self.begins = true;
        self
    }

    /// Its hash in the journal form. Nothing that is replayed as it was needs one.
    pub(super) fn hash(&self) -> String {
        Entry::hash(self.name, &self.request)
    }

    /// Whether a run that is being cancelled may not make this call: it would wait, cost, or begin what is to end.
    pub(super) fn ends_with_cancelling(&self) -> bool {
        self.begins || matches!(self.effect, Effect::Wait | Effect::Model)
    }
}
