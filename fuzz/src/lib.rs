//! What every target demands of a refusal. Reads nothing itself.

/// Ends the program unless `text` is for people: whole, in one line, not endless.
pub fn check_sentence(text: &str) {
    assert!(text.ends_with('.') && !text.contains(char::is_control) && text.len() < 4_000, "this is no sentence: {text:?}");
}
