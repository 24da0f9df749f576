//! How a failed run can continue, by what its journal says it failed by. Changes nothing.

use super::{
    Kernel, KernelError,
    run::{FailedCall, Run, State},
};
use crate::journal::{CallError, Effect, Entry, EntryState, ErrorKind, Inspected, RunId};

/// How a failed run can continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Resumed. Its last call, or that of a run it started, was denied, and a call that is denied does nothing: each of
    /// these runs makes its call again, the outermost run first.
    Repeat(Vec<(RunId, u64)>),
    /// Forked before this call, whose answer it failed by. A resumed run would only get that answer again.
    Fork(u64),
    /// It failed by itself: by no answer of its journal. A fork before this call, which it did not come to, replays what it
    /// did with the version of its plugin that is installed by then.
    Itself(u64),
    /// It rejected its input before it did anything. Executed again, it rejects the same input again.
    Input,
    /// It cannot be told, for its journal is damaged or its workspace does not exist any more.
    Unknown,
}

impl Retry {
    /// The call to fork before.
    pub fn call(&self) -> Option<u64> {
        match self {
            Self::Repeat(calls) => calls.first().map(|(_, seq)| *seq),
            Self::Fork(seq) | Self::Itself(seq) => Some(*seq),
            Self::Input | Self::Unknown => None,
        }
    }
}

impl Kernel {
    /// How `run`, which failed, can continue.
    pub async fn retry(&self, failed: &Run) -> Result<Retry, KernelError> {
        if !failed.is_replayable() {
            return Ok(Retry::Unknown);
        }
        let (mut run, mut calls, mut forked_at, mut are_last) = (failed.clone(), Vec::new(), None, true);
        // Without the worktree it worked in, a run cannot continue.
        while let Some(Failing { call, child, is_last }) = self.failing_call(&run).await?.filter(|_| run.workspace.is_dir()) {
            // A fork shares what was started before its call: the run that failed has to be started again. No fork begins before
            // the run continued with another input.
            let started = child.as_ref().and_then(|child| Some(child.parent.as_ref()?.1)).filter(|seq| *seq > run.journal_from);
            forked_at = forked_at.or(Some(started.unwrap_or(call.seq)));
            calls.push((run.id.clone(), call.seq));
            // What was done after a call would be forgotten with it.
            are_last &= is_last;
            if are_last && call.error().is_some_and(|error| error.kind == ErrorKind::Denied) {
                return Ok(Retry::Repeat(calls));
            }
            let Some(child) = child else { break };
            run = child;
        }
        match forked_at {
            Some(at) => Ok(Retry::Fork(at)),
            None => self.retry_of_itself(failed).await,
        }
    }

    async fn retry_of_itself(&self, run: &Run) -> Result<Retry, KernelError> {
        let journal = self.replayed_calls(run).await?;
        if rejects_input(&run.state, run.journal_from, &journal) {
            return Ok(Retry::Input);
        }
        let is_sound = run.workspace.is_dir() && journal.iter().all(|inspected| inspected.damage.is_none());
        let next = journal.last().map_or(run.first_call(), |last| last.entry.seq + 1);
        Ok(if is_sound { Retry::Itself(next) } else { Retry::Unknown })
    }

    /// The same as it is kept with the run, which is about to come into the state of failure that it has here.
    pub(super) async fn failed_call(&self, failing: &Run) -> Result<Option<FailedCall>, KernelError> {
        let failing = self.failing_call(failing).await?;
        Ok(failing.map(|Failing { call, child, .. }| FailedCall { seq: call.seq, call: call.call, child: child.map(|child| child.id) }))
    }

