//! Has a story developed in the run's worktree: its context gathered, its code written by an agent, its tests run until
//! they are green. What the agent may touch is checked here, by code; whether the story is good, a review judges.

mod asking;
mod diff;
mod failure;
mod guards;
mod kinds;
mod merging;
mod record;
mod story;
#[cfg(test)]
mod tests;
mod work;

use baton_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use asking::Answer;
use story::{Finding, Story};
use work::{Ending, Tested, Work};

/// Who develops.
const DEVELOPER: &str = "amelia";

struct DevStory;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    key: String,
    #[serde(default = "main_branch")]
    base: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    ask: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Develop,
    Resolve,
}

/// The run's output.
#[derive(Debug, Serialize)]
struct Developed {
    key: String,
    /// `done`; `skipped` or `accepted` where a person said so.
    outcome: &'static str,
    /// Why it is not done.
    reason: String,
    /// What the agent says it did.
    summary: String,
    /// The worktree's last commit.
    commit: String,
    tests: Option<Tested>,
    /// What code found out about the change, for whoever reviews it.
    guards: Vec<String>,
    /// How often the tests were run.
    attempts: u32,
}

impl Workflow<Order, Developed> for DevStory {
    fn run(order: Order) -> Result<Developed> {
        let story = Story::read(&order.key)?;
        let mut work = Work::begin(&story, &order.base, !order.findings.is_empty())?;
        match ended(&order, &story, &mut work) {
            Ok(Ending::Green(tested)) => work.done(tested),
            Ok(Ending::Left(outcome, reason)) => work.left(outcome, &reason),
            Err(error) => {
                work.save(&error.to_string());
                Err(error)
            }
        }
    }
}

baton_sdk::export!(DevStory);

fn ended(order: &Order, story: &Story, work: &mut Work<'_>) -> Result<Ending> {
    let mut advice = String::new();
    if order.ask {
        match asking::sent_back(story, &order.findings)? {
            Answer::Again => {}
            Answer::Told(words) => advice = words,
            Answer::Accept => return Ok(Ending::left("accepted", "A person took it as it is.")),
            Answer::Skip => return Ok(Ending::left("skipped", "A person said so after the review had sent it back too often.")),
        }
    }
    let first = match order.mode {
        Mode::Resolve => merging::merge(story, &order.base)?,
        Mode::Develop if order.findings.is_empty() && advice.is_empty() => Some(story.develop(&context(story)?)),
        Mode::Develop => Some(story.change(&order.findings, &advice, &git::diff(&order.base)?)),
    };
    work.until_green(first)
}

fn main_branch() -> String {
    "main".to_owned()
}

fn context(story: &Story) -> Result<String> {
    run::progress(0.05, "Gathering what the developer needs");
    let gathered: Value = workflows::start("story-context", &json!({ "key": story.key }))?.wait()?.output;
    Ok(gathered["text"].as_str().unwrap_or_default().to_owned())
}
