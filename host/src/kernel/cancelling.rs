//! How runs are cancelled: each is told where it waits, may put things in order for a while, and is ended then. Decides
//! about no other end of a run.

use std::{collections::BTreeSet, sync::PoisonError};

use super::{
    Kernel, KernelError,
    events::Cancelled,
    run::{CancelCause, Cancelling, Run, State, Summary},
};
use crate::{
    actor::Actor,
    errors::Reason,
    events::Draft,
    journal::{Entry, ErrorKind, RunId},
};

impl Kernel {
    /// Cancels a run and its descendants. Those that wait or are executed are told so and end themselves within the grace
    /// of their plugin, once they are driven; the others end here. A run that failed cannot be resumed any more.
    pub async fn cancel(&self, run: &Run, by: &Actor) -> Result<(), KernelError> {
        self.give_up(run, CancelCause::Operator, by).await
    }

    /// The same, and nothing is put in order: whatever is executed ends in the middle.
    pub async fn cancel_now(&self, run: &Run, by: &Actor) -> Result<(), KernelError> {
        self.check_cancellable(run).await?;
        self.parts.runs.request_cancel(&run.id, CancelCause::Operator, true, by).await?;
        loop {
            let open = self.open_below(&run.id).await?;
            if open.is_empty() {
                break;
            }
            // What they started meanwhile is found in the next round.
            for member in open {
                self.end_cancelled(&member).await?;
            }
        }
        self.tidy_when_ended(&run.root).await;
        self.changed();
        Ok(())
    }

    /// Cancels a run and its descendants for a reason.
    pub(super) async fn give_up(&self, run: &Run, cause: CancelCause, by: &Actor) -> Result<(), KernelError> {
        self.check_cancellable(run).await?;
        self.parts.runs.request_cancel(&run.id, cause, false, by).await?;
        for member in self.open_below(&run.id).await? {
            self.proceed(&member).await?;
        }
        self.tidy_when_ended(&run.root).await;
        self.changed();
        Ok(())
    }

    /// Brings the runs that are being cancelled nearer to their end, also those of which another process asked it. Returns
    /// those that have yet to be executed for it.
    pub(super) async fn see_to_cancelled(&self) -> Result<Vec<RunId>, KernelError> {
        let (mut left, mut roots) = (Vec::new(), BTreeSet::new());
        for id in self.parts.runs.cancel_requests().await? {
            let run = self.run(&id).await?;
            if !run.may_be_cancelled() {
                continue;
            }
            if self.proceed(&run).await? {
                left.push(id);
            } else {
                roots.insert(run.root);
            }
        }
        for root in roots {
            self.tidy_when_ended(&root).await;
        }
        Ok(left)
    }

    /// The same, and whether any is left of the tree under `root`, or of all.
    pub(super) async fn are_cancelled_left(&self, root: Option<&RunId>) -> Result<bool, KernelError> {
        let left = self.see_to_cancelled().await?;
        Ok(match root {
            Some(root) if !left.is_empty() => self.tree_summaries(root).await?.iter().any(|run| left.contains(&run.id)),
            _ => !left.is_empty(),
        })
    }

    /// Whether there is anything to cancel, or why not. Runs below one that has ended may still be open: a host that was killed
    /// in the middle leaves them so.
    pub async fn check_cancellable(&self, run: &Run) -> Result<(), KernelError> {
        match self.open_below(&run.id).await?.is_empty() {
            true => Err(not_cancellable(run)),
            false => Ok(()),
        }
    }

    /// What is left to end of a run and those below it, parents first: one that has ended starts no more children. Of those that
    /// failed only the run itself: the others ended long ago.
    async fn open_below(&self, id: &RunId) -> Result<Vec<Run>, KernelError> {
        let is_open = |run: &Run| !run.state.is_final() || (run.id == *id && run.may_be_cancelled());
        let mut open: Vec<_> = self.tree(id).await?.into_iter().filter(is_open).collect();
        open.sort_by_key(|run| run.created_at);
        Ok(open)
    }