    /// The call by whose answer a run failed: the last one, or one before it whose error is what the run ended with, as where
    /// the run put things in order before it gave the error on.
    async fn failing_call(&self, run: &Run) -> Result<Option<Failing>, KernelError> {
        let mut calls = self.telling_calls(run).await?;
        let Some(Inspected { entry: call, damage: None }) = calls.pop() else { return Ok(None) };
        let tree = self.tree(&run.id).await?;
        let child = failed_child(&tree, run, &call);
        if call.error().is_some() || child.is_some() {
            return Ok(Some(Failing { call, child, is_last: true }));
        }
        let State::Failed { error: ended } = &run.state else { return Ok(None) };
        let is_same = |error: &CallError| (&error.kind, &error.text, &error.subject) == (&ended.kind, &ended.text, &ended.subject);
        let before = calls.into_iter().rev().filter(|found| found.damage.is_none()).map(|found| found.entry);
        let mut before = before.map(|call| (failed_child(&tree, run, &call), call));
        let found = before.find(|(child, call)| {
            let is_of_child = child.as_ref().is_some_and(|child| ended.subject.as_deref() == Some(child.id.as_str()));
            is_of_child || call.error().is_some_and(|error| is_same(&error))
        });
        Ok(found.map(|(child, call)| Failing { call, child, is_last: false }))
    }

    /// The calls that an execution of the run replays. By those before it continued with another input it has not failed.
    pub(super) async fn replayed_calls(&self, run: &Run) -> Result<Vec<Inspected>, KernelError> {
        let mut journal = self.parts.journal.inspect(&run.id).await?;
        journal.retain(|inspected| inspected.entry.seq > run.journal_from);
        Ok(journal)
    }

    /// Those of them that were answered with more than that they were heard.
    async fn telling_calls(&self, run: &Run) -> Result<Vec<Inspected>, KernelError> {
        let mut calls = self.replayed_calls(run).await?;
        calls.retain(|found| found.entry.effect != Effect::Emit && found.entry.state != EntryState::GivenUp);
        Ok(calls)
    }
}

/// Whether a run ended by the input that it was started with: it did nothing but say what it does.
fn rejects_input(state: &State, journal_from: u64, journal: &[Inspected]) -> bool {
    let is_invalid = matches!(state, State::Failed { error } if error.kind == ErrorKind::Invalid);
    // An input with which it continued came from itself.
    is_invalid && journal_from == 0 && journal.iter().all(|inspected| inspected.entry.effect == Effect::Emit)
}

/// A call by whose answer a run failed.
struct Failing {
    call: Entry,
    /// The run below whose end was the answer.
    child: Option<Run>,
    /// No call came after it.
    is_last: bool,
}

/// The failed run whose end was the answer of this call: it started that run itself, or waited for it.
fn failed_child(tree: &[Run], run: &Run, call: &Entry) -> Option<Run> {
    let error = call.error();
    let names = |child: &RunId| match &error {
        Some(error) => error.subject.as_deref() == Some(child.as_str()),
        // The first of several to end, beside how it did.
        None => call.answer.as_ref().is_some_and(|answer| answer.contains(child.as_str())),
    };
    let is_meant = |child: &&Run| {
        let is_child = child.parent.as_ref().is_some_and(|(parent, _)| *parent == run.id);
        let is_named = child.id == run.id.child(call.seq) || names(&child.id);
        is_child && is_named && matches!(child.state, State::Failed { .. })
    };
    tree.iter().find(is_meant).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(effect: Effect) -> Inspected {
        let entry = Entry {
            run: RunId::from_text("a"),
            seq: 1,
            call: "files.read".to_owned(),
            effect,
            request_hash: String::new(),
            request: "{}".to_owned(),
            state: EntryState::Done,
            answer: Some(r#"{"ok":null}"#.to_owned()),
            repeated: false,
            asked_at: 0,
            answered_at: None,
        };
        Inspected { entry, damage: None }
    }

    #[test]
    fn only_a_run_that_did_nothing_yet_can_have_rejected_its_input() {
        let failed = |error| State::Failed { error };
        let invalid = failed(CallError::new(ErrorKind::Invalid, "It names no brief."));
        assert!(rejects_input(&invalid, 0, &[]) && rejects_input(&invalid, 0, &[called(Effect::Emit)]));
        assert!(!rejects_input(&invalid, 0, &[called(Effect::Emit), called(Effect::Write)]));
        assert!(!rejects_input(&invalid, 3, &[]), "it continued with an input of its own");
        assert!(!rejects_input(&failed(CallError::other("")), 0, &[]));
    }
}
