//! Looks whether what runs wait for, and an operator provides, has come, and makes those runs ready again. Executes none of
//! them to find out.

use std::{
    collections::HashMap,
    sync::PoisonError,
    time::{Duration, Instant},
};

use super::{
    Kernel, KernelError,
    events::Provided,
    run::{Run, State},
};
use crate::{
    events::Draft,
    interfaces::CAPABILITIES,
    journal::{Authority, Capability, NeedKind, Needed, RunId, Wait},
};

/// How often it is looked at most.
const LOOK: Duration = Duration::from_secs(2);
/// After so long a command whose image is missing is tried again all the same, for its registry may be back. In milliseconds.
const TRIED_AGAIN: u64 = 5 * 60 * 1000;

impl Kernel {
    /// Looks for what runs need, unless that was done a moment ago.
    pub async fn look_for_needs_at_times(&self, root: Option<&RunId>) -> Result<(), KernelError> {
        let is_due = {
            let mut looked = self.looked_for_needs.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = looked.is_none_or(|looked| looked.elapsed() >= LOOK);
            if is_due {
                *looked = Some(Instant::now());
            }
            is_due
        };
        if is_due { self.look_for_needs(root).await } else { Ok(()) }
    }

    /// Makes the runs of the tree under `root` (or all) ready that wait for something which is there now. A host that executes
    /// looks at times; whoever has just provided something in the same process need not wait for that.
    pub async fn look_for_needs(&self, root: Option<&RunId>) -> Result<(), KernelError> {
        let mut known = HashMap::new();
        for id in self.parts.runs.needing(root).await? {
            let run = self.run(&id).await?;
            let State::Waiting { wait: Wait::Needed(needed) } = &run.state else { continue };
            for needed in needed.each() {
                if self.has_come(&run, needed, &mut known).await? {
                    self.provide(&id, needed).await?;
                    break;
                }
            }
        }
        Ok(())
    }

    async fn provide(&self, id: &RunId, needed: &Needed) -> Result<(), KernelError> {
        let event = Draft::of_run(id, &Provided { kind: needed.kind, subject: needed.subject.clone() });
        self.parts.runs.transition(id, &["waiting"], State::Queued, None, vec![event]).await?;
        self.changed();
        Ok(())
    }

    /// `known` holds what was found out for other runs in the same look.
    async fn has_come(
        &self,
        run: &Run,
        needed: &Needed,
        known: &mut HashMap<(NeedKind, String, Vec<String>), bool>,
    ) -> Result<bool, KernelError> {
        match needed.kind {
            NeedKind::Grant => self.is_decided(run, &needed.subject).await,
            NeedKind::Image if self.parts.clock.now().saturating_sub(run.updated_at) >= TRIED_AGAIN => Ok(true),
            NeedKind::Budget | NeedKind::Price => Ok(self.services.provides(&run.id, &run.root, &run.project, needed).await),
            NeedKind::Key | NeedKind::Image | NeedKind::Engine => {
                let key = (needed.kind, needed.subject.clone(), needed.rejected.clone());
                if let Some(has_come) = known.get(&key) {
                    return Ok(*has_come);
                }
                let has_come = self.services.provides(&run.id, &run.root, &run.project, needed).await;
                known.insert(key, has_come);
                Ok(has_come)
            }
        }
    }

    /// Whether an operator has decided on a capability, either way.
    async fn is_decided(&self, run: &Run, subject: &str) -> Result<bool, KernelError> {
        let Some((word, value)) = subject.split_once('=') else { return Ok(true) };
        let Some(kind) = CAPABILITIES.iter().find(|kind| kind.word == word) else { return Ok(true) };
        // Without its plugin the run cannot be executed; with another decision it is looked at again.
        let Some(plugin) = self.version_of(&run.plugin, &run.plugin_hash).await? else { return Ok(false) };
        let (authority, _) = self.authority_of(run, &plugin).await?;
        Ok(!authority.awaits_decision(&Capability::new(kind.word, value)))
    }
}
