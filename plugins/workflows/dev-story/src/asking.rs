//! The questions a story ends up in when code and agents are at their end. Decides nothing itself.

use baton_sdk::people::{self, Question};
use baton_sdk::prelude::*;
use baton_slots::code_review::Finding;

use crate::failure::Failure;
use crate::story::{Story, listed};

const AGAIN: &str = "Try again";
const SKIP: &str = "Leave this story";
const ACCEPT: &str = "Take it as it is";

/// Bytes of a report that a question shows.
const SHOWN: usize = 4 << 10;

#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Again,
    Skip,
    Accept,
    /// Anything else is said to the developer.
    Told(String),
}

/// The developer does not get there. The first time one more round is the best guess; after that it would only cost.
pub(crate) fn stuck(story: &Story, failure: &Failure, times: u32) -> Result<Answer> {
    let best = if times == 1 { AGAIN } else { SKIP };
    let report = failure.report();
    let begin = report.ceil_char_boundary(report.len().saturating_sub(SHOWN));
    let failing: String = failure.failing().iter().map(|line| format!("- {line}\n")).collect();
    let failing = if failing.is_empty() { failing } else { format!(" These tests fail:\n{failing}") };
    let question = Question::new(format!(
        "Story {} ({}) is not done. {}. Shall the developer try again, or what should be done differently?",
        story.key,
        story.title,
        failure.standing()
    ))
    .with_options([AGAIN, SKIP])
    .with_reasoning(format!("The developer did not get further.{failing} What was said last:\n{}", &report[begin..]))
    .with_best(best, 0.4)
    .with_context(&json!({ "story": story.key }));
    people::ask(&question).map(|answer| understood(&answer))
}

/// The developer does not resolve what both sides changed.
pub(crate) fn unresolved(story: &Story, base: &str, problems: &[String]) -> Result<Answer> {
    let listed: String = problems.iter().map(|problem| format!("- {problem}\n")).collect();
    let shown = &listed[..listed.floor_char_boundary(SHOWN)];
    let question = Question::new(format!(
        "The conflicts of story {} ({}) with `{base}` are not resolved. Shall the developer try again, or what should be done differently?",
        story.key, story.title
    ))
    .with_options([AGAIN, SKIP])
    .with_reasoning(format!("What is wrong with the files as the developer left them:\n{shown}"))
    .with_best(AGAIN, 0.4)
    .with_context(&json!({ "story": story.key }));
    people::ask(&question).map(|answer| understood(&answer))
}

/// The review sent the story back too often.
pub(crate) fn sent_back(story: &Story, findings: &[Finding]) -> Result<Answer> {
    let listed: String = findings.iter().map(|finding| format!("- {}\n", listed(finding))).collect();
    let shown = &listed[..listed.floor_char_boundary(SHOWN)];
    let question = Question::new(format!(
        "The review sent story {} ({}) back again. Shall it be tried once more, taken as it is, or left?",
        story.key, story.title
    ))
    .with_options([AGAIN, ACCEPT, SKIP])
    .with_reasoning(format!("Developer and reviewer do not come together. The last findings:\n{shown}"))
    .with_best(AGAIN, 0.4)
    .with_context(&json!({ "story": story.key }));
    people::ask(&question).map(|answer| understood(&answer))
}

fn understood(answer: &str) -> Answer {
    match answer.trim() {
        AGAIN => Answer::Again,
        SKIP => Answer::Skip,
        ACCEPT => Answer::Accept,
        words => Answer::Told(words.to_owned()),
    }
}
