//! All that a test's host holds, and its gate: grants are checked, calls are noted in order. Touches nothing outside.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use serde_json::Value;

use super::{
    Call,
    backlog::Backlog,
    documents::Documents,
    grants::{Grants, Narrowing},
    happenings::Happenings,
    model::Model,
    pull_requests::PullRequests,
    repository::Repository,
    tickets::Tickets,
    tools::Tools,
    twice::Twice,
    workspace::Workspace,
};
use crate::agents::{Report, Task};
use crate::sandbox;
use crate::{Error, Result, run};

/// Answers for one agent.
pub(super) type AgentDouble = dyn Fn(&Task) -> Result<Report>;
/// Answers for one workflow.
pub(super) type WorkflowDouble = dyn Fn(&Value) -> Result<Value>;

/// A stand-in, and how long its run takes.
pub(super) struct Timed<D: ?Sized> {
    /// In milliseconds.
    pub(super) takes: u64,
    pub(super) double: Rc<D>,
}

impl<D: ?Sized> Clone for Timed<D> {
    fn clone(&self) -> Self {
        Self { takes: self.takes, double: Rc::clone(&self.double) }
    }
}

/// An answer that people give to the questions that contain a phrase.
pub(super) struct Answering {
    pub(super) phrase: String,
    /// How long after the question, in milliseconds.
    pub(super) after: u64,
    pub(super) answer: String,
}

/// As which kind of plugin the work is done.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Workflow,
    Agent,
    Toolbox,
}

/// Answers for the commands it knows.
pub(super) type CommandDouble = Rc<dyn Fn(&sandbox::Job) -> Option<Result<sandbox::Execution>>>;

/// What a call needs: a word of `[needs]`, and what exactly.
pub(super) type Need<'a> = (&'static str, &'a str);

pub(super) struct World {
    pub(super) about: RefCell<run::Info>,
    pub(super) now: Cell<u64>,
    pub(super) grants: RefCell<Grants>,
    pub(super) files: RefCell<Workspace>,
    /// None where the workspace is no repository.
    pub(super) repository: RefCell<Option<Repository>>,
    pub(super) documents: RefCell<Documents>,
    pub(super) backlog: RefCell<Backlog>,
    pub(super) settings: RefCell<Value>,
    pub(super) assets: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(super) model: RefCell<Model>,
    pub(super) answers: RefCell<Vec<Answering>>,
    /// How often the operator still resumes a run that paused itself.
    pub(super) resumes: Cell<u32>,
    pub(super) agents: RefCell<BTreeMap<String, Timed<AgentDouble>>>,
    pub(super) workflows: RefCell<BTreeMap<String, Timed<WorkflowDouble>>>,
    pub(super) commands: RefCell<Vec<CommandDouble>>,
    /// What renewing lockfiles gives.
    pub(super) lockfiles: RefCell<Option<sandbox::SetupOutcome>>,
    /// All that commands printed, by name.
    pub(super) outputs: RefCell<BTreeMap<String, String>>,
    pub(super) tickets: RefCell<Tickets>,
    pub(super) happenings: RefCell<Happenings>,
    /// What the run shows others, by key.
    pub(super) published: RefCell<BTreeMap<String, Value>>,
    pub(super) tools: RefCell<Tools>,
    /// Texts by source.
    pub(super) knowledge: RefCell<BTreeMap<String, String>>,
    pub(super) forge: RefCell<PullRequests>,
    pub(super) calls: RefCell<Vec<Call>>,
    /// How many calls the run made itself, not those of stand-ins.
    pub(super) own_calls: Cell<u64>,
    pub(super) role: Cell<Role>,
    /// What the run that does its work now, and those above it, were narrowed to.
    pub(super) bounds: RefCell<Vec<Narrowing>>,
    pub(super) twice: Twice,
}

impl World {
    /// Takes one call through the gate: refuses it or has it answered, and notes both in the order of asking.
    /// `noted` is the answer's form in JSON.
    pub(super) fn call<A: Clone + 'static>(
        &self,
        name: &str,
        request: Value,
        need: Option<Need<'_>>,
        answer: impl FnOnce() -> Result<A>,
        noted: impl FnOnce(&A) -> Value,
    ) -> Result<A> {
        if let Some((answer, now)) = self.twice.again(name, &request) {
            self.now.set(now);
            return answer;
        }
        if self.twice.is_outermost() {
            self.own_calls.set(self.own_calls.get() + 1);
        }
        let place = self.calls.borrow().len();
        let pending = Err(Error::other("The call has no answer: it was not finished."));
        self.calls.borrow_mut().push(Call { name: name.to_owned(), request, answer: pending });
        let allowed = need.map_or(Ok(()), |(kind, value)| self.allows(kind, value));
        let answer = allowed.and_then(|()| self.twice.answering(answer));
        let call = &mut self.calls.borrow_mut()[place];
        call.answer = answer.as_ref().map(noted).map_err(Clone::clone);
        self.twice.keep(name, &call.request, &answer, self.now.get());
        answer
    }

    /// The operator resumes a run that is paused for this reason, or else cancels it.
    #[expect(clippy::panic, reason = "a test fails by panicking, and an unexpected pause is a failure")]
    pub(super) fn resume(&self, reason: &str) -> Result<()> {
        self.check_cancelled()?;
        if let Some(left) = self.resumes.get().checked_sub(1) {
            self.resumes.set(left);
            return Ok(());
        }
        let cancelled = self.happenings.borrow().cancelled.unwrap_or_else(|| {
            panic!("The plugin asks for its operator, and the test has none; add one with `Host::resumes`.\n--- reason\n{reason}\n---")
        });
        self.wait_until(cancelled)
    }

    /// Nothing of a run before is held, and no call was made.
    pub(super) fn begin_run(&self) {
        self.tickets.borrow_mut().give_up();
        self.own_calls.set(0);
    }

    /// A name of this kind for a ticket, after the call that gives it.
    pub(super) fn name_ticket(&self, kind: &str) -> String {
        let call = self.own_calls.get();
        if self.twice.is_own_call() { format!("{kind}-{call}") } else { format!("{kind}-{call}-{}", self.tickets.borrow().count()) }
    }

    /// Does work as this kind of plugin; afterwards, also after a panic, it is as before.
    pub(super) fn acting_as<A>(&self, role: Role, work: impl FnOnce() -> A) -> A {
        let _before = Before(&self.role, self.role.replace(role));
        work()
    }

    /// Whether the run may do this, or the host's own sentence why not.
    pub(super) fn allows(&self, kind: &str, value: &str) -> Result<()> {
        let plugin = &self.about.borrow().plugin;
        self.bounds.borrow().iter().try_for_each(|bound| bound.decide(plugin, kind, value))?;
        self.grants.borrow().decide(plugin, kind, value)
    }
}

/// Puts a role back.
struct Before<'a>(&'a Cell<Role>, Role);

impl Drop for Before<'_> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}
