//! Waiting for several things at once, with a deadline. The run is suspended meanwhile, without memory.
//!
//! What takes time gives a [`Pending`]: an agent ([`agents::begin`](crate::agents::begin)), a workflow
//! ([`workflows::start`](crate::workflows::start)), a question ([`people::post`](crate::people::post)), a [`timer`], a
//! [`signal`] and the change of a backlog item ([`item_change`]). All of them continue side by side. [`Pending::wait`] waits
//! for one, [`any`] for the first of several, and [`race`] takes the first and gives up the others.
//!
//! ```
//! use baton_sdk::{people::Question, prelude::*};
//!
//! enum Event {
//!     Answered(String),
//!     Stopped,
//!     TimeIsUp,
//! }
//!
//! /// Releases when a person says so by tomorrow, unless an operator stops it with `baton runs signal RUN stop true`.
//! fn may_release() -> Result<bool> {
//!     let tomorrow = run::now() + 24 * 60 * 60 * 1000;
//!     let first = waits::race([
//!         people::post(&Question::new("Release version 2?").with_options(["yes", "no"]))?.map(Event::Answered),
//!         waits::signal::<Value>("stop")?.map(|_| Event::Stopped),
//!         waits::timer(tomorrow)?.map(|()| Event::TimeIsUp),
//!     ])?;
//!     Ok(matches!(first, Event::Answered(answer) if answer == "yes"))
//! }
//! # use baton_sdk::testing::Host;
//! # let hour = 60 * 60 * 1000;
//! # assert_eq!(Host::new().answers_after("Release", hour, "yes").inside(may_release), Ok(true));
//! # let stopped = Host::new().answers_after("Release", hour, "yes").with_signal_after("stop", 1_000, true);
//! # assert_eq!(stopped.inside(may_release), Ok(false));
//! # assert_eq!(Host::new().answers_after("Release", 48 * hour, "yes").inside(may_release), Ok(false));
//! ```

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backlog::Status;
use crate::imports::waits as host;
use crate::rules::mismatch;
use crate::{Error, Result, numbers};

/// The name of one thing that this run waits for. That of a child is the id of its run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(String);

impl Ticket {
    /// The ticket as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Ticket {
    fn from(ticket: String) -> Self {
        Self(ticket)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Something that continues by itself, and gives a `T` when this run waits for it. It arrives once: waiting for it uses it up.
///
/// A `Pending` that is dropped continues until the run ends, and is given up then: a child is cancelled, a question withdrawn.
/// A run holds at most 1,000 at once.
#[must_use = "what nothing waits for is given up when the run ends"]
pub struct Pending<T> {
    ticket: Ticket,
    read: Read<T>,
}

/// Makes of an arrival what was waited for.
type Read<T> = Box<dyn FnOnce(Result<Value>) -> Result<T>>;

impl<T: 'static> Pending<T> {
    pub(crate) fn new(ticket: String, read: impl FnOnce(Value) -> Result<T> + 'static) -> Self {
        Self { ticket: Ticket(ticket), read: Box::new(|outcome| outcome.and_then(read)) }
    }

    /// Changes what it gives, so that things of different kinds can be waited for together.
    pub fn map<U: 'static>(self, change: impl FnOnce(T) -> U + 'static) -> Pending<U> {
        self.then(|outcome| outcome.map(change))
    }

    /// [`Pending::map`] that sees errors too.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// /// Which stories failed. Each outcome keeps the name of its story.
    /// fn failed(stories: &[&str]) -> Result<Vec<String>> {
    ///     let start = |story: &&str| {
    ///         let name = (*story).to_owned();
    ///         let run = workflows::start::<Value, _>("dev-story", *story)?;
    ///         Ok(run.then(|ended| Ok((name, ended.is_ok()))))
    ///     };
    ///     let mut open = stories.iter().map(start).collect::<Result<Vec<_>>>()?;
    ///     let mut failed = Vec::new();
    ///     while !open.is_empty() {
    ///         let (name, is_done) = waits::any(&mut open)?.outcome?;
    ///         failed.extend((!is_done).then_some(name));
    ///     }
    ///     Ok(failed)
    /// }
    /// # let host = Host::new().with_workflow("dev-story", |story| match story.as_str() {
    /// #     Some("two") => Err(Error::other("The tests are red.")),
    /// #     _ => Ok(json!(null)),
    /// # });
    /// # assert_eq!(host.inside(|| failed(&["one", "two", "three"])), Ok(vec!["two".to_owned()]));
    /// ```
    pub fn then<U: 'static>(self, change: impl FnOnce(Result<T>) -> Result<U> + 'static) -> Pending<U> {
        let read = self.read;
        Pending { ticket: self.ticket, read: Box::new(move |outcome| change(read(outcome))) }
    }
}

