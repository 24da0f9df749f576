//! Takes documents that people or a planning workflow wrote as items: epics from their list, stories from their files.
//! Changes nothing and moves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Documents, SPRINT_STATUS, STORIES, Told, lines, path, sprint, story};
use crate::{
    interfaces::backlog::{Draft, Item, Kind, Status, check_key},
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
    /// The paths that say nothing that could be taken, and why.
    pub left: Vec<(String, String)>,
}

/// How far an item is, and who works on it.
#[derive(Debug, PartialEq, Eq)]
pub struct Standing {
    /// The item.
    pub key: String,
    /// None where no document says.
    pub status: Option<Status>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Where.
    pub branch: Option<String>,
}

/// Reads the documents of a workspace whose backlog knows `items` already.
pub fn import(documents: &dyn Documents, items: &[Item]) -> Result<Imported, CallError> {
    let mut imported = Imported::default();
    let mut epics: BTreeMap<String, Draft> = epics(&documents.read(EPICS)?.unwrap_or_default());
    let known: BTreeSet<_> = items.iter().map(|item| item.draft.key.as_str()).collect();
    let statuses = statuses(documents, &mut imported)?;
    let (mut stories, mut bytes) = (Vec::new(), 0);
    for file in documents.list(STORIES)? {
        match told(documents, &file) {
            _ if bytes > MOST_BYTES => imported.left.push((file, format!("The documents before it have more than {MOST_BYTES} bytes."))),
            Ok((key, told)) => {
                bytes += told.body.len();
                stories.push((key, told));
            }
            Err(reason) => imported.left.push((file, reason)),
        }
    }
    let keys: BTreeSet<_> = stories.iter().map(|(key, _)| key.clone()).collect();
    for (key, told) in stories {
        let parent = told.parent.clone().or_else(|| epic_in(&key, &epics));
        if let Some(parent) = parent.as_ref().filter(|parent| !known.contains(parent.as_str()) && !keys.contains(*parent)) {
            epics.entry(parent.clone()).or_insert_with(|| epic(parent, &format!("Epic {parent}"), ""));
        }
        let word = told.status.clone().or_else(|| statuses.get(&key).cloned());
        let status = word.as_deref().and_then(sprint::status);
        if let Some(word) = word.filter(|_| status.is_none()) {
            let reason = format!("Its status `{}` is none of the backlog's, and the item keeps the one it has.", word.escape_debug());
            imported.left.push((path(&key), reason));
        }
        imported.standings.push(Standing { key: key.clone(), status, assignee: told.assignee.clone(), branch: told.branch.clone() });
        imported.drafts.push(draft(key, told, parent));
    }
    for key in epics.keys() {
        let status = statuses.get(&format!("epic-{key}")).or_else(|| statuses.get(key)).and_then(|word| sprint::status(word));
        imported.standings.push(Standing { key: key.clone(), status, assignee: None, branch: None });
    }
    imported.drafts.extend(epics.into_values());
    Ok(imported)
}

fn statuses(documents: &dyn Documents, imported: &mut Imported) -> Result<BTreeMap<String, String>, CallError> {
    let text = documents.read(SPRINT_STATUS)?.unwrap_or_default();
    Ok(match sprint::statuses(&text) {
        Ok(statuses) => statuses.into_iter().collect(),
        Err(reason) => {
            imported.left.push((SPRINT_STATUS.to_owned(), reason));
            BTreeMap::new()
        }
    })
}

fn told(documents: &dyn Documents, file: &str) -> Result<(String, Told), String> {
    let text = documents.read(file).map_err(|error| error.to_string())?.unwrap_or_default();
    let told = story::told(&text)?;
    let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".md")).unwrap_or_default();
    let key = told.key.clone().unwrap_or_else(|| stem.to_owned());
    check_key(&key).map_err(|refusal| refusal.to_string())?;
    if key != stem {
        return Err(format!("It says that its key is `{key}`, and its name says `{}`; let both say the same.", stem.escape_debug()));
    }
    Ok((key, told))
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

/// The epic that a key such as `1-2-user-login` begins with, if there is one.
fn epic_in(key: &str, epics: &BTreeMap<String, Draft>) -> Option<String> {
    let (number, _) = key.split_once('-')?;
    epics.contains_key(number).then(|| number.to_owned())
}

