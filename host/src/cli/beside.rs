//! Follows a run that another Baton executes: shows what it does, takes best answers if it is to, and leaves it at Ctrl-C.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    Context,
    answering::{self, Manner},
    drive::{ended, presses},
    ending::Ended,
    live::Watch,
    questions::answer::give,
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

/// Follows the tree under `root` until nothing in it can go on. None when it was left.
pub(super) async fn follow(app: &App, context: &Context, root: &RunId, manner: Manner) -> Result<Option<Ended>> {
    let (kernel, began) = (app.kernel.as_ref(), Instant::now());
    let run = kernel.resolve(root.as_str()).await?;
    let mut watch = Watch::begin(kernel, &app.watchers, context.screen, &run).await?;
    let (mut presses, mut told, mut looks) = (presses(), HashSet::new(), 0);
    loop {
        watch.catch_up().await?;
        settle_questions(app, context, root, manner, &mut told, &watch).await?;
        looks = (looks + 1) % LOOKS_A_CHECK;
        let is_left_alone = looks == 0 && app.is_alone();
        if is_left_alone {
            watch.say("The Baton that executed the run has ended.");
        }
        if is_left_alone || !can_go_on(kernel, root).await? {
            watch.end().await?;
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            return Ok(Some(ended(app, root, took, false).await?));
        }
        tokio::select! {
            Some(()) = presses.recv() => {
                let cancel = context.again(&format!("runs cancel {}", text::short(root)));
                watch.say(&format!("The run goes on in the Baton that serves. `{cancel}` ends it."));
                return Ok(None);
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
                let answer = context.again(&format!("questions answer {} ANSWER", text::escaped(asked.id.as_str())));
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
