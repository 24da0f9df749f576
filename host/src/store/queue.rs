//! What waits for the writer, and the handle that puts it there. Applies nothing itself.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot};

use super::{
    StoreError,
    new_rows::{JournalRow, NewEvent},
};
use crate::journal::RunId;

/// Writes that may wait; whoever brings one more waits with it.
const CAPACITY: usize = 4096;

/// Rows of the tables that are written most, gathered with those of others into few statements.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) journal: Vec<JournalRow>,
    pub(super) events: Vec<Arc<NewEvent>>,
}

/// What a change works on: the writer's transaction.
pub(super) struct Step<'a> {
    pub(super) connection: &'a mut AnyConnection,
    /// Milliseconds since 1970 UTC.
    pub(super) now: u64,
    /// Written at the end of the transaction; told to listeners after it.
    pub(super) events: &'a mut Vec<Arc<NewEvent>>,
}

/// A write that looks before it writes. It may be applied more than once, each time after a rollback.
#[async_trait]
pub(super) trait Change: Send + Sync + 'static {
    type Outcome: Send + 'static;
    /// The run whose earlier writes must all be on the disk for this one to make sense.
    fn run(&self) -> Option<&RunId> {
        None
    }
    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError>;
}

/// A change together with whoever waits for its outcome.
#[async_trait]
pub(super) trait Pending: Send {
    fn run(&self) -> Option<&str>;
    async fn apply(&mut self, step: &mut Step<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, result: Result<(), StoreError>);
}

struct Awaited<C: Change> {
    change: C,
    outcome: Option<C::Outcome>,
    done: oneshot::Sender<Result<C::Outcome, StoreError>>,
}

#[async_trait]
impl<C: Change> Pending for Awaited<C> {
    fn run(&self) -> Option<&str> {
        self.change.run().map(RunId::as_str)
    }

    async fn apply(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        self.outcome = Some(self.change.apply(step).await?);
        Ok(())
    }

    fn answer(self: Box<Self>, result: Result<(), StoreError>) {
        let Self { outcome, done, .. } = *self;
        // Whoever asked may have gone.
        let _ = done.send(result.and_then(|()| outcome.ok_or(StoreError::Closed)));
    }
}

/// One write: all of it is kept, or nothing.
pub(super) enum Job {
    /// `done` is none when nobody waits.
    Rows {
        rows: Rows,
        done: Option<oneshot::Sender<Result<(), StoreError>>>,
    },
    Change(Box<dyn Pending>),
}

impl Job {
    /// The run it belongs to.
    pub(super) fn run(&self) -> Option<&str> {
        match self {
            Self::Rows { rows, .. } => rows.journal.first().map(JournalRow::run),
            Self::Change(change) => change.run(),
        }
    }

    /// Tells whoever waits. Returns false when nobody does.
    pub(super) fn answer(self, result: Result<(), StoreError>) -> bool {
        match self {
            Self::Rows { done: Some(done), .. } => {
                let _ = done.send(result);
                true
            }
            Self::Rows { done: None, .. } => false,
            Self::Change(change) => {
                change.answer(result);
                true
            }
        }
    }
}

/// What the writer is sent.
pub(super) enum Message {
    Write(Job),
    Close(oneshot::Sender<()>),
}

/// The way to the writer. Without one, nothing can be written.
#[derive(Clone)]
pub(super) struct Queue {
    sender: Option<mpsc::Sender<Message>>,
}

impl Queue {
    pub(super) fn new() -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self { sender: Some(sender) }, receiver)
    }

    /// A queue of a store that was opened for looking.
    pub(super) fn refusing() -> Self {
        Self { sender: None }
    }

    /// Returns once the rows are durable.
    pub(super) async fn write(&self, rows: Rows) -> Result<(), StoreError> {
        let (done, outcome) = oneshot::channel();
        self.send(Job::Rows { rows, done: Some(done) }).await?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns once the rows have their place in the order.
    pub(super) async fn enqueue(&self, rows: Rows) -> Result<(), StoreError> {
        self.send(Job::Rows { rows, done: None }).await
    }

    /// Returns once the change is durable.
    pub(super) async fn change<C: Change>(&self, change: C) -> Result<C::Outcome, StoreError> {
        let (done, outcome) = oneshot::channel();
        self.send(Job::Change(Box::new(Awaited { change, outcome: None, done }))).await?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns once everything that waits is durable and the writer has ended.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if let Some(sender) = &self.sender
            && sender.send(Message::Close(done)).await.is_ok()
        {
            // A writer that ended without an answer has ended all the same.
            let _ = closed.await;
        }
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        let sender = self.sender.as_ref().ok_or(StoreError::Looking)?;
        sender.send(Message::Write(job)).await.map_err(|_| StoreError::Closed)
    }
}
