//! What the row of an autopilot means now: the limit of its day for the budgets, and what its run reads of it in each round.
//! Starts and cancels that run for operators; begins no story.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{App, AppError};
use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    interfaces::RunOptions,
    interfaces::{
        autopilot::{Autopilot, AutopilotLimits, Autopilots, PLUGIN},
        llm::money::{Budgets, DayLimit, DayLimits},
        settings::LiveSettings,
    },
    journal::{Clock, Halt, RunId},
    kernel::{
        Drive, KernelError, Order,
        package::Kind,
        run::{CancelCause, Run},
    },
};

/// How long a running host may take to end an autopilot at once, and how often is looked.
const PATIENCE: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_millis(50);

/// The limits of days, by the rows as they are.
pub(super) struct Days {
    pub(super) autopilots: Arc<dyn Autopilots>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl DayLimits for Days {
    async fn day_limits(&self) -> Result<Vec<DayLimit>, StorageError> {
        let (all, now) = (self.autopilots.autopilots().await?, self.clock.now());
        let limit = |autopilot: Autopilot| {
            let (since, _) = autopilot.limits.day(now);
            Some(DayLimit { amount: autopilot.limits.dollars?, project: autopilot.project, run: autopilot.run, since })
        };
        Ok(all.into_iter().filter_map(limit).collect())
    }
}

/// What the run of an autopilot reads as the setting `autopilot`.
pub(super) struct Live {
    pub(super) autopilots: Arc<dyn Autopilots>,
    pub(super) budgets: Arc<Budgets>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl LiveSettings for Live {
    async fn find(&self, project: &str, key: &str) -> Result<Option<Value>, String> {
        if key != PLUGIN {
            return Ok(None);
        }
        let Some(found) = self.autopilots.autopilot(project).await.map_err(|error| error.explain())? else { return Ok(None) };
        let (limits, now) = (&found.limits, self.clock.now());
        let (is_open, changes_at) = limits.is_open(now);
        let (since, day_ends) = limits.day(now);
        let spent = self.budgets.spent_since(project, since).await.map_err(|error| error.explain())?;
        let asking = self.autopilots.asking(&found.run).await.map_err(|error| error.explain())?;
        Ok(Some(json!({
            "run": found.run, "is_on": found.is_on, "branch": found.branch, "stories": limits.stories, "tries": limits.tries,
            "is_open": is_open, "changes_at": changes_at, "day_ends": day_ends, "asking": asking,
            "set_at": found.set_at,
            "is_spent": limits.dollars.is_some_and(|dollars| spent >= dollars),
        })))
    }
}

impl App {
    /// Turns the autopilot of a project on, or gives one that is on other limits. `branch`: where stories land; else what it
    /// was, or what the folder has checked out. However often it is turned on, one run is the autopilot.
    pub async fn turn_autopilot_on(
        &self,
        (project, folder): (&str, &Path),
        branch: Option<String>,
        limits: AutopilotLimits,
        by: &Actor,
    ) -> Result<Autopilot, AppError> {
        self.kernel.check_project(folder).await?;
        let before = self.autopilots.autopilot(project).await?;
        let checked_out = self.repositories.checked_out(folder).await.map_err(AppError::Checkout)?;
        let branch = branch.or_else(|| before.filter(|before| before.is_on).map(|before| before.branch)).unwrap_or(checked_out);
        if self.repositories.branch_end(folder, &branch).await.map_err(AppError::Checkout)?.is_none() {
            let shown = branch.escape_debug();
            return Err(AppError::Checkout(crate::journal::CallError::not_found(format!("There is no branch `{shown}` in the project."))));
        }
        let order = Order {
            plugin: PLUGIN.to_owned(),
            kind: Kind::Workflow,
            input: json!({}),
            workspace: folder.to_owned(),
            options: RunOptions::default(),
            by: by.clone(),
        };
        let (run, plugin) = self.kernel.ordered(order)?;
        let wanted =
            Autopilot { project: project.to_owned(), run: run.id.clone(), is_on: true, branch, limits, set_at: 0, set_by: by.name.clone() };
        let made = self.autopilots.turn_on(&wanted, by).await?;
        if self.find(&made.run).await?.is_some() {
            return Ok(made);
        }
        // Its own, or that of another command that has not come so far: starting it twice is starting it once.
        let run = Run { id: made.run.clone(), root: made.run.clone(), seed: made.run.to_string(), ..run };
        match self.kernel.enqueue(run, &plugin).await {
            Err(error) if self.find(&made.run).await?.is_none() => Err(error.into()),
            _ => Ok(made),
        }
    }

    /// Turns the autopilot of a project off and cancels its run, with all that it started; none where it was not on. `now`:
    /// nothing is put in order, and the run has ended when this returns.
    pub async fn turn_autopilot_off(&self, project: &str, now: bool, by: &Actor) -> Result<Option<Autopilot>, AppError> {
        let Some(off) = self.autopilots.turn_off(project, by).await? else { return Ok(None) };
        let Some(run) = self.find(&off.run).await? else { return Ok(Some(off)) };
        if self.kernel.check_cancellable(&run).await.is_err() {
            return Ok(Some(off));
        }
        match (self.executes(), now) {
            (true, true) => self.kernel.cancel_now(&run, by).await?,
            (true, false) => {
                self.kernel.cancel(&run, by).await?;
                self.kernel.drive(&Drive { root: Some(run.id.clone()), until_idle: true }, &Halt::default()).await?;
            }
            (false, _) => {
                self.kernel.runs().request_cancel(&run.id, CancelCause::Operator, now, by).await.map_err(KernelError::from)?;
                if now {
                    self.await_end(&run.id).await?;
                }
            }
        }
        Ok(Some(off))
    }

    async fn await_end(&self, run: &RunId) -> Result<(), AppError> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.kernel.tree_summaries(run).await?.iter().all(|run| run.state.is_final()) {
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
        Ok(())
    }

    async fn find(&self, run: &RunId) -> Result<Option<Run>, AppError> {
        self.kernel.runs().find(run).await.map_err(|error| KernelError::from(error).into())
    }
}
