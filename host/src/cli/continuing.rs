//! The one command by which a run that failed or is paused continues. Prints nothing.

use anyhow::Result;

use super::{text, waits};
use crate::{
    journal::{ErrorKind, Pause, PauseKind},
    kernel::{
        Kernel,
        retrying::Retry,
        run::{Run, State},
    },
};

/// How a run continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By this command, which is given without `baton`.
    Command(String),
    /// By what its reason says.
    Told,
    /// By nothing that is known: its journal has to be looked at.
    Unknown,
}

impl Way {
    fn resume(root: &Run) -> Self {
        Self::Command(format!("runs resume {}", text::short(&root.id)))
    }

    fn on_current(run: &Run) -> Self {
        Self::Command(format!("runs resume {} --on current", text::short(&run.id)))
    }

    fn fork(root: &Run, at: u64) -> Self {
        Self::Command(format!("runs fork {} --at {at}", text::short(&root.id)))
    }
}

/// How the tree under `root` continues, which has ended or stands still. `retry` is how the root does where it failed.
pub(super) fn way(root: &Run, tree: &[Run], retry: Option<&Retry>) -> Way {
    match (&root.state, retry) {
        // A fork would make all calls again: with another version the calls of a plugin that crashed are replayed.
        (State::Failed { error }, Some(Retry::Itself(_))) if error.kind == ErrorKind::Trapped => Way::on_current(root),
        (State::Failed { .. }, Some(Retry::Fork(at) | Retry::Itself(at))) => Way::fork(root, *at),
        (State::Failed { .. }, Some(Retry::Repeat(_))) => Way::resume(root),
        (State::Failed { .. }, _) => Way::Unknown,
        _ if !root.is_replayable() => Way::fork(root, root.first_call()),
        _ => {
            let ways = tree.iter().filter_map(|run| match waits::needed(run) {
                // The command that provides it continues the run as well.
                Some(needed) if needed.reason.contains("`baton runs resume ") => Some(Way::Told),
                Some(_) => Some(Way::resume(root)),
                None => Some(of_paused(root, tree, run, pause(run)?)),
            });
            let ways: Vec<_> = ways.collect();
            let resume = Way::resume(root);
            // What a fork alone gets past is not got past by resuming the others.
            ways.iter().find(|way| **way != resume).or(ways.first()).cloned().unwrap_or(resume)
        }
    }
}

/// The same, with what the journal says of a root that failed.
pub(super) async fn way_of(kernel: &Kernel, root: &Run, tree: &[Run]) -> Result<(Way, Option<Retry>)> {
    let retry = match root.state {
        State::Failed { .. } => Some(kernel.retry(root).await?),
        _ => None,
    };
    let repaired = repaired(kernel, root, tree, retry.as_ref());
    Ok((repaired.unwrap_or_else(|| way(root, tree, retry.as_ref())), retry))
}

/// What goes wrong by its plugin alone continues with another version, where one is installed since.
fn repaired(kernel: &Kernel, root: &Run, tree: &[Run], retry: Option<&Retry>) -> Option<Way> {
    let stuck = match (&root.state, retry) {
        (State::Failed { .. }, Some(Retry::Itself(_))) => root,
        (State::Failed { .. }, _) => return None,
        _ => tree.iter().find(|run| pause(run).is_some_and(|pause| pause.kind == PauseKind::Mismatch))?,
    };
    let current = kernel.registry().find(&stuck.plugin).filter(|current| current.package.hash != stuck.plugin_hash);
    current.filter(|_| stuck.is_replayable()).map(|_| Way::on_current(stuck))
}

fn pause(run: &Run) -> Option<&Pause> {
    match &run.state {
        State::Paused { pause } => Some(pause),
        _ => None,
    }
}

fn of_paused(root: &Run, tree: &[Run], run: &Run, pause: &Pause) -> Way {
    match pause.at {
        Some(at) => Way::fork(root, call_of_root(root, tree, run, at)),
        None => Way::resume(root),
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
    use crate::journal::{CallError, NeedKind, Wait};
    use crate::{cli::sample::run, journal::RunId};

    fn paused(id: &str, parent: Option<(&str, u64)>, pause: Pause) -> Run {
        let parent = parent.map(|(id, seq)| (RunId::from_text(id), seq));
        Run { parent, ..run(id, "mary", State::Paused { pause }) }
    }

    fn command(tree: &[Run]) -> Way {
        way(&tree[0], tree, None)
    }

    #[test]
    fn a_pause_that_a_resume_would_only_repeat_is_forked() {
        let pause = |kind| Pause::new(kind, "No.");
        assert_eq!(command(&[paused("a", None, pause(PauseKind::Provider))]), Way::Command("runs resume a".to_owned()));
        assert_eq!(command(&[paused("a", None, pause(PauseKind::Ambiguous).forked_at(7))]), Way::Command("runs fork a --at 7".to_owned()));
        let lacking = |reason: &str| {
            let wait = Wait::needed(NeedKind::Budget, "0.5", reason);
            run("a", "mary", State::Waiting { wait })
        };
        assert_eq!(command(&[lacking("Raise it with `baton runs resume a --budget DOLLARS`.")]), Way::Told);
        assert_eq!(command(&[lacking("Raise it with `baton budget set DOLLARS`.")]), Way::Command("runs resume a".to_owned()));
    }

    #[test]
    fn what_is_paused_below_is_forked_from_the_root() {
        let waiting = run("a", "plan", State::Queued);
        let below = Run { parent: Some((RunId::from_text("a"), 3)), ..run("b", "mary", State::Queued) };
        let lowest = paused("c", Some(("b", 5)), Pause::new(PauseKind::Mismatch, "No.").forked_at(9));
        let other = paused("d", Some(("a", 4)), Pause::new(PauseKind::Provider, "No key."));
        assert_eq!(command(&[waiting, other, below, lowest]), Way::Command("runs fork a --at 3".to_owned()));
    }

    #[test]
    fn a_run_of_another_journal_form_begins_again() {
        let root = Run { journal_form: 0, ..paused("a", None, Pause::new(PauseKind::Provider, "No key.")) };
        let below = Run { journal_form: 0, ..paused("b", Some(("a", 3)), Pause::new(PauseKind::JournalForm, "Old.").forked_at(1)) };
        assert_eq!(command(&[root, below]), Way::Command("runs fork a --at 1".to_owned()));
    }

    #[test]
    fn a_failed_run_is_resumed_only_where_that_makes_its_call_again() {
        let failed = run("a", "plan", State::Failed { error: CallError::other("") });
        let told = |retry| way(&failed, std::slice::from_ref(&failed), Some(&retry));
        assert_eq!(told(Retry::Fork(4)), Way::Command("runs fork a --at 4".to_owned()));
        assert_eq!(told(Retry::Itself(1)), Way::Command("runs fork a --at 1".to_owned()));
        assert_eq!(told(Retry::Repeat(vec![(RunId::from_text("a"), 4)])), Way::Command("runs resume a".to_owned()));
        assert_eq!(told(Retry::Unknown), Way::Unknown);
    }

    #[test]
    fn a_run_whose_plugin_crashed_continues_on_the_version_that_is_installed_next() {
        let error = CallError::new(ErrorKind::Trapped, "It panicked.");
        let failed = run("a", "plan", State::Failed { error });
        let told = |retry| way(&failed, std::slice::from_ref(&failed), Some(&retry));
        assert_eq!(told(Retry::Itself(3)), Way::Command("runs resume a --on current".to_owned()));
        assert_eq!(told(Retry::Fork(3)), Way::Command("runs fork a --at 3".to_owned()), "it was a run below that crashed");
    }
}
