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
use serde::{Deserialize, Serialize};

use batch::{Batch, Tested};

/// How often the branch may move away under a batch before it is given up.
const MOST_ROUNDS: u32 = 4;

struct Land;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    stories: Vec<Story>,
    #[serde(default = "main_branch")]
    main: String,
    #[serde(default)]
    apart: bool,
    /// Who ordered it is there to clear the way, and is told at once what is in it.
    #[serde(default)]
    at_once: bool,
}

/// A story that was approved.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Story {
    key: String,
    branch: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<u32>,
}

/// The run's output. Every story is in one of the first four lists.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Outcome {
    landed: Vec<Landed>,
    conflicts: Vec<Conflict>,
    red: Vec<Red>,
    withdrawn: Vec<Withdrawn>,
    /// The branch's own tests, where there were no stories.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Tested>,
    /// Where the branch is now.
    main: String,
    /// Documents brought in step with the backlog.
    documents: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Landed {
    key: String,
    /// The merge commit.
    commit: String,
    #[serde(skip)]
    proposed: Option<Proposed>,
}

/// The pull request of a story that was merged, with the commit its branch ended with.
#[derive(Clone, Debug)]
struct Proposed {
    number: u32,
    head: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Conflict {
    key: String,
    paths: Vec<String>,
}

/// Its tests fail on the merged tree.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Red {
    key: String,
    report: String,
}

/// Somebody cancelled it, moved it back or gave it to others.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Withdrawn {
    key: String,
    reason: String,
}

impl Workflow<Order, Outcome> for Land {
    fn run(order: Order) -> Result<Outcome> {
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

fn landed(order: &Order) -> Result<Outcome> {
    for _ in 0..MOST_ROUNDS {
        let expected = brought_up_to_date(&order.main)?;
        let (stories, withdrawn) = wanted::sorted(&order.stories)?;
        let batch = Batch::merged(&stories, batch::head()?)?;
        if batch.landed.is_empty() {
            return Ok(Outcome { conflicts: batch.conflicts, red: batch.red, withdrawn, main: expected, ..Outcome::default() });
        }
        if !wanted::all(&batch.landed, &stories)? {
            run::info("A story was taken back while it was tested; the batch is merged and tested without it");
            continue;
        }
        if advancing::advanced(order, &expected)? {
            return Ok(Outcome { withdrawn, ..finished(&order.main, batch)? });
        }
        run::info(&format!("`{}` moved meanwhile; the batch is merged and tested anew", order.main));
    }
    Err(Error::conflict(format!(
        "`{}` moved {MOST_ROUNDS} times while this batch was tested, so nothing was landed; land it when less is going on.",
        order.main
    )))
}

fn main_branch() -> String {
    "main".to_owned()
}

/// The worktree at the branch's newest commit, with nothing of an earlier attempt; gives that commit.
fn brought_up_to_date(main: &str) -> Result<String> {
    let newest = batch::tip(main)?;
    let common = git::merge_base(&batch::head()?, &newest)?;
    if common != batch::head()? {
        git::reset(&common)?;
    }
    if common != newest {
        git::merge(main, &format!("Merge {main}, which moved meanwhile"), &[])?;
    }
    Ok(newest)
}

/// The branch has the stories: their pull requests, the backlog and its documents follow.
fn finished(main: &str, batch: Batch) -> Result<Outcome> {
    batch.landed.iter().for_each(merged::mark);
    let done: Vec<_> = batch.landed.iter().filter(|landed| is_done(main, landed)).map(|landed| landed.key.as_str()).collect();
    let documents = documents::written(main, &done)?;
    run::progress(1.0, &format!("{main} has {} more", counted(batch.landed.len())));
    let main = batch::tip(main)?;
    Ok(Outcome { landed: batch.landed, conflicts: batch.conflicts, red: batch.red, main, documents, ..Outcome::default() })
}

/// Says in the backlog that a story is done. The code is in the branch, whatever the backlog says of it.
fn is_done(main: &str, landed: &Landed) -> bool {
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