impl<T> Pending<T> {
    /// Its ticket: for logs, and to find it again.
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Waits until it arrives.
    ///
    /// Errors: its own, such as `child-failed`; `cancelled` if it was cancelled, or if this run is being cancelled.
    pub fn wait(self) -> Result<T> {
        match any_of(std::slice::from_ref(&self.ticket), None)? {
            Some((_, outcome)) => (self.read)(outcome),
            None => Err(endless()),
        }
    }

    /// [`Pending::wait`], but not beyond `until`, in milliseconds since 1970 UTC: then it is given up, and the error is
    /// `timed-out`.
    ///
    /// ```
    /// # use baton_sdk::{people::Question, prelude::*, testing::Host};
    /// fn color() -> Result<String> {
    ///     match people::post(&Question::new("Which color?"))?.wait_until(run::now() + 60_000) {
    ///         Err(error) if error.kind == ErrorKind::TimedOut => Ok("blue".to_owned()),
    ///         other => other,
    ///     }
    /// }
    /// # assert_eq!(Host::new().answers_after("color", 90_000, "red").inside(color), Ok("blue".to_owned()));
    /// # assert_eq!(Host::new().answers_after("color", 30_000, "red").inside(color), Ok("red".to_owned()));
    /// ```
    pub fn wait_until(self, until: u64) -> Result<T> {
        match any_of(std::slice::from_ref(&self.ticket), Some(until))? {
            Some((_, outcome)) => (self.read)(outcome),
            None => {
                self.cancel()?;
                let text = "It had not arrived by the time that it was given, and was given up. Continue without it, or give it more time.";
                Err(Error::timed_out(text).about(self.ticket.0))
            }
        }
    }

    /// [`cancel`] of its ticket. A child can still be waited for; drop everything else.
    pub fn cancel(&self) -> Result<()> {
        cancel(&self.ticket)
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pending").field(&self.ticket.0).finish()
    }
}

/// What arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival<T> {
    /// Of the [`Pending`] that arrived.
    pub ticket: Ticket,
    /// What it gave. Its error is its own: this run can continue without it.
    pub outcome: Result<T>,
}

/// A backlog item that changed, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// The item's key.
    pub key: String,
    /// Its status.
    pub status: Status,
    /// Who works on it.
    pub assignee: Option<String>,
    /// The branch of the work.
    pub branch: Option<String>,
}

/// Arrives at a time, in milliseconds since 1970 UTC, or immediately if it has passed.
pub fn timer(at: u64) -> Result<Pending<()>> {
    Ok(Pending::new(host::timer(numbers::to_contract(at))?, |_| Ok(())))
}

/// Arrives with the next signal of this name that the run has not got yet; operators send one with
/// `baton runs signal RUN NAME JSON`. A name has 1 to 64 of a-z, 0-9 and `-`.
///
/// An error `invalid` says that a signal was not a `T`. It is used up; wait for the next.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Adds up what operators send, until one sends `null`.
/// fn sum() -> Result<u64> {
///     let mut sum = 0;
///     loop {
///         match waits::signal::<Option<u64>>("add")?.wait() {
///             Ok(Some(number)) => sum += number,
///             Ok(None) => return Ok(sum),
///             Err(error) if error.kind == ErrorKind::Invalid => run::warn(&error.to_string()),
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// # let host = Host::new().with_signal_after("add", 5, 1).with_signal_after("add", 9, "two").with_signal_after("add", 9, 3);
/// # assert_eq!(host.with_signal_after("add", 20, ()).inside(sum), Ok(4));
/// ```
pub fn signal<T: DeserializeOwned + 'static>(name: &str) -> Result<Pending<T>> {
    let ticket = host::signal(name)?;
    let name = name.to_owned();
    let wrong = move |place: &str, why: &str| Error::invalid(format!("The signal `{name}` is wrong at `{place}`: {why}.")).about(&name);
    Ok(Pending::new(ticket, move |document| read(document, wrong)))
}

