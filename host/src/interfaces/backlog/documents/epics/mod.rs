//! `docs/epics.md`: a heading for each epic, in the forms in which people and planning workflows write them. A heading that
//! looks like an epic's and is not taken as one is reported with its line.

use std::collections::BTreeMap;

use super::{findings::Flaw, lines};
use crate::interfaces::backlog::check_key;

/// An epic as the list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) title: String,
    /// What stands below the heading up to the next heading or list.
    pub(super) body: String,
    /// The line of the heading.
    pub(super) line: usize,
}

/// What the list says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Epics {
    pub(super) listed: BTreeMap<String, Listed>,
    /// Headings of epics that were left out.
    pub(super) flaws: Vec<Flaw>,
    /// Headings that begin with the word and are prose.
    pub(super) notes: Vec<Flaw>,
}

/// How an epic's heading is written.
const FORM: &str = "write it as `## Epic KEY: Title`";
/// Words that follow `Epic` in the headings of documents and name none.
const PROSE: [&str; 5] = ["breakdown", "index", "list", "overview", "summary"];
/// `#` before a heading of an epic.
const DEEPEST: usize = 3;

/// The epics of a list.
pub(super) fn read(text: &str) -> Epics {
    let mut epics = Epics::default();
    let (lines, open) = visible(lines::marked(text).1);
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let underlined = lines.peek().is_some_and(|next| is_underline(next.text) && next.number == line.number + 1);
        let Some((depth, heading)) = line.heading(underlined) else { continue };
        if underlined {
            lines.next();
        }
        let Some(rest) = after_word(heading) else { continue };
        let shown = shown(line.text);
        match understood(rest) {
            _ if depth > DEEPEST && understood(rest).is_ok() => {
                epics.flaws.push(Flaw::at(line.number, format!("`{shown}` is below level {DEEPEST}; {FORM}.")));
            }
            Ok((key, title)) => {
                let mut body = Vec::new();
                while let Some(line) = lines.next_if(|line| line.is_code || !line.text.starts_with(['#', '-', '*'])) {
                    body.push(line.text);
                }
                let listed = Listed { title: title.to_owned(), body: body.join("\n").trim().to_owned(), line: line.number };
                match epics.listed.get(&key) {
                    Some(first) => epics.flaws.push(Flaw::at(
                        line.number,
                        format!(
                            "`{shown}` has the key `{key}`, which the epic in line {} has already; give one of them another key.",
                            first.line
                        ),
                    )),
                    None => drop(epics.listed.insert(key, listed)),
                }
            }
            Err(Unclear::Prose) => {
                epics.notes.push(Flaw::at(line.number, format!("`{shown}` is not taken as an epic; to make it one, {FORM}.")))
            }
            Err(Unclear::NoTitle) => epics.flaws.push(Flaw::at(line.number, format!("`{shown}` has no title; {FORM}."))),
            Err(Unclear::Key(key)) => epics.flaws.push(Flaw::at(
                line.number,
                format!(
                    "`{}` is not a key; use 1 to 64 letters and digits with single dashes, such as `## Epic AUTH: Title`.",
                    key.escape_debug()
                ),
            )),
        }
    }
    let hides = |open: &usize| text.lines().skip(*open).any(|line| after_word(line.trim().trim_start_matches('#').trim()).is_some());
    if let Some(open) = open.filter(hides) {
        epics.flaws.push(Flaw::at(open, "The code block or comment that begins here does not end, so what follows is not read; close it."));
    }
    epics
}

/// A line that a reader of the rendered document sees.
struct Line<'a> {
    number: usize,
    text: &'a str,
    /// It stands in a block of code, where nothing is a heading.
    is_code: bool,
}

impl<'a> Line<'a> {
    /// The depth and the text of a heading.
    fn heading(&self, underlined: bool) -> Option<(usize, &'a str)> {
        let indent = self.text.len() - self.text.trim_start_matches(' ').len();
        if self.is_code || indent > 3 {
            return None;
        }
        let text = self.text.trim();
        let depth = text.len() - text.trim_start_matches('#').len();
        match depth {
            0 => underlined.then_some((1, text)),
            _ => Some((depth, text[depth..].trim().trim_end_matches('#').trim_end())),
        }
    }
}

