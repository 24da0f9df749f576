//! The queue with the reason why each run in it waits. Starts none: the scheduler does, in this order.

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use super::{Kernel, KernelError, run::InLine};

/// Why a queued run is not executed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is executed next.
    Next,
    /// Its project is paused.
    ProjectPaused,
    /// Its plugin has as many executions as it may have.
    PluginFull,
    /// The host executes as many runs as it may.
    HostFull,
    /// Its own last execution has not ended yet.
    Ending,
}

impl Kernel {
    /// How many runs are executed at the moment.
    pub fn executed(&self) -> usize {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many runs are executed at once at most.
    pub fn at_once(&self) -> usize {
        self.parts.at_once
    }

    /// All queued runs in the order in which they are executed, each with the reason why it is not yet.
    pub async fn line(&self) -> Result<Vec<(InLine, Why)>, KernelError> {
        let queued = self.parts.runs.line().await?;
        let (mut free, mut active_of) = (self.parts.at_once, HashMap::<String, usize>::new());
        let mut ending = HashSet::new();
        for (id, active) in self.active.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            free = free.saturating_sub(1);
            *active_of.entry(active.plugin().to_owned()).or_default() += 1;
            ending.insert(id.clone());
        }
        let why = |run: &InLine| {
            let plugin = &run.queued.plugin;
            let active = active_of.get(plugin).copied().unwrap_or_default();
            if run.is_held {
                return Why::ProjectPaused;
            }
            if ending.contains(&run.queued.id) {
                return Why::Ending;
            }
            if self.parts.policy.limits(plugin).concurrent_runs.is_some_and(|most| active >= most) {
                return Why::PluginFull;
            }
            if free == 0 {
                return Why::HostFull;
            }
            free -= 1;
            *active_of.entry(plugin.clone()).or_default() += 1;
            Why::Next
        };
        let reasons: Vec<Why> = queued.iter().map(why).collect();
        Ok(queued.into_iter().zip(reasons).collect())
    }
}
