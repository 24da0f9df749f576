//! Picks what a developer needs for a story: its text, what documents say of it, the files its words lead to, and what
//! was committed last. Asks no model, so that the same workspace gives the same context at no cost.

mod budget;
mod gathered;
mod ranking;
#[cfg(test)]
mod tests;
mod words;

use baton_sdk::prelude::*;
use baton_slots::story_context::{Input, Output};

use budget::Budget;

struct StoryContext;

/// Tokens where nobody says otherwise: enough for a story and a handful of files.
const TOKENS: usize = 6_000;

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

        // The story comes first and whole; a third of what is left is for documents, a tenth for the rest, and files take all
        // that nobody else used.
        budget.add(&format!("story {}", order.key), &story, tokens);
        let share = budget.left();
        run::progress(0.3, "Looking through the documents");
        gathered::passages(&mut budget, &order.key, &query, share / 3)?;
        run::progress(0.5, "Looking at the latest commits");
        gathered::commits(&mut budget, share / 20)?;
        run::progress(0.7, "Looking for the files it touches");
        gathered::listing(&mut budget, share / 20)?;
        gathered::files(&mut budget, &query)?;
        Ok(budget.gathered())
    }
}

baton_sdk::export!(StoryContext);
