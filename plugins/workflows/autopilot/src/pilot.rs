//! The rounds: what may be begun is begun as far as there is room, what has ended is judged, and then the run waits for
//! whatever comes first. Chooses no story, and holds no limit of its own.

use std::collections::BTreeSet;

use baton_sdk::backlog::{Item, Status};
use baton_sdk::people::Decision;
use baton_sdk::prelude::*;
use baton_slots::autopilot::{PUBLISHED, Published};
use baton_slots::sprint::{Output, outcome};

use crate::Limits;
use crate::choosing::{Choice, choose};
use crate::memory::{Bad, Memory};

/// The signal that something has changed: the backlog, a question, or the limits.
const LOOK: &str = "look";
const SPRINT: &str = "sprint";
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
/// How long after a failure a story is tried again, at first; each time twice as long.
const FIRST_DELAY: u64 = MINUTE;
/// How long a story is left that something of its own keeps from being begun.
const LONG_DELAY: u64 = 10 * MINUTE;
/// Stories beyond the limit that may be open because they wait for people.
const MOST_ASKING: usize = 8;
/// Rounds after which the run continues with another input as soon as it rests, and rounds and stories after which it lets
/// itself come to rest: until then its journal grows.
const ROUNDS: u32 = 8;
const MOST_ROUNDS: u32 = 400;
const MOST_STORIES: u32 = 60;

pub(crate) struct Pilot {
    memory: Memory,
    /// What is waited for beside the signal.
    open: Vec<Pending<Event>>,
    hears: bool,
    /// Keys of the stories that have a sprint.
    at_work: BTreeSet<String>,
    /// The commit of the branch that is being looked at.
    looking: Option<String>,
    tries: u32,
    rounds: u32,
    begun: u32,
    shown: Option<Published>,
}

/// What is waited for has come.
enum Event {
    Look,
    /// The branch was looked at.
    Looked(Result<Output>),
    /// The sprint of this story has ended.
    Ended(String, Result<Output>),
}

/// Why nothing is begun.
enum Hold {
    /// Until this time, if it is known.
    Until(&'static str, Option<u64>),
    /// Until a person does something about it.
    Person(String),
}

impl Pilot {
    pub(crate) fn new(memory: Memory) -> Self {
        let (open, at_work) = Default::default();
        Self { memory, open, hears: false, at_work, looking: None, tries: 1, rounds: 0, begun: 0, shown: None }
    }

    /// Begins what there is room for; says until when nothing more is to be done unless something happens.
    pub(crate) fn round(&mut self, limits: &Limits) -> Result<Option<u64>> {
        self.rounds += 1;
        self.tries = limits.tries.max(1);
        if self.memory.set_at != limits.set_at {
            (self.memory.set_at, self.memory.bad) = (limits.set_at, None);
        }
        if let Some(hold) = held(limits) {
            return self.hold(hold);
        }
        if self.room(limits) == 0 || self.looking.is_some() || self.is_full() {
            self.show("working", None)?;
            return Ok(None);
        }
        let now = run::now();
        let Choice { items, again_at } = choose(&mut self.memory, &self.at_work, now)?;
        if items.is_empty() {
            self.memory.told = None;
            self.show(if self.at_work.is_empty() { "idle" } else { "working" }, None)?;
            return Ok(again_at);
        }
        if let Some(hold) = self.hindrance(&limits.branch)? {
            return self.hold(hold);
        }
        if self.looking.is_none() {
            self.memory.told = None;
            let room = self.room(limits);
            items.iter().take(room).try_for_each(|item| self.begin(item, &limits.branch))?;
        }
        self.show("working", None)?;
        Ok(again_at)
    }

    /// Waits for what comes first, and takes note of it.
    pub(crate) fn wait(&mut self, until: Option<u64>) -> Result<()> {
        if !self.hears {
            self.open.push(waits::signal::<Value>(LOOK)?.then(|_| Ok(Event::Look)));
            self.hears = true;
        }
        let arrival = match until {
            // Limits that are older than their own end keep nobody busy.
            Some(until) => waits::any_until(&mut self.open, until.max(run::now() + SECOND))?,
            None => Some(waits::any(&mut self.open)?),
        };
        match arrival.map(|arrival| arrival.outcome).transpose()? {
            None => {}
            Some(Event::Look) => self.hears = false,
            Some(Event::Looked(looked)) => self.looked(looked)?,
            Some(Event::Ended(key, ended)) => self.ended(&key, ended)?,
        }
        Ok(())
    }

