//! How runs are paused for an operator: what does nothing stays where it is, what is executed ends after its call. Pauses nothing by
//! itself, and resumes nothing.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError},
};

use super::{
    Kernel, KernelError,
    events::Paused,
    run::{Run, State, Summary},
};
use crate::{
    actor::Actor,
    errors::Reason,
    events::Draft,
    journal::{Pause, PauseKind, RunId},
};

/// Rounds in which runs are looked for that were started meanwhile.
const ROUNDS: usize = 16;

/// Who pauses a run, and what is said of it.
pub(super) struct Pausing {
    pause: Pause,
    by: Actor,
}

impl Kernel {
    /// Pauses a run and all below it, until an operator resumes them. Those that are executed end after the call that they make.
    pub async fn pause(&self, run: &Run, by: &Actor) -> Result<(), KernelError> {
        let pause = Pause::new(PauseKind::Operator, format!("{} paused the run.", by.name));
        let pausing = Arc::new(Pausing { pause, by: by.clone() });
        match self.pause_tree(&run.id, &pausing).await? {
            true => Ok(()),
            false => Err(not_pausable(run)),
        }
    }

    /// Pauses what is open under `root`; false where nothing is.
    pub(super) async fn pause_tree(&self, root: &RunId, pausing: &Arc<Pausing>) -> Result<bool, KernelError> {
        let mut told = HashSet::new();
        for _ in 0..ROUNDS {
            let mut open = self.tree_summaries(root).await?;
            open.retain(|run| is_pausable(run) && !told.contains(&run.id));
            if open.is_empty() {
                break;
            }
            // Parents first: one that is paused starts nothing.
            open.sort_by_key(|run| run.created_at);
            for run in open {
                if self.pause_one(&run, pausing).await? {
                    told.insert(run.id);
                }
            }
        }
        Ok(!told.is_empty())
    }

    /// False where the run changed its state meanwhile.
    async fn pause_one(&self, run: &Summary, pausing: &Arc<Pausing>) -> Result<bool, KernelError> {
        let Pausing { pause, by } = pausing.as_ref();
        let event = Draft::of_run(&run.id, &Paused { kind: pause.kind, reason: pause.reason.clone() }).by(by);
        let to = State::Paused { pause: pause.clone() };
        let is_paused = self.parts.runs.transition(&run.id, &["queued", "waiting"], to, None, vec![event]).await?;
        Ok(is_paused || self.stop_to_pause(&run.id, pausing))
    }

    /// Ends the execution of a run so that it is paused; false where it is not executed.
    fn stop_to_pause(&self, id: &RunId, pausing: &Arc<Pausing>) -> bool {
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(active) = active.get_mut(id) else { return false };
        active.pausing.get_or_insert_with(|| Arc::clone(pausing));
        active.halt.stop();
        true
    }

    /// Pauses a run whose execution ended for that, and what it started meanwhile. Its place is still taken, so that nothing
    /// executes it again before.
    pub(super) async fn pause_after_execution(&self, id: &RunId) -> Result<(), KernelError> {
        let pausing = self.active.lock().unwrap_or_else(PoisonError::into_inner).get(id).and_then(|active| active.pausing.clone());
        if let Some(pausing) = pausing {
            self.pause_tree(id, &pausing).await?;
        }
        Ok(())
    }
}

fn is_pausable(run: &Summary) -> bool {
    run.cancelling.is_none() && matches!(run.state, State::Queued | State::Running | State::Waiting { .. })
}

fn not_pausable(run: &Run) -> KernelError {
    let (id, state) = (run.id.short(), run.state.as_str());
    KernelError::WrongState(match &run.state {
        _ if run.is_being_cancelled() => Reason::new(format!("Run {id} is being cancelled.")),
        State::Paused { .. } => {
            Reason::new(format!("Run {id} is paused already.")).advise(format!("Resume it with `baton runs resume {id}`."))
        }
        _ => Reason::new(format!("Run {id} is {state} and cannot be paused.")),
    })
}