/// Arrives when the item's status, its text or who works on it has changed after this call. Needs `backlog`: `read`.
///
/// ```
/// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
/// enum Event {
///     Done(Result<agents::Outcome>),
///     Changed(waits::ItemChange),
/// }
///
/// /// Has an agent work on an item for as long as the item is in progress.
/// fn work_on(key: &str) -> Result<String> {
///     let agent = agents::begin("amelia", &Task::new("Write the code.").with_context(key))?;
///     let mut open = vec![agent.then(|done| Ok(Event::Done(done))), waits::item_change(key)?.map(Event::Changed)];
///     loop {
///         match waits::any(&mut open)?.outcome? {
///             Event::Done(done) => return Ok(done?.summary),
///             Event::Changed(item) if item.status == Status::InProgress => open.push(waits::item_change(key)?.map(Event::Changed)),
///             // The agent puts its things in order, and ends.
///             Event::Changed(_) => open[0].cancel()?,
///         }
///     }
/// }
/// # let begin = || Host::new()
/// #     .with_item(Draft::new(Kind::Task, "1", "Write"), Status::InProgress)
/// #     .with_agent_after("amelia", 60_000, |_| Ok(Report::new("", "wrote it")));
/// # assert_eq!(begin().inside(|| work_on("1")), Ok("wrote it".to_owned()));
/// # let withdrawn = begin().with_item_moved_after("1", 5_000, Status::Cancelled);
/// # assert_eq!(withdrawn.inside(|| work_on("1")).unwrap_err().kind, ErrorKind::Cancelled);
/// # assert_eq!(withdrawn.inside(run::now), begin().inside(run::now) + 5_000);
/// ```
pub fn item_change(key: &str) -> Result<Pending<ItemChange>> {
    Ok(Pending::new(host::item_change(key)?, changed))
}

/// Waits for the first of these that arrives, and removes it from the list. Of several that have arrived it is the first
/// in the list.
///
/// Errors: `cancelled` if this run is being cancelled; `invalid` for an empty list, or one of more than 1,000. What arrives
/// has its error in [`Arrival::outcome`].
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// The opinions of all who have one, in the order in which they come.
/// fn opinions(text: &str) -> Result<Vec<String>> {
///     let task = Task::new("What is missing in this text?").with_context(text);
///     let mut open = ["mary", "john"].map(|agent| agents::begin(agent, &task)).into_iter().collect::<Result<Vec<_>>>()?;
///     let mut opinions = Vec::new();
///     while !open.is_empty() {
///         match waits::any(&mut open)?.outcome {
///             Ok(outcome) => opinions.push(outcome.answer),
///             Err(error) => run::warn(&error.to_string()),
///         }
///     }
///     Ok(opinions)
/// }
/// # let says = |text: &'static str| move |_: &Task| Ok(Report::new(text, ""));
/// # let host = Host::new().with_agent_after("mary", 9_000, says("A title.")).with_agent_after("john", 3_000, says("An end."));
/// # assert_eq!(host.inside(|| opinions("…")), Ok(vec!["An end.".to_owned(), "A title.".to_owned()]));
/// ```
pub fn any<T>(open: &mut Vec<Pending<T>>) -> Result<Arrival<T>> {
    first(open, None)?.ok_or_else(endless)
}

