//! How a run that failed, is paused or was stopped continues. Continues none.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    events::path_text,
    journal::{ErrorKind, Needed, Pause, PauseKind, RunId, Wait},
    kernel::{
        Kernel,
        retrying::Retry,
        run::{Run, State},
    },
    operations::{Host, Problem, access::Caller},
};

/// How a run continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Continuation {
    /// It is resumed.
    Resume {
        /// The run to resume.
        run: RunId,
    },
    /// It is resumed with the version of its plugin that is installed now.
    ResumeOnCurrent {
        /// The run to move to that version.
        run: RunId,
    },
    /// It is forked.
    Fork {
        /// The run to fork.
        run: RunId,
        /// The first call that the fork makes again.
        at: u64,
    },
    /// By no means: its plugin rejected its input. Another run of the same plugin is started with another input.
    AnotherInput {
        /// The plugin.
        workflow: String,
        /// The folder in which the run worked. Absent for all but the operator.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        workspace: String,
        /// The JSON Schema of the inputs that the plugin takes, where it declares one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input_schema: Option<Value>,
    },
    /// The reason for which it waits says how.
    AsReasonSays,
    /// By nothing that is known: its journal has to be looked at.
    Unknown,
}

/// How the tree of a run continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunContinuation {
    /// The run at its top.
    pub root: RunId,
    /// How it continues; absent where the run at its top succeeded or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Continuation>,
}

/// How a run that failed can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryKind {
    /// It is resumed and makes the calls again that were denied.
    Repeat,
    /// It is forked before the call whose answer it failed by.
    Fork,
    /// It failed by itself, and a replay with another version of its plugin may not.
    Itself,
    /// It rejected its input, and another run is started with another.
    Input,
    /// It is not known.
    Unknown,
}

impl From<&Retry> for RetryKind {
    fn from(retry: &Retry) -> Self {
        match retry {
            Retry::Repeat(_) => Self::Repeat,
            Retry::Fork(_) => Self::Fork,
            Retry::Itself(_) => Self::Itself,
            Retry::Input => Self::Input,
            Retry::Unknown => Self::Unknown,
        }
    }
}

/// How the tree of a run continues, named by its id or any beginning or end of one; none where its root succeeded or was
/// cancelled.
pub async fn continuation(host: &Host, run: &str) -> Result<Option<Continuation>, Problem> {
    let kernel: &Kernel = &host.app.kernel;
    let root = kernel.run(&kernel.resolve(run).await?.root).await?;
    if matches!(root.state, State::Succeeded | State::Cancelled) {
        return Ok(None);
    }
    Ok(Some(find(kernel, &root, &kernel.tree(&root.id).await?).await?.0))
}

/// The same for a caller, who need not know where on this machine the run worked.
pub async fn continuation_for(host: &Host, caller: &Caller, run: &str) -> Result<RunContinuation, Problem> {
    let root = host.app.kernel.resolve(run).await?.root;
    let continuation = continuation(host, run).await?.map(|continuation| continuation.seen_by(caller));
    Ok(RunContinuation { root, continuation })
}

impl Continuation {
    /// The same for a caller, who need not know where on this machine the run worked.
    #[must_use]
    pub(super) fn seen_by(self, caller: &Caller) -> Self {
        match self {
            Self::AnotherInput { workflow, input_schema, .. } if !caller.is_operator() => {
                Self::AnotherInput { workflow, workspace: String::new(), input_schema }
            }
            continuation => continuation,
        }
    }
}

/// How the tree under `root` continues, and how the root can be tried again where it failed.
pub(super) async fn find(kernel: &Kernel, root: &Run, tree: &[Run]) -> Result<(Continuation, Option<RetryKind>), Problem> {
    let retry = match root.state {
        State::Failed { .. } => Some(kernel.retry(root).await?),
        _ => None,
    };
    let continuation = match retry {
        Some(Retry::Input) => another_input(kernel, root),
        _ => on_current(kernel, root, tree, retry.as_ref()).unwrap_or_else(|| decide(root, tree, retry.as_ref())),
    };
    Ok((continuation, retry.as_ref().map(RetryKind::from)))
}

