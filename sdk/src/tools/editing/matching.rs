//! Finds a passage in a text: exactly, else by whole lines without regard to blanks at their ends, else without regard to
//! their indentation where that corresponds. Linear in the text, whatever is looked for.

use std::ops::Range;

use super::Indentation;

/// Places that are looked for where one is wanted: enough to say that there are more, and where.
const MOST_PLACES: usize = 9;

/// How a passage was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tools) enum Fit {
    Exact,
    /// Whole lines that differ in the blanks at their ends.
    TrailingBlanks,
    /// Whole lines that differ in their indentation.
    Indented(Indentation),
}

impl Fit {
    /// How the passage was found, as part of a sentence, where that was not exactly.
    pub(in crate::tools) fn remark(&self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::TrailingBlanks => Some("without regard to blanks at the ends of lines"),
            Self::Indented(_) => Some("with another indentation, and `new` was indented in the same way"),
        }
    }
}

/// Where a passage stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) range: Range<usize>,
    pub(super) fit: Fit,
}

/// Where a passage stands, by the first way in which it is found at all. More than one place only to show that there is, or
/// all of them, none of which overlap.
pub(super) fn find(text: &str, passage: &str, all: bool) -> Vec<Place> {
    let exact = occurrences(text, passage, all);
    if !exact.is_empty() {
        return exact.into_iter().map(|start| Place { range: start..start + passage.len(), fit: Fit::Exact }).collect();
    }
    let wanted: Vec<_> = trimmed(passage);
    if wanted.is_empty() {
        return Vec::new();
    }
    let starts: Vec<_> = [0].into_iter().chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
    let lines: Vec<_> = text.split('\n').collect();
    let range = |first: usize| {
        let last = first + wanted.len() - 1;
        starts[first]..starts[last] + lines[last].len()
    };
    // Lines that are the same and do not stand there exactly differ in the line break at their end.
    let of_lines = |fit| if fit == Fit::Exact { Fit::TrailingBlanks } else { fit };
    find_lines(&lines, &wanted, all).into_iter().map(|(first, fit)| Place { range: range(first), fit: of_lines(fit) }).collect()
}

/// The same for lines: the index of the first line of each place.
pub(in crate::tools) fn find_lines(lines: &[&str], wanted: &[&str], all: bool) -> Vec<(usize, Fit)> {
    let places = same_lines(lines, wanted, all, str::trim_end);
    if !places.is_empty() {
        let is_exact = |first: &usize| lines[*first..first + wanted.len()] == *wanted;
        let exact: Vec<_> = places.iter().copied().filter(is_exact).map(|first| (first, Fit::Exact)).collect();
        let alike = || places.into_iter().map(|first| (first, Fit::TrailingBlanks)).collect();
        return if exact.is_empty() { alike() } else { exact };
    }
    let indented = |first: usize| {
        let indentation = Indentation::between(wanted.iter().copied(), lines[first..first + wanted.len()].iter().copied())?;
        Some((first, Fit::Indented(indentation)))
    };
    same_lines(lines, wanted, all, str::trim).into_iter().filter_map(indented).collect()
}

/// What is to stand in the place of whole lines, and the range that it replaces: `given` is what was looked for, and what is
/// to stand there.
pub(super) fn in_lines(text: &str, place: &Place, fit: &Fit, given: (&str, &str)) -> (Range<usize>, String) {
    let (old, new) = given;
    let mut range = place.range.clone();
    let blank = |text: &str| text.len() - text.trim_start_matches('\n').len();
    let new = &new[blank(old).min(blank(new))..];
    let new = if old.ends_with('\n') { new.strip_suffix('\n').unwrap_or(new) } else { new };
    if new.is_empty() {
        match text[range.end..].starts_with('\n') {
            true => range.end += 1,
            false => range.start = range.start.saturating_sub(1),
        }
        return (range, String::new());
    }
    let ends_with_return = text[range.clone()].split('\n').next().is_some_and(|first| first.ends_with('\r'));
    let line = |line: &str| {
        let line = if let Fit::Indented(indentation) = fit { indentation.apply(line) } else { line.to_owned() };
        if ends_with_return && !line.ends_with('\r') { line + "\r" } else { line }
    };
    (range, new.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// The lines of a passage without those at its beginning and its end that are blank.
fn trimmed(passage: &str) -> Vec<&str> {
    let lines: Vec<_> = passage.split('\n').collect();
    let is_text = |line: &&str| !line.trim().is_empty();
    match (lines.iter().position(is_text), lines.iter().rposition(is_text)) {
        (Some(first), Some(last)) => lines[first..=last].to_vec(),
        _ => Vec::new(),
    }
}

/// Where lines stand that are the same once `key` has been applied to both.
fn same_lines(lines: &[&str], wanted: &[&str], all: bool, key: fn(&str) -> &str) -> Vec<usize> {
    if wanted.is_empty() || wanted.len() > lines.len() {
        return Vec::new();
    }
    let (mut text, mut starts) = (String::from("\n"), Vec::with_capacity(lines.len()));
    for line in lines {
        starts.push(text.len());
        text.push_str(key(line));
        text.push('\n');
    }
    let passage = format!("\n{}\n", wanted.iter().map(|line| key(line)).collect::<Vec<_>>().join("\n"));
    let mut found: Vec<usize> = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(&passage).map(|at| from + at) {
        let Ok(line) = starts.binary_search(&(at + 1)) else { break };
        found.push(line);
        if !all && found.len() == MOST_PLACES {
            break;
        }
        // The line break after a place is the one before the next.
        from = if all { at + passage.len() - 1 } else { at + 1 };
    }
    found
}

fn occurrences(text: &str, passage: &str, all: bool) -> Vec<usize> {
    if all {
        return text.match_indices(passage).map(|(start, _)| start).collect();
    }
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find(passage).map(|at| from + at) {
        found.push(at);
        if found.len() == MOST_PLACES {
            break;
        }
        from = text.ceil_char_boundary(at + 1);
    }
    found
}
