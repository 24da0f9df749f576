//! A host that serves: it executes every run and publishes what changes in the plugin folder, while others follow its log. Prints
//! nothing.

use std::{future, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior, interval},
};
use utoipa::ToSchema;

use super::drive::{Stop, stop};
use crate::{
    events::{self, path_text},
    journal::{Halt, RunId},
    kernel::{Drive, KernelError},
    operations::{
        Host, Problem,
        events::{Event, ListEvents, ProjectsOfRuns, list_with},
        questions::Question,
        runs::RunSummary,
        serving::Listening,
    },
};

/// How often the log is read where nothing says that it has grown: other processes start runs here, and what they do is in the
/// log alone.
const LOOK: Duration = Duration::from_millis(250);
/// Events read from the log at once.
const PAGE: u32 = 500;
/// Runs whose projects are kept, so that a host that serves for long does not grow.
const MOST_KNOWN: usize = 10_000;

/// What a host that serves says once it is ready, and of what it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Announcement {
    /// It is ready.
    Ready {
        /// The data directory.
        data_dir: String,
        /// How many plugins there are.
        plugins: u64,
        /// Where other programs reach it, unless it serves no API.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api: Option<Listening>,
    },
    /// A run of an earlier host that has not ended.
    Run {
        /// Which.
        run: Box<RunSummary>,
    },
    /// A question that waits for an answer.
    Question {
        /// Which.
        question: Box<Question>,
    },
}

/// The execution of all runs by this host, for as long as it serves.
pub struct Service<'a> {
    host: &'a Host,
    halt: Halt,
}

impl<'a> Service<'a> {
    /// A host that serves.
    pub fn new(host: &'a Host) -> Self {
        Self { host, halt: Halt::default() }
    }

    /// What says that it is ready.
    pub fn ready(&self, api: Option<Listening>) -> Announcement {
        Announcement::Ready { data_dir: path_text(&self.host.config().data_dir), plugins: self.host.plugins(), api }
    }

    /// Executes every run and publishes what changes in the plugin folder, until it is stopped.
    pub async fn run(&self) -> Result<(), Problem> {
        let all = Drive::default();
        let driving = self.host.app.kernel.drive(&all, &self.halt);
        let watching = self.host.app.watch_folder();
        tokio::pin!(driving, watching);
        loop {
            tokio::select! {
                driven = &mut driving => return Ok(driven?),
                watched = &mut watching => watched?,
            }
        }
    }

    /// Stops after the calls in flight, at the request of a person.
    pub fn stop(&self) -> Stop {
        stop(self.host, &self.halt)
    }
}

/// The log of events as it grows, whichever process writes it.
pub struct EventStream<'a> {
    host: &'a Host,
    cursor: String,
    projects: ProjectsOfRuns,
    events: Receiver<events::Event>,
    look: Interval,
}

impl<'a> EventStream<'a> {
    /// The events from now on.
    pub async fn begin(host: &'a Host) -> Result<Self, Problem> {
        let events = host.app.kernel.events().listen();
        let newest = host.app.kernel.events().newest().await.map_err(KernelError::from)?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { host, cursor: newest.to_string(), projects: ProjectsOfRuns::new(), events, look })
    }

    /// The next events, at least one. Can be dropped at any point and misses nothing.
    pub async fn next(&mut self) -> Result<Vec<Event>, Problem> {
        loop {
            let events = self.read().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            tokio::select! {
                event = self.events.recv() => if matches!(event, Err(RecvError::Closed)) {
                    return future::pending().await;
                },
                _ = self.look.tick() => {}
            }
        }
    }

    /// The events since the last look, perhaps none.
    pub async fn read(&mut self) -> Result<Vec<Event>, Problem> {
        let request = ListEvents { cursor: Some(self.cursor.clone()), limit: PAGE, ..ListEvents::default() };
        if self.projects.len() > MOST_KNOWN {
            self.projects.clear();
        }
        let page = list_with(self.host, &request, &mut self.projects).await?;
        self.cursor = page.next.unwrap_or_else(|| self.cursor.clone());
        Ok(page.items)
    }
}

/// What a run is called, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunName {
    /// Its plugin.
    pub plugin: String,
    /// The run at the top of its tree.
    pub root: RunId,
}

/// What a run is called; none where it does not exist.
pub async fn name_run(host: &Host, run: &RunId) -> Result<Option<RunName>, Problem> {
    let found = host.app.kernel.runs().find(run).await.map_err(KernelError::from)?;
    Ok(found.map(|run| RunName { plugin: run.plugin, root: run.root }))
}
