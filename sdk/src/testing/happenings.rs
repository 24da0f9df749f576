//! What happens at a time that the test sets, whatever the plugin does: children end, people answer, operators send signals,
//! move items and cancel the run.

use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use super::{
    Host,
    imports::waits::check_name,
    setup::set_up,
    world::{Answering, Timed, World},
};
use crate::agents::{Report, Task};
use crate::backlog::Status;
use crate::{Error, Result};

const LARGEST_SIGNAL: usize = 64 << 10;

/// What is to happen, each with its time.
#[derive(Default)]
pub(super) struct Happenings {
    /// In the order in which they are sent.
    signals: Vec<Signal>,
    moves: Vec<Moved>,
    /// When the run is cancelled.
    pub(super) cancelled: Option<u64>,
}

struct Signal {
    at: u64,
    name: String,
    value: Value,
}

/// An operator moves an item.
pub(super) struct Moved {
    at: u64,
    key: String,
    status: Status,
}

impl Happenings {
    /// The oldest signal of this name that was sent by now.
    pub(super) fn take_signal(&mut self, name: &str, now: u64) -> Option<Value> {
        let place = self.signals.iter().position(|signal| signal.name == name && signal.at <= now)?;
        Some(self.signals.remove(place).value)
    }

    pub(super) fn next_move(&self) -> Option<u64> {
        self.moves.first().map(|moved| moved.at)
    }

    /// The next move, of which there has to be one.
    pub(super) fn take_move(&mut self) -> Moved {
        self.moves.remove(0)
    }

    /// When something happens next after this time.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let signals = self.signals.iter().map(|signal| signal.at);
        let moves = self.moves.iter().map(|moved| moved.at);
        signals.chain(moves).chain(self.cancelled).filter(|at| *at > now).min()
    }

    /// All happens as long after the new time as it would have after the one before.
    pub(super) fn shift(&mut self, before: u64, now: u64) {
        let signals = self.signals.iter_mut().map(|signal| &mut signal.at);
        let moves = self.moves.iter_mut().map(|moved| &mut moved.at);
        for at in signals.chain(moves).chain(&mut self.cancelled) {
            *at = now.saturating_add(at.saturating_sub(before));
        }
    }
}

impl Moved {
    pub(super) fn apply(self, world: &World) {
        set_up(world.backlog.borrow_mut().move_to(&self.key, self.status, "", world.now.get(), None));
    }
}

impl Host {
    /// An agent whose tasks take this time by the host's clock. It answers at their end.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().at(0).with_agent_after("mary", 5_000, |_| Ok(Report::new("Done.", "did it")));
    /// host.inside(|| agents::perform("mary", &Task::new("Look."))).unwrap();
    /// assert_eq!(host.inside(run::now), 5_000);
    /// ```
    #[must_use]
    pub fn with_agent_after(self, name: &str, milliseconds: u64, answer: impl Fn(&Task) -> Result<Report> + 'static) -> Self {
        self.world.agents.borrow_mut().insert(name.to_owned(), Timed { takes: milliseconds, double: Rc::new(answer) });
        self
    }

    /// A workflow that ends this time after its start, by the host's clock, so that order and races can be tested. It does
    /// its work at its end: when the plugin waits for it, or sleeps beyond it, or waits that long for something else. What
    /// ends first is done first. A child whose end the clock does not reach does nothing.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new()
    ///     .with_workflow_after("slow", 60_000, |_| Ok(json!("late")))
    ///     .with_workflow_after("quick", 1_000, |_| Ok(json!("soon")));
    /// host.inside(|| {
    ///     let begin = run::now();
    ///     let mut open: Vec<Pending<workflows::Outcome<String>>> = vec![workflows::start("slow", &())?, workflows::start("quick", &())?];
    ///     assert_eq!((waits::any(&mut open)?.outcome?.output.as_str(), run::now() - begin), ("soon", 1_000));
    ///     assert_eq!((waits::any(&mut open)?.outcome?.output.as_str(), run::now() - begin), ("late", 60_000));
    ///     Ok::<_, Error>(())
    /// }).unwrap();
    /// ```
    #[must_use]
    pub fn with_workflow_after(self, name: &str, milliseconds: u64, answer: impl Fn(&Value) -> Result<Value> + 'static) -> Self {
        self.world.workflows.borrow_mut().insert(name.to_owned(), Timed { takes: milliseconds, double: Rc::new(answer) });
        self
    }