    /// What the run continues with, once nothing is at work and its journal has grown.
    pub(crate) fn rested(&self) -> Option<&Memory> {
        (self.at_work.is_empty() && self.looking.is_none() && self.rounds >= ROUNDS).then_some(&self.memory)
    }

    /// Whether it has come to rest because so much was done.
    pub(crate) fn is_over(&self) -> bool {
        self.is_full() && self.rested().is_some()
    }

    /// Whether so much was done that the run has to come to rest first.
    fn is_full(&self) -> bool {
        self.rounds >= MOST_ROUNDS || self.begun >= MOST_STORIES
    }

    /// A story that waits for a person leaves its place to another.
    fn room(&self, limits: &Limits) -> usize {
        let asking = self.at_work.iter().filter(|key| limits.asking.contains(key)).count().min(MOST_ASKING);
        limits.stories.saturating_sub(self.at_work.len() - asking)
    }

    /// What keeps every story from being begun, or from being begun yet: then the branch is being looked at.
    fn hindrance(&mut self, branch: &str) -> Result<Option<Hold>> {
        if let Some(reason) = in_the_way(branch) {
            return Ok(Some(Hold::Person(reason)));
        }
        let head = match git::log(Some(branch), 1) {
            Ok(commits) => commits.into_iter().next().map(|commit| commit.id).unwrap_or_default(),
            Err(error) => return Ok(Some(Hold::Person(error.to_string()))),
        };
        // What lands meanwhile was tested.
        if self.memory.good.as_ref() == Some(&head) || !self.at_work.is_empty() {
            return Ok(None);
        }
        if let Some(bad) = self.memory.bad.as_ref().filter(|bad| bad.commit == head) {
            return Ok(Some(Hold::Person(bad.reason.clone())));
        }
        let order = json!({ "look": "only", "branch": branch });
        match workflows::start::<Output, _>(SPRINT, &order) {
            Ok(looked) => {
                self.open.push(looked.then(|ended| Ok(Event::Looked(ended.map(|ended| ended.output)))));
                self.looking = Some(head);
                Ok(None)
            }
            Err(error) => Ok(Some(Hold::Person(error.to_string()))),
        }
    }

    fn looked(&mut self, looked: Result<Output>) -> Result<()> {
        let Some(commit) = self.looking.take() else { return Ok(()) };
        match looked {
            Ok(_) => (self.memory.good, self.memory.bad) = (Some(commit), None),
            Err(error) => {
                let reason = format!(
                    "{error} The autopilot looks again once the branch has another commit, or `baton project autopilot on` says so."
                );
                self.memory.bad = Some(Bad { commit, reason });
            }
        }
        Ok(())
    }

    fn begin(&mut self, item: &Item, branch: &str) -> Result<()> {
        let key = &item.draft.key;
        if let Some(left) = &item.branch {
            // An earlier sprint of this run that failed holds it still.
            if let Err(error) = git::worktree_remove(left) {
                run::log(run::Level::Debug, &format!("No worktree {left} is released: {error}"), &Value::Null);
            }
        }
        let order = json!({ "stories": [key], "parallel": 1, "most": 1, "look": "never", "branch": branch, "resume": true });
        let started = match workflows::start_with::<Output, _>(SPRINT, &order, &ChildOptions::new().for_item(key)) {
            Ok(started) => started,
            Err(error) => {
                run::warn(&format!("Story {key} was not begun: {error}"));
                let known = self.memory.of(key);
                (known.after, known.untouched) = (run::now() + LONG_DELAY, true);
                return Ok(());
            }
        };
        let named = key.clone();
        self.open.push(started.then(move |ended| Ok(Event::Ended(named, ended.map(|ended| ended.output)))));
        self.at_work.insert(key.clone());
        self.begun += 1;
        let known = self.memory.of(key);
        // A person made it ready.
        if item.status == Status::Todo && !known.untouched {
            known.tries = 0;
        }
        known.tries += 1;
        (known.changed, known.untouched) = (false, false);
        Ok(())
    }

