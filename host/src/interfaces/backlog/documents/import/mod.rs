//! Takes documents that people or a planning workflow wrote as items: epics from their list, stories from their files.
//! Changes nothing and moves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Documents, SPRINT_STATUS, STORIES, Told,
    epics::{self, Listed},
    findings::{Effect, Finding, Flaw},
    path,
    sprint::{self, Said},
    story,
};
use crate::{
    interfaces::backlog::{Draft, Item, Kind, Status, check_key, rules},
    journal::CallError,
};

/// The list of epics, with a heading each.
pub const EPICS: &str = "docs/epics.md";
/// Bytes of all stories together that are taken in.
const MOST_BYTES: usize = 64 << 20;

/// What documents say.
#[derive(Debug, Default)]
pub struct Imported {
    /// What is said of each item.
    pub drafts: Vec<Draft>,
    /// How far each is.
    pub standings: Vec<Standing>,
    /// What could not be taken as it stands in the documents.
    pub findings: Vec<Finding>,
}

/// How far an item is, and who works on it.
#[derive(Debug, PartialEq, Eq)]
pub struct Standing {
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

/// Reads the documents of a workspace whose backlog knows `items` already.
pub fn import(documents: &dyn Documents, items: &[Item]) -> Result<Imported, CallError> {
    let mut imported = Imported::default();
    let known: BTreeSet<_> = items.iter().map(|item| item.draft.key.as_str()).collect();
    let mut epics = imported.epics(documents)?;
    let statuses = imported.statuses(documents)?;
    let (mut stories, mut bytes) = (Vec::new(), 0);
    for file in documents.list(STORIES)?.into_iter().filter(|file| !is_read_me(file)) {
        if bytes > MOST_BYTES {
            let flaw = Flaw::from(format!("The documents before this one have more than {MOST_BYTES} bytes. Remove some of them."));
            imported.findings.push(flaw.of(&file, Effect::LeftOut));
            continue;
        }
        match told(documents, &file)? {
            Ok((key, told)) => {
                bytes += told.body.len();
                stories.push((key, told));
            }
            Err(flaw) => imported.findings.push(flaw.of(&file, Effect::LeftOut)),
        }
    }
    let keys: BTreeSet<_> = stories.iter().map(|(key, _)| key.clone()).collect();
    for key in epics.keys().filter(|key| keys.contains(*key)).cloned().collect::<Vec<_>>() {
        if let Some(epic) = epics.remove(&key) {
            let reason = format!("The key `{key}` of this epic is also that of {}; give one of them another key.", path(&key));
            imported.findings.push(Flaw::at(epic.line, reason).of(EPICS, Effect::LeftOut));
        }
    }
    for (key, told) in stories {
        let parent = told.parent.clone().or_else(|| epic_in(&key, &epics));
        let status = imported.status(&key, &told, &statuses);
        let Told { assignee, branch, .. } = told.clone();
        if !imported.take(draft(key.clone(), told, parent.clone()), &path(&key), None) {
            continue;
        }
        if let Some(parent) =
            parent.filter(|parent| !known.contains(parent.as_str()) && !keys.contains(parent) && check_key(parent).is_ok())
        {
            let unlisted = || Listed { title: format!("Epic {parent}"), body: String::new(), line: 0 };
            epics.entry(parent.clone()).or_insert_with(unlisted);
        }
        let (status, said_in) = status;
        imported.standings.push(Standing { key, status, said_in, assignee, branch });
    }
    for (key, listed) in epics {
        let (name, said) = match (statuses.get(&format!("epic-{key}")), statuses.get(&key)) {
            (Some(said), _) => (format!("epic-{key}"), Some(said)),
            (None, said) => (key.clone(), said),
        };
        let line = listed.line;
        if imported.take(epic(&key, listed), EPICS, Some(line)) {
            let status = said.and_then(|said| imported.meant(&said.word, SPRINT_STATUS, Some(said.line), &name));
            let said_in = (SPRINT_STATUS.to_owned(), said.map(|said| said.line));
            imported.standings.push(Standing { key, status, said_in, assignee: None, branch: None });
        }
    }
    Ok(imported)
}

impl Imported {
    fn epics(&mut self, documents: &dyn Documents) -> Result<BTreeMap<String, Listed>, CallError> {
        let epics = epics::read(&self.text(documents, EPICS)?);
        self.findings.extend(epics.flaws.into_iter().map(|flaw| flaw.of(EPICS, Effect::LeftOut)));
        self.findings.extend(epics.notes.into_iter().map(|note| note.of(EPICS, Effect::Note)));
        Ok(epics.listed)
    }

    fn statuses(&mut self, documents: &dyn Documents) -> Result<BTreeMap<String, Said>, CallError> {
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
        match documents.read(path) {
            Ok(text) => Ok(text.unwrap_or_default()),
            Err(CallError::Unavailable(reason)) => Err(CallError::Unavailable(reason)),
            Err(error) => {
                self.findings.push(Flaw::from(error.to_string()).of(path, Effect::LeftOut));
                Ok(String::new())
            }
        }
    }

    /// The status that a story's documents give it, and where.
    fn status(&mut self, key: &str, told: &Told, statuses: &BTreeMap<String, Said>) -> (Option<Status>, (String, Option<usize>)) {
        let (word, file, line) = match (&told.status, statuses.get(key)) {
            (Some(word), _) => (word, path(key), told.lines.status),
            (None, Some(said)) => (&said.word, SPRINT_STATUS.to_owned(), Some(said.line)),
            (None, None) => return (None, (path(key), None)),
        };
        (self.meant(word, &file, line, key), (file, line))
    }

    fn meant(&mut self, word: &str, file: &str, line: Option<usize>, name: &str) -> Option<Status> {
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
    fn take(&mut self, draft: Draft, file: &str, line: Option<usize>) -> bool {
        let refused = rules::check(&draft).err();
        match &refused {
            Some(refusal) => self.findings.push(Flaw { line, reason: refusal.to_string() }.of(file, Effect::LeftOut)),
            None => self.drafts.push(draft),
        }
        refused.is_none()
    }
}

/// What a file says; the inner error is why nothing of it is taken.
fn told(documents: &dyn Documents, file: &str) -> Result<Result<(String, Told), Flaw>, CallError> {
    Ok(match documents.read(file) {
        Ok(text) => keyed(file, &text.unwrap_or_default()),
        Err(CallError::Unavailable(reason)) => return Err(CallError::Unavailable(reason)),
        Err(error) => Err(error.to_string().into()),
    })
}

fn keyed(file: &str, text: &str) -> Result<(String, Told), Flaw> {
    let told = story::told(text)?;
    let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".md")).unwrap_or_default();
    let key = told.key.clone().unwrap_or_else(|| stem.to_owned());
    check_key(&key).map_err(|refusal| Flaw { line: told.lines.key, reason: refusal.to_string() })?;
    if key != stem {
        let reason =
            format!("The document says that its key is `{key}`, and its name says `{}`; let both say the same.", stem.escape_debug());
        return Err(Flaw { line: told.lines.key, reason });
    }
    Ok((key, told))
}

/// A file that tells people about the folder.
fn is_read_me(file: &str) -> bool {
    file.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case("README.md"))
}

fn draft(key: String, told: Told, parent: Option<String>) -> Draft {
    Draft {
        title: told.title.unwrap_or_else(|| key.clone()),
        kind: told.kind.unwrap_or(Kind::Story),
        body: told.body,
        parent,
        after: told.after,
        priority: told.priority.unwrap_or(story::USUAL_PRIORITY),
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
    }
}

#[cfg(test)]
mod tests;
