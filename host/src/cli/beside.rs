//! Follows a run that another Baton executes: shows what it does, takes best answers if it is to, and leaves it at Ctrl-C.
//! Where the other ends first, the run is carried on with here.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    Context,
    answering::{self, Manner},
    drive::{drive_answering, ended, presses},
    ending::Ended,
    live::Watch,
    questions::{answer::give, short},
    text,
};
use crate::{
    app::App,
    interfaces::people::Source,
    journal::{RunId, Wait},
    kernel::{
        Kernel,
        run::{Run, State},
    },
};

/// How often the log is looked at: the other process tells nobody but the disk.
const LOOK: Duration = Duration::from_millis(100);
/// Looks between two that ask whether the other process is still there.
const LOOKS_A_CHECK: u32 = 20;

/// How long a run may be queued before it is said that the other process has other things to do.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brings the tree under `root` to its end, in this process or in the one that executes; gives the host that is open then.
/// None when it was left.
pub(super) async fn drive_or_follow(mut app: App, context: &Context, root: &RunId, manner: Manner) -> Result<(App, Option<Ended>)> {
    loop {
        if app.executes() {
            let ended = drive_answering(&app, context, root, manner).await?;
            return Ok((app, Some(ended)));
        }
        match follow(&app, context, root, manner).await? {
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
    /// Somebody pressed Ctrl-C.
    Left,
    /// The other process has gone, and there is something left to do.
    Alone,
}

async fn follow(app: &App, context: &Context, root: &RunId, manner: Manner) -> Result<Followed> {
    let (kernel, began) = (app.kernel.as_ref(), Instant::now());
    let run = kernel.resolve(root.as_str()).await?;
    let mut watch = Watch::begin(kernel, &app.watchers, context.screen, &run).await?;
    let (mut presses, mut told, mut looks, mut is_awaited) = (presses(), HashSet::new(), 0, true);
    loop {
        watch.catch_up().await?;
        settle_questions(app, context, root, manner, &mut told, &watch).await?;
        if !can_go_on(kernel, root).await? {
            watch.end().await?;
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            return Ok(Followed::Ended(Box::new(ended(app, root, took, false).await?)));
        }
        looks = (looks + 1) % LOOKS_A_CHECK;
        if looks == 0 && app.is_alone() {
            watch.say("The Baton that was at work on this data has ended; the run is carried on with here.");
            return Ok(Followed::Alone);
        }
        is_awaited &= kernel.resolve(root.as_str()).await?.state == State::Queued;
        if is_awaited && began.elapsed() > PATIENCE {
            is_awaited = false;
            watch.say("The Baton that is at work on this data has not begun this run yet. Should it end first, the run is executed here.");
        }
        tokio::select! {
            Some(()) = presses.recv() => {
                let cancel = context.again(&format!("runs cancel {}", text::short(root)));
                watch.say(&format!("The run stays with the Baton that is at work on this data. `{cancel}` ends it."));
                return Ok(Followed::Left);
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Takes the best answers, or says once of each question how to answer it.
async fn settle_questions(
    app: &App,
    context: &Context,
    root: &RunId,
    manner: Manner,
    told: &mut HashSet<String>,
    watch: &Watch<'_>,
) -> Result<()> {
    for asked in answering::open(app, root).await? {
        if !told.insert(asked.id.to_string()) {
            continue;
        }
        match asked.question.best_or_first() {
            // Somebody else may have answered just now.
            Some(best) if manner == Manner::Best => drop(give(app, &asked, best, Source::Yes).await),
            _ => {
                let answer = context.again(&format!("questions answer {} ANSWER", short(&asked.id)));
                watch.say(&format!("Somebody has to answer: {} `{answer}`", text::line(&asked.question.text)));
            }
        }
    }
    Ok(())
}

/// Whether anything in the tree is at work, or will be by itself or by an answer.
async fn can_go_on(kernel: &Kernel, root: &RunId) -> Result<bool> {
    let tree = kernel.tree(root).await?;
    let over = tree.iter().find(|run| run.id == *root).is_none_or(|run| run.state.is_final());
    Ok(!over && tree.iter().any(moves))
}

fn moves(run: &Run) -> bool {
    match &run.state {
        State::Queued | State::Running => true,
        State::Waiting { wait } => !matches!(wait, Wait::Runs(_)),
        State::Paused { .. } | State::Succeeded | State::Failed { .. } | State::Cancelled => false,
    }
}
