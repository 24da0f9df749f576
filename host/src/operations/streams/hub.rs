//! The one reader of the log: sends each event, once it is committed, to the streams that it belongs to. Waits for none of them:
//! a stream whose queue is full is closed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc, watch,
    },
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, interval_at},
};

use super::{
    about::{About, KnownRuns},
    filter::{Filter, FollowEvents},
    frame::{CloseReason, ControlFrame, EventFrame, Frame, FrameBody},
    replies::{Replies, ReplySoFar},
    subscription::Subscription,
    types::name_type,
};
use crate::{
    accounts::{
        SignIn,
        events::{LoggedIn, LoginFailed},
    },
    events::{self, Category, Payload as _},
    interfaces::llm::Piece,
    journal::RunId,
    kernel::KernelError,
    operations::{
        ActorKind, Host, Moment, Problem, ProblemKind, ProblemSource,
        access::{Caller, Permission, Subject},
        accounts::authenticate_again,
        events::{Event, level},
    },
};

/// How often a stream says that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often the log is read where nothing says that it has grown: other processes write to it as well.
const LOOK: Duration = Duration::from_millis(250);
/// Events read from the log at once.
const PAGE: u32 = 500;
/// How often it is looked whether the callers of streams may still read: sessions and tokens expire without an event.
const RECHECK: Duration = Duration::from_secs(60);
/// Frames that wait for a stream before it is closed as too slow.
pub(super) const QUEUE: usize = 1_024;
/// Characters of the longest name of a client.
const LONGEST_CLIENT: usize = 100;

/// The reader of the log of a host, and its streams.
pub struct EventHub {
    pub(super) shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the reader and all streams work with.
pub(super) struct Shared {
    pub(super) host: Arc<Host>,
    runs: KnownRuns,
    state: Mutex<State>,
}

pub(super) struct State {
    /// The last event that was sent to the streams.
    pub(super) position: i64,
    streams: HashMap<u64, Entry>,
    next: u64,
    replies: Replies,
    is_closed: bool,
}

/// A stream, as the reader knows it.
struct Entry {
    /// Who opened it, as they were then.
    caller: Caller,
    client: Option<String>,
    filter: Arc<Filter>,
    /// None until the stream has caught up with the log.
    queue: Option<mpsc::Sender<Arc<Frame>>>,
    end: watch::Sender<Option<CloseReason>>,
}

/// Whose streams are counted together.
type Owner<'a> = (ActorKind, &'a str);

fn owner_of(caller: &Caller) -> Owner<'_> {
    (caller.actor.kind, &caller.actor.id)
}

impl EventHub {
    /// Begins to read the log.
    pub async fn start(host: Arc<Host>) -> Result<Self, Problem> {
        let (events, pieces) = (host.app.kernel.events().listen(), host.app.watchers.watch());
        let position = host.app.kernel.events().newest().await.map_err(KernelError::from)?;
        let state = State { position, streams: HashMap::new(), next: 0, replies: Replies::default(), is_closed: false };
        let shared = Arc::new(Shared { host, runs: KnownRuns::default(), state: Mutex::new(state) });
        let task = tokio::spawn(read_log(Arc::clone(&shared), events, pieces));
        Ok(Self { shared, task })
    }

    /// Opens a stream for a caller, who may have at most `most` at once. It says every `heartbeat` that it lives.
    pub async fn follow(&self, caller: &Caller, request: &FollowEvents, most: u32, heartbeat: Duration) -> Result<Subscription, Problem> {
        check_client(request.client.as_deref())?;
        let filter = Arc::new(Filter::find(&self.shared.host, caller, request).await?);
        let begin = match request.after {
            Some(after) => Some(self.find_beginning(after).await?),
            None => None,
        };
        let (id, ended) = self.shared.add(caller, request.client.clone(), Arc::clone(&filter), most)?;
        Ok(Subscription::begin(Arc::clone(&self.shared), id, filter, ended, begin, heartbeat))
    }

    /// Where a stream behind `after` begins: there, or before the oldest event that is kept.
    async fn find_beginning(&self, after: i64) -> Result<(i64, i64), Problem> {
        let log = self.shared.host.app.kernel.events();
        let newest = log.newest().await.map_err(KernelError::from)?;
        if !(0..=newest).contains(&after) {
            let message = format!("The cursor {after} is not that of an event of this host, whose newest event has {newest}.");
            let problem = Problem::new(ProblemKind::Invalid, "cursor_invalid", message, ProblemSource::Client).of_field("after");
            return Err(problem.advise("Read the present state again, and follow from now on: without a cursor."));
        }
        let oldest = log.oldest().await.map_err(KernelError::from)?;
        Ok((after, after.max(oldest - 1)))
    }

    /// What models are writing for a run and those below it, as far as the caller may read it.
    pub async fn list_replies(&self, caller: &Caller, run: &str) -> Result<Vec<ReplySoFar>, Problem> {
        caller.check(&self.shared.host, Permission::Read, Subject::Run(run)).await?;
        let run = RunId::from_text(run);
        let is_of_run = |about: &About| about.run.as_ref().is_some_and(|facts| facts.line.contains(&run));
        Ok(self.shared.lock().replies.select(is_of_run).into_iter().map(|(reply, _)| reply).collect())
    }

