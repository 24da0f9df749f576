//! The kernel as the interfaces see it: somewhere to start runs, and to learn how they ended.

use std::sync::{Arc, Weak};

use async_trait::async_trait;

use super::{
    Kernel,
    ceiling::{Bound, Ceiling, Limit},
    package::Kind,
    registry::Origin,
    run::{Added, CancelCause, Run, State},
    slots::{Filled, Item, output_misfit},
    starting::Child,
};
use crate::{
    actor::Actor,
    errors::Hint,
    interfaces::children::{ChildError, Children, Ended, Narrowing, Order, Outcome, Role},
    journal::{CallError, RunId},
};

/// Runs inside runs may be nested so deep; deeper is a plugin that starts itself.
const DEEPEST: usize = 16;

/// Starts runs on behalf of runs.
pub(super) struct Family {
    kernel: Weak<Kernel>,
}

impl Family {
    pub(super) fn new(kernel: Weak<Kernel>) -> Self {
        Self { kernel }
    }

    pub(super) fn kernel(&self) -> Result<Arc<Kernel>, ChildError> {
        self.kernel.upgrade().ok_or_else(|| ChildError::Store("The host is stopping; resume the run when it is back.".to_owned()))
    }
}

#[async_trait]
impl Children for Family {
    async fn start(&self, parent: &RunId, seq: u64, order: Order<'_>) -> Result<RunId, ChildError> {
        let kernel = self.kernel()?;
        let kind = match order.role {
            Role::Workflow => Kind::Workflow,
            Role::Agent => Kind::Agent,
            Role::Toolbox => Kind::Toolbox,
        };
        // A child that was started before stays with the version it began with, whatever is installed now.
        let id = parent.child(seq);
        if kernel.runs().find(&id).await.map_err(store)?.is_some() {
            return Ok(id);
        }
        let parent = kernel.run(parent).await.map_err(store)?;
        let item = Item { named: order.item, input: &order.input };
        let Filled { plugin, slot, item } = kernel.filled(&parent, order.plugin, kind, item).await?;
        if depth(&kernel, &parent).await? >= DEEPEST {
            return Err(ChildError::TooDeep(DEEPEST));
        }
        let root = kernel.run(&parent.root).await.map_err(store)?;
        let limit = kernel.parts.policy.limits(&root.plugin).runs;
        let workspace = match order.worktree {
            None => parent.workspace.clone(),
            Some(name) => {
                let folder = kernel.parts.worktrees.folder(&parent.project, &parent.root, name).await.map_err(store)?;
                folder.ok_or_else(|| ChildError::NoWorktree(name.to_owned()))?
            }
        };
        let ceiling = ceiling(&kernel, &parent, id.clone(), order.within).await?;
        let slot = slot.map(|slot| slot.name.to_owned());
        let child = Child { workspace, worktree: order.worktree, input: order.input, ceiling, slot, item };
        match kernel.start_child(&parent, seq, &plugin, limit, child).await.map_err(store)? {
            Added::New | Added::There => Ok(id),
            Added::Full => Err(ChildError::TooMany { root: root.id, plugin: root.plugin, limit }),
        }
    }

    async fn find_ended(&self, parent: &RunId, child: &RunId) -> Result<Option<Ended>, ChildError> {
        let kernel = self.kernel()?;
        let run = kernel.runs().find(child).await.map_err(store)?;
        let run = run.ok_or_else(|| ChildError::NotYours(child.clone()))?;
        if !is_child(&kernel, parent, &run).await? {
            return Err(ChildError::NotYours(child.clone()));
        }
        Ok(match run.state {
            State::Succeeded => Some(check_success(&kernel, run).await),
            State::Failed { error } => Some(Ended::Failed(error)),
            State::Cancelled => Some(Ended::Cancelled),
            State::Queued | State::Running | State::Waiting { .. } | State::Paused { .. } => None,
        })
    }

