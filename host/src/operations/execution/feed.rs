//! Follows a tree of runs: its steps, its snapshot and what models are writing, from the log and as it happens. Executes nothing.

use std::{collections::BTreeMap, future};

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    fold::Progress,
    progress::{ReplyPiece, Snapshot, Step},
};
use crate::{
    events::Event,
    interfaces::llm::{Piece, ReplyProgress},
    journal::RunId,
    kernel::{Kernel, KernelError, run::Summary},
    operations::{Host, Problem},
};

/// Events read from the log at once.
const PAGE: u32 = 500;
/// Characters of the longest title of a plugin.
const LONGEST_TITLE: usize = 40;

/// What a follower of a tree receives.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// What happened; empty where an event changed the snapshot alone.
    Steps(Vec<Step>),
    /// What a model is writing.
    Reply(ReplyPiece),
    /// Pieces of replies were missed, and some may be complete.
    MissedReplies,
}

/// A tree of runs that is followed.
pub struct Feed<'a> {
    kernel: &'a Kernel,
    events: Receiver<Event>,
    /// Events were missed and have to be read from the log.
    is_behind: bool,
    /// What models are writing. None where nothing shows it.
    pieces: Option<Receiver<Piece>>,
    progress: Progress,
}

impl<'a> Feed<'a> {
    /// Begins to follow the tree under `root`. What happened in it before is part of the snapshot and gives no steps.
    pub async fn begin(host: &'a Host, root: &RunId, with_replies: bool) -> Result<Self, Problem> {
        let kernel = host.app.kernel.as_ref();
        let events = kernel.events().listen();
        let root = Summary::from(kernel.run(root).await?);
        let mut progress = Progress::new(&root, titles(kernel));
        let runs = kernel.tree_summaries(&root.id).await?;
        runs.iter().for_each(|run| progress.include(run));
        let mut past = Vec::new();
        for run in runs.iter().filter(|run| run.id == root.id || !run.state.is_final()) {
            past.extend(kernel.events_of(&run.id, Some).await?);
        }
        past.sort_by_key(|event| event.cursor);
        for event in &past {
            progress.take(event);
        }
        progress.begin_execution();
        let pieces = with_replies.then(|| host.app.watchers.watch());
        Ok(Self { kernel, events, is_behind: false, pieces, progress })
    }

    /// Waits for what happens next. Can be dropped at any point and misses nothing.
    pub async fn next(&mut self) -> Result<Update, Problem> {
        loop {
            if self.is_behind {
                let steps = self.catch_up().await?;
                self.is_behind = false;
                return Ok(Update::Steps(steps));
            }
            tokio::select! {
                event = self.events.recv() => match event {
                    Ok(event) => return Ok(Update::Steps(self.progress.take(&event))),
                    Err(RecvError::Lagged(_)) => self.is_behind = true,
                    Err(RecvError::Closed) => future::pending().await,
                },
                piece = receive(&mut self.pieces) => match piece {
                    None => return Ok(Update::MissedReplies),
                    Some(piece) if self.progress.includes(&piece.run) => return Ok(Update::Reply(piece)),
                    Some(_) => {}
                },
            }
        }
    }

    /// What happened since the last look, from the log.
    pub async fn catch_up(&mut self) -> Result<Vec<Step>, Problem> {
        let mut steps = Vec::new();
        loop {
            let events = self.kernel.events().after(self.progress.cursor(), None, PAGE).await.map_err(KernelError::from)?;
            events.iter().for_each(|event| steps.extend(self.progress.take(event)));
            if events.len() < PAGE as usize {
                return Ok(steps);
            }
        }
    }

    /// Who is at work on what.
    pub fn snapshot(&self) -> Snapshot {
        self.progress.snapshot()
    }
}

/// Who is at work on what under a run, by its id or any beginning or end of one.
pub async fn load_snapshot(host: &Host, part: &str) -> Result<Snapshot, Problem> {
    let root = host.app.kernel.resolve(part).await?.id;
    Ok(Feed::begin(host, &root, false).await?.snapshot())
}

/// The next piece; none where some were missed.
async fn receive(pieces: &mut Option<Receiver<Piece>>) -> Option<ReplyPiece> {
    let Some(pieces) = pieces else { return future::pending().await };
    match pieces.recv().await {
        Ok(Piece { run, call, said, .. }) => {
            let text = match said {
                ReplyProgress::Text(text) => Some(text),
                ReplyProgress::Over => None,
            };
            Some(ReplyPiece { run: RunId::from_text(&run), call, text })
        }
        Err(RecvError::Lagged(_)) => None,
        Err(RecvError::Closed) => future::pending().await,
    }
}

/// What people call the plugins: `Mary, business analyst` of `Mary, business analyst: finds out what …`.
fn titles(kernel: &Kernel) -> BTreeMap<String, String> {
    let plugins = kernel.registry().all();
    let titled = plugins.values().filter_map(|plugin| Some((plugin.name().to_owned(), title_of(&plugin.package.manifest.description)?)));
    titled.collect()
}

/// What people call a plugin with this description.
pub(super) fn title_of(description: &str) -> Option<String> {
    let (title, _) = description.split_once(':')?;
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    (1..=LONGEST_TITLE).contains(&title.chars().count()).then_some(title)
}