    /// Closes all streams, and opens no more.
    pub fn close(&self) {
        self.task.abort();
        let mut state = self.shared.lock();
        state.is_closed = true;
        state.streams.values().for_each(|entry| entry.close(CloseReason::Shutdown));
    }

    /// How many streams are open.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.shared.lock().streams.len()
    }
}

impl Drop for EventHub {
    fn drop(&mut self) {
        self.close();
    }
}

impl Entry {
    /// The first reason counts.
    fn close(&self, reason: CloseReason) {
        self.end.send_if_modified(|end| {
            let is_first = end.is_none();
            *end = end.or(Some(reason));
            is_first
        });
    }

    fn has_reason(&self, reason: CloseReason) -> bool {
        *self.end.borrow() == Some(reason)
    }
}

fn check_client(client: Option<&str>) -> Result<(), Problem> {
    match client {
        Some(name) if name.is_empty() || name.chars().count() > LONGEST_CLIENT => {
            Err(Problem::invalid("client_invalid", "client", format!("`client` has to have 1 to {LONGEST_CLIENT} characters.")))
        }
        _ => Ok(()),
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a stream, in the place of the one that the same client had.
    fn add(
        &self,
        caller: &Caller,
        client: Option<String>,
        filter: Arc<Filter>,
        most: u32,
    ) -> Result<(u64, watch::Receiver<Option<CloseReason>>), Problem> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Problem::new(ProblemKind::Unavailable, "shutdown", "The host stops.", ProblemSource::Host));
        }
        let of_owner = || state.streams.values().filter(|entry| owner_of(&entry.caller) == owner_of(caller));
        if client.is_some() {
            of_owner().filter(|entry| entry.client == client).for_each(|entry| entry.close(CloseReason::Replaced));
        }
        if of_owner().filter(|entry| !entry.has_reason(CloseReason::Replaced)).count() >= most as usize {
            let message = format!("You have {most} streams open, and may not have more at once.");
            let problem = Problem::new(ProblemKind::Exhausted, "streams_exhausted", message, ProblemSource::Client);
            return Err(problem.advise("Close one, or give each client a name with `client`: its next stream replaces its last."));
        }
        let (end, ended) = watch::channel(None);
        let id = state.next;
        state.next += 1;
        state.streams.insert(id, Entry { caller: caller.clone(), client, filter, queue: None, end });
        Ok((id, ended))
    }

    pub(super) fn remove(&self, stream: u64) {
        self.lock().streams.remove(&stream);
    }

    /// Sends a stream the events from now on; gives the last event before them, and what models have written until now.
    pub(super) fn join(&self, stream: u64, filter: &Filter) -> (i64, Vec<Frame>, mpsc::Receiver<Arc<Frame>>) {
        let (queue, frames) = mpsc::channel(QUEUE);
        let mut state = self.lock();
        let position = state.position;
        let mut replies = Vec::new();
        if let Some(entry) = state.streams.get_mut(&stream) {
            entry.queue = Some(queue);
            if filter.tokens {
                replies = state.replies.select(|about| filter.admits(Category::Llm, about));
            }
        }
        let replies = replies.into_iter().map(|(reply, project)| {
            let ReplySoFar { run, call, offset, text } = reply;
            ControlFrame::Token { run, project, call, offset, text, done: false }.into()
        });
        (position, replies.collect(), frames)
    }

    /// Events behind one, each with what it is about; at most [`PAGE`]. The second says whether there may be more.
    pub(super) async fn read(&self, cursor: i64) -> Result<(Vec<(Arc<Frame>, About)>, bool), Problem> {
        let page = self.host.app.kernel.events().after(cursor, None, PAGE).await.map_err(KernelError::from)?;
        let is_full = page.len() == PAGE as usize;
        Ok((self.describe(page).await?, is_full))
    }

    async fn describe(&self, page: Vec<events::Event>) -> Result<Vec<(Arc<Frame>, About)>, Problem> {
        let mut described = Vec::with_capacity(page.len());
        for events::Event { cursor, at, draft } in page {
            let about = self.runs.describe(&self.host, &draft).await?;
            let executes = about.run.as_ref().map(|run| run.executes);
            let kind = name_type(draft.category, &draft.name, &draft.data, executes).into_owned();
            let (level, project) = (level(&draft), about.project.clone());
            let events::Draft { category, name, run, actor, data } = draft;
            let event = Event { cursor, at: Moment(at), category, name, level, run, project, actor, data };
            described.push((Arc::new(Frame::new(FrameBody::Event(Box::new(EventFrame { kind, event })))), about));
        }
        Ok(described)
    }

    /// Closes the streams of callers who are signed out, or for whom other projects exist than when they opened them.
    async fn check_callers(&self) {
        let callers: Vec<_> = self.lock().streams.iter().map(|(id, entry)| (*id, entry.caller.clone())).collect();
        let mut known: Vec<(SignIn, Option<Caller>)> = Vec::new();
        for (id, caller) in callers {
            let place = match known.iter().position(|(sign_in, _)| *sign_in == caller.sign_in) {
                Some(place) => place,
                None => {
                    known.push((caller.sign_in.clone(), self.find_caller(&caller).await));
                    known.len() - 1
                }
            };
            let rights = (caller.role, &caller.projects, &caller.narrowed_to);
            let is_same = known[place].1.as_ref().is_some_and(|now| (now.role, &now.projects, &now.narrowed_to) == rights);
            if !is_same && let Some(entry) = self.lock().streams.get_mut(&id) {
                entry.queue = None;
                entry.close(CloseReason::SignedOut);
            }
        }
    }

    /// A caller as they are now; none once they are signed out.
    async fn find_caller(&self, caller: &Caller) -> Option<Caller> {
        match authenticate_again(&self.host, caller).await {
            Ok(now) => Some(now),
            Err(problem) if problem.kind == ProblemKind::Unauthenticated => None,
            Err(problem) => {
                tracing::warn!("it cannot be looked whether a stream may go on: {problem}");
                Some(caller.clone())
            }
        }
    }

    /// Sends a page of events, once it is known who may still read what accounts changed before them.
    async fn send_page(&self, page: Vec<(Arc<Frame>, About)>) {
        // A login takes nothing away, and one that fails is anybody's.
        let takes_away = |frame: &Frame| match &frame.body {
            FrameBody::Event(event) if event.event.category == Category::Auth => {
                ![LoggedIn::NAME, LoginFailed::NAME].contains(&&*event.event.name)
            }
            FrameBody::Event(event) => event.event.category == Category::Audit,
            FrameBody::Control(_) => false,
        };
        if page.iter().any(|(frame, _)| takes_away(frame)) {
            self.check_callers().await;
        }
        self.send(page);
    }

    /// Sends events to the streams that they belong to.
    fn send(&self, events: Vec<(Arc<Frame>, About)>) {
        let mut state = self.lock();
        for (frame, about) in events {
            let FrameBody::Event(event) = &frame.body else { continue };
            for entry in state.streams.values_mut().filter(|entry| entry.filter.admits(event.event.category, &about)) {
                let Some(queue) = &entry.queue else { continue };
                if queue.try_send(Arc::clone(&frame)).is_err() {
                    entry.queue = None;
                    entry.close(CloseReason::Slow);
                }
            }
            state.position = event.event.cursor;
        }
    }

    /// Tells a piece of a reply. A stream that has no room for it misses it, and sees so by the next offset.
    pub(super) async fn tell(&self, piece: Piece) -> Result<(), Problem> {
        let run = self.runs.find(&self.host, &RunId::from_text(&piece.run)).await?;
        let about = About { project: run.as_ref().map(|run| run.project.clone()), run, item: None };
        let mut state = self.lock();
        let frame = Arc::new(Frame::from(state.replies.take(piece, &about)));
        let streams = state.streams.values().filter(|entry| entry.filter.tokens && entry.filter.admits(Category::Llm, &about));
        for queue in streams.filter_map(|entry| entry.queue.as_ref()) {
            // Events need the rest of the room.
            if queue.capacity() > QUEUE / 2 {
                let _ = queue.try_send(Arc::clone(&frame));
            }
        }
        Ok(())
    }

    /// Sends what is in the log behind the last event that was sent.
    async fn catch_up(&self) -> Result<(), Problem> {
        loop {
            let position = self.lock().position;
            let (page, is_full) = self.read(position).await?;
            self.send_page(page).await;
            if !is_full {
                return Ok(());
            }
        }
    }
}

