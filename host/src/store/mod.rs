//! All that outlives the process, and the only SQL: one database file, one writer, a few readers, and large texts
//! beside it. Implements the ports of the journal, the events, the runs, the grants, the sources and versions of
//! plugins, the forms of tools, the documents, the projects, the backlog, the signals, the accounts and
//! what runs publish; decides nothing.

mod accounts;
mod approvals;
mod artifacts;
mod autopilots;
mod backlog;
mod backup;
mod bindings;
mod blobs;
mod database;
mod documents;
mod environments;
mod error;
mod events;
mod grants;
mod journal;
mod kept_answers;
mod lease;
mod ledger;
mod links;
mod memory;
mod new_files;
mod new_rows;
mod number;
mod plugins;
mod projects;
mod published;
mod pull_requests;
mod questions;
mod queue;
mod report;
mod rows;
mod runs;
mod signals;
mod sources;
#[cfg(test)]
mod tests;
mod tool_forms;
mod waiting;
mod worktrees;
mod writer;

use std::{path::Path, sync::Arc};

use sqlx::{AnyConnection, AnyPool};
use tokio::sync::broadcast;

pub use error::StoreError;
pub use lease::Lease;
pub use links::refuse_links;

use crate::{events::Event, journal::Clock};
use blobs::Blobs;
use queue::Queue;
use writer::Writer;

/// Events that a listener may be behind before it is told that it missed some.
const LISTENER_LAG: usize = 4096;

/// One data directory. Reads never wait for writes. Clones share everything; the writer ends with the last of them.
#[derive(Clone)]
pub struct Store {
    reads: AnyPool,
    queue: Queue,
    blobs: Arc<Blobs>,
    listeners: broadcast::Sender<Event>,
}

impl Store {
    /// Opens the data directory, creating it and bringing its database up to date. The caller holds the lease.
    /// `clock` dates the rows.
    pub async fn open(data: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Self::over(database::open_for_writing(data, &*clock).await?, data, clock).await
    }

    /// Opens a data directory that is there for a change of few rows, beside the host that holds its lease. Refuses a
    /// database of another version, for a migration would break that host.
    pub async fn open_beside(data: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Self::over(database::open_beside(data).await?, data, clock).await
    }

    /// Opens a data directory that is there for looking only, also while another process writes in it.
    /// Every write is refused.
    pub async fn open_read_only(data: &Path) -> Result<Self, StoreError> {
        Ok(Self::looking(database::open_for_reading(data).await?, Blobs::look(data)?))
    }

    /// A store in which there is nothing, and which keeps nothing: what is seen of a data directory nobody has used yet.
    pub async fn empty() -> Result<Self, StoreError> {
        Ok(Self::looking(database::open_nothing().await?, Blobs::none()))
    }

    async fn over(connection: AnyConnection, data: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let reads = database::open_for_reading(data).await?;
        let listeners = broadcast::Sender::new(LISTENER_LAG);
        let writer = Writer::new(connection, clock, listeners.clone()).await?;
        let (queue, receiver) = Queue::new();
        tokio::spawn(writer.work(receiver));
        Ok(Self { reads, queue, blobs: Arc::new(Blobs::open(data)?), listeners })
    }

    fn looking(reads: AnyPool, blobs: Blobs) -> Self {
        Self { reads, queue: Queue::refusing(), blobs: Arc::new(blobs), listeners: broadcast::Sender::new(1) }
    }

    /// Writes what still waits and closes the files. Without it nothing durable is lost, but the next opening takes longer.
    pub async fn close(&self) {
        self.reads.close().await;
        self.queue.close().await;
    }
}
