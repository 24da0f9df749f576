//! Where a component makes another call than its journal holds. Says what differs, and not what to do about it.

use std::fmt;

use super::{
    Entry,
    form::{self, Difference},
};

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
pub struct Divergence {
    /// The call's place in its run, from 1.
    pub seq: u64,
    /// What the journal holds; none when it ends before.
    pub recorded: Option<Asked>,
    /// What the component asks for; none when it ended before.
    pub now: Option<Asked>,
    /// Where in the plugin's code the call is made, where that is known.
    pub line: Option<String>,
}

impl Divergence {
    /// The first place where the requests differ; none where not both are there, or they differ in a secret alone.
    pub fn difference(&self) -> Option<Difference> {
        let (recorded, now) = (self.recorded.as_ref()?, self.now.as_ref()?);
        Difference::first(&form::read(&recorded.request), &form::read(&now.request))
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show_calls(formatter)?;
        match &self.line {
            Some(line) => write!(formatter, "\n  made by:  {line}"),
            None => Ok(()),
        }
    }
}

impl Divergence {
    fn show_calls(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seq = self.seq;
        match (&self.recorded, &self.now) {
            (Some(recorded), Some(now)) if recorded.call == now.call => {
                write!(formatter, "Call {seq} ({}) of the run differs from its journal", now.call)?;
                show_difference(formatter, self.difference())
            }
            (Some(recorded), Some(now)) => {
                write!(formatter, "Call {seq} of the run is not the call in its journal.\n  recorded: {recorded}\n  now:      {now}")
            }
            (None, Some(now)) => write!(formatter, "The run makes call {seq}, and its journal ends before.\n  now:      {now}"),
            (Some(recorded), None) => {
                write!(formatter, "The run ended before call {seq}, which its journal holds.\n  recorded: {recorded}")
            }
            (None, None) => write!(formatter, "Call {seq} of the run differs from its journal."),
        }
    }
}

fn show_difference(formatter: &mut fmt::Formatter<'_>, difference: Option<Difference>) -> fmt::Result {
    let Some(Difference { pointer, recorded, now }) = difference else {
        return write!(formatter, " in a part that the journal does not keep.");
    };
    let place = if pointer.is_empty() { String::new() } else { format!(" at {}", excerpt(&pointer)) };
    let side = |side: Option<String>| side.unwrap_or_else(|| "absent".to_owned());
    write!(formatter, "{place}.\n  recorded: {}\n  now:      {}", side(recorded), side(now))
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.call, excerpt(&self.request))
    }
}

impl From<&Entry> for Asked {
    fn from(entry: &Entry) -> Self {
        Self { call: entry.call.clone(), request: entry.request.clone() }
    }
}

/// The beginning of a text, enough to recognize it.
pub(super) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 400;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
