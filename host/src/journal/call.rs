//! One call as an interface asks for it. Decides nothing about it.

use serde::Serialize;

use super::{Capability, Effect, JournalError, form, recorder::no_form};

/// One call as an interface asks for it.
pub struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    pub(super) request: String,
    /// Of the whole request, however much of it the journal keeps.
    pub(super) hash: String,
    pub(super) needs: Vec<Capability<'a>>,
    begins: bool,
}

impl<'a> Call<'a> {
    /// A call such as `files.read` with its request. Fails when the request has no JSON form.
    pub fn new(name: &'static str, effect: Effect, request: &impl Serialize) -> Result<Self, JournalError> {
        // Text and hash are of one document: what the journal keeps can be hashed again to the same.
        let request = serde_json::to_value(request).map_err(|error| no_form(&error))?;
        Ok(Self { name, effect, hash: form::hash(name, &request), request: request.to_string(), needs: Vec::new(), begins: false })
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

    /// Whether a run that is being cancelled may not make this call: it would wait, cost, or begin what is to end.
    pub(super) fn ends_with_cancelling(&self) -> bool {
        self.begins || matches!(self.effect, Effect::Wait | Effect::Model)
    }
}
