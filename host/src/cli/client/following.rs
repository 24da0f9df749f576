//! Follows a tree of runs on a server by its stream of events, which is opened again behind the last event wherever it ends. Shows
//! nothing.

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use uuid::Uuid;

use super::{
    Parameters, Remote,
    frames::{Frames, Message},
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
/// How long a server may be away before it is given up, and how long is waited between two tries.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_secs(1);
/// A stream on which nothing comes for so long is dead: heartbeats come more often.
const SILENCE: Duration = Duration::from_secs(45);

/// A tree of runs on a server that is followed.
pub(in crate::cli) struct ServedFeed<'a> {
    remote: &'a Remote,
    root: RunId,
    tree: ServedTree,
    with_replies: bool,
    /// Tells this stream from others of the same user.
    name: String,
    stream: Option<(Response, Frames)>,
    /// When something was heard last.
    heard: Instant,
    /// When the stream may be opened again.
    not_before: Instant,
    /// Whether a part of a reply was perhaps missed.
    missed_replies: bool,
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
        let (name, heard) = (Uuid::now_v7().to_string(), Instant::now());
        Ok(Self { remote, root: root.clone(), tree, with_replies, name, stream: None, heard, not_before: heard, missed_replies: false })
    }

    /// Waits for what happens next. Can be dropped at any point and misses nothing.
    pub(in crate::cli) async fn next(&mut self) -> Result<Update, Problem> {
        loop {
            if std::mem::take(&mut self.missed_replies) {
                return Ok(Update::MissedReplies);
            }
            let Some((response, frames)) = &mut self.stream else {
                self.open().await?;
                continue;
            };
            if let Some(message) = frames.next() {
                if let Some(update) = self.take(message) {
                    return Ok(update);
                }
                continue;
            }
            let deadline = tokio::time::Instant::from_std(self.heard + SILENCE);
            match tokio::time::timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) if frames.push(&chunk) => self.heard = Instant::now(),
                // It ended, was cut off, is silent, or sends what is no frame.
                _ => {
                    (self.stream, self.missed_replies) = (None, self.with_replies);
                    self.not_before = Instant::now() + PAUSE;
                }
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

    /// Opens the stream, or says when that is to be tried again.
    async fn open(&mut self) -> Result<(), Problem> {
        tokio::time::sleep_until(self.not_before.into()).await;
        let parameters = Parameters::default()
            .with("run", Some(&self.root))
            .with("after", Some(self.tree.cursor()))
            .with("client", Some(&self.name))
            .with("tokens", self.with_replies.then_some(true));
        let problem = match self.remote.open(&["events", "stream"], parameters).await {
            Ok(response) if response.status() == StatusCode::OK => {
                self.stream = Some((response, Frames::default()));
                self.heard = Instant::now();
                return Ok(());
            }
            Ok(response) => self.remote.read_problem(response).await,
            Err(problem) => problem,
        };
        let passes = matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Exhausted | ProblemKind::Internal);
        if !passes || self.heard.elapsed() > PATIENCE {
            return Err(problem);
        }
        self.not_before = Instant::now() + PAUSE;
        Ok(())
    }

    fn take(&mut self, message: Message) -> Option<Update> {
        let Ok(frame) = serde_json::from_slice(&message) else { return None };
        match frame {
            FrameBody::Event(frame) => Some(Update::Steps(self.tree.take(frame.event))),
            FrameBody::Control(ControlFrame::Token { run, call, text, done, .. }) => {
                let text = (!done).then_some(text);
                self.tree.includes(&run).then(|| Update::Reply(ReplyPiece { call: format!("{run}:{call}"), run, text }))
            }
            FrameBody::Control(ControlFrame::Closed { .. }) => {
                self.stream = None;
                self.not_before = Instant::now() + PAUSE;
                None
            }
            FrameBody::Control(_) => None,
        }
    }
}
