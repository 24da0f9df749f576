//! Has a second agent judge a story that it did not write: each acceptance criterion against the change, with what the tests
//! and the guards said and what became of earlier findings. Changes nothing, and approves nothing whose tests did not pass.

mod change;
mod criteria;
mod judgement;
mod leftovers;
mod opinion;
#[cfg(test)]
mod prompts;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use baton_sdk::prelude::*;
use baton_slots::REVIEWER;
use baton_slots::code_review::{Finding, Input, Output, Verdict};
use baton_slots::run_tests::Output as Tested;

use judgement::{Judgement, Question};

struct CodeReview;

/// Tests that failed of which each is a finding.
const MOST_RED: usize = 10;

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
    let question = Question { criteria: criteria::of(&item.draft.body), earlier: &order.earlier };
    let story = format!("{}\n\n{}", item.draft.title, item.draft.body);
    let task = Task::new(goal(&order.key, &question)).with_context(change::described(order, &story, &question.criteria, &diff));
    // What can be put right without the reviewer is asked for once, and then put right.
    let asked = Cell::new(0_u32);
    let problems = |judged: &Judgement| {
        let strict = asked.replace(asked.get() + 1).is_multiple_of(2);
        judgement::problems(judged, &question, strict)
    };
    let before = git::status()?;
    let judged = agents::checked(REVIEWER, &task, &judgement::schema(&question), problems);
    leftovers::take_away(&before)?;
    Ok(judged?.settled(&question))
}

/// What needs no reviewer.
fn decided(order: &Input, diff: &str) -> Option<Output> {
    let (findings, why) = if diff.trim().is_empty() {
        let why = "A story without a change can not be done.";
        (vec![finding(".", None, "Nothing was changed.".to_owned(), why)], why)
    } else {
        let why = "Nothing lands before its tests pass.";
        (red(order.tests.as_ref().filter(|tests| !tests.passed)?, why), why)
    };
    let (criteria, earlier) = (Vec::new(), order.earlier.clone());
    Some(Output { criteria, earlier, findings, summary: why.to_owned(), verdict: Verdict::Changes })
}

/// A finding for each test that failed, or one with what the tests said where none is known.
fn red(tests: &Tested, why: &str) -> Vec<Finding> {
    if tests.failing.is_empty() {
        return vec![finding(".", None, format!("The tests did not pass.\n{}", tests.report.trim()), why)];
    }
    let failing = tests.failing.iter().take(MOST_RED).map(|test| {
        let path = if test.file.is_empty() { "." } else { &test.file };
        finding(path, test.line.map(u64::from), format!("The test `{}` fails. {}", test.name, test.message.trim()), why)
    });
    failing.collect()
}

fn finding(path: &str, line: Option<u64>, what: String, why: &str) -> Finding {
    Finding {
        path: path.to_owned(),
        line: line.filter(|line| *line > 0),
        what: what.trim().to_owned(),
        why: why.to_owned(),
        ..Finding::default()
    }
}

fn goal(key: &str, question: &Question<'_>) -> String {
    let each = if question.criteria.is_empty() {
        "Find out what the story asks for"
    } else {
        "For each numbered acceptance criterion find the code that makes it hold and the test that would fail without it, and then say whether it holds"
    };
    let earlier = if question.earlier.is_empty() {
        ""
    } else {
        " Say of each earlier finding what became of it: fixed; withdrawn, where the developer's reply shows that it was wrong; or open. Do not find it again."
    };
    format!(
        "Review story {key} against its acceptance criteria. You did not write this change. {each}. Look into the files where the diff does not show \
         enough, and try what you doubt. A finding is blocking when a criterion does not hold or has no test, or when the change breaks or endangers \
         something; everything else is minor. Matters of taste are not findings.{earlier} Ask for changes where anything is blocking, and approve otherwise."
    )
}