/// Reads the log for as long as the host serves.
async fn read_log(shared: Arc<Shared>, mut events: Receiver<events::Event>, mut pieces: Receiver<Piece>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recheck = interval_at(Instant::now() + RECHECK, RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => take(&shared, event, &mut events).await,
                Err(RecvError::Lagged(_)) => shared.catch_up().await,
                Err(RecvError::Closed) => return,
            },
            piece = pieces.recv() => match piece {
                Ok(piece) => shared.tell(piece).await,
                // The next offset says that some were missed.
                Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => return,
            },
            _ = look.tick() => shared.catch_up().await,
            _ = recheck.tick() => {
                shared.check_callers().await;
                Ok(())
            }
        };
        if let Err(problem) = done {
            // The next look reads the same again.
            tracing::warn!("the streams cannot read the log of events: {problem}");
        }
    }
}

/// Takes an event that this process wrote, with those that follow it. They need not be read from the log, unless another process
/// wrote between them.
async fn take(shared: &Shared, first: events::Event, events: &mut Receiver<events::Event>) -> Result<(), Problem> {
    let mut next = shared.lock().position + 1;
    let mut page = Vec::new();
    let mut taken = Some(first);
    while let Some(event) = taken {
        if event.cursor > next {
            return shared.catch_up().await;
        }
        if event.cursor == next {
            page.push(event);
            next += 1;
        }
        taken = if page.len() < PAGE as usize { events.try_recv().ok() } else { None };
    }
    let page = shared.describe(page).await?;
    shared.send_page(page).await;
    Ok(())
}
