//! Rows of the tables that are written most, in their stored form before the writer has them. Writes none.

use std::sync::Arc;

use serde_json::json;

use super::{
    StoreError,
    blobs::{Blobs, Text},
};
use crate::{events::Draft, journal::Entry};

/// An event whose particulars have their stored form already, so that the writer need not make it.
pub(super) struct NewEvent {
    pub(super) draft: Draft,
    pub(super) actor: Option<String>,
    pub(super) data: String,
}

impl NewEvent {
    pub(super) fn all(drafts: Vec<Draft>) -> Vec<Arc<Self>> {
        let new = |draft: Draft| {
            // Text alone always has a JSON form.
            let actor = draft.actor.as_ref().map(|actor| json!(actor).to_string());
            Arc::new(Self { data: draft.data.to_string(), actor, draft })
        };
        drafts.into_iter().map(new).collect()
    }
}

/// An entry whose large texts are in the blob store already.
pub(super) struct JournalRow {
    pub(super) entry: Entry,
    pub(super) request: Text,
    pub(super) answer: Option<Text>,
}

impl JournalRow {
    pub(super) fn run(&self) -> &str {
        self.entry.run.as_str()
    }

    /// Moves the texts out of the entry, large ones to the disk.
    pub(super) async fn new(blobs: &Blobs, mut entry: Entry) -> Result<Self, StoreError> {
        let request = blobs.keep(std::mem::take(&mut entry.request)).await?;
        let answer = match entry.answer.take() {
            Some(answer) => Some(blobs.keep(answer).await?),
            None => None,
        };
        Ok(Self { entry, request, answer })
    }
}
