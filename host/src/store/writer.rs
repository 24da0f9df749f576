//! The one task that writes: takes what waits, applies all of it in one transaction, commits once, answers all.
//! Knows no port; what fails alone is refused alone.

use std::{collections::HashMap, sync::Arc};

use sqlx::{AnyConnection, Connection, Executor};
use tokio::sync::{broadcast, mpsc};

use super::{
    StoreError,
    events::{self, EventInsert, NewEvent},
    journal::{self, JournalInsert, JournalRow},
    queue::{Job, Message, Step},
    rows::MultiRow,
};
use crate::{events::Event, journal::Clock};

/// Writes that share a transaction at most.
const BATCH: usize = 512;
/// How often a transaction is tried while another process writes events too.
const TRIES: usize = 64;

pub(super) struct Writer {
    connection: AnyConnection,
    clock: Arc<dyn Clock>,
    listeners: broadcast::Sender<Event>,
    /// The cursor of the next event.
    cursor: i64,
    journal: JournalInsert,
    events: EventInsert,
    /// Runs of which a write failed that nobody waited for. The next who waits for a write of that run is told.
    lost: HashMap<String, StoreError>,
}

impl Writer {
    pub(super) async fn new(
        mut connection: AnyConnection,
        clock: Arc<dyn Clock>,
        listeners: broadcast::Sender<Event>,
    ) -> Result<Self, StoreError> {
        let cursor = events::last_cursor(&mut connection).await? + 1;
        let (journal, events) = (JournalInsert::new(), EventInsert::new());
        Ok(Self { connection, clock, listeners, cursor, journal, events, lost: HashMap::new() })
    }

    /// Works until the queue is closed and empty.
    pub(super) async fn work(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut messages = Vec::with_capacity(BATCH);
        let mut closing = Vec::new();
        while queue.recv_many(&mut messages, BATCH).await > 0 {
            let mut jobs = Vec::with_capacity(messages.len());
            for message in messages.drain(..) {
                match message {
                    Message::Write(job) => jobs.push(job),
                    Message::Close(done) => {
                        queue.close();
                        closing.push(done);
                    }
                }
            }
            self.settle(jobs).await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "The database was not closed in order; it will put itself in order when it is opened again.");
        }
        for done in closing {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }

    /// Applies all jobs together; if that fails of one of them, each for itself.
    async fn settle(&mut self, jobs: Vec<Job>) {
        let mut jobs = self.without_lost(jobs);
        match self.attempt(&mut jobs).await {
            Ok(()) => {
                for job in jobs {
                    job.answer(Ok(()));
                }
            }
            Err(error) if error.is_of_the_store() || jobs.len() == 1 => jobs.into_iter().for_each(|job| self.refuse(job, &error)),
            Err(_) => {
                for job in jobs {
                    Box::pin(self.settle(vec![job])).await;
                }
            }
        }
    }

    /// Refuses the jobs that come after a lost write of their run: a journal must not go on behind a gap.
    fn without_lost(&mut self, jobs: Vec<Job>) -> Vec<Job> {
        if self.lost.is_empty() {
            return jobs;
        }
        let mut rest = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job.run().and_then(|run| self.lost.remove(run)) {
                Some(error) => self.refuse(job, &error),
                None => rest.push(job),
            }
        }
        rest
    }

    fn refuse(&mut self, job: Job, error: &StoreError) {
        let run = job.run().map(str::to_owned);
        let told = job.answer(Err(error.clone()));
        match run {
            Some(run) if told => drop(self.lost.remove(&run)),
            Some(run) => drop(self.lost.insert(run, error.clone())),
            None => {}
        }
    }

    /// One transaction, tried again as often as another process took the cursors in the meantime.
    async fn attempt(&mut self, jobs: &mut [Job]) -> Result<(), StoreError> {
        let mut tried = 1;
        loop {
            let Err(error) = self.commit(jobs).await else { return Ok(()) };
            // The database may have rolled back by itself, and then says that there is nothing to roll back.
            let _ = self.connection.execute("rollback").await;
            match events::last_cursor(&mut self.connection).await {
                Ok(last) if last >= self.cursor && tried < TRIES => self.cursor = last + 1,
                _ => return Err(error),
            }
            tried += 1;
        }
    }

    async fn commit(&mut self, jobs: &mut [Job]) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let alone = is_one_statement(jobs);
        if !alone {
            // Taking the lock with the first write instead could fail in the middle.
            self.connection.execute("begin immediate").await?;
        }
        let mut rows = Vec::new();
        let mut events = Vec::new();
        for job in jobs.iter_mut() {
            match job {
                Job::Rows { rows: more, .. } => {
                    rows.extend(more.journal.iter());
                    events.extend(more.events.iter().cloned());
                }
                Job::Change(change) => {
                    self.journal.write(&mut self.connection, &mut rows).await?;
                    change.apply(&mut Step { connection: &mut self.connection, now, events: &mut events }).await?;
                }
            }
        }
        self.journal.write(&mut self.connection, &mut rows).await?;
        self.events.write(&mut self.connection, self.cursor, now, &events).await?;
        if !alone {
            self.connection.execute("commit").await?;
        }
        self.publish(now, &events);
        Ok(())
    }

    fn publish(&mut self, now: u64, events: &[Arc<NewEvent>]) {
        for event in events {
            if self.listeners.receiver_count() > 0 {
                // The last listener may have gone since.
                let _ = self.listeners.send(Event { cursor: self.cursor, at: now, draft: event.draft.clone() });
            }
            self.cursor += 1;
        }
    }
}

/// A single statement is its own transaction, which saves two ways to the database.
fn is_one_statement(jobs: &[Job]) -> bool {
    let mut rows: Vec<&JournalRow> = Vec::new();
    for job in jobs {
        match job {
            Job::Rows { rows: more, .. } if more.events.is_empty() => rows.extend(more.journal.iter()),
            _ => return false,
        }
    }
    journal::keep_latest(&mut rows);
    MultiRow::is_one_piece(rows.len())
}
