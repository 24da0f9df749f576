//! Executes a tree of runs in this host until nothing in it can continue, and says how a tree stands that the running host executes.
//! Answers nothing itself.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::{
    actor::Actor,
    journal::{Awaited, GRACE, Halt, RunId, Wait},
    kernel::{
        Drive, Kernel, KernelError,
        run::{State, Summary},
    },
    operations::{
        Host, Problem,
        questions::{self, ListQuestions},
    },
};

/// How often it is checked whether a tree that stands still can continue.
const LOOK: Duration = Duration::from_millis(100);

/// How long a stop waits for a call in flight to a model.
pub const STOP_PATIENCE: Duration = GRACE;

/// The execution of a tree of runs by this host.
pub struct Execution<'a> {
    host: &'a Host,
    root: RunId,
    halt: Halt,
    /// It also stays for what an operator provides.
    stays: bool,
    needs_operator: Notify,
}

/// What a request to stop does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The execution ends after the calls in flight.
    AfterCalls,
    /// It was requested before: the caller ends at once.
    AtOnce,
}

impl<'a> Execution<'a> {
    /// An execution of the tree under `root`, or of all runs. With `stays` it waits for what an operator provides.
    pub fn new(host: &'a Host, root: &RunId, stays: bool) -> Self {
        Self { host, root: root.clone(), halt: Halt::default(), stays, needs_operator: Notify::new() }
    }

    /// Executes until nothing in the tree can continue, not even by an answer that somebody may yet give while
    /// `expects_answers`, or until it is stopped.
    pub async fn run(&self, expects_answers: &AtomicBool) -> Result<(), Problem> {
        let kernel = &self.host.app.kernel;
        let drive = Drive { root: Some(self.root.clone()), until_idle: true };
        let mut has_said = false;
        loop {
            kernel.drive(&drive, &self.halt).await?;
            if self.halt.interrupt().is_some() {
                return Ok(());
            }
            let needs = self.stays && kernel.tree_summaries(&self.root).await?.iter().any(|run| needs_operator(&run.state));
            let asks = expects_answers.load(Ordering::SeqCst) && has_questions(self.host, &self.root).await?;
            if !needs && !asks && kernel.runs().queued(Some(&self.root), None, 1).await.map_err(KernelError::from)?.is_empty() {
                return Ok(());
            }
            if needs {
                kernel.look_for_needs_at_times(Some(&self.root)).await?;
            }
            if needs && !std::mem::replace(&mut has_said, true) {
                self.needs_operator.notify_one();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Returns once nothing but its operator keeps the tree from continuing, where the execution stays for that.
    pub async fn needs_operator(&self) {
        self.needs_operator.notified().await;
    }

    /// Ends the execution of this tree after the calls in flight. What its journal holds is kept.
    pub fn end(&self) {
        self.halt.stop();
    }

    /// Cancels the root, if it has not ended; it may clean up before it ends.
    pub async fn cancel(&self, actor: &Actor) -> Result<(), Problem> {
        let kernel = &self.host.app.kernel;
        let run = kernel.run(&self.root).await?;
        if !run.state.is_final() {
            kernel.cancel(&run, actor).await?;
        }
        Ok(())
    }

    /// Ends the execution of all runs of this host after the calls in flight, at the request of a person.
    pub fn stop(&self) -> Stop {
        stop(self.host, &self.halt)
    }
}

/// Ends what a halt is for and all runs of this host after the calls in flight; the second request is one to end at once.
pub(super) fn stop(host: &Host, halt: &Halt) -> Stop {
    if halt.interrupt().is_some() {
        return Stop::AtOnce;
    }
    halt.stop();
    host.app.kernel.stop();
    Stop::AfterCalls
}

/// How a tree of runs stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TreeState {
    /// Its root waits to be executed for the first time, or again.
    Queued,
    /// Something in it is executed, or will be by itself or by an answer.
    Active,
    /// Nothing in it continues until an operator provides something.
    NeedsOperator,
    /// Nothing in it can continue.
    Idle,
}

/// How the tree under `root` stands.
pub async fn tree_state(host: &Host, root: &RunId) -> Result<TreeState, Problem> {
    let kernel = &host.app.kernel;
    let tree = kernel.tree_summaries(root).await?;
    let Some(run) = tree.iter().find(|run| run.id == *root).filter(|run| !run.state.is_final()) else { return Ok(TreeState::Idle) };
    let is_held = kernel.held_by(&run.project).await?.is_some();
    Ok(match () {
        () if run.state == State::Queued && !is_held => TreeState::Queued,
        () if tree.iter().any(|run| is_active(run, is_held)) => TreeState::Active,
        () if tree.iter().any(|run| needs_operator(&run.state)) => TreeState::NeedsOperator,
        () => TreeState::Idle,
    })
}

/// What is queued in a paused project is not executed.
fn is_active(run: &Summary, is_held: bool) -> bool {
    match &run.state {
        State::Queued => !is_held,
        State::Running => true,
        State::Waiting { wait: Wait::Needed(needed) } => needed.until.is_some(),
        State::Waiting { wait } => !is_for_runs_alone(wait),
        State::Paused { .. } | State::Succeeded | State::Failed { .. } | State::Cancelled => false,
    }
}

/// Whether everything in the tree waits for people or for operators, or has ended.
pub async fn waits_for_people(host: &Host, root: &RunId) -> Result<bool, Problem> {
    let stands = |state: &State| match state {
        State::Waiting { wait } => is_for_others(wait),
        state => state.is_final() || matches!(state, State::Paused { .. }),
    };
    Ok(host.app.kernel.tree_summaries(root).await?.iter().all(|run| stands(&run.state)))
}

async fn has_questions(host: &Host, root: &RunId) -> Result<bool, Problem> {
    let request = ListQuestions { all: false, root: Some(root.clone()) };
    Ok(!questions::list(host, &request).await?.items.is_empty())
}

/// What a run replays that does not begin at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    /// Calls that are answered from the journal.
    pub calls: u64,
    /// Model replies that are not paid for again.
    pub model_replies: u64,
}

/// What the tree under `root` replays when it is executed now; none where it begins.
pub async fn replay(host: &Host, root: &RunId) -> Result<Option<Replay>, Problem> {
    let kernel: &Kernel = &host.app.kernel;
    let tally = kernel.runs().tally(root).await.map_err(KernelError::from)?;
    if tally.host_calls == 0 {
        return Ok(None);
    }
    let mut calls = 0;
    for run in kernel.tree_summaries(root).await?.iter().filter(|run| !run.state.is_final()) {
        calls += kernel.journal().count(&run.id, run.journal_from).await.map_err(KernelError::from)?.answered;
    }
    Ok(Some(Replay { calls, model_replies: tally.model_calls }))
}

/// Whether a run waits for what an operator provides.
pub(super) fn needs_operator(state: &State) -> bool {
    matches!(state, State::Waiting { wait: Wait::Needed(_) })
}

/// Whether nothing wakes a run but the end of others.
fn is_for_runs_alone(wait: &Wait) -> bool {
    !matches!(wait, Wait::Needed(_)) && wait.due().is_none() && wait.awaited().iter().all(|awaited| matches!(awaited, Awaited::Run(_)))
}

/// Whether a run waits for people, or for runs that may do so, and for no time.
fn is_for_others(wait: &Wait) -> bool {
    match wait {
        Wait::Until(_) | Wait::Account { .. } => false,
        Wait::Runs(_) | Wait::Question { .. } => true,
        Wait::Any { until, .. } => until.is_none(),
        Wait::Needed(needed) => needed.until.is_none(),
    }
}
