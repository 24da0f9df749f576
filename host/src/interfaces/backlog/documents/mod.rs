//! The backlog as files that people read and write: a story each, the sprint's status, an overview. Changes in them what
//! the backlog says and nothing else; a file that it does not understand stays as it is.

mod epics;
mod findings;
mod import;
mod lines;
mod overview;
mod reading;
mod sprint;
mod stories;
mod story;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Backlog, BacklogError, Graph, Item, Kind, events::DocumentLeft};
use crate::{
    events::Draft as Event,
    journal::{Attempt, CallError, ErrorKind, Pause, PauseKind, Performed, RunId},
};

pub use findings::{Effect, Finding};
pub use import::{EPICS, Imported, ImportedStatus, import};
use story::Body;
pub use story::{ParsedStory, USUAL_PRIORITY};

/// Where the stories lie.
pub const STORIES: &str = "docs/stories";
/// The statuses of all items.
pub const SPRINT_STATUS: &str = "docs/sprint-status.yaml";
/// The overview.
pub const OVERVIEW: &str = "docs/workflow-status.md";

/// The files of a workspace. Follows no link out of it and reads nothing but regular files.
pub trait Documents: Send + Sync {
    /// The content of a file; none where there is none.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CallError>;
    /// Replaces a file in one step.
    fn write(&self, path: &str, content: &str, attempt: &Attempt) -> Result<(), CallError>;
    /// What lies in a folder and in those below it, sorted by path; nothing where there is no such folder.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, CallError>;
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From the workspace on. Bytes that are not UTF-8 are written out.
    pub path: String,
    /// What it is.
    pub form: Form,
}

/// What something in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Special,
    /// A folder that cannot be opened.
    Closed,
    /// Anything whose path is not UTF-8.
    NotUtf8,
}

/// What became of the documents.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The paths that changed, in the order in which they were written.
    pub changed: Vec<String>,
    /// The paths that stayed as they were though the backlog says something else, and why.
    pub left: Vec<(String, String)>,
}

/// Brings the documents in step with the backlog of a project.
pub async fn write(
    backlog: &Arc<dyn Backlog>,
    documents: &Arc<dyn Documents>,
    project: &str,
    attempt: &Attempt,
) -> Result<Outcome, Failure> {
    let items = Arc::new(as_shown(backlog.items(project, false).await?));
    let family = Family::of(&items);
    let places = Arc::new(Places::of(documents).await);
    let (mut outcome, mut bodies) = (Outcome::default(), Vec::new());
    for brief in items.iter().filter(|item| item.draft.kind != Kind::Epic) {
        // One at a time, for all bodies together may be more than the memory holds.
        let (item, written) = backlog.load_written(project, &brief.draft.key).await?;
        let hash = hash(&item.draft.body);
        let parent = family.parent_of(&item).map(|parent| parent.draft.kind);
        let body = match written {
            None => Body::NeverGiven,
            Some(written) if written == hash => Body::Given,
            Some(_) => Body::Changed,
        };
        let path = places.of_story(&item.draft.key);
        let edit = move |old: Option<&str>| story::update_story(old, &item, parent, body).map_err(|flaw| flaw.to_string());
        put(documents, path, edit, attempt, &mut outcome).await?;
        if body != Body::Given {
            bodies.push((brief.draft.key.clone(), hash));
        }
    }
    if !items.is_empty() {
        let all = Arc::clone(&items);
        put(
            documents,
            SPRINT_STATUS.to_owned(),
            move |old| sprint::update_sprint(old, &all).map_err(|flaw| flaw.to_string()),
            attempt,
            &mut outcome,
        )
        .await?;
        let all = Arc::clone(&items);
        let places = Arc::clone(&places);
        let overview = move |old: Option<&str>| match Graph::of(&all) {
            Ok(graph) => overview::update_overview(old, &all, &graph, &places),
            Err(refusal) => Err(refusal.to_string()),
        };
        put(documents, OVERVIEW.to_owned(), overview, attempt, &mut outcome).await?;
    }
    let left: Vec<_> = outcome.left.iter().map(|(path, _)| path.clone()).collect();
    bodies.retain(|(key, _)| !left.contains(&places.of_story(key)));
    if !bodies.is_empty() {
        backlog.mark_written(project, bodies).await?;
    }
    Ok(outcome)
}

