//! Finds code fences: what stands in one is text, however much it looks like a tag.

use std::ops::Range;

use crate::source::{Source, Span};

/// A code fence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fence {
    /// From the beginning of its first line to the end of its last.
    pub(super) span: Span,
    /// The lines between.
    pub(super) content: Span,
    pub(super) terminated: bool,
}

/// The fences of a part of a source that begins and ends with lines.
pub(super) fn find(source: &Source, part: Range<usize>) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut open: Option<Opening> = None;
    let first = source.line(part.start).saturating_sub(1) as usize;
    for range in (first..).map_while(|index| source.line_range(index)).take_while(|range| range.start < part.end) {
        let range = range.start.max(part.start)..range.end.min(part.end);
        let Some(run) = Run::read(&source.text[range.clone()]) else { continue };
        match &open {
            None if !run.info_has_backtick => {
                open = Some(Opening { start: range.start, content: range.end, length: run.length, character: run.character });
            }
            Some(opening) if opening.character == run.character && run.length >= opening.length && !run.has_info => {
                let content = Span::new(opening.content, range.start);
                fences.push(Fence { span: Span::new(opening.start, range.end), content, terminated: true });
                open = None;
            }
            _ => {}
        }
    }
    if let Some(opening) = open {
        let content = Span::new(opening.content, part.end);
        fences.push(Fence { span: Span::new(opening.start, part.end), content, terminated: false });
    }
    fences
}

struct Opening {
    start: usize,
    content: usize,
    length: usize,
    character: u8,
}

/// What a line begins with when it opens or closes a fence.
struct Run {
    character: u8,
    length: usize,
    has_info: bool,
    info_has_backtick: bool,
}

impl Run {
    fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        let character = *line.as_bytes().first().filter(|byte| matches!(byte, b'`' | b'~'))?;
        let length = line.bytes().take_while(|byte| *byte == character).count();
        let info = line[length..].trim();
        let info_has_backtick = character == b'`' && info.contains('`');
        (length >= 3).then_some(Self { character, length, has_info: !info.is_empty(), info_has_backtick })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_all(text: &str) -> Vec<(String, bool)> {
        let source = Source::new("a.md", text.to_owned());
        let fences = find(&source, 0..text.len());
        fences.iter().map(|fence| (source.slice(fence.content).to_owned(), fence.terminated)).collect()
    }

    #[test]
    fn a_fence_closes_with_a_run_as_long_and_without_info() {
        let text = "a\n  ````xml\n```yaml\nb: 1\n```\n  ````\nc\n```\nd";
        assert_eq!(find_all(text), [("```yaml\nb: 1\n```\n".to_owned(), true), ("d".to_owned(), false)]);
    }

    #[test]
    fn inline_code_at_the_beginning_of_a_line_is_not_a_fence() {
        assert_eq!(find_all("```a``` b\nc\n"), []);
        assert_eq!(find_all("~~~\na\n```\n~~~\n"), [("a\n```\n".to_owned(), true)]);
    }
}
