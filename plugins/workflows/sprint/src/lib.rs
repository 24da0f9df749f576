//! Takes ready stories from the backlog to the main branch. Each is a small state machine whose work is done by other
//! workflows in worktrees; this one starts them, waits for whichever ends first, and keeps the order. It writes no code
//! and judges none.

mod conflict;
mod landing;
mod looking;
mod proposing;
mod replies;
mod shortfall;
mod sprint;
mod story;
#[cfg(test)]
mod tests;
mod wanted;
mod watching;
mod withdrawn;

use baton_sdk::backlog::{Item, Status};
use baton_sdk::prelude::*;
use baton_slots::sprint::{Output, Story as Reported, outcome};
use serde::Deserialize;

use proposing::Forge;
use sprint::Sprint;

/// Stories at work at the same time where nobody says otherwise.
const PARALLEL: usize = 2;
/// More would only wait for each other's merges.
const MOST_PARALLEL: usize = 16;

struct SprintWorkflow;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Order {
    stories: Option<Vec<String>>,
    parallel: Option<usize>,
    most: Option<usize>,
    branch: Option<String>,
    look: Look,
    resume: bool,
}

/// Whether what every story would meet is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Look {
    /// Before the first story is begun.
    #[default]
    First,
    /// It was looked for by whoever started the sprint.
    Never,
    /// And no story is begun.
    Only,
}

/// What became of a story.
#[derive(Debug)]
struct Told {
    story: Reported,
    /// Whether it was taken up; what was not stays in the backlog as it was.
    begun: bool,
}

impl Told {
    fn new(key: &str, title: &str, outcome: &str, reason: &str) -> Self {
        let (key, title, outcome, reason) = (key.to_owned(), title.to_owned(), outcome.to_owned(), reason.to_owned());
        Self { story: Reported { key, title, outcome, reason, ..Reported::default() }, begun: true }
    }
}

impl Workflow<Order, Output> for SprintWorkflow {
    fn run(order: Order) -> Result<Output> {
        let branch = git::branch()?;
        on_its_branch(&branch, order.branch.as_deref())?;
        clean(&branch)?;
        let began = run::now();
        let parallel = parallel(&order)?;
        order.stories.as_deref().map_or(Ok(()), |stories| wanted::check(stories, order.resume))?;
        let (forge, look) = (Forge::find()?, order.look);
        let mut sprint = Sprint::new(branch.clone(), forge, parallel, order);
        if look == Look::Only {
            looking::look(&branch)?;
        } else {
            sprint.go_on_to_the_end()?;
        }
        let (stories, stopped) = (sprint.told(), sprint.stopped.take());
        let items = backlog::all()?;
        let held = held(&items, &stories, sprint.forge.lands());
        let landed = stories.iter().filter(|story| story.story.outcome == outcome::LANDED).count();
        let open = stories.iter().filter(|story| story.story.outcome == outcome::PROPOSED).count();
        let waiting = if open > 0 { format!(", {open} wait for a person to merge them") } else { String::new() };
        if stories.is_empty() {
            run::progress(1.0, &wanted::nothing(&items, &held));
        } else {
            run::progress(1.0, &format!("{landed} of {} landed in {branch}{waiting}", stories.len()));
        }
        let main = git::log(Some(&branch), 1)?.into_iter().next().map(|commit| commit.id).unwrap_or_default();
        let shortfall = shortfall::of(&stories, &branch, stopped.as_deref());
        let stories = stories.into_iter().map(|told| told.story).collect();
        Ok(Output { branch, main, landed, stories, held, stopped, shortfall, took_ms: run::now().saturating_sub(began) })
    }

    fn shortfall(output: &Output) -> Option<String> {
        output.shortfall.clone()
    }
}

baton_sdk::export!(SprintWorkflow);

fn parallel(order: &Order) -> Result<usize> {
    if order.most == Some(0) {
        return Err(Error::invalid("`most` is 0, which is no sprint; give 1 or more, or leave it out."));
    }
    let (name, parallel) = match order.parallel {
        Some(parallel) => ("parallel", parallel),
        None => ("sprint.parallel", settings::get("sprint.parallel")?.unwrap_or(PARALLEL)),
    };
    if (1..=MOST_PARALLEL).contains(&parallel) {
        return Ok(parallel);
    }
    Err(Error::invalid(format!("`{name}` is {parallel}; give 1 to {MOST_PARALLEL} stories that are at work at the same time.")))
}

/// Warns of stories that may be held by nobody. Where a person merges, what is in review waits for that.
fn held(items: &[Item], stories: &[Told], lands: bool) -> Vec<String> {
    let waits = items.iter().filter(|item| !lands && item.status == Status::Review).map(|item| item.draft.key.as_str());
    let own = stories.iter().map(|story| story.story.key.as_str()).chain(waits).collect();
    let held = wanted::held(items, &own);
    if let Some(advice) = wanted::advice(&held) {
        run::warn(&advice);
    }
    held
}

/// Whoever named a branch means no other.
fn on_its_branch(branch: &str, wanted: Option<&str>) -> Result<()> {
    match wanted {
        Some(wanted) if wanted != branch => Err(Error::invalid(format!(
            "The checkout is on `{branch}`, and the stories are to land in `{wanted}`. Check `{wanted}` out, and start the sprint again."
        ))),
        _ => Ok(()),
    }
}

/// Stories begin at what is committed, and land where a person may have changes of their own.
fn clean(branch: &str) -> Result<()> {
    let changes = git::status()?;
    let Some(first) = changes.first() else { return Ok(()) };
    Err(Error::invalid(format!(
        "The checkout of `{branch}` has changes that are not committed ({}, {} in all), which stories would not see and landing could touch. Commit them, or put them aside, and start the sprint again.",
        first.path,
        changes.len()
    )))
}
