//! Takes documents that people or a planning workflow wrote as items: epics from their list, stories from their files.
//! Changes nothing and moves nothing.

mod fit;
mod labels;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Documents, ParsedStory, SPRINT_STATUS, STORIES,
    epics::{self, Listed, Mentioned},
    findings::{Effect, Finding, Flaw},
    reading,
    sprint::{self, StatusEntry},
    stories,
    story::{self, Lines},
};
use crate::{
    errors::Hint,
    interfaces::backlog::{Draft, Item, Kind, Labels, Status, check_key, check_line, rules},
    journal::{CallError, ErrorKind},
};

/// The list of epics, with a heading each.
pub const EPICS: &str = "docs/epics.md";
/// Bytes of all stories together that are taken in.
const MOST_BYTES: usize = 64 << 20;

/// What documents say.
#[derive(Debug, Default)]
pub struct Imported {
    /// What is said of each item. All of it fits together and with the backlog.
    pub drafts: Vec<Draft>,
    /// How far each is.
    pub standings: Vec<ImportedStatus>,
    /// What could not be taken as it stands in the documents.
    pub findings: Vec<Finding>,
    /// Where each item stands.
    origins: HashMap<String, Origin>,
    /// Items for which the backlog has no room.
    surplus: HashSet<String>,
}

/// How far an item is, and who works on it.
#[derive(Debug, PartialEq, Eq)]
pub struct ImportedStatus {
    /// The item.
    pub key: String,
    /// None where no document says.
    pub status: Option<Status>,
    /// The document and the line that say it.
    pub said_in: (String, Option<usize>),
    /// Who works on it.
    pub assignee: Option<String>,
    /// Where.
    pub branch: Option<String>,
}

/// The document of an item, and the lines of what it says.
#[derive(Debug)]
struct Origin {
    path: String,
    lines: Lines,
}

impl Origin {
    fn finding(&self, line: Option<usize>, reason: impl Into<String>, effect: Effect) -> Finding {
        Flaw { line, reason: reason.into() }.of(&self.path, effect)
    }
}

/// A document of a story.
struct Story {
    key: String,
    path: String,
    told: ParsedStory,
}

/// Reads the documents of a workspace whose backlog knows `items` already.
pub fn import(documents: &dyn Documents, items: &[Item]) -> Result<Imported, CallError> {
    let mut imported = Imported::default();
    let (mut epics, mentioned) = imported.epics(documents)?;
    let statuses = imported.statuses(documents)?;
    let stories = imported.stories(documents)?;
    imported.part(&mut epics, &stories);
    let known = items.iter().map(|item| item.draft.key.as_str()).chain(stories.iter().map(|story| story.key.as_str()));
    let known: BTreeSet<_> = known.map(str::to_owned).collect();
    let missing = mentioned.iter().filter(|story| !story.is_among(&known));
    imported.findings.extend(missing.map(|story| story.missing().of(EPICS, Effect::Note)));
    for mut story in stories {
        imported.sift_labels(&mut story);
        imported.take_story(story, &statuses, &known, &mut epics);
    }
    for (key, listed) in epics {
        imported.take_epic(key, listed, &statuses);
    }
    imported.keep_labels(items);
    imported.fit(items);
    Ok(imported)
}

impl Imported {
    fn epics(&mut self, documents: &dyn Documents) -> Result<(BTreeMap<String, Listed>, Vec<Mentioned>), CallError> {
        let epics = epics::read(&self.text(documents, EPICS)?);
        self.findings.extend(epics.flaws.into_iter().map(|flaw| flaw.of(EPICS, Effect::LeftOut)));
        self.findings.extend(epics.notes.into_iter().map(|note| note.of(EPICS, Effect::Note)));
        Ok((epics.listed, epics.stories))
    }

    fn statuses(&mut self, documents: &dyn Documents) -> Result<BTreeMap<String, StatusEntry>, CallError> {
        let text = self.text(documents, SPRINT_STATUS)?;
        Ok(match sprint::statuses(&text) {
            Ok(statuses) => statuses.into_iter().collect(),
            Err(flaw) => {
                self.findings.push(flaw.of(SPRINT_STATUS, Effect::LeftOut));
                BTreeMap::new()
            }
        })
    }

    /// The text of a document; empty where there is none, or none that can be read.
    fn text(&mut self, documents: &dyn Documents, path: &str) -> Result<String, CallError> {
        let text = reading::text(documents, path)?.unwrap_or_else(|flaw| {
            self.findings.push(flaw.of(path, Effect::LeftOut));
            None
        });
        Ok(text.unwrap_or_default())
    }