    /// [`Host::answers`], this time after the question by the host's clock. A question that expires before is answered by
    /// its expiry.
    ///
    /// ```
    /// # use baton_sdk::{people::Question, prelude::*, testing::Host};
    /// let host = Host::new().at(0).answers_after("currency", 60_000, "EUR");
    /// let question = Question::new("Which currency?");
    /// assert_eq!(host.inside(|| people::ask(&question)), Ok("EUR".to_owned()));
    /// assert_eq!(host.inside(run::now), 60_000);
    /// assert_eq!(host.inside(|| people::ask(&question.expiring(90_000, "USD"))), Ok("USD".to_owned()));
    /// ```
    #[must_use]
    pub fn answers_after(self, phrase: &str, milliseconds: u64, answer: &str) -> Self {
        let answering = Answering { phrase: phrase.to_owned(), after: milliseconds, answer: answer.to_owned() };
        self.world.answers.borrow_mut().push(answering);
        self
    }

    /// An operator sends the run a signal, this time from now by the host's clock.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// let host = Host::new().with_signal_after("limit", 1_000, 5).with_signal_after("limit", 2_000, 9);
    /// let limits = host.inside(|| Ok::<_, Error>((waits::signal::<u32>("limit")?.wait()?, waits::signal::<u32>("limit")?.wait()?)));
    /// assert_eq!(limits, Ok((5, 9)));
    /// ```
    #[must_use]
    pub fn with_signal_after(self, name: &str, milliseconds: u64, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map_err(Error::from).and_then(fitting);
        set_up(check_name(name).and(value).map(|value| {
            let mut happenings = self.world.happenings.borrow_mut();
            happenings.signals.push(Signal { at: self.later(milliseconds), name: name.to_owned(), value });
            happenings.signals.sort_by_key(|signal| signal.at);
        }));
        self
    }

    /// An operator moves an item of the backlog, this time from now by the host's clock.
    ///
    /// ```
    /// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
    /// let host = Host::new()
    ///     .with_item(Draft::new(Kind::Task, "1", "Write"), Status::Todo)
    ///     .with_item_moved_after("1", 1_000, Status::Cancelled);
    /// let changed = host.inside(|| waits::item_change("1")?.wait());
    /// assert_eq!(changed.map(|item| item.status), Ok(Status::Cancelled));
    /// ```
    #[must_use]
    pub fn with_item_moved_after(self, key: &str, milliseconds: u64, status: Status) -> Self {
        let mut happenings = self.world.happenings.borrow_mut();
        happenings.moves.push(Moved { at: self.later(milliseconds), key: key.to_owned(), status });
        happenings.moves.sort_by_key(|moved| moved.at);
        drop(happenings);
        self
    }

    /// An operator cancels the run, this time from now by the host's clock. From then on each call that would wait, ask a
    /// model or people, or start a run fails with `cancelled`, and every other works. What [`Host::run`] gives is
    /// `cancelled` then, whatever the plugin returns.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// fn work(_: Value) -> Result<&'static str> {
    ///     if let Err(error) = run::sleep_until(run::now() + 60_000) {
    ///         files::write("unfinished.md", error.to_string())?;
    ///     }
    ///     Ok("done")
    /// }
    /// let host = Host::new().with_cancel_after(5_000);
    /// assert_eq!(host.run(work, ()).unwrap_err().kind, ErrorKind::Cancelled);
    /// assert_eq!(host.files(), ["unfinished.md"]);
    /// ```
    #[must_use]
    pub fn with_cancel_after(self, milliseconds: u64) -> Self {
        self.world.happenings.borrow_mut().cancelled = Some(self.later(milliseconds));
        self
    }

    /// The time so much later.
    fn later(&self, milliseconds: u64) -> u64 {
        self.world.now.get().saturating_add(milliseconds)
    }
}

/// The value of a signal, unless it is larger than any.
fn fitting(value: Value) -> Result<Value> {
    match value.to_string().len() {
        size if size > LARGEST_SIGNAL => {
            Err(Error::invalid(format!("The value of the signal has {size} bytes as JSON, and a signal holds at most {LARGEST_SIGNAL}.")))
        }
        _ => Ok(value),
    }
}
