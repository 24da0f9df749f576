//! `docs/epics.md`: a heading for each epic, in the forms in which people and planning workflows write them. A line that
//! looks like an epic's heading and is not taken as one is reported with its number.

mod naming;
mod stories;
mod visible;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{findings::Flaw, lines};
use naming::{Name, Unclear, after_word, inside, plain, read_name};
use stories::Entries;
pub(super) use stories::Mentioned;
use visible::{Line, visible};

/// An epic as the list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) title: String,
    /// What stands below the heading up to the next one.
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
    /// Lines that name an epic and are not its heading.
    pub(super) notes: Vec<Flaw>,
    /// Stories that the list names.
    pub(super) stories: Vec<Mentioned>,
}

/// How an epic's heading is written.
const FORM: &str = "write it as `## Epic KEY: Title`";
/// `#` before a heading of an epic.
const DEEPEST: usize = 3;

/// The epics of a list.
pub(super) fn read(text: &str) -> Epics {
    let (lines, open) = visible(lines::marked(text).1);
    let headings = with_bold_lines(headings(&lines), &lines);
    let mut epics = Epics::default();
    let keys: BTreeSet<_> = headings.iter().filter_map(Heading::epic).map(|name| name.key).collect();
    let entries = Entries { epics: &keys };
    for (place, heading) in headings.iter().enumerate() {
        let end = headings.get(place + 1).map_or(lines.len(), |next| next.place);
        epics.take(heading, &lines[heading.below..end], &entries);
    }
    epics.note_others(&headings, &lines);
    epics.stories = entries.all(lines.iter().filter(|line| !line.is_code()).map(|line| (line.number, line.text)));
    if let Some(flaw) = open.and_then(|open| unclosed(text, open)) {
        epics.flaws.push(flaw);
    }
    epics
}

/// What stands above other lines.
struct Heading<'a> {
    /// Its place among the lines, and that of the first line below it.
    place: usize,
    below: usize,
    line: usize,
    depth: usize,
    /// As it is written, and as a reader sees it.
    written: &'a str,
    text: String,
}

impl<'a> Heading<'a> {
    fn new(place: usize, line: &Line<'a>, depth: usize, text: &str) -> Self {
        Self { place, below: place + 1, line: line.number, depth, written: line.text, text: plain(text) }
    }

    fn name(&self) -> Option<Result<Name, Unclear>> {
        after_word(&self.text).map(read_name)
    }

    /// The epic of which it is the heading.
    fn epic(&self) -> Option<Name> {
        self.name().filter(|_| self.depth <= DEEPEST)?.ok()
    }
}

/// Headings with marks before them or a line below them. Where the line below may as well be one across the page, what stands
/// above it is a heading only if it is an epic's.
fn headings<'a>(lines: &[Line<'a>]) -> Vec<Heading<'a>> {
    let mut headings = Vec::new();
    let mut place = 0;
    while let Some(line) = lines.get(place) {
        let underline = lines.get(place + 1).filter(|next| line.is_text() && next.number == line.number + 1).and_then(Line::underlines);
        let heading = match (underline, line.marked()) {
            (Some(depth), _) => Some(Heading { below: place + 2, ..Heading::new(place, line, depth, line.text) }),
            (None, Some((depth, text))) => Some(Heading::new(place, line, depth, text)),
            (None, None) => None,
        };
        place = heading.as_ref().map_or(place + 1, |heading| heading.below);
        let is_sure = |heading: &Heading<'_>| underline != Some(2) || heading.name().is_some();
        headings.extend(heading.filter(is_sure));
    }
    headings
}