    /// The next step of one run that is being cancelled. Returns whether it has yet to be executed for its end.
    async fn proceed(&self, run: &Run) -> Result<bool, KernelError> {
        let Some(Cancelling { since, .. }) = run.cancelling else { return Ok(false) };
        let grace = self.parts.policy.limits(&run.plugin).grace;
        let is_over = u128::from(self.parts.clock.now().saturating_sub(since)) >= grace.as_millis();
        match run.state {
            State::Running | State::Queued | State::Waiting { .. } if is_over => {}
            State::Running => {
                self.with_active(&run.id, |active| active.halt.begin_cancelling());
                return Ok(true);
            }
            State::Waiting { .. } => {
                self.parts.runs.transition(&run.id, &["waiting"], State::Queued, None, Vec::new()).await?;
                self.changed();
                return Ok(true);
            }
            // One that has done nothing has nothing to put in order.
            State::Queued if self.parts.journal.count(&run.id, 0).await?.made > 0 => return Ok(true),
            State::Queued | State::Paused { .. } | State::Failed { .. } | State::Succeeded | State::Cancelled => {}
        }
        self.end_cancelled(run).await?;
        Ok(false)
    }

    async fn end_cancelled(&self, run: &Run) -> Result<(), KernelError> {
        let (from, event) = ([run.state.as_str()], vec![Draft::of_run(&run.id, &Cancelled::of(run.cancelling))]);
        // One that has begun since it was seen is told first.
        if self.parts.runs.transition(&run.id, &from, State::Cancelled, None, event).await? {
            self.with_active(&run.id, |active| active.halt.cancel());
        }
        Ok(())
    }

    fn with_active(&self, id: &RunId, tell: impl FnOnce(&super::scheduler::Active)) {
        if let Some(active) = self.active.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            tell(active);
        }
    }

    /// Whether runs below one that ended are still putting things in order, and why it cannot be resumed meanwhile.
    pub(super) async fn check_ended_below(&self, run: &Run) -> Result<(), KernelError> {
        let is_ending = |below: &Summary| below.id != run.id && below.cancelling.is_some() && !below.state.is_final();
        if !self.tree_summaries(&run.id).await?.iter().any(is_ending) {
            return Ok(());
        }
        let id = run.id.short();
        Err(KernelError::WrongState(
            Reason::new(format!("Runs below run {id} are still being cancelled.")).advise("Resume it again in a few seconds."),
        ))
    }

    /// The runs that were cancelled because `failed`, or one of `reopened`, ended, and that continue with it: each with the
    /// call in which it was told.
    pub(super) async fn ended_with(&self, failed: &Run, reopened: &[(RunId, u64)]) -> Result<Vec<(RunId, u64)>, KernelError> {
        let mut again: Vec<RunId> = reopened.iter().map(|(id, _)| id.clone()).chain([failed.id.clone()]).collect();
        let mut ended = Vec::new();
        let mut tree = self.tree(&failed.id).await?;
        tree.sort_by_key(|run| run.created_at);
        for run in &tree {
            // What a run started before it continued with another input was given up for good.
            let is_replayed = |(parent, seq): &(RunId, u64)| tree.iter().any(|above| above.id == *parent && *seq > above.journal_from);
            let below = run.parent.as_ref().is_some_and(|started| again.contains(&started.0) && is_replayed(started));
            let is_meant = matches!(run.cancelling, Some(Cancelling { cause: CancelCause::Ended, .. })) && run.state == State::Cancelled;
            if below && is_meant {
                let entries = self.parts.journal.entries_after(&run.id, run.journal_from).await?;
                let told = entries.iter().find(|entry| is_told(entry));
                let told = told.map_or(run.first_call() + entries.len() as u64, |entry| entry.seq);
                again.push(run.id.clone());
                ended.push((run.id.clone(), told));
            }
        }
        Ok(ended)
    }
}

/// Whether a call was answered with word of the run's own cancellation: that of a child names the child.
fn is_told(entry: &Entry) -> bool {
    entry.error().is_some_and(|error| error.kind == ErrorKind::Cancelled && error.subject.is_none())
}

/// Why a run below which nothing is open cannot be cancelled.
fn not_cancellable(run: &Run) -> KernelError {
    let (id, state) = (run.id.short(), run.state.as_str());
    KernelError::WrongState(match (&run.state, &run.parent) {
        (State::Failed { .. }, Some(_)) => Reason::new(format!("Run {id} has failed already.")).advise(format!(
            "Cancel the run that started it with `baton runs cancel {}`, which releases their worktrees.",
            run.root.short()
        )),
        (State::Cancelled, _) => Reason::new(format!("Run {id} is cancelled already.")),
        _ => Reason::new(format!("Run {id} has {state} already.")),
    })
}
