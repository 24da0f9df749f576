//! Picks what a developer needs for a story: its text and that of the requirements it cites, the project's own rules, how
//! commands run, what was tried, and the files that its words lead to. Asks no model, so that the same workspace
//! gives the same context at no cost.

mod attempts;
mod budget;
mod environment;
mod gathered;
mod ranking;
mod requirements;
#[cfg(test)]
mod tests;
mod words;

use baton_sdk::prelude::*;
use baton_slots::story_context::{Input, Output};
use baton_survey::Project;

use budget::{Budget, Part};

struct StoryContext;

/// Tokens where nobody says otherwise.
const TOKENS: usize = 24_000;

impl Workflow<Input, Output> for StoryContext {
    fn run(order: Input) -> Result<Output> {
        let item = backlog::get(&order.key)?;
        let tokens = match order.tokens {
            Some(tokens) => tokens,
            None => settings::get("story.context-tokens")?.unwrap_or(TOKENS),
        };
        let story = format!("{}\n\n{}", item.draft.title.trim(), item.draft.body.trim());
        let query = words::of(&story);
        let mut budget = Budget::of(tokens);

        // The story comes first and whole, then what is short and always needed; the rest shares what these leave.
        budget.add(Part::Story, &format!("story {}", order.key), &story);
        gathered::surroundings(&mut budget)?;
        budget.divide();
        run::progress(0.3, "Looking through the documents");
        gathered::epic(&mut budget, item.draft.parent.as_deref())?;
        gathered::cited(&mut budget, &story)?;
        let project = Project::look()?;
        let fitting = gathered::fitting(&project, &story, &query)?;
        gathered::rules(&mut budget, &project, &fitting)?;
        gathered::passages(&mut budget, &order.key, &query)?;
        run::progress(0.6, "Looking at earlier work");
        gathered::tried(&mut budget, &order.key)?;
        gathered::commits(&mut budget)?;
        run::progress(0.8, "Looking for the files it touches");
        gathered::paths(&mut budget, &project);
        gathered::code(&mut budget, &project, &fitting)?;
        Ok(budget.gathered())
    }
}

baton_sdk::export!(StoryContext);
