//! Executes a tree of runs while showing what it does, and stops it at Ctrl-C.

use std::{sync::atomic::AtomicBool, time::Instant};

use anyhow::Result;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{
    Context,
    answering::{Answering, Manner},
    ending::Ended,
    figures,
    keyboard::Keyboard,
    live::Watch,
    screen::{FAINT, painted},
};
use crate::operations::{
    Host,
    execution::{self, Execution, Outcome, Replay, RunId, STOP_PATIENCE, Stop},
};

/// What is said once only the operator keeps a run from continuing.
pub(super) const STAYS: &str =
    "The run continues by itself once you provide this in another terminal. Ctrl-C ends this command; the run can be resumed later.";

/// Executes the tree under `root` until nothing in it can continue, or a person stops it. The questions of its runs are
/// answered in this manner, where it is `Ask` by the person at the keyboard.
pub(super) async fn drive_answering(
    host: &Host,
    context: &Context,
    root: &RunId,
    answers: (Manner, &mut Option<Keyboard>),
) -> Result<Ended> {
    let began = Instant::now();
    let mut watch = Watch::begin(host, context, root).await?;
    if let Some(replay) = execution::replay(host, root).await? {
        watch.say(&painted(FAINT, describe_replay(replay, watch.step().as_deref())));
    }
    let is_interrupted = follow(host, context, &mut watch, root, answers).await?;
    if is_interrupted {
        drop(watch);
    } else {
        watch.end().await?;
    }
    let outcome = execution::outcome(host, root, elapsed(began)).await?;
    Ok(Ended { outcome: Outcome { is_interrupted, ..outcome } })
}

/// True when it was ended at once.
async fn follow(
    host: &Host,
    context: &Context,
    watch: &mut Watch<'_>,
    root: &RunId,
    answers: (Manner, &mut Option<Keyboard>),
) -> Result<bool> {
    let (execution, patient) = (Execution::new(host, root, context.screen.is_watched()), AtomicBool::new(false));
    let mut answering = Answering::new(host, context, root, answers, &patient);
    let mut running = std::pin::pin!(execution.run(&patient));
    let mut presses = presses();
    loop {
        tokio::select! {
            ended = &mut running => {
                ended?;
                answering.close(watch).await?;
                return Ok(false);
            }
            shown = watch.next() => shown?,
            () = execution.needs_operator() => watch.say(STAYS),
            heard = answering.next() => {
                if answering.take(heard, watch).await? {
                    execution.end();
                }
            }
            Some(()) = presses.recv() => match execution.stop() {
                Stop::AtOnce => return Ok(true),
                Stop::AfterCalls => watch.say(&format!(
                    "Stopping after the call in flight, which may take {} s. Press Ctrl-C again to stop at once.",
                    STOP_PATIENCE.as_secs()
                )),
            },
        }
    }
}

/// A message per Ctrl-C, or per request of the system to end, from now on. The tasks end with the process.
pub(super) fn presses() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(4);
    #[cfg(unix)]
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let Ok(mut heard) = signal(kind) else { continue };
        let sender = sender.clone();
        tokio::spawn(async move { while heard.recv().await.is_some() && sender.send(()).await.is_ok() {} });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(()).await.is_ok() {} });
    receiver
}

/// What is said of a run that does not begin at its beginning.
fn describe_replay(Replay { calls, model_replies }: Replay, step: Option<&str>) -> String {
    let place = step.map(|step| format!(" at “{}”", super::text::excerpt(step, 100))).unwrap_or_default();
    let paid = match model_replies {
        0 => String::new(),
        replies => format!(", {} not paid for again", figures::counted(replies, "model reply is", "model replies are")),
    };
    format!("Continuing{place}: {} answered from the journal{paid}.", figures::counted(calls, "call is", "calls are"))
}

/// Milliseconds since then.
pub(super) fn elapsed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