fn epic(key: &str, title: &str, body: &str) -> Draft {
    Draft {
        key: key.to_owned(),
        kind: Kind::Epic,
        title: title.to_owned(),
        body: body.trim().to_owned(),
        parent: None,
        after: Vec::new(),
        priority: story::USUAL_PRIORITY,
    }
}

/// The sections `## Epic 1: Title`, each with what stands below it up to the next heading or list.
fn epics(text: &str) -> BTreeMap<String, Draft> {
    let mut epics = BTreeMap::new();
    let mut lines = lines::marked(text).1.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((key, title)) = heading(line) else { continue };
        let mut body = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with(['#', '-', '*'])) {
            body.push(line);
        }
        epics.insert(key.to_owned(), epic(key, title, &body.join("\n")));
    }
    epics
}

fn heading(line: &str) -> Option<(&str, &str)> {
    let depth = line.len() - line.trim_start_matches('#').len();
    let rest = line[depth..].trim().strip_prefix("Epic ").filter(|_| (1..=3).contains(&depth))?;
    let (key, title) = rest.split_once(':')?;
    let (key, title) = (key.trim(), title.trim());
    (check_key(key).is_ok() && !title.is_empty()).then_some((key, title))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::journal::Attempt;

    struct Files(BTreeMap<&'static str, &'static str>);

    impl Documents for Files {
        fn read(&self, path: &str) -> Result<Option<String>, CallError> {
            Ok(self.0.get(path).map(|text| (*text).to_owned()))
        }

        fn write(&self, _: &str, _: &str, _: &Attempt) -> Result<(), CallError> {
            unreachable!("nothing is written")
        }

        fn list(&self, folder: &str) -> Result<Vec<String>, CallError> {
            Ok(self.0.keys().filter(|path| path.starts_with(folder)).map(|path| (*path).to_owned()).collect())
        }
    }

    #[test]
    fn a_mark_of_utf_8_hides_no_epic() {
        assert_eq!(epics("\u{feff}## Epic 1: Ledgers\n").keys().collect::<Vec<_>>(), ["1"]);
    }

    #[test]
    fn a_plan_and_what_people_wrote_become_items() {
        let files = Files(BTreeMap::from([
            (EPICS, "# Kitty: epics\n\n## Stories\n\n## Epic 1: Ledgers\n\nKeep money.\n\n- **1-1-init** Init: x\n\n## Epic 2: Reports\n"),
            (SPRINT_STATUS, "development_status:\n  epic-1: in-progress\n  1-2-add: done\n  2-1-print: strange\n"),
            (
                "docs/stories/1-1-init.md",
                "---\nkey: 1-1-init\ntitle: Init\nepic: \"1\"\nstatus: review\npriority: high\nassignee: amelia\n---\n\n# Init\n\nDo.\n",
            ),
            ("docs/stories/1-2-add.md", "# Story 1.2: Add\n\nStatus: Drafted\n\nMore.\n"),
            ("docs/stories/2-1-print.md", "---\nafter: [1-1-init, 1-2-add]\nepic: \"3\"\n---\n"),
            ("docs/stories/README.md", "# Read me\n"),
            ("docs/stories/odd.md", "---\nkey: even\n---\n"),
        ]));
        let imported = import(&files, &[]).unwrap();
        let drafts: Vec<_> =
            imported.drafts.iter().map(|draft| (draft.key.as_str(), draft.title.as_str(), draft.parent.as_deref())).collect();
        assert_eq!(
            drafts,
            [
                ("1-1-init", "Init", Some("1")),
                ("1-2-add", "Story 1.2: Add", Some("1")),
                ("2-1-print", "2-1-print", Some("3")),
                ("1", "Ledgers", None),
                ("2", "Reports", None),
                ("3", "Epic 3", None),
            ]
        );
        assert_eq!(
            (imported.drafts[0].body.as_str(), imported.drafts[0].priority, imported.drafts[3].body.as_str()),
            ("# Init\n\nDo.", 8, "Keep money.")
        );
        let statuses: Vec<_> = imported.standings.iter().map(|standing| standing.status).collect();
        assert_eq!(statuses, [Some(Status::Review), Some(Status::Todo), None, Some(Status::InProgress), None, None]);
        let left: Vec<_> = imported.left.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(left, ["docs/stories/README.md", "docs/stories/odd.md", "docs/stories/2-1-print.md"]);
    }
}
