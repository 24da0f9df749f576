//! The queue with the reason why each run in it waits. Starts none: the scheduler does, in this order.

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use super::{Kernel, KernelError, run::InLine};
use crate::journal::RunId;

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
        let active: Vec<(RunId, String)> = {
            let active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
            active.iter().map(|(id, active)| (id.clone(), active.plugin().to_owned())).collect()
        };
        let most_of = |plugin: &str| self.parts.policy.limits(plugin).concurrent_runs;
        let reasons = decide(&queued, &active, self.parts.at_once, most_of);
        Ok(queued.into_iter().zip(reasons).collect())
    }
}

/// Why each queued run waits, beside the runs that are executed with their plugins.
fn decide(queued: &[InLine], active: &[(RunId, String)], at_once: usize, most_of: impl Fn(&str) -> Option<usize>) -> Vec<Why> {
    let mut free = at_once.saturating_sub(active.len());
    let ending: HashSet<&RunId> = active.iter().map(|(id, _)| id).collect();
    let mut taken: HashMap<&str, usize> = HashMap::new();
    active.iter().for_each(|(_, plugin)| *taken.entry(plugin).or_default() += 1);
    let mut reasons = Vec::with_capacity(queued.len());
    for run in queued {
        let plugin = run.queued.plugin.as_str();
        let of_plugin = taken.entry(plugin).or_default();
        reasons.push(match () {
            () if run.is_held => Why::ProjectPaused,
            () if ending.contains(&run.queued.id) => Why::Ending,
            () if most_of(plugin).is_some_and(|most| *of_plugin >= most) => Why::PluginFull,
            () if free == 0 => Why::HostFull,
            () => {
                free -= 1;
                *of_plugin += 1;
                Why::Next
            }
        });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::run::Queued;

    fn queued(id: &str, plugin: &str, is_held: bool) -> InLine {
        let (id, project) = (RunId::from_text(id), "shop".to_owned());
        let queued = Queued { created_at: 0, id: id.clone(), plugin: plugin.to_owned() };
        InLine { queued, root: id, project, item: None, is_held }
    }

    #[test]
    fn each_run_waits_for_what_those_before_it_take() {
        let line = [
            queued("a", "plan", true),
            queued("b", "plan", false),
            queued("c", "plan", false),
            queued("d", "other", false),
            queued("e", "other", false),
            queued("f", "plan", false),
        ];
        let active = [(RunId::from_text("c"), "plan".to_owned())];
        let most_of = |plugin: &str| (plugin == "plan").then_some(2);
        let reasons = decide(&line, &active, 3, most_of);
        assert_eq!(reasons, [Why::ProjectPaused, Why::Next, Why::Ending, Why::Next, Why::HostFull, Why::PluginFull]);
        assert_eq!(decide(&line[3..4], &active, 1, most_of), [Why::HostFull]);
    }
}
