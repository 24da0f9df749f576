//! The plan as items of the project's backlog, from which it is built. Decides nothing that the documents do not say.

use baton_sdk::backlog::{Draft, Kind};

use crate::documents::{Backlog, Story};
use crate::render::{Context, line, story_body};

/// Every epic and every story, in the plan's order.
pub(crate) fn of(backlog: &Backlog, context: Context<'_>) -> Vec<Draft> {
    let epics = backlog.epics.iter().map(|epic| Draft::new(Kind::Epic, &epic.key, short(&epic.title)).with_body(epic.goal.trim()));
    let stories = backlog.stories().map(|(epic, story)| {
        let draft = Draft::new(Kind::Story, &story.key, short(&story.title)).below(&epic.key).after(&story.after);
        draft.with_priority(priority(story)).with_body(story_body(story, context).trim_end())
    });
    epics.chain(stories).collect()
}

/// A title in one line that the backlog takes; the document has all of it.
fn short(title: &str) -> String {
    const LONGEST: usize = 1024;
    let title: String = line(title).chars().filter(|character| !character.is_control()).collect();
    let end = (0..=LONGEST.min(title.len())).rev().find(|end| title.is_char_boundary(*end)).unwrap_or_default();
    title[..end].to_owned()
}

/// As a number, the first to be done the highest.
fn priority(story: &Story) -> u8 {
    match story.priority.as_str() {
        "high" => 8,
        "low" => 2,
        _ => 5,
    }
}
