//! Has a story developed in the run's worktree: its context gathered, its code written by an agent, its tests run until
//! they are green and shown to test it. What the agent may touch is checked here, by code; whether the story is good, a
//! review judges.

mod asking;
mod declared;
mod dependencies;
mod diff;
mod failure;
mod guards;
mod kept;
mod kinds;
mod merging;
#[cfg(test)]
mod prompts;
mod proof;
mod record;
mod single;
mod story;
#[cfg(test)]
mod tests;
mod ways;
mod work;

use baton_sdk::prelude::*;
use baton_slots::dev_story::{Input, Mode, Outcome, Output};
use baton_slots::{STORY_CONTEXT, story_context};

use asking::Answer;
use story::Story;
use work::{Ending, Work};

struct DevStory;

impl Workflow<Input, Output> for DevStory {
    fn run(order: Input) -> Result<Output> {
        let story = Story::read(&order.key)?;
        if is_committed(&order) {
            let left = kept::restore_committed()?;
            if !left.is_empty() {
                let paths: Vec<_> = left.iter().take(MOST_NAMED).map(|change| format!("`{}`", change.path)).collect();
                run::info(&format!("What others left in the worktree since the story's last commit was taken away: {}.", paths.join(", ")));
            }
        }
        // Before the test command is looked for, which may be one that the setup installs.
        set_up()?;
        let mut work = Work::begin(&story, &order)?;
        match ended(&order, &story, &mut work) {
            Ok(Ending::Green(tested)) => work.done(*tested),
            Ok(Ending::Left(outcome, reason)) => work.left(outcome, &reason),
            Err(error) => {
                work.save(&error.to_string());
                Err(error)
            }
        }
    }
}

baton_sdk::export!(DevStory);

/// Paths that are named of what others left.
const MOST_NAMED: usize = 8;

/// Whether a developer was at work before and all of it is committed: what differs, a reviewer or a test has left.
fn is_committed(order: &Input) -> bool {
    order.mode == Mode::Resolve || order.ask || !order.findings.is_empty()
}

/// What the developer's commands need is there before the developer is.
fn set_up() -> Result<()> {
    let setup = sandbox::set_up()?;
    if setup.is_new() {
        run::info(&setup.summary());
    }
    Ok(())
}

fn ended(order: &Input, story: &Story, work: &mut Work<'_>) -> Result<Ending> {
    let mut advice = String::new();
    if order.ask {
        match asking::sent_back(story, &order.findings)? {
            Answer::Again => {}
            Answer::Told(words) => advice = words,
            Answer::Accept => return Ok(Ending::left(Outcome::Accepted, "A person took it as it is.")),
            Answer::Skip => return Ok(Ending::left(Outcome::Skipped, "A person said so after the review had sent it back too often.")),
        }
    }
    let first = match order.mode {
        Mode::Resolve => match merging::merge(story, &order.base, work)? {
            Some(ending) => return Ok(ending),
            None => None,
        },
        Mode::Develop if order.findings.is_empty() && advice.is_empty() => Some(work.develop(&context(story)?)),
        Mode::Develop => Some(work.change(&order.findings, &advice)?),
    };
    work.until_green(first)
}

fn context(story: &Story) -> Result<String> {
    run::progress(0.05, "Gathering what the developer needs");
    let input = story_context::Input { key: story.key.clone(), tokens: None };
    Ok(workflows::start::<story_context::Output, _>(STORY_CONTEXT, &input)?.wait()?.output.text)
}
