//! How a failed run can continue, by what its journal says it failed by. Changes nothing.

use super::{
    Kernel, KernelError,
    run::{Run, State},
};
use crate::journal::{Effect, Entry, EntryState, ErrorKind, Inspected, RunId};

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
    /// It cannot be told, for its journal is damaged or its workspace does not exist any more.
    Unknown,
}

impl Retry {
    /// The call to fork before.
    pub fn call(&self) -> Option<u64> {
        match self {
            Self::Repeat(calls) => calls.first().map(|(_, seq)| *seq),
            Self::Fork(seq) | Self::Itself(seq) => Some(*seq),
            Self::Unknown => None,
        }
    }
}

impl Kernel {
    /// How `run`, which failed, can continue.
    pub async fn retry(&self, failed: &Run) -> Result<Retry, KernelError> {
        if !failed.is_replayable() {
            return Ok(Retry::Unknown);
        }
        let (mut run, mut calls, mut forked_at) = (failed.clone(), Vec::new(), None);
        // Without the worktree it worked in, a run cannot continue.
        while let Some(last) = self.last_call(&run).await?.filter(|_| run.workspace.is_dir()) {
            let child = self.failed_child(&run, &last).await?;
            let error = last.error();
            if error.is_none() && child.is_none() {
                break;
            }
            // A fork shares what was started before its call: the run that failed has to be started again. No fork begins before
            // the run continued with another input.
            let started = child.as_ref().and_then(|child| Some(child.parent.as_ref()?.1)).filter(|seq| *seq > run.journal_from);
            forked_at = forked_at.or(Some(started.unwrap_or(last.seq)));
            calls.push((run.id.clone(), last.seq));
            if error.is_some_and(|error| error.kind == ErrorKind::Denied) {
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
        let is_sound = run.workspace.is_dir() && journal.iter().all(|inspected| inspected.damage.is_none());
        let next = journal.last().map_or(run.first_call(), |last| last.entry.seq + 1);
        Ok(if is_sound { Retry::Itself(next) } else { Retry::Unknown })
    }

    /// The failed run whose end was the answer of this call: it started that run itself, or waited for it.
    async fn failed_child(&self, run: &Run, call: &Entry) -> Result<Option<Run>, KernelError> {
        let error = call.error();
        let names = |child: &RunId| match &error {
            Some(error) => error.subject.as_deref() == Some(child.as_str()),
            // The first of several to end, beside how it did.
            None => call.answer.as_ref().is_some_and(|answer| answer.contains(child.as_str())),
        };
        let is_meant = |child: &Run| {
            let is_child = child.parent.as_ref().is_some_and(|(parent, _)| *parent == run.id);
            let is_named = child.id == run.id.child(call.seq) || names(&child.id);
            is_child && is_named && matches!(child.state, State::Failed { .. })
        };
        Ok(self.tree(&run.id).await?.into_iter().find(is_meant))
    }

    /// The calls that an execution of the run replays. By those before it continued with another input it has not failed.
    pub(super) async fn replayed_calls(&self, run: &Run) -> Result<Vec<Inspected>, KernelError> {
        let mut journal = self.parts.journal.inspect(&run.id).await?;
        journal.retain(|inspected| inspected.entry.seq > run.journal_from);
        Ok(journal)
    }

    /// The last call that was answered with more than that it was heard.
    async fn last_call(&self, run: &Run) -> Result<Option<Entry>, KernelError> {
        let journal = self.replayed_calls(run).await?;
        let counts = |entry: &Entry| entry.effect != Effect::Emit && entry.state != EntryState::GivenUp;
        let last = journal.into_iter().rev().find(|inspected| counts(&inspected.entry));
        Ok(last.filter(|inspected| inspected.damage.is_none()).map(|inspected| inspected.entry))
    }
}
