//! Cuts a stream of bytes where its events end: behind an empty line, whichever of the three ways lines end. Does not look
//! at what the events say.

/// A stream of which some has come.
pub(super) struct Events {
    /// The beginning of an event.
    held: Vec<u8>,
    /// Nothing stands on the line that has begun.
    line_is_empty: bool,
    /// The last byte ended a line, and a line feed behind it belongs to it.
    after_return: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self { held: Vec::new(), line_is_empty: true, after_return: false }
    }
}

impl Events {
    /// Takes in what came next, and gives back all events that have ended by now.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<u8> {
        let before = self.held.len();
        self.held.extend_from_slice(piece);
        let mut end = 0;
        for (place, byte) in piece.iter().enumerate() {
            let second_half = *byte == b'\n' && std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if second_half => end = if end == before + place { end + 1 } else { end },
                b'\n' | b'\r' => {
                    if std::mem::replace(&mut self.line_is_empty, true) {
                        end = before + place + 1;
                    }
                    self.after_return = *byte == b'\r';
                }
                _ => {
                    self.line_is_empty = false;
                    self.after_return = false;
                }
            }
        }
        let rest = self.held.split_off(end);
        std::mem::replace(&mut self.held, rest)
    }

    /// Bytes of the event that has not ended.
    pub(super) fn unfinished(&self) -> usize {
        self.held.len()
    }

    /// The event that never ended.
    pub(super) fn rest(self) -> Vec<u8> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str]) -> (Vec<String>, String) {
        let mut events = Events::default();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ended = pieces.iter().map(|piece| text(events.take(piece.as_bytes()))).filter(|ended| !ended.is_empty()).collect();
        (ended, text(events.rest()))
    }

    #[test]
    fn events_end_at_an_empty_line_however_lines_end() {
        for line in ["\n", "\r\n", "\r"] {
            let one = format!("data: a{line}data: b{line}{line}");
            let all = format!("{one}{one}data: c");
            assert_eq!(cut(&[&all]), (vec![format!("{one}{one}")], "data: c".to_owned()), "{line:?}");
            for place in 1..all.len() {
                let (before, behind) = all.split_at(place);
                let (ended, rest) = cut(&[before, behind]);
                assert_eq!(format!("{}{rest}", ended.concat()), all, "{line:?} cut at {place}");
                assert!(ended.concat().trim_end().ends_with("data: b"), "{line:?} cut at {place}: {ended:?}");
            }
        }
    }

    #[test]
    fn what_has_no_end_is_held() {
        let mut events = Events::default();
        assert_eq!(events.take(b"data: a\n"), b"");
        assert_eq!((events.take(b"data: b"), events.unfinished()), (Vec::new(), 15));
        assert_eq!(events.take(b"\n\ndata"), b"data: a\ndata: b\n\n");
        assert_eq!((events.unfinished(), events.rest()), (4, b"data".to_vec()));
    }
}
