//! Runs that continue: resumed, moved to another version of their plugin, or forked. Executes none of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CallRef, Divergence, Failure, RunId};
use crate::{
    actor::Actor,
    interfaces::llm::money::Scope,
    kernel::{KernelError, repairing},
    operations::{
        Dollars, Host, Problem,
        access::{Caller, Permission, Subject},
        execution::RunOptions,
    },
};

/// A run to fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForkRun {
    /// The id of the run, or any beginning or end of it.
    pub run: String,
    /// The first call that the new run makes again.
    pub at: u64,
    /// What is chosen for the new run, over what was chosen for the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RunOptions>,
}

/// A run that was forked from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForkedRun {
    /// The new run.
    pub run: RunId,
    /// The run that it was forked from, and the first call that it makes again.
    pub forked_from: CallRef,
}

/// A run to resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResumeRun {
    /// The id of the run, or any beginning or end of it.
    pub run: String,
    /// What is chosen from now on for it and all runs of its tree, over what was chosen before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RunOptions>,
    /// Move it to the version of its plugin that is installed now, if that makes the same calls.
    #[serde(default)]
    pub on_current: bool,
    /// With `on_current`, the first call to give up: the run makes it and all after it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// A run that was to be resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResumedRun {
    /// The run.
    pub run: RunId,
    /// The run at the top of its tree.
    pub root: RunId,
    /// Its plugin.
    pub plugin: String,
    /// What came of moving it to the current version of its plugin, if that was asked for. It is resumed only where it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
    /// What became of the settings of its workspace since it began, if they changed. The run keeps what it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsChange>,
}

/// What came of moving a run to the current version of its plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Repair {
    /// It has that version now, and continues.
    Moved {
        /// The version it has now.
        version: String,
        /// The version it had.
        before: String,
        /// Calls whose answers it keeps.
        kept: u64,
        /// Calls that it makes again.
        given_up: u64,
    },
    /// The version makes another call than the journal holds.
    Diverged {
        /// The first.
        divergence: Divergence,
    },
    /// The version makes the calls of the journal, and then fails.
    Fails {
        /// By what.
        failure: Failure,
    },
    /// The version was ended before it had made them.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// What became of the settings of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingsChange {
    /// These keys have other values.
    Changed(Vec<String>),
    /// They cannot be read any more, for this reason.
    Unreadable(String),
}

/// Starts a run that shares the calls of another before one call, and makes that call and all after it again.
pub async fn fork(host: &Host, actor: &Actor, request: &ForkRun) -> Result<ForkedRun, Problem> {
    let kernel = &host.app.kernel;
    let source = kernel.resolve(&request.run).await?;
    let counted = kernel.journal().count(&source.id, source.journal_from).await.map_err(KernelError::from)?;
    let next = source.journal_from + counted.made + 1;
    if request.at > next {
        let (id, first) = (source.id.short(), source.first_call());
        let message = format!("Run {id} has no call {}.", request.at);
        return Err(Problem::invalid("call_not_made", "at", message).advise(format!("Give --at a number from {first} to {next}.")));
    }
    if let Some(options) = &request.options {
        options.check(host, &source.workspace)?;
        // The running host would start it before its budget is set.
        if options.budget_usd.is_some() {
            return Err(Problem::invalid("option_unfit", "budget_usd", "A fork cannot be given a budget."));
        }
    }
    let options = request.options.as_ref().map(RunOptions::of_run);
    let run = kernel.fork(&source, request.at, options, actor).await?;
    Ok(ForkedRun { run: run.id, forked_from: CallRef { run: source.id, call: request.at } })
}

/// The same for a caller, where what they choose is theirs to choose.
pub async fn fork_for(host: &Host, caller: &Caller, request: &ForkRun) -> Result<ForkedRun, Problem> {
    check_options(request.options.as_ref(), caller)?;
    fork(host, &caller.actor, request).await
}

/// The same as [`resume`] for a caller. More to spend is theirs to give where they may set budgets.
pub async fn resume_for(host: &Host, caller: &Caller, request: &ResumeRun) -> Result<ResumedRun, Problem> {
    check_options(request.options.as_ref(), caller)?;
    if request.options.as_ref().is_some_and(|options| options.budget_usd.is_some()) {
        caller.check(host, Permission::Budgets, Subject::Run(&request.run)).await?;
    }
    resume(host, &caller.actor, request).await
}