    fn stories(&mut self, documents: &dyn Documents) -> Result<Vec<Story>, CallError> {
        let found = match stories::find(documents) {
            Ok(found) => found,
            Err(CallError { kind: ErrorKind::Unavailable, text: reason, .. }) => return Err(CallError::unavailable(reason)),
            Err(error) => {
                self.findings.push(reading::flaw(STORIES, &error).of(STORIES, Effect::LeftOut));
                return Ok(Vec::new());
            }
        };
        self.findings.extend(found.findings);
        let (mut stories, mut bytes) = (Vec::new(), 0);
        for (stem, path) in found.paths {
            if bytes > MOST_BYTES {
                let flaw = Flaw::from(format!("The documents before this one have more than {MOST_BYTES} bytes. Remove some of them."));
                self.findings.push(flaw.of(&path, Effect::LeftOut));
                continue;
            }
            match reading::text(documents, &path)?.and_then(|text| keyed(stem, &text.unwrap_or_default())) {
                Ok((key, told)) => {
                    bytes += told.body.len();
                    stories.push(Story { key, path, told });
                }
                Err(flaw) => self.findings.push(flaw.of(&path, Effect::LeftOut)),
            }
        }
        Ok(stories)
    }

    /// Leaves out the epics that have the key of a story.
    fn part(&mut self, epics: &mut BTreeMap<String, Listed>, stories: &[Story]) {
        for Story { key, path, .. } in stories {
            if let Some(epic) = epics.remove(key) {
                let reason = format!("The key `{key}` of this epic is also that of {path}; give one of them another key.");
                self.findings.push(Flaw::at(epic.line, reason).of(EPICS, Effect::LeftOut));
            }
        }
    }

    /// Takes a story. An epic that it names and that nobody lists is made.
    fn take_story(
        &mut self,
        story: Story,
        statuses: &BTreeMap<String, StatusEntry>,
        known: &BTreeSet<String>,
        epics: &mut BTreeMap<String, Listed>,
    ) {
        let Story { key, path, mut told } = story;
        let origin = Origin { path, lines: told.lines };
        self.drop_unclear(&key, &mut told, &origin);
        let parent = told.parent.clone().or_else(|| epic_in(&key, epics));
        let (status, said_in) = self.status(&key, &told, &origin, statuses);
        let ParsedStory { assignee, branch, is_in_story, .. } = told.clone();
        if !self.take(draft(key.clone(), told, parent.clone()), origin) {
            return;
        }
        if let Some(parent) = parent.filter(|parent| !is_in_story && !known.contains(parent)) {
            let unlisted = || Listed { title: format!("Epic {parent}"), body: String::new(), line: 0 };
            epics.entry(parent.clone()).or_insert_with(unlisted);
        }
        self.standings.push(ImportedStatus { key, status, said_in, assignee, branch });
    }

    fn take_epic(&mut self, key: String, listed: Listed, statuses: &BTreeMap<String, StatusEntry>) {
        let (name, said) = match (statuses.get(&format!("epic-{key}")), statuses.get(&key)) {
            (Some(said), _) => (format!("epic-{key}"), Some(said)),
            (None, said) => (key.clone(), said),
        };
        let line = Some(listed.line).filter(|line| *line > 0);
        let lines = Lines { key: line, title: line, parent: line, after: line, ..Lines::default() };
        if self.take(epic(&key, listed), Origin { path: EPICS.to_owned(), lines }) {
            let status = said.and_then(|said| self.resolve_status(&said.word, SPRINT_STATUS, Some(said.line), &name));
            let said_in = (SPRINT_STATUS.to_owned(), said.map(|said| said.line));
            self.standings.push(ImportedStatus { key, status, said_in, assignee: None, branch: None });
        }
    }

    /// Takes values out of a story that can be none, each with a finding.
    fn drop_unclear(&mut self, key: &str, told: &mut ParsedStory, origin: &Origin) {
        let lines = told.lines;
        let mut tell = |line, reason: String| self.findings.push(origin.finding(line, reason, Effect::InPart));
        if let Some(refusal) = told.parent.as_deref().and_then(|parent| check_key(parent).err()) {
            told.parent = None;
            tell(lines.parent, format!("{} `{key}` is imported without it.", refusal.explain()));
        }
        told.after.retain(|other| {
            let refusal = check_key(other).err();
            if let Some(refusal) = &refusal {
                tell(lines.after, format!("{} `{key}` is imported without waiting for it.", refusal.explain()));
            }
            refusal.is_none()
        });
        for (what, value, line) in [("assignee", &mut told.assignee, lines.assignee), ("branch", &mut told.branch, lines.branch)] {
            if let Some(refusal) = value.as_deref().and_then(|text| check_line(key, what, text).err()) {
                *value = None;
                tell(line, format!("{} `{key}` is imported without it.", refusal.explain()));
            }
        }
    }

