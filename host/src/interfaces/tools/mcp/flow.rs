//! How much a server at an address may send: of one message, of all that comes with an answer, and of what it says without
//! being asked. Comments count like everything else. Reads nothing of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::lines::LARGEST_MESSAGE;

/// Bytes of all events and comments that come with one answer.
const MOST_WITH_AN_ANSWER: usize = 32 << 20;
/// Bytes that a server may send in a minute without being asked.
const MOST_UNASKED: usize = 32 << 20;
/// How often in a minute it is listened to anew.
const MOST_OPENINGS: usize = 300;
const MINUTE: Duration = Duration::from_secs(60);

/// What there is too much of.
#[derive(Debug, thiserror::Error)]
pub(super) enum Excess {
    /// One message.
    #[error("a message is longer than {} MiB", LARGEST_MESSAGE >> 20)]
    Message,
    /// All that comes with an answer.
    #[error("it sent more than {} MiB of events and comments before it answered", MOST_WITH_AN_ANSWER >> 20)]
    Answer,
    /// What nobody asked for.
    #[error("it sent more than {} MiB in a minute without a request", MOST_UNASKED >> 20)]
    Unasked,
}

/// What a server sends without being asked, over all streams.
#[derive(Default)]
pub(super) struct Flow(Mutex<Window>);

#[derive(Default)]
struct Window {
    since: Option<Instant>,
    bytes: usize,
    openings: usize,
    /// It was too much once: nothing is listened to any more.
    is_shut: bool,
}

impl Flow {
    /// Whether the server may be listened to once more.
    pub(super) fn opens(&self) -> bool {
        self.count(0, 1)
    }

    fn count(&self, bytes: usize, openings: usize) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.since.is_none_or(|since| since.elapsed() > MINUTE) {
            *window = Window { since: Some(Instant::now()), is_shut: window.is_shut, ..Window::default() };
        }
        window.bytes = window.bytes.saturating_add(bytes);
        window.openings += openings;
        window.is_shut |= window.bytes > MOST_UNASKED || window.openings > MOST_OPENINGS;
        !window.is_shut
    }
}

/// Measures one stream of events.
pub(super) struct Meter {
    /// Bytes since the last empty line.
    event: usize,
    total: usize,
    /// The line that is read has nothing in it so far.
    is_empty: bool,
    /// A line feed behind it belongs to the same end of a line.
    after_return: bool,
    /// None: the stream belongs to an answer.
    flow: Option<Arc<Flow>>,
}

impl Meter {
    pub(super) fn of_an_answer() -> Self {
        Self { event: 0, total: 0, is_empty: true, after_return: false, flow: None }
    }

    pub(super) fn of_flow(flow: Arc<Flow>) -> Self {
        Self { flow: Some(flow), ..Self::of_an_answer() }
    }

    /// Takes in what came next.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), Excess> {
        for byte in piece {
            self.event += 1;
            let is_second_half = std::mem::replace(&mut self.after_return, *byte == b'\r') && *byte == b'\n';
            match byte {
                _ if is_second_half => {}
                b'\n' | b'\r' if std::mem::replace(&mut self.is_empty, true) => self.event = 0,
                b'\n' | b'\r' => {}
                _ => self.is_empty = false,
            }
            if self.event > LARGEST_MESSAGE {
                return Err(Excess::Message);
            }
        }
        self.total = self.total.saturating_add(piece.len());
        match &self.flow {
            Some(flow) if !flow.count(piece.len(), 0) => Err(Excess::Unasked),
            None if self.total > MOST_WITH_AN_ANSWER => Err(Excess::Answer),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pieces are taken.
    fn taken(mut meter: Meter, piece: &[u8]) -> (usize, Excess) {
        (0..).find_map(|count| meter.take(piece).err().map(|excess| (count, excess))).unwrap()
    }

    #[test]
    fn a_message_and_all_that_comes_with_an_answer_are_bounded() {
        let line = vec![b'a'; 1 << 20];
        assert!(matches!(taken(Meter::of_an_answer(), &line), (8, Excess::Message)));
        let comment = [b": ", &line[..(1 << 20) - 4], b"\n\n"].concat();
        assert!(matches!(taken(Meter::of_an_answer(), &comment), (32, Excess::Answer)));
        let lines = b"data: a\r\n".repeat(1 << 10);
        let (count, excess) = taken(Meter::of_an_answer(), &lines);
        assert!(matches!(excess, Excess::Answer | Excess::Message) && count > 900, "{count}");
    }

    #[test]
    fn what_nobody_asked_for_is_bounded_over_all_streams_and_ends_the_listening() {
        let flow = Arc::new(Flow::default());
        assert!(flow.opens());
        let event = [&b"data: ".repeat(1 << 17)[..], b"\n\n"].concat();
        let (count, excess) = taken(Meter::of_flow(Arc::clone(&flow)), &event);
        assert!(matches!(excess, Excess::Unasked) && count > 20, "{count}");
        assert!(!flow.opens() && matches!(taken(Meter::of_flow(flow), b"a"), (0, Excess::Unasked)));
        let often = Flow::default();
        assert_eq!((0..1_000).filter(|_| often.opens()).count(), MOST_OPENINGS);
    }
}
