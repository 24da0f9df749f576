//! Reads which request a message answers that is too long to be kept, or cannot be read as a whole: piece by piece, keeping
//! nothing but its `id`.

use rmcp::model::RequestId;

/// Bytes of a key or an id.
const LONGEST_WORD: usize = 256;

/// A message of which only the members at its top are looked at.
#[derive(Default)]
pub(super) struct Oversize {
    length: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// At the top, a string is a key until a colon comes.
    wants_key: bool,
    /// The string or number that is being read at the top, as it is written.
    word: Vec<u8>,
    key: Vec<u8>,
    id: Option<RequestId>,
    answers: bool,
    asks: bool,
    /// It has the mark of a message, which no line of a log has.
    is_marked: bool,
    /// Something else stands before the object.
    is_other: bool,
}

impl Oversize {
    /// Reads on.
    pub(super) fn read(&mut self, piece: &[u8]) {
        self.length = self.length.saturating_add(piece.len());
        piece.iter().for_each(|byte| self.step(*byte));
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The request that is answered, as soon as that is certain.
    pub(super) fn answered(&self) -> Option<&RequestId> {
        self.id.as_ref().filter(|_| !self.is_other && self.is_marked && self.answers && !self.asks)
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            self.step_in_string(byte);
            return;
        }
        match byte {
            b'"' => {
                self.is_other |= self.depth == 0;
                self.in_string = true;
                self.word.clear();
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.wants_key = self.depth == 1 && byte == b'{';
            }
            b'}' | b']' => {
                self.end_of_member();
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => {
                self.wants_key = false;
                self.word.clear();
            }
            b',' if self.depth == 1 => {
                self.end_of_member();
                self.wants_key = true;
            }
            b' ' | b'\t' | b'\r' => {}
            _ if self.depth == 0 => self.is_other = true,
            _ => self.keep(byte),
        }
    }

    fn step_in_string(&mut self, byte: u8) {
        self.keep(byte);
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_string = false;
                if self.depth == 1 && self.wants_key {
                    self.key = std::mem::take(&mut self.word);
                    match self.key.as_slice() {
                        b"\"result\"" | b"\"error\"" => self.answers = true,
                        b"\"method\"" => self.asks = true,
                        b"\"jsonrpc\"" => self.is_marked = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn end_of_member(&mut self) {
        if self.depth == 1 && self.key == b"\"id\"" {
            self.id = serde_json::from_slice(&self.word).ok();
        }
        if self.depth == 1 {
            self.key.clear();
            self.word.clear();
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.word.len() < LONGEST_WORD {
            self.word.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str, piece: usize) -> Option<RequestId> {
        let mut oversize = Oversize::default();
        text.as_bytes().chunks(piece).for_each(|piece| oversize.read(piece));
        assert_eq!(oversize.length(), text.len());
        oversize.answered().cloned()
    }

    #[test]
    fn the_id_is_found_wherever_it_stands() {
        let body = "\\\"id\\\": 9, {[\\\\".repeat(50);
        for (text, expected) in [
            (format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"id":1,"a":["{body}"]}}}}"#), Some(RequestId::Number(7))),
            (format!(r#"{{"result":{{"id":1,"a":["{body}"]}},"jsonrpc":"2.0", "id" : 7 }}"#), Some(RequestId::Number(7))),
            (format!(r#"{{"id":7,"error":"{body}"}}"#), None),
            (format!(r#"{{"error":{{"message":"{body}"}},"id":"a\"b","jsonrpc":"2.0"}}"#), Some(RequestId::String("a\"b".into()))),
            (format!(r#"{{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{{"a":"{body}"}}}}"#), None),
            (format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"id":7,"a":"{body}"}}}}"#), None),
            (format!(r#"[{{"jsonrpc":"2.0","id":7,"result":"{body}"}}]"#), None),
            (format!(r#"DEBUG {{"jsonrpc":"2.0","id":7,"result":"{body}"}}"#), None),
            ("x".repeat(1000), None),
        ] {
            for piece in [1, 7, 100_000] {
                assert_eq!(answered(&text, piece), expected, "{text}");
            }
        }
        assert_eq!(answered(r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"text":"xxx"#, 5), Some(RequestId::Number(7)), "at once");
    }
}