/// Adds lines in bold type that are meant as headings of epics, where no heading names the same epic.
fn with_bold_lines<'a>(mut headings: Vec<Heading<'a>>, lines: &[Line<'a>]) -> Vec<Heading<'a>> {
    const DEPTH: usize = 2;
    let known: HashSet<_> = headings.iter().filter_map(Heading::epic).map(|name| name.key).collect();
    let places: HashSet<_> = headings.iter().map(|heading| heading.place).collect();
    let stands_alone = |place: usize| place == 0 || !lines[place - 1].is_text() || lines[place - 1].number + 1 < lines[place].number;
    for (place, line) in lines.iter().enumerate().filter(|(place, _)| !places.contains(place)) {
        let Some(text) = line.bold().filter(|_| stands_alone(place)) else { continue };
        let heading = Heading::new(place, line, DEPTH, text);
        if heading.epic().is_some_and(|name| name.is_distinct && !known.contains(&name.key)) {
            headings.push(heading);
        }
    }
    headings.sort_by_key(|heading| heading.place);
    headings
}

impl Epics {
    /// Takes a heading with what stands below it, if it is an epic's.
    fn take(&mut self, heading: &Heading<'_>, below: &[Line<'_>], entries: &Entries<'_>) {
        let Some(name) = heading.name() else { return };
        let shown = flatten_heading(heading.written);
        let reason = match name {
            Ok(_) if heading.depth > DEEPEST => format!("`{shown}` is below level {DEEPEST}; {FORM}."),
            Ok(Name { key, title, .. }) => match self.listed.get(&key) {
                Some(first) => format!(
                    "`{shown}` has the key `{key}`, which the epic in line {} has already; give one of them another key.",
                    first.line
                ),
                None => {
                    let listed = Listed { title, body: body(below, entries), line: heading.line };
                    self.listed.insert(key, listed);
                    return;
                }
            },
            Err(Unclear::Prose) => return self.notes.push(not_taken(heading.line, &shown)),
            Err(Unclear::NoTitle) => format!("`{shown}` has no title; {FORM}."),
            Err(Unclear::NoKey) => format!("`{shown}` has no key; {FORM}."),
            Err(Unclear::Key(key)) => format!(
                "`{}` is not a key; use 1 to 64 letters and digits with single dashes, such as `## Epic AUTH: Title`.",
                key.escape_debug()
            ),
        };
        self.flaws.push(Flaw::at(heading.line, reason));
    }

    /// Notes the lines that name an epic that no heading has, such as `- Epic 2: Two`.
    fn note_others(&mut self, headings: &[Heading<'_>], lines: &[Line<'_>]) {
        let is_epic: HashSet<_> = headings.iter().filter(|heading| heading.name().is_some()).map(|heading| heading.place).collect();
        let mut noted = HashSet::new();
        for line in lines.iter().enumerate().filter(|(place, line)| !is_epic.contains(place) && !line.is_code()).map(|(_, line)| line) {
            let in_bold = || read_name(after_word(&plain(line.bold()?))?).ok();
            let Some(name) = inside(line.text).or_else(in_bold).filter(|name| !self.listed.contains_key(&name.key)) else { continue };
            if noted.insert(name.key) {
                self.notes.push(not_taken(line.number, &flatten_heading(line.text)));
            }
        }
    }
}

fn not_taken(line: usize, shown: &str) -> Flaw {
    Flaw::at(line, format!("`{shown}` is not taken as an epic; to make it one, {FORM}."))
}

/// What is wrong with a block that begins in a line and does not end, where it hides epics.
fn unclosed(text: &str, open: usize) -> Option<Flaw> {
    let hides = text.lines().skip(open).any(|line| after_word(&plain(line)).is_some());
    let reason = "The code block or comment that begins here does not end, so what follows is not read; close it.";
    hides.then(|| Flaw::at(open, reason))
}

/// What is said of an epic, without the list of stories and the line across the page that may stand at its end.
fn body(below: &[Line<'_>], entries: &Entries<'_>) -> String {
    let is_loose =
        |line: &&Line<'_>| !line.is_code() && (line.text.trim().is_empty() || line.is_rule() || entries.key(line.text).is_some());
    let end = below.len() - below.iter().rev().take_while(is_loose).count();
    below[..end].iter().map(|line| line.text).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A heading in one line, cut where it goes on for long.
fn flatten_heading(heading: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = heading.trim().chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if heading.trim().chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
