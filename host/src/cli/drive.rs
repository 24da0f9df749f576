//! Drives a tree of runs to its end while showing what it does, and stops it at Ctrl-C.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::sync::mpsc;

use super::{
    Context,
    answering::{self, Answering, Manner},
    continuing::way_of,
    ending::Ended,
    figures,
    keyboard::Keyboard,
    live::Watch,
    plugin::sample,
    screen::{FAINT, painted},
    waits,
};
use crate::{
    journal::{Effect, ErrorKind, GRACE, Halt, Inspected, RunId},
    kernel::{
        Drive, Kernel,
        run::{Run, State},
    },
    operations::Host,
};

/// Drives the tree under `root` until nothing in it can continue, or a person stops it. The questions of its runs are
/// answered in this manner, where it is `Ask` by the person at the keyboard.
pub(super) async fn drive_answering(
    app: &Host,
    context: &Context,
    root: &RunId,
    answers: (Manner, &mut Option<Keyboard>),
) -> Result<Ended> {
    let (kernel, began) = (app.kernel.as_ref(), Instant::now());
    let run = find(kernel, root).await?;
    let mut watch = Watch::begin(kernel, &app.watchers, context, &run).await?;
    if let Some(told) = replayed(kernel, root, watch.step()).await? {
        watch.say(&painted(FAINT, told));
    }
    let interrupted = follow(app, context, &mut watch, root, answers).await?;
    if interrupted {
        drop(watch);
    } else {
        watch.end().await?;
    }
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    ended(app, root, took, interrupted).await
}

/// True when it was ended at once.
async fn follow(
    app: &Host,
    context: &Context,
    watch: &mut Watch<'_>,
    root: &RunId,
    answers: (Manner, &mut Option<Keyboard>),
) -> Result<bool> {
    let (kernel, halt, patient) = (app.kernel.as_ref(), Halt::default(), AtomicBool::new(false));
    let mut answering = Answering::new(app, context, root, answers, &patient);
    let (begins, mut waits) = mpsc::channel(1);
    let staying = context.screen.is_watched().then_some(begins);
    let mut driving = std::pin::pin!(until_stuck(app, root, &halt, &patient, staying));
    let mut presses = presses();
    loop {
        tokio::select! {
            driven = &mut driving => {
                driven?;
                answering.close(watch).await?;
                return Ok(false);
            }
            seen = watch.next() => seen?,
            Some(()) = waits.recv() => watch.say(STAYS),
            heard = answering.next() => {
                if answering.take(heard, watch).await? {
                    halt.stop();
                }
            }
            Some(()) = presses.recv() => {
                if halt.interrupt().is_some() {
                    return Ok(true);
                }
                watch.say(&format!("Stopping after the call in flight, which may take {} s. Press Ctrl-C again to stop at once.", GRACE.as_secs()));
                halt.stop();
                kernel.stop();
            }
        }
    }
}

/// What is said once nothing but the operator keeps a run from continuing.
pub(super) const STAYS: &str =
    "The run continues by itself once that is provided, in another terminal. Ctrl-C ends this command, and the run can be resumed.";

/// Drives until nothing can continue, not even by an answer that a person may yet give here. Where somebody watches, it stays also for
/// what an operator provides, and says once that it does.
async fn until_stuck(app: &Host, root: &RunId, halt: &Halt, patient: &AtomicBool, staying: Option<mpsc::Sender<()>>) -> Result<()> {
    const LOOK: Duration = Duration::from_millis(100);
    let drive = Drive { root: Some(root.clone()), until_idle: true };
    let mut has_said = false;
    loop {
        app.kernel.drive(&drive, halt).await?;
        if halt.interrupt().is_some() {
            return Ok(());
        }
        let needs = staying.is_some() && app.kernel.tree(root).await?.iter().any(|run| waits::needed(run).is_some());
        let asks = patient.load(Ordering::SeqCst) && !answering::open(app, root).await?.is_empty();
        if !needs && !asks && app.kernel.runs().queued(Some(root), None, 1).await?.is_empty() {
            return Ok(());
        }
        if needs {
            app.kernel.look_for_needs_at_times(Some(root)).await?;
        }
        if let Some(staying) = staying.as_ref().filter(|_| needs && !has_said) {
            has_said = true;
            // Whoever listens for it lives as long as this does.
            let _ = staying.send(()).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A message per Ctrl-C, or per word of the system to end. The task ends with the process.
pub(super) fn presses() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(4);
    #[cfg(unix)]
    if let Ok(mut ends) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        let sender = sender.clone();
        tokio::spawn(async move { while ends.recv().await.is_some() && sender.send(()).await.is_ok() {} });
    }
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(()).await.is_ok() {} });
    receiver
}

