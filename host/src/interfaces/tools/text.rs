//! Text of others made harmless: short enough for a sentence, and without what a terminal or a model would take for
//! something else than text.

use crate::escape::is_hidden;

/// A quoted JSON value may hold hidden characters.
pub(super) use crate::escape::escaped;

/// Characters of a name in a sentence.
const LONGEST_NAME: usize = 100;

/// The text without hidden characters, line breaks and tabs aside.
pub(super) fn harmless(text: &str) -> String {
    let is_text = |character: &char| !is_hidden(*character) || matches!(character, '\n' | '\t');
    text.replace("\r\n", "\n").chars().map(|character| if character == '\r' { '\n' } else { character }).filter(is_text).collect()
}

/// The beginning of a text, with an ellipsis where something was left out.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A name that others made up, as it can stand in a sentence.
pub(super) fn escape_name(name: &str) -> String {
    name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_left() {
        assert_eq!(harmless("a\u{1b}[2J\u{202e}b\n\tc\u{0}\u{9b}d"), "a[2Jb\n\tcd");
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(escape_name("a\u{1b}\nb"), "a\\u{1b}\\nb");
        assert_eq!(harmless("a\u{200b}b\u{2060}c\u{3164}d"), "abcd", "what a person does not see a model does not get either");
    }
}
