//! Stops a plugin whose runs keep ending by a trap. Counts nothing itself but asks the store when one has; what was
//! stopped stays so until an operator decides.

use super::{
    HOST, adopt,
    events::{PluginTripped, Tripped},
};
use crate::{
    actor::Actor,
    events::Draft,
    kernel::{Kernel, KernelError, grants::GrantState, registry::Plugin, run::Run},
};

impl Kernel {
    /// Notes that a trap ended `run`, and stops its plugin when there were as many in a row as the operator allows.
    pub(in crate::kernel) async fn count_trap(&self, run: &Run, reason: &str) -> Result<(), KernelError> {
        let Some(plugin) = self.parts.registry.pinned(&run.plugin, &run.plugin_hash) else { return Ok(()) };
        let most = self.parts.policy.limits(plugin.name()).traps;
        let decided_at = self.decided_so_far().await?.last_at(&run.plugin, &run.plugin_hash);
        let traps = self.parts.runs.note_trap(run, decided_at, most).await?;
        if traps >= most { self.trip(&plugin, traps, run, reason).await } else { Ok(()) }
    }

    async fn trip(&self, plugin: &Plugin, traps: u32, run: &Run, reason: &str) -> Result<(), KernelError> {
        loop {
            let present = self.decided_so_far().await?.of(plugin);
            if present.grant_state.disabled || present.grant_state.tripped.is_some() {
                return Ok(());
            }
            let reason = format!("{traps} runs in a row ended by a trap; the last: {reason}");
            let tripped = Tripped { plugin: plugin.named_version(), traps, run: run.id.clone(), reason };
            let events = [Draft::of_host(&tripped), Draft::of_host(&PluginTripped { tripped })];
            let events = events.map(|event| event.by(&Actor::system())).to_vec();
            let decision = self.decision(plugin, GrantState { tripped: Some(traps), ..present.grant_state }, HOST);
            if self.parts.grants.decide(&decision, present.revision, events).await? {
                tracing::warn!(plugin = plugin.name(), traps, "The plugin kept trapping and is stopped.");
                adopt(plugin, decision.grant_state);
                return Ok(());
            }
        }
    }
}
