//! Text of others made harmless: short enough for a sentence, and without what a terminal or a model would take for
//! something else than text.

/// Characters of a name in a sentence.
const LONGEST_NAME: usize = 100;

/// The text without control characters, line breaks and tabs aside, and without characters that turn the direction of
/// others around.
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
pub(super) fn named(name: &str) -> String {
    name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect()
}

/// The text in one line, with an escape for each character that a terminal would not show. A quoted JSON value may hold some.
pub(super) fn escaped(text: &str) -> String {
    let escape = |character: char| match is_hidden(character) {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Controls, and marks of direction.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_left() {
        assert_eq!(harmless("a\u{1b}[2J\u{202e}b\n\tc\u{0}\u{9b}d"), "a[2Jb\n\tcd");
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(named("a\u{1b}\nb"), "a\\u{1b}\\nb");
        assert_eq!(escaped("ä \u{7f}`\u{202e}\n\"b\""), "ä \\u{7f}`\\u{202e}\\n\"b\"");
    }
}
