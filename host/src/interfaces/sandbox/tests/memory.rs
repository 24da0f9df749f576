//! Events, artifacts and approvals in memory.

use super::*;
use crate::{errors::StorageError, events};

/// Events and artifacts in memory.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) events: Mutex<Vec<Draft>>,
    pub(super) artifacts: Mutex<Vec<String>>,
    /// The image of the project of every run.
    pub(super) approved: Mutex<Option<ProjectImage>>,
    /// What an operator approved for every project.
    pub(super) approvals: Mutex<HashMap<ApprovalKind, Value>>,
    pub(super) full: bool,
}

#[async_trait]
impl EventLog for Memory {
    async fn append(&self, events: Vec<Draft>) -> Result<(), StorageError> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        Ok(())
    }

    async fn after(&self, cursor: i64, _: Option<&RunId>, _: u32) -> Result<Vec<Event>, StorageError> {
        let events = self.events.lock().unwrap().clone();
        let numbered = (1..).zip(events).map(|(cursor, draft)| Event { cursor, at: 0, draft });
        Ok(numbered.filter(|event| event.cursor > cursor).collect())
    }

    async fn after_of_item(&self, _: i64, _: (&str, &str), _: u64, _: u32) -> Result<Vec<Event>, StorageError> {
        Ok(Vec::new())
    }

    async fn latest(&self, _: Category, _: Option<i64>, _: u32) -> Result<Vec<Event>, StorageError> {
        Ok(Vec::new())
    }

    async fn search(&self, _: &events::Search) -> Result<Vec<events::Found>, StorageError> {
        Ok(Vec::new())
    }

    async fn newest(&self) -> Result<i64, StorageError> {
        Ok(0)
    }

    async fn oldest(&self) -> Result<i64, StorageError> {
        Ok(0)
    }

    fn listen(&self) -> broadcast::Receiver<Event> {
        broadcast::channel(1).1
    }
}

#[async_trait]
impl Artifacts for Memory {
    async fn keep(&self, text: String) -> Result<String, StorageError> {
        if self.full {
            return Err(StorageError::write("the outputs", "The disk is full."));
        }
        let mut artifacts = self.artifacts.lock().unwrap();
        artifacts.push(text);
        Ok(format!("artifact-{}", artifacts.len()))
    }

    async fn load(&self, name: &str) -> Result<String, StorageError> {
        let number = name.strip_prefix("artifact-").and_then(|number| number.parse::<usize>().ok());
        let kept = number.and_then(|number| self.artifacts.lock().unwrap().get(number - 1).cloned());
        kept.ok_or_else(|| StorageError::read("the outputs", "Nothing is kept."))
    }
}
