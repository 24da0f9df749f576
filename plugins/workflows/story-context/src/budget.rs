//! How much fits: each part takes at most its share, and what is cut says so. The parts stand in one order, whatever order
//! they are added in. Never takes more than it was given.

use baton_slots::story_context::{Output, Source};
use baton_survey::{cut, document, tokens};

/// Fewer tokens of a section say too little to be worth their heading.
const LEAST: usize = 16;
/// Of every section, for its name and the lines around it.
const FRAME: usize = 12;
/// Shorter lines stand in many texts.
const TELLING: usize = 40;

/// What a section is, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Story,
    Epic,
    Requirements,
    Conventions,
    Environment,
    Attempts,
    Tree,
    Symbols,
    Passages,
    Commits,
    Files,
}

impl Part {
    /// Of what the story leaves of the budget, in percent. What a part does not use stays unused.
    pub(crate) fn share(self) -> usize {
        match self {
            Self::Story | Self::Environment => 100,
            Self::Epic => 2,
            Self::Requirements => 25,
            Self::Conventions => 15,
            Self::Attempts => 4,
            Self::Tree => 6,
            Self::Symbols => 10,
            Self::Passages => 12,
            Self::Commits => 2,
            Self::Files => 24,
        }
    }
}

struct Section {
    part: Part,
    source: Source,
    text: String,
}

pub(crate) struct Budget {
    whole: usize,
    left: usize,
    sections: Vec<Section>,
}

impl Budget {
    pub(crate) fn of(tokens: usize) -> Self {
        Self { whole: tokens, left: tokens, sections: Vec::new() }
    }

    /// What is left now is what the shares are of.
    pub(crate) fn divide(&mut self) {
        self.whole = self.left;
    }

    /// Tokens that a part may still take.
    pub(crate) fn left_of(&self, part: Part) -> usize {
        let taken: usize = self.sections.iter().filter(|section| section.part == part).map(|section| section.source.tokens).sum();
        (self.whole * part.share() / 100).saturating_sub(taken).min(self.left).saturating_sub(FRAME)
    }

    pub(crate) fn holds(&self, source: &str) -> bool {
        self.sections.iter().any(|section| section.source.source == source)
    }

    /// Whether a text stands in what was added: its lines that are long enough to tell, or all of a short one.
    pub(crate) fn says(&self, text: &str) -> bool {
        let stands = |line: &str| self.sections.iter().any(|section| section.text.contains(line));
        let telling: Vec<_> = text.lines().map(str::trim).filter(|line| line.len() >= TELLING).collect();
        if telling.is_empty() { stands(text.trim()) } else { telling.into_iter().all(stands) }
    }

    /// Adds a section with as much of `text` as its part may still take, unless that is too little.
    pub(crate) fn add(&mut self, part: Part, source: &str, text: &str) {
        let (room, text) = (self.left_of(part), text.trim());
        if text.is_empty() || room < LEAST.min(tokens(text)) {
            return;
        }
        let piece = cut(text, room);
        let taken = tokens(&piece) + FRAME;
        let source = Source { source: source.to_owned(), tokens: taken, cut: piece != text };
        self.sections.push(Section { part, source, text: piece });
        self.left = self.left.saturating_sub(taken);
    }

    pub(crate) fn gathered(mut self) -> Output {
        self.sections.sort_by_key(|section| section.part);
        let framed = |section: &Section| document(&section.source.source, &section.text);
        let text = self.sections.iter().map(framed).collect::<Vec<_>>().join("\n\n");
        let sources: Vec<_> = self.sections.into_iter().map(|section| section.source).collect();
        Output { text, tokens: sources.iter().map(|source| source.tokens).sum(), sources }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_does_not_fit_is_cut_at_a_line() {
        let mut budget = Budget::of(50);
        budget.add(Part::Story, "a", &"twelve bytes\n".repeat(40));
        let gathered = budget.gathered();
        assert!(gathered.sources[0].cut && gathered.text.contains("twelve bytes\n[cut here]"), "{}", gathered.text);
        assert!(gathered.tokens <= 50);
    }

    #[test]
    fn parts_keep_to_their_shares_and_to_one_order() {
        let mut budget = Budget::of(1000);
        budget.add(Part::Files, "a.rs", &"x".repeat(9000));
        budget.add(Part::Files, "b.rs", &"x".repeat(9000));
        budget.add(Part::Tree, "tree", "a.rs");
        let gathered = budget.gathered();
        let sources: Vec<_> = gathered.sources.iter().map(|source| source.source.as_str()).collect();
        assert_eq!(sources, ["tree", "a.rs"]);
        assert!(gathered.sources[1].tokens <= 240, "{}", gathered.sources[1].tokens);
    }

    #[test]
    fn the_shares_of_what_is_left_are_no_more_than_all() {
        let parts = [
            Part::Epic,
            Part::Requirements,
            Part::Conventions,
            Part::Attempts,
            Part::Tree,
            Part::Symbols,
            Part::Passages,
            Part::Commits,
            Part::Files,
        ];
        assert_eq!(parts.iter().map(|part| part.share()).sum::<usize>(), 100);
    }

    #[test]
    fn what_is_too_little_to_help_is_left_out() {
        let mut budget = Budget::of(FRAME + LEAST - 1);
        budget.add(Part::Story, "a", &"x".repeat(400));
        budget.add(Part::Story, "b", "short");
        budget.add(Part::Story, "c", "  \n");
        assert_eq!(budget.gathered().sources.len(), 1);
    }

    #[test]
    fn a_text_that_was_added_is_known_again() {
        let mut budget = Budget::of(1000);
        let line = "`kitty init NAME…` writes the ledger with the people's names.";
        budget.add(Part::Story, "a", &format!("### FR1\n\n{line}"));
        assert!(
            budget.says(&format!("FR1\n{line}"))
                && budget.says("### FR1")
                && !budget.says("### FR2")
                && !budget.says(&format!("{line}\n{line} And another."))
        );
    }
}
