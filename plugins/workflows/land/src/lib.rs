//! The merge queue's work on one batch, in a worktree of its own: reviewed stories are merged, what came of it is tested,
//! and the branch moves only when that is green. Of a red batch it finds the guilty; it mends nothing.

mod advancing;
mod apart;
mod batch;
mod documents;
mod looking;
mod merged;
#[cfg(test)]
mod tests;
mod wanted;

use baton_sdk::prelude::*;
use baton_slots::land::{Input, Landed, Output};

use batch::Batch;

/// How often the branch may move away under a batch before it is given up. Each time something else has landed, so that of many
/// that land side by side all do.
const MOST_ROUNDS: u32 = 20;

struct Land;

/// A story that was merged.
#[derive(Clone, Debug)]
struct Merged {
    key: String,
    /// The merge commit.
    commit: String,
    proposed: Option<Proposed>,
}

/// The pull request of a story that was merged, with the commit its branch ended with.
#[derive(Clone, Debug)]
struct Proposed {
    number: u32,
    head: String,
}

impl Workflow<Input, Output> for Land {
    fn run(order: Input) -> Result<Output> {
        if order.apart || git::branch()? == order.main {
            return apart::landed(order);
        }
        if order.stories.is_empty() {
            return looking::looked(&order.main);
        }
        let landed = landed(&order);
        if landed.as_ref().map_or(true, |outcome| outcome.landed.is_empty()) {
            advancing::withdrawn(&order.main);
        }
        landed
    }
}

baton_sdk::export!(Land);

fn landed(order: &Input) -> Result<Output> {
    for _ in 0..MOST_ROUNDS {
        let expected = brought_up_to_date(&order.main)?;
        let (stories, withdrawn) = wanted::sorted(&order.stories)?;
        let batch = Batch::merged(&stories, batch::head()?)?;
        if batch.landed.is_empty() {
            return Ok(Output { conflicts: batch.conflicts, red: batch.red, withdrawn, main: expected, ..Output::default() });
        }
        if !wanted::all(&batch.landed, &stories)? {
            run::info("A story was taken back while it was tested; the batch is merged and tested without it");
            continue;
        }
        if advancing::advanced(order, &expected)? {
            return Ok(Output { withdrawn, ..finished(&order.main, batch)? });
        }
        run::info(&format!("`{}` moved meanwhile; the batch is merged and tested again", order.main));
    }
    Err(Error::conflict(format!(
        "`{}` moved {MOST_ROUNDS} times while this batch was tested, so nothing was landed; land it when less is going on.",
        order.main
    )))
}

/// The worktree at the branch's newest commit, with nothing of an earlier attempt; gives that commit. Whatever landed meanwhile
/// stays in the first line of the branch's history.
fn brought_up_to_date(main: &str) -> Result<String> {
    let newest = batch::tip(main)?;
    let common = git::merge_base(&batch::head()?, &newest)?;
    if common != batch::head()? {
        git::reset(&common)?;
    }
    if common != newest {
        git::reset(&newest)?;
    }
    Ok(newest)
}

/// The branch has the stories: their pull requests, the backlog and its documents follow.
fn finished(main: &str, batch: Batch) -> Result<Output> {
    batch.landed.iter().for_each(merged::mark);
    let done: Vec<_> = batch.landed.iter().filter(|landed| is_done(main, landed)).map(|landed| landed.key.as_str()).collect();
    let documents = documents::written(main, &done)?;
    run::progress(1.0, &format!("{main} has {} more", counted(batch.landed.len())));
    let main = batch::tip(main)?;
    let landed = batch.landed.into_iter().map(|Merged { key, commit, .. }| Landed { key, commit }).collect();
    Ok(Output { landed, conflicts: batch.conflicts, red: batch.red, main, documents, ..Output::default() })
}

/// Says in the backlog that a story is done. The code is in the branch, whatever the backlog says of it.
fn is_done(main: &str, landed: &Merged) -> bool {
    let moved = backlog::move_to(&landed.key, backlog::Status::Done, &format!("landed in {main} with {}", short(&landed.commit)));
    if let Err(error) = &moved {
        run::warn(&format!("The backlog does not take {} as done: {error}", landed.key));
    }
    moved.is_ok()
}

fn counted(stories: usize) -> String {
    if stories == 1 { "1 story".to_owned() } else { format!("{stories} stories") }
}

fn short(id: &str) -> &str {
    &id[..id.floor_char_boundary(8)]
}
