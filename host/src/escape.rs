//! The characters that a terminal does not show as they are, and their escapes: the one list of them. Knows no terminal, and
//! removes nothing itself.

/// Whether a person would not see the character, or would see others otherwise for its sake: controls of either set, marks of
/// direction, characters without width or ink, and tags.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with every hidden character written out, such as `\u{1b}`, in one line.
pub fn escaped(text: &str) -> String {
    text.chars().flat_map(escaped_character).collect()
}

/// The character, or its escape where it is hidden.
pub fn escaped_character(character: char) -> impl Iterator<Item = char> {
    let (shown, hidden) = if is_hidden(character) { (None, Some(character.escape_default())) } else { (Some(character), None) };
    shown.into_iter().chain(hidden.into_iter().flatten())
}

/// A word as a shell takes it.
pub fn shell_word(word: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || "-_./:@=+,".contains(character);
    if !word.is_empty() && word.chars().all(bare) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_written_out_and_all_else_stays() {
        assert_eq!(escaped("a\u{1b}[31m\u{202e}b\n"), r"a\u{1b}[31m\u{202e}b\n");
        assert_eq!(
            escaped("ä \u{7f}`\u{9b}\u{200b}\u{2066}\u{3164}\u{e0041}\n\"b\""),
            "ä \\u{7f}`\\u{9b}\\u{200b}\\u{2066}\\u{3164}\\u{e0041}\\n\"b\""
        );
        assert_eq!(escaped("Grüße, 日本語 🚀"), "Grüße, 日本語 🚀");
    }

    #[test]
    fn shell_words_are_quoted_when_they_must_be() {
        assert_eq!(shell_word("docs/a-b.md"), "docs/a-b.md");
        assert_eq!(shell_word("my dir"), "'my dir'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
