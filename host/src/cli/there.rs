//! Follows a run that a server executes, with the same live view as one of this machine: shows what it does, takes answers, and leaves
//! it at Ctrl-C.

use std::{
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::{Instant as Deadline, sleep_until};

use super::{
    Context,
    answering::{self, Answering, Heard, Manner},
    client::{self, Remote},
    drive::{STAYS, elapsed, presses},
    ending::{self, Ended},
    exit::Exit,
    live::Watch,
    text,
};
use crate::operations::{
    Problem, ProblemKind,
    execution::{Outcome, RunId, TreeState},
};

/// How soon it is looked how the tree stands once something happened, and otherwise.
const SOON: Duration = Duration::from_secs(2);
const LATE: Duration = Duration::from_secs(5);
/// How long a server may be away before it is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Follows the tree under `root` to its end; none when it was left. All that happened in it is shown where it was just started.
pub(super) async fn follow(remote: &Remote, context: &Context, root: &RunId, manner: Manner, is_new: bool) -> Result<Option<Ended>> {
    let (began, stays) = (Instant::now(), context.screen.is_watched());
    let mut keyboard = answering::keyboard(manner);
    let mut watch = Watch::begin_there(remote, context, root, is_new).await?;
    let patient = AtomicBool::new(false);
    let mut answering = Answering::there(remote, context, root, (manner, &mut keyboard), &patient);
    let (mut presses, mut heard, mut has_said, mut reached) = (presses(), Heard::Change, false, Instant::now());
    loop {
        let stands = match answering.take(heard, &mut watch).await {
            Ok(stands) => {
                reached = Instant::now();
                stands
            }
            // It may come back; an answer that it did not take is asked for again.
            Err(error) if is_away(&error) && reached.elapsed() < PATIENCE => false,
            Err(error) => return Err(error),
        };
        let looked = Instant::now();
        let state = answering.tree_state();
        let needs_operator = state == Some(TreeState::NeedsOperator);
        if needs_operator && stays && !std::mem::replace(&mut has_said, true) {
            watch.say(STAYS);
        }
        if stands || state == Some(TreeState::Idle) || needs_operator && !stays {
            answering.close(&mut watch).await?;
            watch.end().await?;
            let outcome = client::runs::outcome(remote, root).await?;
            return Ok(Some(Ended { outcome: Outcome { took_ms: elapsed(began), ..outcome } }));
        }
        let mut is_changed = false;
        heard = loop {
            let due = Deadline::from_std(looked + if is_changed { SOON } else { LATE });
            tokio::select! {
                Some(()) = presses.recv() => {
                    let cancel = context.again(&format!("runs cancel {}", text::short(root)));
                    watch.say(&format!("The server continues this run. `{cancel}` cancels it."));
                    return Ok(None);
                }
                heard = answering.next() => break heard,
                shown = watch.next() => {
                    shown?;
                    is_changed = true;
                }
                () = sleep_until(due) => break Heard::Change,
            }
        };
    }
}

/// Whether a server was not reached, or does not answer now: also because it was asked too often.
pub(super) fn is_away(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Problem>().is_some_and(|problem| matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Exhausted))
}

/// Follows the tree, and prints how it ended.
pub(super) async fn finish(remote: &Remote, context: &Context, root: &RunId, manner: Manner, is_new: bool) -> Result<Exit> {
    ending::finish(follow(remote, context, root, manner, is_new).await?, context)
}
