//! Follows a run that the running host executes: shows what it does, takes answers, and leaves it at Ctrl-C. If the host
//! stops first, the run continues here.

use std::{
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::{Instant as Deadline, sleep_until};

use super::{
    Context,
    answering::{self, Answering, Heard, Manner},
    drive::{STAYS, drive_answering, elapsed, presses},
    ending::{self, Ended},
    exit::Exit,
    keyboard::Keyboard,
    live::Watch,
    text,
};
use crate::operations::{
    Host,
    execution::{self, RunId, TreeState},
};

/// How often the log is read: the running host sends nothing but what models write.
const LOOK: Duration = Duration::from_millis(100);
/// Looks between two that ask whether the running host is still there.
const LOOKS_A_CHECK: u32 = 20;

/// How long a run may be queued before it is said that the running host has not started it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Follows the tree under `root` to its end, executing it here where no other host does; gives the host that is open then. None when
/// it was left.
pub(super) async fn drive_or_follow(mut host: Host, context: &Context, root: &RunId, manner: Manner) -> Result<(Host, Option<Ended>)> {
    // One for both ways: a second one would read lines that belong to the first.
    let mut keyboard = answering::keyboard(manner);
    loop {
        if host.executes() {
            let ended = drive_answering(&host, context, root, (manner, &mut keyboard)).await?;
            return Ok((host, Some(ended)));
        }
        match follow(&host, context, root, (manner, &mut keyboard)).await? {
            Followed::Ended(ended) => return Ok((host, Some(*ended))),
            Followed::Left => return Ok((host, None)),
            Followed::Alone => {
                host.close().await;
                // Of several that wait, one becomes the host and the others follow it.
                host = context.open_to_change().await?;
            }
        }
    }
}

/// The same, and prints how it ended.
pub(super) async fn finish(host: Host, context: &Context, root: &RunId, manner: Manner) -> Result<Exit> {
    let (host, ended) = drive_or_follow(host, context, root, manner).await?;
    host.close().await;
    ending::finish(ended, context)
}

/// How following ended.
enum Followed {
    /// Nothing in the tree can continue.
    Ended(Box<Ended>),
    /// Ctrl-C was pressed.
    Left,
    /// The running host has stopped, and the tree can continue.
    Alone,
}

async fn follow(host: &Host, context: &Context, root: &RunId, answers: (Manner, &mut Option<Keyboard>)) -> Result<Followed> {
    let began = Instant::now();
    let running = context.running_host().filter(|_| context.screen.is_live());
    let mut watch = Watch::begin_attached(host, running.as_ref(), context, root).await?;
    let patient = AtomicBool::new(false);
    let mut answering = Answering::new(host, context, root, answers, &patient);
    let (mut presses, mut heard, mut looks, mut is_awaited) = (presses(), Heard::Change, 0, true);
    let (stays, mut has_said) = (context.screen.is_watched(), false);
    loop {
        watch.catch_up().await?;
        let stands = answering.take(heard, &mut watch).await?;
        let state = execution::tree_state(host, root).await?;
        if state == TreeState::NeedsOperator && stays && !has_said {
            has_said = true;
            watch.say(STAYS);
        }
        if stands || state == TreeState::Idle || state == TreeState::NeedsOperator && !stays {
            answering.close(&mut watch).await?;
            watch.end().await?;
            let outcome = execution::outcome(host, root, elapsed(began)).await?;
            return Ok(Followed::Ended(Box::new(Ended { outcome })));
        }
        looks = (looks + 1) % LOOKS_A_CHECK;
        if looks == 0 && host.is_alone() {
            watch.say("The host has stopped. Continuing this run here.");
            return Ok(Followed::Alone);
        }
        is_awaited &= state == TreeState::Queued;
        if is_awaited && began.elapsed() > PATIENCE {
            is_awaited = false;
            watch.say("The running host has not started this run yet. If it stops first, the run continues here.");
        }
        let due = Deadline::now() + LOOK;
        heard = loop {
            tokio::select! {
                Some(()) = presses.recv() => {
                    let cancel = context.again(&format!("runs cancel {}", text::short(root)));
                    watch.say(&format!("The running host continues this run. `{cancel}` cancels it."));
                    return Ok(Followed::Left);
                }
                heard = answering.next() => break heard,
                shown = watch.next() => shown?,
                () = sleep_until(due) => break Heard::Change,
            }
        };
    }
}
