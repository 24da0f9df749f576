//! Has a second agent judge a story that it did not write: the change against the acceptance criteria, with what the tests
//! and the guards said. Changes nothing, and approves nothing whose tests are red.

mod change;
mod opinion;
#[cfg(test)]
mod tests;

use baton_sdk::prelude::*;
use baton_slots::REVIEWER;
use baton_slots::code_review::{Finding, Input, Output, Verdict};

struct CodeReview;

impl Workflow<Input, Output> for CodeReview {
    fn run(order: Input) -> Result<Output> {
        let judged = judge(&order)?;
        if let Some(number) = order.pull_request {
            opinion::write(number, &judged);
        }
        run::progress(1.0, &judged.summary);
        Ok(judged)
    }
}

baton_sdk::export!(CodeReview);

fn judge(order: &Input) -> Result<Output> {
    let item = backlog::get(&order.key)?;
    let diff = git::diff(&order.base)?;
    if let Some(judged) = decided(order, &diff) {
        return Ok(judged);
    }
    run::progress(0.2, "The reviewer looks at the change");
    let story = format!("{}\n\n{}", item.draft.title, item.draft.body);
    let task = Task::new(goal(&order.key)).with_context(change::described(order, &story, &diff));
    agents::checked(REVIEWER, &task, &schema(), problems)
}

/// What needs no reviewer.
fn decided(order: &Input, diff: &str) -> Option<Output> {
    let (what, why) = if diff.trim().is_empty() {
        ("Nothing was changed.".to_owned(), "A story without a change can not be done.")
    } else {
        let red = order.tests.as_ref().filter(|tests| !tests.passed)?;
        (format!("The tests are red.\n{}", red.report.trim()), "Nothing lands while its tests are red.")
    };
    let finding = Finding { path: ".".to_owned(), line: None, what, why: why.to_owned() };
    Some(Output { verdict: Verdict::Changes, summary: why.to_owned(), findings: vec![finding] })
}

fn goal(key: &str) -> String {
    format!(
        "Review story {key} against its acceptance criteria. You did not write this change. Look into the files where the diff does not show enough. \
         Approve when every criterion holds and has a test that would fail without the change; otherwise ask for changes, each with its path, its line \
         if there is one, what is wrong and why. Matters of taste are no findings."
    )
}

fn problems(judged: &Output) -> Vec<String> {
    let mut problems = Vec::new();
    if judged.verdict == Verdict::Changes && judged.findings.is_empty() {
        problems.push("You ask for changes and name none: give at least one finding, or approve.".to_owned());
    }
    if judged.verdict == Verdict::Approve && !judged.findings.is_empty() {
        problems.push("You approve and have findings: leave out what need not be changed, or ask for changes.".to_owned());
    }
    problems
}

fn schema() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let finding = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["path", "line", "what", "why"],
        "properties": { "path": text, "line": { "type": ["integer", "null"], "minimum": 1 }, "what": text, "why": text },
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["verdict", "summary", "findings"],
        "properties": {
            "verdict": { "enum": ["approve", "changes"] },
            "summary": text,
            "findings": { "type": "array", "items": finding, "maxItems": 30 },
        },
    })
}
