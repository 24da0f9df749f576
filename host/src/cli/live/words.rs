//! The end of what a model is saying while it says it. Keeps no more than can be shown, and shows none of it.

use unicode_width::UnicodeWidthChar;

use crate::{cli::text, operations::execution::ReplyPiece};

/// Characters kept of a reply: more than a terminal has columns, with room for what is not shown.
const KEPT: usize = 2_000;

/// What replies on their way end with so far.
#[derive(Default)]
pub(super) struct Words {
    /// By the call, the first to speak first.
    speaking: Vec<(String, String)>,
}

impl Words {
    /// Takes in a piece.
    pub(super) fn hear(&mut self, piece: ReplyPiece) {
        let place = self.speaking.iter().position(|(call, _)| *call == piece.call);
        match (piece.text, place) {
            (Some(text), Some(place)) => {
                let (_, end) = &mut self.speaking[place];
                end.push_str(&text);
                let over = end.chars().count().saturating_sub(KEPT);
                end.drain(..end.char_indices().nth(over).map_or(0, |(start, _)| start));
            }
            (Some(text), None) => self.speaking.push((piece.call, text)),
            (None, Some(place)) => drop(self.speaking.remove(place)),
            (None, None) => {}
        }
    }

    /// Drops everything: something was missed, and a reply may be over for all that is known.
    pub(super) fn forget(&mut self) {
        self.speaking.clear();
    }

    /// The end of what the first to speak says, in so many columns; none where nobody does.
    pub(super) fn end(&self, columns: usize) -> Option<String> {
        let (_, said) = self.speaking.first()?;
        let line = text::line(said);
        let mut room = columns;
        let mut start = line.len();
        for (place, character) in line.char_indices().rev() {
            let Some(rest) = room.checked_sub(character.width().unwrap_or(0)) else { break };
            (room, start) = (rest, place);
        }
        Some(line[start..].trim_start().to_owned()).filter(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::execution::RunId;

    fn piece(call: &str, text: Option<String>) -> ReplyPiece {
        ReplyPiece { run: RunId::from_text("r"), call: call.into(), text }
    }

    fn text(call: &str, text: &str) -> ReplyPiece {
        piece(call, Some(text.to_owned()))
    }

    #[test]
    fn the_end_of_a_reply_is_there_until_it_is_over() {
        let mut words = Words::default();
        assert_eq!(words.end(20), None);
        words.hear(text("a", "Once upon a\n\n"));
        words.hear(text("a", "time there was a king"));
        assert_eq!(words.end(80).unwrap(), "Once upon a time there was a king");
        assert_eq!(words.end(11).unwrap(), "was a king");
        assert_eq!(words.end(0), None);
        words.hear(piece("a", None));
        assert_eq!(words.end(80), None);
    }

    #[test]
    fn one_that_speaks_is_followed_to_its_end_before_another() {
        let mut words = Words::default();
        words.hear(text("a", "first"));
        words.hear(text("b", "second"));
        words.hear(text("a", " more"));
        assert_eq!(words.end(80).unwrap(), "first more");
        words.hear(piece("a", None));
        words.hear(piece("c", None));
        assert_eq!(words.end(80).unwrap(), "second");
        words.forget();
        assert_eq!(words.end(80), None);
    }

    #[test]
    fn nothing_that_is_said_reaches_the_terminal_as_it_is_or_takes_another_line() {
        let mut words = Words::default();
        words.hear(text("a", "red \u{1b}[3"));
        words.hear(text("a", "1mink\u{7}\r\nand \u{202e}more\u{9b}2J\t東京"));
        let shown = words.end(80).unwrap();
        assert!(!shown.chars().any(char::is_control) && !shown.contains('\u{202e}'), "{shown:?}");
        assert_eq!(words.end(3).unwrap(), "京", "a wide character takes two columns");
    }

    #[test]
    fn an_endless_reply_is_not_kept() {
        let mut words = Words::default();
        (0..1_000).for_each(|_| words.hear(text("a", &"é".repeat(100))));
        assert_eq!(words.speaking[0].1.chars().count(), KEPT);
        words.hear(piece("a", Some(String::new())));
        assert_eq!(words.end(4).unwrap(), "éééé");
    }
}
