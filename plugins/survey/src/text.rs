//! How long a text is for a model, and how it is cut. Never cuts without a mark.

/// Bytes that stand for one token, on average over prose and code.
const BYTES: usize = 4;

/// The line at the end of a text that was cut.
const MARK: &str = "[cut here]";

/// Estimates the tokens of a text.
///
/// ```
/// assert_eq!(baton_survey::tokens("12345"), 2);
/// ```
pub fn tokens(text: &str) -> usize {
    text.len().div_ceil(BYTES)
}

/// As many whole lines as fit, or a part of the first, with a mark where something is missing.
///
/// ```
/// use baton_survey::cut;
///
/// assert_eq!(cut("one\ntwo", 10), "one\ntwo");
/// assert_eq!(cut("one\ntwo and three and four", 5), "one\n[cut here]");
/// ```
pub fn cut(text: &str, tokens: usize) -> String {
    let most = tokens.saturating_mul(BYTES);
    if text.len() <= most {
        return text.to_owned();
    }
    let piece = &text[..text.floor_char_boundary(most.saturating_sub(MARK.len() + 1))];
    let piece = piece.rfind('\n').map_or(piece, |end| &piece[..end]);
    let line_break = if piece.is_empty() { "" } else { "\n" };
    format!("{piece}{line_break}{MARK}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so_and_fits() {
        let text = "twelve bytes\n".repeat(40);
        let piece = cut(&text, 20);
        assert!(piece.ends_with("twelve bytes\n[cut here]") && tokens(&piece) <= 20, "{piece}");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn characters_stay_whole() {
        assert!(cut(&"ä€".repeat(100), 20).starts_with("ä€"));
        assert_eq!(cut("ä", 0), MARK);
    }
}
