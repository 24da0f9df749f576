//! The ports below `knowledge`, and how they work together: what changed since the last look goes into the index, and
//! only then is it asked. Knows no run and no grant.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    errors::StorageError,
    interfaces::blocking::{Deadline, blocking},
};

/// What errors call it.
pub(super) const SUBJECT: &str = "the project's knowledge";

/// A document of the workspace as a look finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path.
    pub path: String,
    /// Differs when its content may differ.
    pub stamp: u64,
}

/// The documents of a workspace.
pub trait Documents: Send + Sync {
    /// Tells this workspace apart from others of the project.
    fn place(&self) -> String;
    /// Those that fit one of the globs, or a sentence that says which glob is wrong.
    fn list(&self, globs: &[String], deadline: &Deadline) -> Result<Vec<Listed>, String>;
    /// The text of one; none where it is gone, too large or no text.
    fn read(&self, path: &str) -> Option<String>;
}

/// Something a run left behind for those after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Its place among all that was learned; ask for what comes after it.
    pub cursor: i64,
    /// `decisions/…`, `failures/…` or `notes/…`. A later text of a source replaces the earlier one.
    pub source: String,
    /// What was learned.
    pub text: String,
    /// The question that a person answered, where it is that: the next answer to the same question replaces this one.
    pub answers: Option<String>,
}

/// Keeps what the runs of a project learned.
#[async_trait]
pub trait Memory: Send + Sync {
    /// What was learned after `cursor`, oldest first, at most `limit`.
    async fn list_learned(&self, project: &str, cursor: i64, limit: u32) -> Result<Vec<Learned>, StorageError>;
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceChange {
    /// The source.
    pub source: String,
    /// Its whole text now; none when it is gone.
    pub text: Option<String>,
}

/// A passage that fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SearchHit {
    /// Where it stands.
    pub source: String,
    /// What it says.
    pub text: String,
    /// Larger fits better.
    pub score: f32,
}

/// Finds passages. One per process; a project's workspaces are apart from each other.
#[async_trait]
pub trait Index: Send + Sync {
    /// What the index holds of a place: the stamp of each document, and the last cursor.
    async fn state(&self, place: &str) -> Holding;
    /// Takes over what changed, and that it now holds `holding`.
    async fn change(&self, place: &str, changes: Vec<SourceChange>, holding: Holding) -> Result<(), StorageError>;
    /// The passages whose source `allowed` lets through and that fit best, at most `limit`, best first.
    async fn search(
        &self,
        place: &str,
        query: &str,
        limit: usize,
        allowed: &(dyn for<'a> Fn(&'a str) -> bool + Sync),
    ) -> Result<Vec<SearchHit>, StorageError>;
}

/// What an index holds of one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// The stamp of each document, by path.
    pub documents: BTreeMap<String, u64>,
    /// The last that was learned.
    pub cursor: i64,
    /// The source of a person's last answer, by the words of the question.
    pub answers: BTreeMap<String, String>,
}

/// Where knowledge comes from, and who finds it.
#[derive(Clone)]
pub struct Library {
    /// The workspace's documents.
    pub documents: Arc<dyn Documents>,
    /// What runs learned.
    pub memory: Arc<dyn Memory>,
    /// Who finds it.
    pub index: Arc<dyn Index>,
}

/// Most that is read of the memory in one step.
const PAGE: u32 = 1_000;
/// Bytes that one look takes over from the memory; the next look goes on where it ended.
const MOST_LEARNED: usize = 32 << 20;

impl Library {
    /// Brings the index up to date and says under which name it holds this place.
    pub(super) async fn refreshed(&self, project: &str, globs: Vec<String>) -> Result<String, StorageError> {
        let place = format!("{project} {}", self.documents.place());
        let held = self.index.state(&place).await;
        let documents = Arc::clone(&self.documents);
        let before = held.documents.clone();
        let looked = blocking(move |deadline| changed_documents(documents.as_ref(), &globs, &before, deadline)).await;
        let unread = |reason: String| StorageError::read(SUBJECT, reason);
        let (mut changes, documents) = looked.map_err(|error| unread(format!("{error}.")))?.map_err(unread)?;
        let mut holding = Holding { documents, ..held };
        self.learn(project, &mut holding, &mut changes).await?;
        if !changes.is_empty() {
            self.index.change(&place, changes, holding).await?;
        }
        Ok(place)
    }

    async fn learn(&self, project: &str, holding: &mut Holding, changes: &mut Vec<SourceChange>) -> Result<(), StorageError> {
        let mut bytes = 0;
        while bytes < MOST_LEARNED {
            let learned = self.memory.list_learned(project, holding.cursor, PAGE).await?;
            let Some(last) = learned.last() else { return Ok(()) };
            holding.cursor = last.cursor;
            for Learned { source, text, answers, .. } in learned {
                bytes += text.len();
                let replaced = answers.and_then(|question| holding.answers.insert(words(&question), source.clone()));
                changes.extend(replaced.map(|source| SourceChange { source, text: None }));
                changes.push(SourceChange { source, text: Some(text) });
            }
        }
        Ok(())
    }
}

/// Words alone, in small letters: how a question is told from others.
fn words(question: &str) -> String {
    let words = question.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

type Changed = (Vec<SourceChange>, BTreeMap<String, u64>);

fn changed_documents(
    documents: &dyn Documents,
    globs: &[String],
    before: &BTreeMap<String, u64>,
    deadline: &Deadline,
) -> Result<Changed, String> {
    let now: BTreeMap<_, _> = documents.list(globs, deadline)?.into_iter().map(|listed| (listed.path, listed.stamp)).collect();
    let gone = before.keys().filter(|path| !now.contains_key(*path)).map(|path| SourceChange { source: path.clone(), text: None });
    let mut changes: Vec<_> = gone.collect();
    for (path, _) in now.iter().filter(|(path, stamp)| before.get(*path) != Some(*stamp)) {
        deadline.check("Let `knowledge.documents` name fewer files.").map_err(|error| error.to_string())?;
        changes.push(SourceChange { source: path.clone(), text: documents.read(path) });
    }
    Ok((changes, now))
}