/// [`any`], but not beyond `until`, in milliseconds since 1970 UTC: then nothing has arrived, and the list is as it was.
/// A time that has passed asks without waiting.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Runs the tests, and says every minute that they still run.
/// fn test() -> Result<Value> {
///     let mut open = vec![workflows::start::<Value, _>("run-tests", &json!({}))?];
///     let begin = run::now();
///     loop {
///         match waits::any_until(&mut open, run::now() + 60_000)? {
///             Some(ended) => return Ok(ended.outcome?.output),
///             None => run::progress(0.5, &format!("Testing for {} minutes", (run::now() - begin) / 60_000)),
///         }
///     }
/// }
/// # let host = Host::new().with_workflow_after("run-tests", 150_000, |_| Ok(json!("green")));
/// # assert_eq!(host.inside(test), Ok(json!("green")));
/// # assert_eq!(host.progress(), ["Testing for 1 minutes", "Testing for 2 minutes"]);
/// ```
pub fn any_until<T>(open: &mut Vec<Pending<T>>, until: u64) -> Result<Option<Arrival<T>>> {
    first(open, Some(until))
}

/// Waits for the first of these that arrives, gives up all the others and returns what the first gave, also if that is an
/// error. The module's example shows it.
pub fn race<T>(racing: impl IntoIterator<Item = Pending<T>>) -> Result<T> {
    let mut open: Vec<_> = racing.into_iter().collect();
    let arrival = any(&mut open)?;
    open.iter().try_for_each(Pending::cancel)?;
    arrival.outcome
}

/// Gives up what the ticket stands for. A child and all below it are cancelled; it can still be waited for, and arrives
/// when it has put its things in order and ended. A question is withdrawn. All but a child cannot be waited for any more.
pub fn cancel(ticket: &Ticket) -> Result<()> {
    Ok(host::cancel(ticket.as_str())?)
}

/// The contract's function as it is, for tickets that are kept without a [`Pending`]: the first that arrives, with its
/// document, or none by `until`.
///
/// Errors: those of [`any`]; `invalid` for a ticket that arrived before, `not-found` for one that this run does not hold,
/// each with the ticket as subject.
pub fn any_of(tickets: &[Ticket], until: Option<u64>) -> Result<Option<(Ticket, Result<Value>)>> {
    let tickets: Vec<_> = tickets.iter().map(|ticket| ticket.0.clone()).collect();
    let Some(host::Arrival { ticket, outcome }) = host::any(&tickets, until.map(numbers::to_contract))? else { return Ok(None) };
    let outcome = outcome.map_err(Error::from).and_then(|document| Ok(serde_json::from_str(&document)?));
    Ok(Some((Ticket(ticket), outcome)))
}

/// Reads the document of an arrival. `wrong` makes an error of the place and the reason.
pub(crate) fn read<T: DeserializeOwned>(document: Value, wrong: impl FnOnce(&str, &str) -> Error) -> Result<T> {
    serde_path_to_error::deserialize(document).map_err(|error| wrong(&error.path().to_string(), &mismatch::describe(error.inner())))
}

/// [`read`] for a document that only the host wrote.
pub(crate) fn read_host<T: DeserializeOwned>(document: Value) -> Result<T> {
    read(document, |place, why| {
        Error::other(format!("The host's answer cannot be read at `{place}`: {why}. Build the plugin with the SDK of this Baton."))
    })
}

fn first<T>(open: &mut Vec<Pending<T>>, until: Option<u64>) -> Result<Option<Arrival<T>>> {
    let tickets: Vec<_> = open.iter().map(|pending| pending.ticket.clone()).collect();
    let Some((ticket, outcome)) = any_of(&tickets, until)? else { return Ok(None) };
    let place = open.iter().position(|pending| pending.ticket == ticket);
    let place = place.ok_or_else(|| Error::other("The host gave a ticket that this call did not wait for.").about(ticket.as_str()))?;
    let arrived = open.remove(place);
    Ok(Some(Arrival { ticket, outcome: (arrived.read)(outcome) }))
}

fn changed(document: Value) -> Result<ItemChange> {
    #[derive(Deserialize)]
    struct Written {
        key: String,
        status: String,
        assignee: Option<String>,
        branch: Option<String>,
    }
    let Written { key, status, assignee, branch } = read_host(document)?;
    let known = Status::ALL.into_iter().find(|known| known.as_str() == status);
    let status = known.ok_or_else(|| Error::other(format!("The status `{status}` of an item is not known here.")).about(&*key))?;
    Ok(ItemChange { key, status, assignee, branch })
}

fn endless() -> Error {
    Error::other("The host stopped waiting, though it was given no time for that. Build the plugin with the SDK of this Baton.")
}
