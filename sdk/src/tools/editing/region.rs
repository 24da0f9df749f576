//! Where a text was changed, kept while it is changed further, and shown with the lines around. Changes nothing itself.

use std::ops::Range;

use super::super::text::number;

/// Lines around a change that are shown.
const AROUND: usize = 3;
/// Lines of changes that are shown.
const MOST_LINES: usize = 120;

/// Byte ranges of a text that were changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::tools) struct Regions(Vec<Range<usize>>);

impl Regions {
    /// A range of `text` is about to be replaced.
    pub(in crate::tools) fn replace(&mut self, text: &str, range: Range<usize>, new: &str) {
        let end = range.start + new.len();
        let after = |place: usize| place - range.end + end;
        for region in &mut self.0 {
            region.start = if region.start >= range.end { after(region.start) } else { region.start.min(range.start) };
            region.end = if region.end >= range.end { after(region.end) } else { region.end.min(end) };
        }
        debug_assert!(range.end <= text.len(), "a range of the text");
        self.0.push(range.start..end);
    }

    /// Lines were changed, counted from 0; `lines` are all lines of the text.
    pub(in crate::tools) fn of_lines(lines: &[String], changed: &[Range<usize>]) -> Self {
        let start = |line: usize| lines.iter().take(line).map(|line| line.len() + 1).sum::<usize>();
        Self(changed.iter().map(|lines| start(lines.start)..start(lines.end).saturating_sub(1)).collect())
    }
}

/// The changed lines with their numbers and some around them.
pub(in crate::tools) fn show_regions(text: &str, regions: &Regions) -> String {
    let lines: Vec<_> = text.lines().collect();
    if lines.is_empty() {
        return "The file is empty now.\n".to_owned();
    }
    let starts: Vec<_> = [0].into_iter().chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
    let line_at = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1).min(lines.len() - 1);
    let around = |region: &Range<usize>| {
        let last = line_at(region.end.saturating_sub(1).max(region.start));
        line_at(region.start).saturating_sub(AROUND)..(last + AROUND + 1).min(lines.len())
    };
    let mut passages: Vec<_> = regions.0.iter().map(around).collect();
    passages.sort_by_key(|passage| passage.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for passage in passages {
        match joined.last_mut() {
            Some(last) if passage.start <= last.end => last.end = last.end.max(passage.end),
            _ => joined.push(passage),
        }
    }
    let (mut shown, mut room) = (String::new(), MOST_LINES);
    for (index, passage) in joined.iter().enumerate() {
        let end = passage.end.min(passage.start + room);
        room -= end - passage.start;
        if !shown.is_empty() {
            shown.push_str("   ...\n");
        }
        shown.push_str(&number(u32::try_from(passage.start + 1).unwrap_or(u32::MAX), lines[passage.start..end].iter().copied()));
        if end < passage.end || (room == 0 && index + 1 < joined.len()) {
            shown.push_str("[More changed lines are left out.]\n");
            break;
        }
    }
    shown
}