/// The lines without front matter and comments, and the line in which a block begins that never ends.
fn visible(text: &str) -> (Vec<Line<'_>>, Option<usize>) {
    let mut lines = Vec::new();
    let mut all = text.lines().enumerate().map(|(place, text)| (place + 1, text)).skip(front_matter(text)).peekable();
    while let Some((number, text)) = all.next() {
        if let Some(fence) = fence(text) {
            let closes = |line: &str| {
                let line = line.trim();
                line.len() >= fence.len() && line.starts_with(fence) && line.trim_start_matches(&fence[..1]).is_empty()
            };
            lines.push(Line { number, text, is_code: true });
            let mut closed = false;
            for (number, text) in all.by_ref() {
                lines.push(Line { number, text, is_code: true });
                closed = closes(text);
                if closed {
                    break;
                }
            }
            if !closed {
                return (lines, Some(number));
            }
        } else if text.trim_start().starts_with("<!--") {
            let mut closed = text.contains("-->");
            while !closed {
                let Some((_, text)) = all.next() else { return (lines, Some(number)) };
                closed = text.contains("-->");
            }
        } else {
            lines.push(Line { number, text, is_code: false });
        }
    }
    (lines, None)
}

/// The lines of front matter at the beginning, if it ends.
fn front_matter(text: &str) -> usize {
    let is_fence = |line: &str| line.trim_end() == "---";
    match text.lines().next() {
        Some(first) if is_fence(first) => text.lines().skip(1).position(is_fence).map_or(0, |end| end + 2),
        _ => 0,
    }
}

/// The fence with which a block of code begins.
fn fence(text: &str) -> Option<&str> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let text = text.trim();
    let length = ['`', '~'].into_iter().map(|mark| text.len() - text.trim_start_matches(mark).len()).max().unwrap_or_default();
    (indent <= 3 && length >= 3).then(|| &text[..length])
}

fn is_underline(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 3 && ['=', '-'].iter().any(|mark| text.trim_start_matches(*mark).is_empty())
}

/// What stands after the word `Epic` in a heading, however it is emphasised; none where another word is meant.
fn after_word(heading: &str) -> Option<&str> {
    let heading = heading.trim_matches(['*', '_']).trim();
    let (word, rest) = heading.split_at_checked("epic".len())?;
    let ends = rest.chars().next().is_none_or(|next| !next.is_alphabetic());
    (word.eq_ignore_ascii_case("epic") && ends).then(|| rest.trim_start_matches(['-', '#', ' ', '\t', '\u{a0}']))
}

/// Why a heading is not an epic's.
enum Unclear {
    Prose,
    NoTitle,
    Key(String),
}

/// Key and title of `KEY: Title`, `KEY - Title`, `3. Title` and `3 Title`.
fn understood(rest: &str) -> Result<(String, &str), Unclear> {
    let separators = [":", " - ", " – ", " — ", ". "];
    let (at, separator) = separators.iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min().unwrap_or((rest.len(), ""));
    let (first, rest_of_it) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let (label, title) = match separator {
        "" if is_number(first) => (first, rest_of_it),
        "" if rest.is_empty() => return Err(Unclear::NoTitle),
        // A name in capitals is meant as a key.
        "" if rest_of_it.is_empty() && !rest.chars().any(char::is_lowercase) => (rest.trim_end_matches(['-', '–', '—', '.']), ""),
        "" => return Err(Unclear::Prose),
        _ if PROSE.contains(&first.trim_end_matches(':').to_lowercase().as_str()) => return Err(Unclear::Prose),
        // The colon of a sentence: `Epic 3 Three: the rest`.
        _ if is_number(first) && first.len() < at => (first, rest_of_it),
        separator => (&rest[..at], &rest[at + separator.len()..]),
    };
    let (label, title) = (label.trim(), title.trim().trim_matches('*').trim().trim_start_matches(['-', '–', '—', ':']).trim_start());
    let key = label.trim_end_matches(['.', ')', ':']).replace(['.', '_'], "-").to_lowercase();
    if check_key(&key).is_err() {
        return Err(Unclear::Key(label.to_owned()));
    }
    if title.is_empty() { Err(Unclear::NoTitle) } else { Ok((key, title)) }
}

/// A heading in one line, cut where it goes on for long.
fn shown(heading: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = heading.trim().chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if heading.trim().chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
