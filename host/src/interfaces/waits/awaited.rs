//! What this interface gives tickets for itself: a time, a signal, a change of an item.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    interfaces::{
        item_changes::ItemChanges,
        signals::Signals,
        tickets::{Awaited, Moment},
    },
    journal::{self, Performed, RunId, Wait},
};

/// A time, in milliseconds since 1970 UTC.
pub(super) struct Timer {
    pub(super) at: u64,
}

#[async_trait]
impl Awaited for Timer {
    async fn look(&self, moment: Moment) -> Performed<Value> {
        if moment.now >= self.at { Performed::answer(Ok(Value::Null)) } else { Performed::Waiting(Wait::Until(self.at)) }
    }

    async fn give_up(&self) -> Performed<()> {
        Performed::answer(Ok(()))
    }
}

/// The next signal of a name.
pub(super) struct Signal {
    pub(super) signals: Arc<dyn Signals>,
    pub(super) run: RunId,
    pub(super) name: String,
}

#[async_trait]
impl Awaited for Signal {
    async fn look(&self, moment: Moment) -> Performed<Value> {
        match self.signals.take(&self.run, &self.name, moment.seq).await {
            Ok(Some(signal)) if signal.name == self.name => Performed::answer(Ok(signal.value)),
            Ok(_) => Performed::Waiting(Wait::Any { of: vec![journal::Awaited::Signal(self.name.clone())], until: None }),
            Err(error) => error.into(),
        }
    }

    fn signal(&self) -> Option<&str> {
        Some(&self.name)
    }

    async fn give_up(&self) -> Performed<()> {
        Performed::answer(Ok(()))
    }
}

/// The next change of an item after `revision`.
pub(super) struct AwaitedChange {
    pub(super) items: Arc<dyn ItemChanges>,
    pub(super) project: String,
    pub(super) key: String,
    pub(super) revision: u64,
}

#[async_trait]
impl Awaited for AwaitedChange {
    async fn look(&self, _: Moment) -> Performed<Value> {
        match self.items.see(&self.project, &self.key).await {
            Ok(seen) if seen.revision == self.revision => {
                let awaited = journal::Awaited::Item { key: self.key.clone(), revision: self.revision };
                Performed::Waiting(Wait::Any { of: vec![awaited], until: None })
            }
            Ok(seen) => Performed::answer(Ok(json!({
                "key": self.key, "status": seen.status, "assignee": seen.assignee, "branch": seen.branch,
            }))),
            Err(error) => error.into(),
        }
    }

    async fn give_up(&self) -> Performed<()> {
        Performed::answer(Ok(()))
    }
}
