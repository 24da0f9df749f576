//! `docs/sprint-status.yaml`: the status of every item by its key, in the order in which people keep them. Edits lines and
//! never writes the file anew.

use std::collections::{HashMap, HashSet};

use super::{
    Family,
    findings::Flaw,
    lines::{self, Field, Value},
};
use crate::interfaces::backlog::{Item, Kind, Status};

const MAP: &str = "development_status";
/// Lines of the file, among which each item has its place.
const MOST_LINES: usize = 20_000;
const HEAD: &str = "\
# Where every epic, story and task is. Baton keeps the words after the keys in step with the backlog; comments, the order of
# the lines and whatever else is written here stay as they are.
#
#   epics:    backlog, in-progress, done
#   stories:  ready-for-dev, in-progress, review, done
#   besides:  blocked, failed, cancelled
";

/// Whether a word of a document says that an item has a status. Those of BMAD for work that nobody has begun are one.
pub(in crate::interfaces::backlog) fn means(word: &str, status: Status) -> bool {
    match word {
        "backlog" | "drafted" | "ready-for-dev" => status == Status::Todo,
        "contexted" => matches!(status, Status::Todo | Status::InProgress),
        word => word == status.as_str(),
    }
}

/// The status that a word of a document means.
pub(super) fn status(word: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| means(word, *status))
}

/// The document with the statuses of the backlog, or none where it has them already; else why it is left alone.
pub(super) fn update_sprint(old: Option<&str>, items: &[Item]) -> Result<Option<String>, Flaw> {
    let family = Family::of(items);
    let order = order(items, &family);
    let Some(old) = old else {
        let lines: String = order.iter().map(|item| line("  ", item, "\n")).collect();
        return Ok(Some(format!("{HEAD}\n{MAP}:\n{lines}")));
    };
    let (mark, old) = lines::marked(old);
    let mut sheet = Sheet::read(old)?;
    for item in &order {
        sheet.update(item)?;
    }
    for (place, item) in order.iter().enumerate() {
        sheet.insert(item, &order[..place], &order[place + 1..]);
    }
    let new = sheet.lines.concat();
    Ok((new != old).then(|| format!("{mark}{new}")))
}

/// The word that the document gives each name.
pub(super) fn statuses(text: &str) -> Result<Vec<(String, StatusEntry)>, Flaw> {
    let sheet = Sheet::read(lines::marked(text).1)?;
    let entries = sheet.entries().into_iter().filter_map(|(name, place)| {
        let word = lines::value(&sheet.lines[place][lines::field(&sheet.lines[place])?.value])?.text()?.to_owned();
        Some((name, StatusEntry { word, line: place + 1 }))
    });
    Ok(entries.collect())
}

/// A status as the document has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatusEntry {
    pub(super) word: String,
    pub(super) line: usize,
}

/// Epics with what is in them, then the rest, each in the order of the keys.
fn order<'a>(items: &'a [Item], family: &Family<'a>) -> Vec<&'a Item> {
    let mut inside: HashMap<&str, Vec<&Item>> = HashMap::new();
    let mut loose = Vec::new();
    for item in items.iter().filter(|item| item.draft.kind != Kind::Epic) {
        match family.epic_of(item) {
            Some(epic) => inside.entry(&epic.draft.key).or_default().push(item),
            None => loose.push(item),
        }
    }
    let epics = items.iter().filter(|item| item.draft.kind == Kind::Epic);
    let grouped = epics.flat_map(|epic| [epic].into_iter().chain(inside.remove(epic.draft.key.as_str()).unwrap_or_default()));
    grouped.chain(loose).collect()
}

/// The name of an item's line: an epic's says that it is one.
fn name(item: &Item) -> String {
    let key = &item.draft.key;
    if item.draft.kind == Kind::Epic && !key.starts_with("epic-") { format!("epic-{key}") } else { key.clone() }
}

fn word(item: &Item) -> &'static str {
    match (item.status, item.draft.kind) {
        (Status::Todo, Kind::Epic) => "backlog",
        (Status::Todo, _) => "ready-for-dev",
        (status, _) => status.as_str(),
    }
}

fn line(indent: &str, item: &Item, ending: &str) -> String {
    format!("{indent}{}: {}{ending}", name(item), word(item))
}

/// The document, line by line, each with its end.
struct Sheet {
    lines: Vec<String>,
    /// The line of the map's name.
    map: usize,
    /// What stands before the names of its entries.
    indent: String,
    ending: &'static str,
    places: HashMap<String, usize>,
}

