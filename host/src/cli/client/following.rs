//! Follows a tree of runs on a server by its stream of events, which is opened again behind the last event wherever it ends. Shows
//! nothing.

use std::time::Duration;

use super::{
    Parameters, Remote,
    stream::{Heard, TreeStream},
};
use crate::operations::{
    Page, Problem, ProblemKind,
    events::Event,
    execution::{ReplyPiece, RunId, ServedTree, Snapshot, Step, Update},
    plugins::{Plugin, PluginList},
    runs::RunSummary,
    streams::{ControlFrame, FrameBody},
};

/// Events of a tree that was at work before that are looked at.
const PAST: u32 = 400;
/// How long a server may be away before it is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A tree of runs on a server that is followed.
pub(in crate::cli) struct ServedFeed<'a> {
    remote: &'a Remote,
    root: RunId,
    tree: ServedTree,
    with_replies: bool,
    stream: TreeStream<'a>,
}

impl<'a> ServedFeed<'a> {
    /// Begins to follow the tree under `root`: all of it where it was just started, else what happens from now on.
    pub(in crate::cli) async fn begin(remote: &'a Remote, root: &RunId, is_new: bool, with_replies: bool) -> Result<Self, Problem> {
        let runs: Page<RunSummary> = remote.list_all(&["runs", root.as_str(), "tree"], &Parameters::default()).await?;
        let top = runs.items.first().ok_or_else(|| super::answer::not_baton(remote.name()))?;
        let plugins: PluginList = super::plugins::list_there(remote).await?;
        let plugins: Vec<Plugin> = plugins.items;
        let mut tree = ServedTree::new(top, &plugins);
        let events = ["runs", root.as_str(), "events"];
        if is_new {
            // That it was created is known.
            let first = Parameters::default().with("order", Some("oldest"));
            let first: Page<Event> = remote.list(&events, &first, None, 1).await?;
            first.items.into_iter().for_each(|event| drop(tree.take(event)));
        } else {
            runs.items.iter().for_each(|run| tree.include(run));
            let past: Page<Event> = remote.list(&events, &Parameters::default(), None, PAST).await?;
            past.items.into_iter().rev().for_each(|event| drop(tree.take(event)));
        }
        tree.begin();
        Ok(Self { remote, root: root.clone(), tree, with_replies, stream: TreeStream::new(remote, root, with_replies) })
    }

    /// Waits for what happens next. Can be dropped at any point and misses nothing.
    pub(in crate::cli) async fn next(&mut self) -> Result<Update, Problem> {
        loop {
            match self.stream.next(Some(self.tree.cursor())).await {
                Heard::Frame(FrameBody::Event(frame)) => return Ok(Update::Steps(self.tree.take(frame.event))),
                Heard::Frame(FrameBody::Control(frame)) => match piece_of(frame) {
                    Some(piece) if self.tree.includes(&piece.run) => return Ok(Update::Reply(piece)),
                    _ => {}
                },
                Heard::Interrupted if self.with_replies => return Ok(Update::MissedReplies),
                Heard::Interrupted => {}
                Heard::Failed(problem) if passes(&problem) && self.stream.silence() <= PATIENCE => {}
                Heard::Failed(problem) => return Err(problem),
            }
        }
    }

    /// What happened since the last look.
    pub(in crate::cli) async fn catch_up(&mut self) -> Result<Vec<Step>, Problem> {
        let parameters = Parameters::default().with("order", Some("oldest"));
        let cursor = self.tree.cursor().to_string();
        let missed: Page<Event> = self.remote.list(&["runs", self.root.as_str(), "events"], &parameters, Some(&cursor), u32::MAX).await?;
        Ok(missed.items.into_iter().flat_map(|event| self.tree.take(event)).collect())
    }

    /// Who is at work on what.
    pub(in crate::cli) fn snapshot(&self) -> Snapshot {
        self.tree.snapshot()
    }
}

/// What models write in a tree that another process of this machine executes. Its events are in the log.
pub(in crate::cli) struct ServedReplies<'a> {
    /// None once the host does not give them.
    stream: Option<TreeStream<'a>>,
}

impl<'a> ServedReplies<'a> {
    pub(in crate::cli) fn of(remote: &'a Remote, root: &RunId) -> Self {
        Self { stream: Some(TreeStream::of_replies(remote, root)) }
    }

    /// Waits for what is written next; for ever where there is nothing to wait for. Can be dropped at any point.
    pub(in crate::cli) async fn next(&mut self) -> Update {
        while let Some(stream) = &mut self.stream {
            match stream.next(None).await {
                Heard::Frame(FrameBody::Control(frame)) => {
                    if let Some(piece) = piece_of(frame) {
                        return Update::Reply(piece);
                    }
                }
                Heard::Interrupted => return Update::MissedReplies,
                // The host may be started again, and other streams may end.
                Heard::Failed(problem) if passes(&problem) => {}
                Heard::Failed(_) => self.stream = None,
                Heard::Frame(FrameBody::Event(_)) => {}
            }
        }
        std::future::pending().await
    }
}

fn piece_of(frame: ControlFrame) -> Option<ReplyPiece> {
    let ControlFrame::Token { run, call, text, done, .. } = frame else { return None };
    Some(ReplyPiece { call: format!("{run}:{call}"), run, text: (!done).then_some(text) })
}

/// Whether a stream that was not opened may be opened later.
fn passes(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Exhausted | ProblemKind::Internal)
}
