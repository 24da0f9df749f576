//! Follows a run that the running host executes: shows what it does, takes answers, and leaves it at Ctrl-C. If the host
//! stops first, the run continues here.

use std::{
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    Context,
    answering::{self, Answering, Heard, Manner},
    drive::{STAYS, drive_answering, ended, presses},
    ending::Ended,
    keyboard::Keyboard,
    live::Watch,
    text, waits,
};
use crate::{
    journal::{RunId, Wait},
    kernel::{
        Kernel,
        run::{Run, State},
    },
    operations::Host,
};

/// How often the log is looked at: the other process writes to the disk alone.
const LOOK: Duration = Duration::from_millis(100);
/// Looks between two that ask whether the other process is still there.
const LOOKS_A_CHECK: u32 = 20;

/// How long a run may be queued before it is said that the other process has other things to do.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brings the tree under `root` to its end, in this process or in the one that executes; gives the host that is open then.
/// None when it was left.
pub(super) async fn drive_or_follow(mut app: Host, context: &Context, root: &RunId, manner: Manner) -> Result<(Host, Option<Ended>)> {
    // One for both ways: a second one would read lines that belong to the first.
    let mut keyboard = answering::keyboard(manner);
    loop {
        if app.executes() {
            let ended = drive_answering(&app, context, root, (manner, &mut keyboard)).await?;
            return Ok((app, Some(ended)));
        }
        match follow(&app, context, root, (manner, &mut keyboard)).await? {
            Followed::Ended(ended) => return Ok((app, Some(*ended))),
            Followed::Left => return Ok((app, None)),
            Followed::Alone => {
                app.close().await;
                // Of several that wait, one becomes the host and the others follow that.
                app = context.open_to_change().await?;
            }
        }
    }
}

/// How following came to its end.
enum Followed {
    /// Nothing in the tree can go on.
    Ended(Box<Ended>),
    /// Ctrl-C was pressed.
    Left,
    /// The other process has ended, and there is something left to do.
    Alone,
}

async fn follow(app: &Host, context: &Context, root: &RunId, answers: (Manner, &mut Option<Keyboard>)) -> Result<Followed> {
    let (kernel, began) = (app.kernel.as_ref(), Instant::now());
    let run = kernel.resolve(root.as_str()).await?;
    let mut watch = Watch::begin(kernel, &app.watchers, context, &run).await?;
    let patient = AtomicBool::new(false);
    let mut answering = Answering::new(app, context, root, answers, &patient);
    let (mut presses, mut heard, mut looks, mut is_awaited) = (presses(), Heard::Change, 0, true);
    let (stays, mut has_said) = (context.screen.is_watched(), false);
    loop {
        watch.catch_up().await?;
        let stands = answering.take(heard, &mut watch).await?;
        let prospect = prospect(kernel, root).await?;
        if prospect == Prospect::Provided && stays && !has_said {
            has_said = true;
            watch.say(STAYS);
        }
        if stands || prospect == Prospect::Nothing || prospect == Prospect::Provided && !stays {
            answering.close(&mut watch).await?;
            watch.end().await?;
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            return Ok(Followed::Ended(Box::new(ended(app, root, took, false).await?)));
        }
        looks = (looks + 1) % LOOKS_A_CHECK;
        if looks == 0 && app.is_alone() {
            watch.say("The host has stopped. Continuing this run here.");
            return Ok(Followed::Alone);
        }
        is_awaited &= kernel.resolve(root.as_str()).await?.state == State::Queued;
        if is_awaited && began.elapsed() > PATIENCE {
            is_awaited = false;
            watch.say("The running host has not started this run yet. If it stops first, the run continues here.");
        }
        heard = tokio::select! {
            Some(()) = presses.recv() => {
                let cancel = context.again(&format!("runs cancel {}", text::short(root)));
                watch.say(&format!("The running host continues this run. `{cancel}` cancels it."));
                return Ok(Followed::Left);
            }
            heard = answering.next() => heard,
            () = tokio::time::sleep(LOOK) => Heard::Change,
        };
    }
}

/// What may yet become of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prospect {
    /// Something is executed, or will be by itself or by an answer.
    Moves,
    /// Nothing is, until an operator provides something.
    Provided,
    Nothing,
}

async fn prospect(kernel: &Kernel, root: &RunId) -> Result<Prospect> {
    let tree = kernel.tree(root).await?;
    let Some(run) = tree.iter().find(|run| run.id == *root).filter(|run| !run.state.is_final()) else { return Ok(Prospect::Nothing) };
    let held = kernel.held_by(run).await?.is_some();
    Ok(match () {
        () if tree.iter().any(|run| moves(run, held)) => Prospect::Moves,
        () if tree.iter().any(|run| waits::needed(run).is_some()) => Prospect::Provided,
        () => Prospect::Nothing,
    })
}

/// What is queued in a paused project is not executed.
fn moves(run: &Run, held: bool) -> bool {
    match &run.state {
        State::Queued => !held,
        State::Running => true,
        State::Waiting { wait: Wait::Needed(needed) } => needed.until.is_some(),
        State::Waiting { wait } => !waits::is_for_runs_alone(wait),
        State::Paused { .. } | State::Succeeded | State::Failed { .. } | State::Cancelled => false,
    }
}