    /// Judges what became of a story.
    fn ended(&mut self, key: &str, ended: Result<Output>) -> Result<()> {
        self.at_work.remove(key);
        let output = match ended {
            Ok(output) => output,
            Err(error) => return self.again(key, &error.to_string()),
        };
        if output.landed > 0 {
            self.memory.good = Some(output.main);
        }
        let (story, now) = (output.stories.into_iter().next().unwrap_or_default(), run::now());
        match story.outcome.as_str() {
            outcome::LANDED | outcome::WITHDRAWN => drop(self.memory.stories.remove(key)),
            outcome::FAILED => self.again(key, &story.reason)?,
            outcome::PROPOSED | outcome::BLOCKED => self.memory.leave(key)?,
            outcome::SKIPPED if status(key)? == Some(Status::Blocked) => self.memory.leave(key)?,
            // Something of its own is in the way, or another took it first.
            _ => {
                let known = self.memory.of(key);
                (known.after, known.untouched) = (now + LONG_DELAY, true);
                known.tries = known.tries.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// Tries a story again later, unless it was tried often enough.
    fn again(&mut self, key: &str, reason: &str) -> Result<()> {
        let (tries, now, status) = (self.tries, run::now(), status(key)?);
        let known = self.memory.of(key);
        known.untouched = status == Some(Status::Todo);
        if known.tries < tries {
            known.after = now + FIRST_DELAY.saturating_mul(1 << known.tries.saturating_sub(1).min(10));
            return Ok(());
        }
        run::warn(&format!("Story {key} was tried {} times and is left: {reason}", known.tries));
        if status.is_some_and(Status::is_at_work) {
            let reason = format!("It was tried {} times, the last time because: {}", known.tries, clipped(reason));
            match backlog::move_to(key, Status::Failed, &reason) {
                Err(error) if error.kind != ErrorKind::Conflict => return Err(error),
                _ => {}
            }
        }
        self.memory.leave(key)
    }

    fn hold(&mut self, hold: Hold) -> Result<Option<u64>> {
        match hold {
            Hold::Until(state, until) => {
                self.show(state, until)?;
                Ok(until)
            }
            Hold::Person(reason) => {
                self.tell(&reason)?;
                self.show("waiting", None)?;
                // A repository tells of no change.
                Ok(Some(run::now() + MINUTE))
            }
        }
    }

    /// Tells people once why nothing is begun.
    fn tell(&mut self, reason: &str) -> Result<()> {
        if self.memory.told.as_deref() == Some(reason) {
            return Ok(());
        }
        let decision = Decision::new("Can the autopilot begin stories?", "No, it waits.").with_reasoning(reason).with_source("autopilot");
        people::inform(&decision.with_confidence(1.0))?;
        self.memory.told = Some(reason.to_owned());
        Ok(())
    }

    /// Shows operators what it does, where that has changed.
    fn show(&mut self, state: &str, until: Option<u64>) -> Result<()> {
        let reason = self.memory.told.clone().filter(|_| state == "waiting");
        let shown = Published { state: state.to_owned(), stories: self.at_work.iter().cloned().collect(), until_ms: until, reason };
        if self.shown.as_ref() != Some(&shown) {
            run::publish(PUBLISHED, &json!(shown))?;
            self.shown = Some(shown);
        }
        Ok(())
    }
}

fn held(limits: &Limits) -> Option<Hold> {
    if !limits.is_open {
        return Some(Hold::Until("outside-hours", limits.changes_at));
    }
    limits.is_spent.then_some(Hold::Until("day-spent", Some(limits.day_ends)))
}

/// Why stories cannot begin at the branch as it is checked out. The same words as long as it is the same.
fn in_the_way(branch: &str) -> Option<String> {
    match git::branch() {
        Ok(found) if found == branch => {}
        Ok(found) => {
            return Some(format!(
                "The checkout is on `{found}`, and stories land in `{branch}`. The autopilot continues once `{branch}` is checked out."
            ));
        }
        Err(error) => return Some(error.to_string()),
    }
    match git::status() {
        Ok(changes) if changes.is_empty() => None,
        Ok(_) => Some(format!(
            "The checkout of `{branch}` has changes that are not committed, which stories would not see and landing could touch. The autopilot \
             continues once they are committed or put aside."
        )),
        Err(error) => Some(error.to_string()),
    }
}

fn status(key: &str) -> Result<Option<Status>> {
    match backlog::get(key) {
        Ok(item) => Ok(Some(item.status)),
        Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn clipped(reason: &str) -> &str {
    const LONGEST: usize = 2 << 10;
    &reason[..reason.floor_char_boundary(LONGEST)]
}