/// A run that only its plugin keeps from continuing does so with another version, where one was installed since.
fn on_current(kernel: &Kernel, root: &Run, tree: &[Run], retry: Option<&Retry>) -> Option<Continuation> {
    let stuck = match (&root.state, retry) {
        (State::Failed { .. }, Some(Retry::Itself(_))) => root,
        (State::Failed { .. }, _) => return None,
        _ => tree.iter().find(|run| pause(run).is_some_and(|pause| pause.kind == PauseKind::Mismatch))?,
    };
    let current = kernel.registry().find(&stuck.plugin).filter(|current| current.package.hash != stuck.plugin_hash);
    current.filter(|_| stuck.is_replayable()).map(|_| resume_on_current(stuck))
}

fn another_input(kernel: &Kernel, root: &Run) -> Continuation {
    let plugin = kernel.registry().find(&root.plugin);
    Continuation::AnotherInput {
        workflow: root.plugin.clone(),
        workspace: path_text(&root.workspace),
        input_schema: plugin.and_then(|plugin| plugin.package.manifest.input.clone()),
    }
}

/// How the tree under `root` continues, which has ended or stands still. `retry` is how the root does where it failed.
fn decide(root: &Run, tree: &[Run], retry: Option<&Retry>) -> Continuation {
    match (&root.state, retry) {
        // A fork would make all calls again: with another version the calls of a plugin that crashed are replayed.
        (State::Failed { error }, Some(Retry::Itself(_))) if error.kind == ErrorKind::Trapped => resume_on_current(root),
        (State::Failed { .. }, Some(Retry::Fork(at) | Retry::Itself(at))) => fork(root, *at),
        (State::Failed { .. }, Some(Retry::Repeat(_))) => resume(root),
        (State::Failed { .. }, _) => Continuation::Unknown,
        _ if !root.is_replayable() => fork(root, root.first_call()),
        _ => {
            let ways = tree.iter().filter_map(|run| match need(run) {
                // The command that provides it continues the run as well.
                Some(needed) if needed.reason.contains("`baton runs resume ") => Some(Continuation::AsReasonSays),
                Some(_) => Some(resume(root)),
                None => Some(of_paused(root, tree, run, pause(run)?)),
            });
            let ways: Vec<_> = ways.collect();
            let resume = resume(root);
            // Resuming the others does not get past what only a fork gets past.
            ways.iter().find(|way| **way != resume).or(ways.first()).cloned().unwrap_or(resume)
        }
    }
}

fn resume(run: &Run) -> Continuation {
    Continuation::Resume { run: run.id.clone() }
}

fn resume_on_current(run: &Run) -> Continuation {
    Continuation::ResumeOnCurrent { run: run.id.clone() }
}

fn fork(run: &Run, at: u64) -> Continuation {
    Continuation::Fork { run: run.id.clone(), at }
}

fn need(run: &Run) -> Option<&Needed> {
    match &run.state {
        State::Waiting { wait: Wait::Needed(needed) } => Some(needed),
        _ => None,
    }
}

fn pause(run: &Run) -> Option<&Pause> {
    match &run.state {
        State::Paused { pause } => Some(pause),
        _ => None,
    }
}

fn of_paused(root: &Run, tree: &[Run], run: &Run, pause: &Pause) -> Continuation {
    match pause.at {
        Some(at) => fork(root, call_of_root(root, tree, run, at)),
        None => resume(root),
    }
}