    async fn cancel(&self, parent: &RunId, child: &RunId) -> Result<(), ChildError> {
        let kernel = self.kernel()?;
        let run = kernel.runs().find(child).await.map_err(store)?;
        let run = run.ok_or_else(|| ChildError::NotYours(child.clone()))?;
        if !is_child(&kernel, parent, &run).await? {
            return Err(ChildError::NotYours(child.clone()));
        }
        // A fork only stops waiting for what its source started.
        let by = Actor::run(parent, &kernel.run(parent).await.map_err(store)?.plugin);
        let is_own = run.parent.as_ref().is_some_and(|(started_by, _)| started_by == parent);
        if run.state.is_final() || !is_own { Ok(()) } else { kernel.give_up(&run, CancelCause::Run, &by).await.map_err(store) }
    }

    async fn cost(&self, child: &RunId) -> Result<Option<f64>, ChildError> {
        Ok(self.kernel()?.runs().tally(child).await.map_err(store)?.cost_usd)
    }
}

/// What the child may do at most: less where its parent starts it for less.
async fn ceiling(kernel: &Kernel, parent: &Run, child: RunId, within: Option<Narrowing>) -> Result<Ceiling, ChildError> {
    let version = kernel.version_of(&parent.plugin, &parent.plugin_hash).await.map_err(store)?;
    // One whose file is not known any more is not bundled.
    let is_bundled = version.is_some_and(|version| version.origin == Origin::Bundled);
    let limit = Limit::Grants { hash: parent.plugin_hash.clone() };
    let bound = Bound { run: parent.id.clone(), plugin: parent.plugin.clone(), limit };
    let ceiling = parent.ceiling.clone().below(bound, is_bundled);
    let Some(within) = within else { return Ok(ceiling) };
    let to = within.into_iter().collect();
    kernel.check_narrowing(parent, ceiling.bounds(), &to).await.map_err(store)?.map_err(ChildError::NotNarrower)?;
    Ok(ceiling.narrowed(child, &parent.plugin, to))
}

/// A run that filled a slot gave back what the slot's contract says, or failed for whoever started it.
async fn check_success(kernel: &Kernel, run: Run) -> Ended {
    let outcome = Outcome { output: run.output.unwrap_or_default(), shortfall: run.shortfall };
    let Some(slot) = run.slot.as_deref().and_then(|slot| kernel.slot(slot).ok()) else { return Ended::Succeeded(outcome) };
    let (input, checked) = (run.input, outcome.output.clone());
    let misfit = tokio::task::spawn_blocking(move || output_misfit(slot, &input, &checked)).await;
    let Ok(Some(misfit)) = misfit else { return Ended::Succeeded(outcome) };
    let text = format!(
        "What plugin `{plugin}` answered does not fit the slot `{slot}`, at {}. This is a mistake of that plugin: `baton plugin check FILE \
         --as {slot}` shows it, and `baton bindings set {slot} PLUGIN` binds another.",
        misfit.describe(),
        plugin = run.plugin,
        slot = slot.name,
    );
    Ended::Failed(CallError::other(text).about(misfit.field))
}

fn store(error: impl Hint) -> ChildError {
    ChildError::Store(error.explain())
}

/// A run may ask after the runs it started itself, and a fork after those that its source did.
async fn is_child(kernel: &Kernel, parent: &RunId, run: &Run) -> Result<bool, ChildError> {
    let Some((started_by, _)) = &run.parent else { return Ok(false) };
    let mut ancestor = Some(parent.clone());
    while let Some(id) = ancestor {
        if id == *started_by {
            return Ok(true);
        }
        ancestor = kernel.run(&id).await.map_err(store)?.forked_from.map(|(source, _)| source);
    }
    Ok(false)
}

async fn depth(kernel: &Kernel, run: &Run) -> Result<usize, ChildError> {
    let mut depth = 0;
    let mut above = run.parent.clone();
    while let Some((id, _)) = above {
        depth += 1;
        above = kernel.run(&id).await.map_err(store)?.parent;
    }
    Ok(depth)
}
