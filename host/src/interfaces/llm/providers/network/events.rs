//! Cuts a stream of bytes into server-sent events, however lines end and wherever pieces are cut. Holds no more of them than
//! one, and does not look at what they say.

/// A stream of which some has come.
pub(super) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// Bytes since the last event ended, whatever they were.
    unfinished: usize,
    /// The last byte ended a line, and a line feed behind it belongs to it.
    after_return: bool,
    /// No line has ended yet: a mark of the byte order may stand before the first.
    is_first_line: bool,
}

/// An event that says something.
#[derive(Debug, PartialEq)]
pub(super) struct Event {
    pub(super) data: String,
    /// How many bytes it took.
    pub(super) bytes: usize,
}

impl Default for Events {
    fn default() -> Self {
        Self { line: Vec::new(), data: Vec::new(), has_data: false, unfinished: 0, after_return: false, is_first_line: true }
    }
}

impl Events {
    /// Takes in what came next, and gives the events that have ended by now.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in piece {
            let second_half = *byte == b'\n' && std::mem::take(&mut self.after_return);
            self.unfinished += 1;
            match byte {
                _ if second_half => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => {
                    self.after_return = false;
                    self.line.push(*byte);
                }
            }
        }
        events
    }

    /// Bytes of what has not become an event.
    pub(super) fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// The last event, where the empty line behind it is missing.
    pub(super) fn rest(&mut self) -> Option<Event> {
        if !self.line.is_empty() {
            let _ = self.end_line();
        }
        self.end_event()
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let begins = std::mem::take(&mut self.is_first_line);
        let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| begins).unwrap_or(&line[..]);
        if line.is_empty() {
            return self.end_event();
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            if std::mem::replace(&mut self.has_data, true) {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        }
        None
    }

    fn end_event(&mut self) -> Option<Event> {
        let (data, bytes) = (std::mem::take(&mut self.data), self.unfinished);
        let says_something = std::mem::take(&mut self.has_data) && !data.trim_ascii().is_empty();
        says_something.then(|| {
            self.unfinished = 0;
            Event { data: String::from_utf8_lossy(&data).into_owned(), bytes }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut all: Vec<_> = pieces.iter().flat_map(|piece| events.take(piece)).collect();
        all.extend(events.rest());
        all.into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn events_are_the_same_however_lines_end_and_pieces_are_cut() {
        for line in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}: hello", "data: a", "event: x", "data:b", "", "", "id: 7", "", "data: é", "", "data: [DONE]"].join(line);
            let expected = ["a\nb", "é", "[DONE]"];
            assert_eq!(cut(&[text.as_bytes()]), expected, "{line:?}");
            for place in 0..=text.len() {
                let (before, behind) = text.as_bytes().split_at(place);
                assert_eq!(cut(&[before, behind]), expected, "{line:?} cut at {place}");
            }
        }
        assert_eq!(cut(&[b"data: a\xff\n\n"]), ["a\u{fffd}"]);
    }

    #[test]
    fn what_says_nothing_adds_up() {
        let mut events = Events::default();
        assert!(events.take(b": a\n\ndata:\n\nretry: 5\n\n").is_empty());
        assert_eq!(events.unfinished(), 22);
        let event = events.take(b"data: b\n\n: c").remove(0);
        assert_eq!((event.bytes, events.unfinished()), (31, 3));
    }
}
