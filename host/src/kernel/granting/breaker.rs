//! Stops a plugin whose runs keep ending by a trap. Counts nothing itself but asks the store when one has; what was
//! stopped stays so until an operator decides.

use serde_json::json;

use super::{HOST, about, adopt};
use crate::{
    actor::Actor,
    events::{Category, Draft},
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
            let mut event = about(plugin, None);
            event["traps"] = json!(traps);
            event["run"] = json!(run.id);
            event["reason"] = json!(format!("{traps} runs in a row ended by a trap; the last: {reason}"));
            let events = [Category::Audit, Category::Plugin]
                .map(|category| Draft::of_host(category, "tripped", event.clone()).by(&Actor::system()))
                .to_vec();
            let decision = self.decision(plugin, GrantState { tripped: Some(traps), ..present.grant_state }, HOST);
            if self.parts.grants.decide(&decision, present.revision, events).await? {
                tracing::warn!(plugin = plugin.name(), traps, "The plugin kept trapping and is stopped.");
                adopt(plugin, decision.grant_state);
                return Ok(());
            }
        }
    }
}