/// What is said of a run that does not begin at its beginning.
async fn replayed(kernel: &Kernel, root: &RunId, step: Option<&str>) -> Result<Option<String>> {
    let tally = kernel.runs().tally(root).await?;
    if tally.host_calls == 0 {
        return Ok(None);
    }
    let mut calls = 0;
    for run in kernel.tree(root).await?.iter().filter(|run| !run.state.is_final()) {
        calls += kernel.journal().count(&run.id, run.journal_from).await?.answered;
    }
    let place = step.map(|step| format!(" at “{step}”")).unwrap_or_default();
    let paid = match tally.model_calls {
        0 => String::new(),
        replies => format!(", {} not paid for again", figures::counted(replies, "model reply is", "model replies are")),
    };
    Ok(Some(format!("Continuing{place}: {} answered from the journal{paid}.", figures::counted(calls, "call is", "calls are"))))
}

/// The call by whose answer a run failed, where that was an error.
pub(super) async fn failed_at(kernel: &Kernel, run: &Run) -> Result<Option<u64>> {
    Ok(kernel.retry(run).await?.call())
}

pub(super) async fn ended(app: &Host, root: &RunId, took: u64, interrupted: bool) -> Result<Ended> {
    let kernel = app.kernel.as_ref();
    let run = find(kernel, root).await?;
    let tree = kernel.tree(root).await?;
    let elsewhere = waited_for_elsewhere(kernel, &tree).await?;
    let questions = answering::open(app, root).await?;
    let (way, retry) = way_of(kernel, &run, &tree).await?;
    let awaiting = awaiting_outside(&tree);
    let below = tree.into_iter().filter(|run| run.id != *root);
    let paused = below.filter(|run| matches!(run.state, State::Paused { .. }) || waits::needed(run).is_some()).collect();
    let tally = kernel.runs().tally(root).await?;
    let held = if run.state.is_final() { None } else { kernel.held_by(&run).await? };
    let rejects = matches!(&run.state, State::Failed { error } if error.kind == ErrorKind::Invalid);
    let is_refused = rejects && has_only_told(&kernel.journal().inspect(root).await?);
    let refused = is_refused.then(|| {
        let plugin = kernel.registry().find(&run.plugin);
        sample(plugin.as_ref().and_then(|plugin| plugin.package.manifest.input.as_ref()))
    });
    let served = !app.executes();
    Ok(Ended { run, tally, paused, elsewhere, held, awaiting, questions, took, interrupted, refused, way, retry, served })
}

/// The runs of the tree that wait for what comes from outside of it; none where another can continue.
fn awaiting_outside(tree: &[Run]) -> Vec<Run> {
    if tree.iter().any(|run| matches!(run.state, State::Queued | State::Running)) {
        return Vec::new();
    }
    tree.iter().filter(|run| waits::is_for_outside(run)).cloned().collect()
}

/// The runs that hold up the tree and are not part of it: a fork shares the children its source has started.
async fn waited_for_elsewhere(kernel: &Kernel, tree: &[Run]) -> Result<Vec<Run>> {
    let mut elsewhere = Vec::new();
    for run in tree {
        for id in waits::awaited_runs(run).into_iter().filter(|id| !tree.iter().any(|run| run.id == *id)) {
            let found = kernel.runs().find(&id).await?;
            elsewhere.extend(found.filter(|found| !found.state.is_final()));
        }
    }
    Ok(elsewhere)
}

/// Whether a run did nothing but tell what it does.
fn has_only_told(journal: &[Inspected]) -> bool {
    journal.iter().all(|inspected| inspected.entry.effect == Effect::Emit)
}

async fn find(kernel: &Kernel, id: &RunId) -> Result<Run> {
    Ok(kernel.resolve(id.as_str()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Entry, EntryState};

    fn called(effect: Effect, answer: &str) -> Inspected {
        let entry = Entry {
            run: RunId::from_text("a"),
            seq: 1,
            call: "files.read".to_owned(),
            effect,
            request_hash: String::new(),
            request: "{}".to_owned(),
            state: EntryState::Done,
            answer: Some(answer.to_owned()),
            repeated: false,
            asked_at: 0,
            answered_at: None,
        };
        Inspected { entry, damage: None }
    }

    #[test]
    fn runs_wait_for_the_outside_once_nothing_else_continues() {
        use crate::{
            cli::sample::run,
            journal::{Awaited, Wait},
        };
        let wait = |of| State::Waiting { wait: Wait::Any { of: vec![of], until: None } };
        let signal = run("b", "mary", wait(Awaited::Signal("go".to_owned())));
        let item = run("c", "mary", wait(Awaited::Item { key: "1-1".to_owned(), revision: 1 }));
        let parent = run("a", "plan", State::Waiting { wait: Wait::Runs(vec![signal.id.clone()]) });
        let tree = [parent, signal.clone(), item.clone()];
        assert_eq!(awaiting_outside(&tree), [signal, item]);
        let tree = [tree.as_slice(), &[run("d", "mary", State::Queued)]].concat();
        assert_eq!(awaiting_outside(&tree), []);
    }

    #[test]
    fn only_what_did_nothing_yet_can_have_refused_its_input() {
        let told = called(Effect::Emit, r#"{"ok":null}"#);
        assert!(has_only_told(&[]) && has_only_told(std::slice::from_ref(&told)));
        assert!(!has_only_told(&[told, called(Effect::Write, r#"{"ok":null}"#)]));
    }
}