    /// The status that a story's documents give it, and where.
    fn status(
        &mut self,
        key: &str,
        told: &ParsedStory,
        origin: &Origin,
        statuses: &BTreeMap<String, StatusEntry>,
    ) -> (Option<Status>, (String, Option<usize>)) {
        let (word, file, line) = match (&told.status, statuses.get(key)) {
            (Some(word), _) => (word, origin.path.clone(), told.lines.status),
            (None, Some(said)) => (&said.word, SPRINT_STATUS.to_owned(), Some(said.line)),
            (None, None) => return (None, (origin.path.clone(), None)),
        };
        (self.resolve_status(word, &file, line, key), (file, line))
    }

    fn resolve_status(&mut self, word: &str, file: &str, line: Option<usize>, name: &str) -> Option<Status> {
        let status = sprint::status(word);
        if status.is_none() {
            let words = Status::ALL.map(Status::as_str).join(", ");
            let reason =
                format!("The status `{}` of `{name}` is not known, so the item keeps its own; use one of {words}.", word.escape_debug());
            self.findings.push(Flaw { line, reason }.of(file, Effect::InPart));
        }
        status
    }

    /// Takes a draft, unless the backlog would refuse all drafts for its sake.
    fn take(&mut self, draft: Draft, origin: Origin) -> bool {
        let refused = rules::check(&draft).err();
        match &refused {
            Some(refusal) => {
                let line = match refusal {
                    rules::Refusal::Line { .. } => origin.lines.title,
                    rules::Refusal::After { .. } => origin.lines.after,
                    _ => origin.lines.key,
                };
                self.findings.push(origin.finding(line, refusal.to_string(), Effect::LeftOut));
            }
            None => {
                self.origins.insert(draft.key.clone(), origin);
                self.drafts.push(draft);
            }
        }
        refused.is_none()
    }
}

/// The key and what a file says; the error is why nothing of it is taken.
fn keyed(stem: String, text: &str) -> Result<(String, ParsedStory), Flaw> {
    let told = story::parse_story(text)?;
    let key = told.key.clone().unwrap_or_else(|| stem.clone());
    check_key(&key).map_err(|refusal| Flaw { line: told.lines.key, reason: refusal.to_string() })?;
    if key != stem {
        let reason =
            format!("The document says that its key is `{key}`, and its name says `{}`; let both say the same.", stem.escape_debug());
        return Err(Flaw { line: told.lines.key, reason });
    }
    Ok((key, told))
}

fn draft(key: String, told: ParsedStory, parent: Option<String>) -> Draft {
    Draft {
        title: told.title.unwrap_or_else(|| key.clone()),
        kind: told.kind.unwrap_or(Kind::Story),
        body: told.body,
        parent,
        after: told.after,
        priority: told.priority.unwrap_or(story::USUAL_PRIORITY),
        labels: told.labels.into(),
        key,
    }
}

/// The epic that a key such as `1-2-user-login` begins with, if there is one. The number of the story comes after it, so
/// that `1-5-login` is in epic 1 also where there is an epic 1.5.
fn epic_in(key: &str, epics: &BTreeMap<String, Listed>) -> Option<String> {
    let split = key.match_indices('-').map(|(at, _)| key.split_at(at)).filter(|(epic, _)| epics.contains_key(*epic));
    let mut found: Vec<_> = split.collect();
    let is_numbered = |(_, rest): &&(&str, &str)| rest[1..].starts_with(|first: char| first.is_ascii_digit());
    let numbered = found.iter().rev().find(is_numbered).copied();
    numbered.or_else(|| found.pop()).map(|(epic, _)| epic.to_owned())
}

fn epic(key: &str, listed: Listed) -> Draft {
    Draft {
        key: key.to_owned(),
        kind: Kind::Epic,
        title: listed.title,
        body: listed.body,
        parent: None,
        after: Vec::new(),
        priority: story::USUAL_PRIORITY,
        labels: Labels::default(),
    }
}

#[cfg(test)]
mod tests;
