//! How much fits: sections are added until the tokens are used up, and the last is cut. Never takes more than it was given.

use baton_slots::story_context::{Output, Source};

/// Bytes that stand for one token, on average over prose and code.
const BYTES: usize = 4;
/// Fewer tokens of a section say too little to be worth their heading.
const LEAST: usize = 16;
/// Of every section, for its name and the lines around it.
const FRAME: usize = 12;

pub(crate) struct Budget {
    left: usize,
    text: String,
    sources: Vec<Source>,
}

impl Budget {
    pub(crate) fn of(tokens: usize) -> Self {
        Self { left: tokens, text: String::new(), sources: Vec::new() }
    }

    pub(crate) fn left(&self) -> usize {
        self.left
    }

    pub(crate) fn holds(&self, source: &str) -> bool {
        self.sources.iter().any(|known| known.source == source)
    }

    /// Adds a section with as much of `text` as `most` tokens and what is left allow. Says how many it took.
    pub(crate) fn add(&mut self, source: &str, text: &str, most: usize) -> usize {
        let room = self.left.min(most).saturating_sub(FRAME);
        let text = text.trim();
        if text.is_empty() || room < LEAST.min(tokens(text)) {
            return 0;
        }
        let piece = cut(text, room);
        let taken = tokens(piece) + FRAME;
        let note = if piece.len() < text.len() { "\n[cut here]" } else { "" };
        self.text.push_str(&format!("<document title=\"{source}\">\n{piece}{note}\n</document>\n\n"));
        self.sources.push(Source { source: source.to_owned(), tokens: taken, cut: !note.is_empty() });
        self.left -= taken;
        taken
    }

    pub(crate) fn gathered(self) -> Output {
        let used = self.sources.iter().map(|source| source.tokens).sum();
        Output { text: self.text.trim_end().to_owned(), sources: self.sources, tokens: used }
    }
}

pub(crate) fn tokens(text: &str) -> usize {
    text.len().div_ceil(BYTES)
}

/// As many whole lines as fit, or a part of the first.
fn cut(text: &str, tokens: usize) -> &str {
    let most = tokens * BYTES;
    if text.len() <= most {
        return text;
    }
    let piece = &text[..text.floor_char_boundary(most)];
    piece.rfind('\n').map_or(piece, |end| &piece[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_does_not_fit_is_cut_at_a_line() {
        let mut budget = Budget::of(40);
        let taken = budget.add("a", &"twelve bytes\n".repeat(40), 100);
        assert!(taken <= 40 && budget.left() == 40 - taken, "{taken}");
        let gathered = budget.gathered();
        assert!(gathered.sources[0].cut && gathered.text.contains("twelve bytes\n[cut here]"), "{}", gathered.text);
    }

    #[test]
    fn what_is_too_little_to_help_is_left_out() {
        let mut budget = Budget::of(FRAME + LEAST - 1);
        assert_eq!(budget.add("a", &"x".repeat(400), 100), 0);
        assert!(budget.add("b", "short", 100) > 0);
        assert_eq!(budget.add("c", "  \n", 100), 0);
        assert_eq!(budget.gathered().sources.len(), 1);
    }

    #[test]
    fn characters_stay_whole() {
        let mut budget = Budget::of(40);
        budget.add("a", &"ä€".repeat(100), 40);
        assert!(budget.gathered().tokens <= 40);
    }
}