fn check_options(options: Option<&RunOptions>, caller: &Caller) -> Result<(), Problem> {
    options.map_or(Ok(()), |options| options.check_for(caller))
}

/// Resumes a run with all of its tree, or moves it to another version of its plugin.
pub async fn resume(host: &Host, actor: &Actor, request: &ResumeRun) -> Result<ResumedRun, Problem> {
    let kernel = &host.app.kernel;
    let run = kernel.resolve(&request.run).await?;
    check_version(request)?;
    if let Some(options) = &request.options {
        options.check(host, &run.workspace)?;
    }
    set_budget(host, actor, &run.root, request.options.as_ref()).await?;
    let settings = match kernel.settings_since(&kernel.run(&run.root).await?).await {
        Ok(keys) if keys.is_empty() => None,
        Ok(keys) => Some(SettingsChange::Changed(keys)),
        Err(reason) => Some(SettingsChange::Unreadable(reason)),
    };
    let repair = match request.on_current {
        true => Some(Repair::from(kernel.repair(&run, request.at, actor).await?)),
        false => {
            // A budget alone is not chosen for the run: what was chosen stays as it is.
            let options = request.options.as_ref().filter(|options| options.model.is_some()).map(RunOptions::of_run);
            kernel.resume(&run, options, actor).await?;
            None
        }
    };
    Ok(ResumedRun { run: run.id, root: run.root, plugin: run.plugin, repair, settings })
}

/// Rejects a request that does not say which version of its plugin the run continues with.
fn check_version(request: &ResumeRun) -> Result<(), Problem> {
    let has_model = request.options.as_ref().is_some_and(|options| options.model.is_some());
    match request.on_current {
        true if has_model => {
            Err(Problem::invalid("option_unfit", "model", "A run that is moved to another version of its plugin keeps its model."))
        }
        false if request.at.is_some() => {
            Err(Problem::invalid("option_unfit", "at", "Calls can be given up only with the current version of the plugin."))
        }
        _ => Ok(()),
    }
}

async fn set_budget(host: &Host, actor: &Actor, root: &RunId, options: Option<&RunOptions>) -> Result<(), Problem> {
    if let Some(Dollars(amount)) = options.and_then(|options| options.budget_usd) {
        host.app.budgets.set(&Scope::Run(root.clone()), Some(amount), actor).await?;
    }
    Ok(())
}

impl From<repairing::Repair> for Repair {
    fn from(repair: repairing::Repair) -> Self {
        match repair {
            repairing::Repair::Queued(repairing::Repaired { version, before, kept, given_up }) => {
                Self::Moved { version, before, kept, given_up }
            }
            repairing::Repair::Diverged(divergence) => Self::Diverged { divergence: divergence.into() },
            repairing::Repair::Fails(error) => Self::Fails { failure: error.into() },
            repairing::Repair::Stopped(reason) => Self::Stopped { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(options: Option<RunOptions>, on_current: bool, at: Option<u64>) -> ResumeRun {
        ResumeRun { run: "a".to_owned(), options, on_current, at }
    }

    #[test]
    fn what_makes_no_sense_together_is_rejected_with_its_field() {
        let field = |request| check_version(&request).err().and_then(|problem| problem.field);
        let budget = RunOptions { budget_usd: Some(Dollars::default()), ..RunOptions::default() };
        assert_eq!(field(request(None, false, Some(3))).as_deref(), Some("at"));
        assert_eq!(field(request(Some(RunOptions::with_model("script/a")), true, None)).as_deref(), Some("model"));
        for sound in [
            request(None, true, Some(3)),
            request(Some(budget), true, None),
            request(Some(RunOptions::with_model("script/a")), false, None),
        ] {
            assert_eq!(field(sound), None);
        }
    }

    #[test]
    fn a_verdict_names_what_came_of_the_run() {
        let moved = Repair::from(repairing::Repair::Queued(repairing::Repaired {
            version: "0.1.1".to_owned(),
            before: "0.1.0".to_owned(),
            kept: 3,
            given_up: 1,
        }));
        let written = serde_json::json!({ "verdict": "moved", "version": "0.1.1", "before": "0.1.0", "kept": 3, "given_up": 1 });
        assert_eq!(serde_json::to_value(&moved).unwrap(), written);
        assert_eq!(serde_json::from_value::<Repair>(written).unwrap(), moved);
    }
}
