//! Where a component leaves the path its journal shows. Says what differs, and not what to do with it.

use super::Entry;

/// What a component asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Interface and function, such as `files.read`.
    pub call: String,
    /// The request, a JSON document.
    pub request: String,
}

/// The first call that is not the one in the journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Call {seq} is not the one that was recorded: {} was, and {} is asked for now.", name(.recorded.as_ref()), name(.now.as_ref()))]
pub struct Departure {
    /// The call's place in its run, from 1.
    pub seq: u64,
    /// What the journal says; none when the journal ends before.
    pub recorded: Option<Asked>,
    /// What was asked for; none when the component ended before.
    pub now: Option<Asked>,
}

impl From<&Entry> for Asked {
    fn from(entry: &Entry) -> Self {
        Self { call: entry.call.clone(), request: entry.request.clone() }
    }
}

fn name(asked: Option<&Asked>) -> &str {
    asked.map_or("nothing", |asked| &asked.call)
}
