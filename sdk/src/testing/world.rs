//! All that a test's host holds, and its gate: grants are checked, calls are noted in order. Touches nothing outside.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use serde_json::Value;

use super::{
    Call, backlog::Backlog, children::Children, documents::Documents, grants::Grants, model::Model, pull_requests::PullRequests,
    repository::Repository, tools::Tools, twice::Twice, workspace::Workspace,
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
    /// The answers people give: what a question contains, and the answer.
    pub(super) answers: RefCell<Vec<(String, String)>>,
    /// How often the operator still resumes a run that paused itself.
    pub(super) resumes: Cell<u32>,
    pub(super) agents: RefCell<BTreeMap<String, Timed<AgentDouble>>>,
    pub(super) workflows: RefCell<BTreeMap<String, Timed<WorkflowDouble>>>,
    pub(super) commands: RefCell<Vec<CommandDouble>>,
    pub(super) children: RefCell<Children>,
    pub(super) tools: RefCell<Tools>,
    /// Texts by source.
    pub(super) knowledge: RefCell<BTreeMap<String, String>>,
    pub(super) forge: RefCell<PullRequests>,
    pub(super) calls: RefCell<Vec<Call>>,
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

    /// The operator resumes a run that is paused for this reason.
    #[expect(clippy::panic, reason = "a test fails by panicking, and a pause nobody foresaw is a failure")]
    pub(super) fn resume(&self, reason: &str) {
        let Some(left) = self.resumes.get().checked_sub(1) else {
            panic!(
                "The plugin asks for its operator, who is not there in the test; add one with `Host::resumes`.\n--- reason\n{reason}\n---"
            )
        };
        self.resumes.set(left);
    }

    /// Whether the run may do this, or the host's own sentence why not.
    pub(super) fn allows(&self, kind: &str, value: &str) -> Result<()> {
        self.grants.borrow().decide(&self.about.borrow().plugin, kind, value)
    }
}
