//! The stream of a tree of runs on a served host, opened again wherever it ends. Knows nothing of what its frames mean.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use reqwest::{Response, StatusCode};
use tokio::time::{sleep_until, timeout, timeout_at};
use uuid::Uuid;

use super::{Parameters, Remote, frames::Frames};
use crate::operations::{
    Problem,
    execution::RunId,
    streams::{ControlFrame, FrameBody},
};

/// How long is waited between two tries to open it.
const PAUSE: Duration = Duration::from_secs(1);
/// A stream on which nothing comes for so long is dead: heartbeats come more often.
const SILENCE: Duration = Duration::from_secs(45);

/// The stream of a tree.
pub(super) struct TreeStream<'a> {
    remote: &'a Remote,
    root: RunId,
    /// Of which events are sent; of all where none is named.
    category: Option<&'static str>,
    with_replies: bool,
    /// Tells it from others of the same user.
    name: String,
    state: State<'a>,
    heard: Instant,
    /// When it may be opened again.
    not_before: Instant,
}

/// How far it is.
enum State<'a> {
    Closed,
    Opening(Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send + 'a>>),
    Open(Box<(Response, Frames)>),
}

/// What comes of it.
pub(super) enum Heard {
    Frame(FrameBody),
    /// It ended, was cut off or was silent; it is opened again.
    Interrupted,
    /// It could not be opened, and is opened again.
    Failed(Problem),
}

impl<'a> TreeStream<'a> {
    pub(super) fn new(remote: &'a Remote, root: &RunId, with_replies: bool) -> Self {
        let now = Instant::now();
        let (name, root) = (Uuid::now_v7().to_string(), root.clone());
        Self { remote, root, category: None, with_replies, name, state: State::Closed, heard: now, not_before: now }
    }

    /// One of what models write, with as few events as possible.
    pub(super) fn of_replies(remote: &'a Remote, root: &RunId) -> Self {
        Self { category: Some("llm"), ..Self::new(remote, root, true) }
    }

    /// Waits for what comes next, behind this cursor where it has to be opened. Can be dropped at any point and misses nothing.
    pub(super) async fn next(&mut self, after: Option<i64>) -> Heard {
        loop {
            let (response, frames) = match &mut self.state {
                State::Closed => {
                    self.state = State::Opening(Box::pin(self.open(after)));
                    continue;
                }
                State::Opening(opening) => {
                    match opening.await {
                        Ok(response) => (self.state, self.heard) = (State::Open(Box::new((response, Frames::default()))), Instant::now()),
                        Err(problem) => {
                            self.close();
                            return Heard::Failed(problem);
                        }
                    }
                    continue;
                }
                State::Open(open) => (&mut open.0, &mut open.1),
            };
            if let Some(message) = frames.next() {
                match serde_json::from_slice(&message) {
                    Ok(FrameBody::Control(ControlFrame::Closed { .. })) => self.close(),
                    Ok(frame) => return Heard::Frame(frame),
                    // A later version may send more.
                    Err(_) => continue,
                }
                return Heard::Interrupted;
            }
            match timeout_at((self.heard + SILENCE).into(), response.chunk()).await {
                Ok(Ok(Some(chunk))) if frames.push(&chunk) => self.heard = Instant::now(),
                _ => {
                    self.close();
                    return Heard::Interrupted;
                }
            }
        }
    }

    /// It is opened again after a pause.
    fn close(&mut self) {
        self.state = State::Closed;
        self.not_before = Instant::now() + PAUSE;
    }

    /// How long nothing came of it.
    pub(super) fn silence(&self) -> Duration {
        self.heard.elapsed()
    }

    fn open(&self, after: Option<i64>) -> impl Future<Output = Result<Response, Problem>> + Send + 'a {
        let (remote, not_before) = (self.remote, self.not_before);
        let parameters = Parameters::default()
            .with("run", Some(&self.root))
            .with("after", after)
            .with("client", Some(&self.name))
            .with("tokens", self.with_replies.then_some(true))
            .with("category", self.category);
        async move {
            sleep_until(not_before.into()).await;
            let opening = remote.open(&["events", "stream"], parameters);
            let response = timeout(SILENCE, opening).await.map_err(|_| remote.silent())??;
            if response.status() == StatusCode::OK { Ok(response) } else { Err(remote.read_problem(response).await) }
        }
    }
}
