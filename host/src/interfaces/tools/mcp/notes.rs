//! What an operator has to know of a server beside its tools: what it writes where messages are wanted, and its last
//! words on standard error. Shared by all that reads from one server; short, and harmless to a terminal.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crate::interfaces::tools::text::{cut, harmless};

/// Lines of standard error that are kept.
const MOST_LINES: usize = 5;
/// Characters of a line that are kept.
const LONGEST_LINE: usize = 200;

/// Notes on one server.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    /// Lines of standard output that are no messages.
    noise: u64,
    /// The first of them.
    first: String,
    /// A message stood at the end of such a line.
    swallowed: bool,
    /// The last lines of standard error.
    errors: VecDeque<String>,
    /// It said too much without being asked, and is not listened to any more.
    flooded: bool,
    /// Why the conversation was ended by the host.
    ended: Option<&'static str>,
}

impl Notes {
    /// The server is started: what it said before does not matter any more.
    pub(super) fn begin(&self) {
        self.change(|noted| *noted = Noted::default());
    }

    /// A line of standard output that is no message. Gives how many there were.
    pub(super) fn noise(&self, line: &[u8]) -> u64 {
        self.change(|noted| {
            if noted.noise == 0 {
                noted.first = excerpt_line(line);
            }
            noted.noise += 1;
            noted.noise
        })
    }

    /// A message stood behind other text in one line.
    pub(super) fn swallowed(&self) {
        self.change(|noted| noted.swallowed = true);
    }

    /// It said too much without being asked.
    pub(super) fn flooded(&self) {
        self.change(|noted| noted.flooded = true);
    }

    /// A line of standard error.
    pub(super) fn error_line(&self, line: &[u8]) {
        self.change(|noted| {
            if noted.errors.len() == MOST_LINES {
                noted.errors.pop_front();
            }
            noted.errors.push_back(excerpt_line(line));
        });
    }

    /// The host ends the conversation.
    pub(super) fn ended(&self, why: &'static str) {
        self.change(|noted| noted.ended = Some(why));
    }

    /// Why the host ended the conversation, if it did.
    pub(super) fn end(&self) -> Option<&'static str> {
        self.change(|noted| noted.ended)
    }

    /// The last lines of standard error, in one.
    pub(super) fn last_words(&self) -> Option<String> {
        let lines = self.change(|noted| noted.errors.iter().cloned().collect::<Vec<_>>());
        (!lines.is_empty()).then(|| format!("Its last lines on standard error: `{}`.", lines.join(" | ")))
    }

    /// Sentences on what it writes where messages are wanted, and on what nobody asked for.
    pub(super) fn remarks(&self) -> Vec<String> {
        let flooded = self.change(|noted| noted.flooded).then(|| {
            "It sent more than Baton reads without being asked. Its tools stay in use, but Baton notices changes to them only when it starts the server again.".to_owned()
        });
        self.noise_remarks().into_iter().chain(flooded).collect()
    }

    fn noise_remarks(&self) -> Vec<String> {
        self.change(|noted| {
            if noted.noise == 0 {
                return Vec::new();
            }
            let lines = if noted.noise == 1 { "1 line".to_owned() } else { format!("{} lines", noted.noise) };
            let mut remarks = vec![format!("It wrote {lines} to standard output that are not messages and are skipped, the first: `{}`.", noted.first)];
            if noted.swallowed {
                remarks.push("A message stands at the end of such a line: the server has to end what it prints with a line break, or print it to standard error.".to_owned());
            }
            remarks
        })
    }

    fn change<A>(&self, change: impl FnOnce(&mut Noted) -> A) -> A {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// As much of a line as a sentence takes.
pub(super) fn excerpt_line(line: &[u8]) -> String {
    let beginning = &line[..line.len().min(LONGEST_LINE * 4)];
    let text = harmless(&String::from_utf8_lossy(beginning));
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), LONGEST_LINE)
}