/// The call of the root in which call `at` of `run` is made. The answer of a fork of a run below the root would go nowhere.
fn call_of_root(root: &Run, tree: &[Run], run: &Run, at: u64) -> u64 {
    let (mut run, mut at) = (run, at);
    // No tree is deeper than its members are many.
    for _ in tree {
        let Some((parent, seq)) = run.parent.as_ref().filter(|_| run.id != root.id) else { break };
        let Some(above) = tree.iter().chain([root]).find(|run| run.id == *parent) else { break };
        (run, at) = (above, *seq);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::{CallError, NeedKind},
        operations::execution::testing::run,
    };

    fn paused(id: &str, parent: Option<(&str, u64)>, pause: Pause) -> Run {
        let parent = parent.map(|(id, seq)| (RunId::from_text(id), seq));
        Run { parent, ..run(id, "mary", State::Paused { pause }) }
    }

    fn of(tree: &[Run]) -> Continuation {
        decide(&tree[0], tree, None)
    }

    fn resume(id: &str) -> Continuation {
        Continuation::Resume { run: RunId::from_text(id) }
    }

    fn fork(id: &str, at: u64) -> Continuation {
        Continuation::Fork { run: RunId::from_text(id), at }
    }

    #[test]
    fn a_pause_that_a_resume_would_only_repeat_is_forked() {
        let pause = |kind| Pause::new(kind, "No.");
        assert_eq!(of(&[paused("a", None, pause(PauseKind::Provider))]), resume("a"));
        assert_eq!(of(&[paused("a", None, pause(PauseKind::Ambiguous).forked_at(7))]), fork("a", 7));
        let lacking = |reason: &str| {
            let wait = Wait::needed(NeedKind::Budget, "0.5", reason);
            run("a", "mary", State::Waiting { wait })
        };
        assert_eq!(of(&[lacking("Raise it with `baton runs resume a --budget DOLLARS`.")]), Continuation::AsReasonSays);
        assert_eq!(of(&[lacking("Raise it with `baton budget set DOLLARS`.")]), resume("a"));
    }

    #[test]
    fn what_is_paused_below_is_forked_from_the_root() {
        let waiting = run("a", "plan", State::Queued);
        let below = Run { parent: Some((RunId::from_text("a"), 3)), ..run("b", "mary", State::Queued) };
        let lowest = paused("c", Some(("b", 5)), Pause::new(PauseKind::Mismatch, "No.").forked_at(9));
        let other = paused("d", Some(("a", 4)), Pause::new(PauseKind::Provider, "No key."));
        assert_eq!(of(&[waiting, other, below, lowest]), fork("a", 3));
    }

    #[test]
    fn a_run_of_another_journal_form_begins_again() {
        let root = Run { journal_form: 0, ..paused("a", None, Pause::new(PauseKind::Provider, "No key.")) };
        let below = Run { journal_form: 0, ..paused("b", Some(("a", 3)), Pause::new(PauseKind::JournalForm, "Old.").forked_at(1)) };
        assert_eq!(of(&[root, below]), fork("a", 1));
    }

    #[test]
    fn a_failed_run_is_resumed_only_where_that_makes_its_call_again() {
        let failed = run("a", "plan", State::Failed { error: CallError::other("") });
        let of = |retry| decide(&failed, std::slice::from_ref(&failed), Some(&retry));
        assert_eq!(of(Retry::Fork(4)), fork("a", 4));
        assert_eq!(of(Retry::Itself(1)), fork("a", 1));
        assert_eq!(of(Retry::Repeat(vec![(RunId::from_text("a"), 4)])), resume("a"));
        assert_eq!(of(Retry::Unknown), Continuation::Unknown);
    }

    #[test]
    fn a_run_whose_plugin_crashed_continues_on_the_version_that_is_installed_next() {
        let error = CallError::new(ErrorKind::Trapped, "It panicked.");
        let failed = run("a", "plan", State::Failed { error });
        let of = |retry| decide(&failed, std::slice::from_ref(&failed), Some(&retry));
        assert_eq!(of(Retry::Itself(3)), Continuation::ResumeOnCurrent { run: RunId::from_text("a") });
        assert_eq!(of(Retry::Fork(3)), fork("a", 3), "it was a run below that crashed");
    }
}
