//! Finds what is opaque inside a line or between lines: inline code, and comments. Each text is scanned once, whatever is in it.

use std::collections::BTreeMap;

use crate::source::{Source, Span};

/// Inline code of the line in which it was looked for last.
#[derive(Debug, Default)]
pub(super) struct InlineCode {
    line_start: Option<usize>,
    /// Where each run of backticks begins, with where the code ends that it opens.
    ends: BTreeMap<usize, usize>,
}

impl InlineCode {
    /// The code that a run of backticks at `start` opens and another one as long closes in the same line.
    pub(super) fn at(&mut self, source: &Source, start: usize) -> Option<Span> {
        let line_start = source.line_start(start);
        if self.line_start != Some(line_start) {
            self.line_start = Some(line_start);
            self.ends = pair_runs(source, line_start);
        }
        self.ends.get(&start).map(|end| Span::new(start, *end))
    }
}

fn pair_runs(source: &Source, line_start: usize) -> BTreeMap<usize, usize> {
    let index = source.line(line_start).saturating_sub(1) as usize;
    let range = source.line_range(index).unwrap_or(line_start..line_start);
    let bytes = &source.text.as_bytes()[range];
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'`') {
        let start = at + found;
        let length = bytes[start..].iter().take_while(|byte| **byte == b'`').count();
        runs.push((line_start + start, length));
        at = start + length;
    }
    let mut next: BTreeMap<usize, usize> = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for (start, length) in runs.into_iter().rev() {
        if let Some(closing) = next.insert(length, start) {
            ends.insert(start, closing + length);
        }
    }
    ends
}

/// Looks for texts that are often missing: once one is not found, it is not looked for again.
#[derive(Debug, Default)]
pub(super) struct Ends {
    missing: Vec<&'static str>,
}

impl Ends {
    /// The position after the next `end`.
    pub(super) fn after(&mut self, text: &str, start: usize, limit: usize, end: &'static str) -> Option<usize> {
        if self.missing.contains(&end) {
            return None;
        }
        let found = text.get(start..limit)?.find(end).map(|position| start + position + end.len());
        if found.is_none() {
            self.missing.push(end);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_with_a_run_as_long_in_the_same_line() {
        let source = Source::new("a.md", "x `a` ``b ` c`` `d\ne` f".to_owned());
        let mut code = InlineCode::default();
        assert_eq!(code.at(&source, 2).map(|span| source.slice(span)), Some("`a`"));
        assert_eq!(code.at(&source, 6).map(|span| source.slice(span)), Some("``b ` c``"));
        assert_eq!(code.at(&source, 16), None);
        assert_eq!(code.at(&source, 20), None);
    }
}