/// Why the documents could not be brought in step.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The backlog.
    #[error(transparent)]
    Backlog(#[from] BacklogError),
    /// The disk.
    #[error(transparent)]
    File(#[from] CallError),
}

/// The items with the statuses that people see.
fn as_shown(mut items: Vec<Item>) -> Vec<Item> {
    let statuses: Vec<_> = match Graph::of(&items) {
        Ok(graph) => (0..items.len()).map(|place| graph.status(place)).collect(),
        Err(_) => return items,
    };
    items.iter_mut().zip(statuses).for_each(|(item, status)| item.status = status);
    items
}

/// Where the documents of stories lie.
struct Places(BTreeMap<String, String>);

impl Places {
    /// Where they lie now. Why the folder cannot be looked into is told with the documents that cannot be written there.
    async fn of(documents: &Arc<dyn Documents>) -> Self {
        let documents = Arc::clone(documents);
        let found = tokio::task::spawn_blocking(move || stories::find(&*documents)).await;
        Self(found.ok().and_then(Result::ok).map(|stories| stories.paths).unwrap_or_default())
    }

    /// The document of a story or task: the one there is, or the one to make.
    fn of_story(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_else(|| format!("{STORIES}/{key}.md"))
    }
}

/// What tells one body from another.
pub fn hash(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex().to_string()
}

/// Edits one file on a thread of its own. What cannot be understood or reached is left as it is, except that a full disk
/// is told.
async fn put(
    documents: &Arc<dyn Documents>,
    path: String,
    edit: impl FnOnce(Option<&str>) -> Result<Option<String>, String> + Send + 'static,
    attempt: &Attempt,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let (documents, attempt, file) = (Arc::clone(documents), attempt.clone(), path.clone());
    let work = move || {
        let old = reading::text(&*documents, &file).map_err(Unwritten::Full)?.map_err(|flaw| Unwritten::Alone(flaw.to_string()))?;
        match edit(old.as_deref()).map_err(Unwritten::Alone)? {
            Some(content) => documents.write(&file, &content, &attempt).map_err(|error| Unwritten::of(&file, error)).map(|()| true),
            None => Ok(false),
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    match done.unwrap_or_else(|error| Err(Unwritten::Alone(format!("The host failed at this file: {error}. Report it.")))) {
        Ok(true) => outcome.changed.push(path),
        Ok(false) => {}
        Err(Unwritten::Alone(reason)) => outcome.left.push((path, reason)),
        Err(Unwritten::Full(error)) => return Err(error.into()),
    }
    Ok(())
}

enum Unwritten {
    Alone(String),
    Full(CallError),
}

impl Unwritten {
    fn of(path: &str, error: CallError) -> Self {
        match error {
            CallError { kind: ErrorKind::Unavailable, .. } => Self::Full(error),
            other => Self::Alone(reading::flaw(path, &other).to_string()),
        }
    }
}

/// What comes of the call of a run. Files that were left alone are told to whoever reads the run's events.
pub(super) fn performed(result: Result<Outcome, Failure>, run: &RunId) -> Performed<Vec<String>> {
    match result {
        Ok(outcome) => {
            let left = outcome.left.into_iter().map(|(path, reason)| Event::of_run(run, &DocumentLeft { path, reason }));
            Performed::Answered(Ok(outcome.changed), left.collect())
        }
        Err(Failure::Backlog(error)) => error.into(),
        Err(Failure::File(error)) => {
            let reason = format!("{error} Then resume the run.");
            Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: false }
        }
    }
}

/// Items by their keys.
struct Family<'a>(HashMap<&'a str, &'a Item>);

impl<'a> Family<'a> {
    fn of(items: &'a [Item]) -> Self {
        Self(items.iter().map(|item| (item.draft.key.as_str(), item)).collect())
    }

    fn parent_of(&self, item: &Item) -> Option<&'a Item> {
        self.0.get(item.draft.parent.as_deref()?).copied()
    }

    /// The epic an item is in: its parent, or that of the story it belongs to.
    fn epic_of(&self, item: &Item) -> Option<&'a Item> {
        let parent = self.parent_of(item)?;
        if parent.draft.kind == Kind::Epic { Some(parent) } else { self.parent_of(parent) }
    }
}