impl Sheet {
    fn read(text: &str) -> Result<Self, Flaw> {
        let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
        if lines.len() > MOST_LINES {
            return Err(format!("It has more than {MOST_LINES} lines; shorten it.").into());
        }
        let ending = lines::ending(text);
        if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push_str(ending);
        }
        let is_map = |line: &String| lines::field(line).is_some_and(|field| field.indent == 0 && field.name == MAP);
        let found: Vec<_> = lines.iter().enumerate().filter(|(_, line)| is_map(line)).map(|(place, _)| place).collect();
        let map = match found[..] {
            [] => {
                lines.push(format!("{MAP}:{ending}"));
                lines.len() - 1
            }
            [map] => map,
            [first, second, ..] => {
                let reason = format!("It says `{MAP}` twice, first in line {}; leave one of them out.", first + 1);
                return Err(Flaw::at(second + 1, reason));
            }
        };
        let mut sheet = Self { lines, map, indent: "  ".to_owned(), ending, places: HashMap::new() };
        sheet.open()?;
        let entries = sheet.entries();
        if let Some((_, first)) = entries.first() {
            let line = &sheet.lines[*first];
            sheet.indent = line[..line.len() - line.trim_start_matches(' ').len()].to_owned();
        }
        for (name, place) in entries {
            if let Some(first) = sheet.places.insert(name.clone(), place) {
                let reason = format!("It names `{}` twice, first in line {}; leave one of them out.", name.escape_debug(), first + 1);
                return Err(Flaw::at(place + 1, reason));
            }
        }
        Ok(sheet)
    }

    /// Makes room in an empty map; any other that stands in one line is not read here.
    fn open(&mut self) -> Result<(), Flaw> {
        let line = &mut self.lines[self.map];
        let Some(Field { value, .. }) = lines::field(line) else { return Ok(()) };
        match line[value.clone()].replace(' ', "").as_str() {
            "" => Ok(()),
            "{}" | "null" | "~" => {
                line.replace_range(value, "");
                Ok(())
            }
            _ => Err(Flaw::at(self.map + 1, format!("`{MAP}` has to be a map with one `key: status` a line; write it so."))),
        }
    }

    /// The names and places of the map's entries. What is nested deeper belongs to an entry and is none.
    fn entries(&self) -> Vec<(String, usize)> {
        let mut indent = None;
        let mut entries = Vec::new();
        for (place, line) in self.lines.iter().enumerate().skip(self.map + 1) {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            if !line.starts_with([' ', '\t']) {
                break;
            }
            let Some(field) = lines::field(line) else { continue };
            if *indent.get_or_insert(field.indent) == field.indent {
                entries.push((field.name, place));
            }
        }
        entries
    }

    fn update(&mut self, item: &Item) -> Result<(), Flaw> {
        let Some(place) = self.place(item) else { return Ok(()) };
        let line = &mut self.lines[place];
        let Some(Field { value, .. }) = lines::field(line) else { return Ok(()) };
        let unclear = || Flaw::at(place + 1, format!("The status of `{}` is not a word; write it as one.", item.draft.key));
        let present = lines::value(&line[value.clone()]).ok_or_else(unclear)?;
        let says = match &present {
            Value::Scalar(word) => means(word, item.status),
            Value::Null => false,
            Value::List(_) => return Err(unclear()),
        };
        if !says {
            lines::replace(line, value, word(item));
        }
        Ok(())
    }

    /// Adds an item behind those before it in the order, else before those after it, else at the end.
    fn insert(&mut self, item: &Item, before: &[&Item], after: &[&Item]) {
        if self.place(item).is_some() {
            return;
        }
        let behind = before.iter().rev().find_map(|other| self.place(other)).map(|place| self.behind(place, item));
        let place = behind.or_else(|| after.iter().find_map(|other| self.place(other)));
        let last = self.places.values().max().map_or(self.map, |last| *last) + 1;
        let place = place.unwrap_or(last);
        let line = line(&self.indent, item, self.ending);
        self.lines.insert(place, line);
        for other in self.places.values_mut().filter(|other| **other >= place) {
            *other += 1;
        }
        self.places.insert(name(item), place);
    }

    /// Behind a line; an epic also behind the lines that others added to the epic before, such as its retrospective.
    fn behind(&self, place: usize, item: &Item) -> usize {
        let taken: HashSet<_> = self.places.values().collect();
        let mut end = place + 1;
        while item.draft.kind == Kind::Epic && taken.contains(&end) {
            end += 1;
        }
        end
    }

    fn place(&self, item: &Item) -> Option<usize> {
        self.places.get(&name(item)).or_else(|| self.places.get(&item.draft.key)).copied()
    }
}
