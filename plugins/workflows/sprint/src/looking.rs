//! What every story would meet, looked for before the first is begun: a folder that cannot be made a worktree, a checkout
//! that cannot follow its branch, no sandbox, tests that are red already. A story pays for none of it.

use baton_sdk::people::{self, Question};
use baton_sdk::prelude::*;
use baton_slots::run_tests::{self, outcome};

use crate::landing::{LAND, short};
use crate::replies::Batch;
use crate::sprint::{give_back, worktree_of};

/// Tests that failed which are named.
const MOST_FAILING: usize = 5;
const BEGIN: &str = "Begin all the same";
const STOP: &str = "Fix the tests first";
/// Bytes of a report that a question shows.
const SHOWN: usize = 4 << 10;

/// Has `land` look at the branch as it is. An error is the reason to begin no story.
pub(crate) fn look(main: &str) -> Result<()> {
    run::progress(0.0, &format!("Testing {main} as it is"));
    let worktree = worktree_of(LAND, &format!("{}-0", short(&run::about().id)), main)?;
    let order = json!({ "stories": [], "main": main });
    let options = ChildOptions::new().in_worktree(&worktree);
    let looked = workflows::start_with::<Batch, _>(baton_slots::LAND, &order, &options).and_then(Pending::wait);
    give_back(&worktree);
    match looked?.output.base {
        // A project without tests gets them by its first story.
        Some(tested) if !tested.passed => tested.command.as_ref().map_or(Ok(()), |command| red(main, command, &tested)),
        _ => Ok(()),
    }
}

fn red(main: &str, command: &str, tested: &run_tests::Output) -> Result<()> {
    let (state, report) = (state(tested), tested.report.as_str());
    let end = &report[report.ceil_char_boundary(report.len().saturating_sub(SHOWN))..];
    let failing: Vec<_> = tested.failing.iter().take(MOST_FAILING).map(run_tests::FailedTest::line_of).collect();
    let listed: String = failing.iter().map(|line| format!("\n- {line}")).collect();
    let listed = if listed.is_empty() { listed } else { format!("{listed}\n") };
    let question = Question::new(format!("The tests of `{main}` {state} before any story has begun. Shall the sprint begin all the same?"))
        .with_options([STOP, BEGIN])
        .with_reasoning(format!(
            "{}Nothing lands before they pass, so only a story that fixes them can. Files that git ignores are in no worktree, should a test need one. \
             {listed}`{command}` said last:\n{end}",
            advice(tested)
        ))
        .with_best(STOP, 0.7)
        .with_context(&json!({ "command": command }));
    if people::ask(&question)?.trim() == BEGIN {
        return Ok(());
    }
    if tested.ended() == outcome::NOT_STARTED {
        return Err(Error::invalid(format!("The tests of `{main}` (`{command}`) {state}. {}Then start the sprint again.", advice(tested))));
    }
    let last = match &failing[..] {
        [] => report.trim_end().lines().next_back().unwrap_or_default().to_owned(),
        failing => failing.join("; "),
    };
    Err(Error::invalid(format!(
        "The tests of `{main}` (`{command}`) {state} before any story has begun, and nothing lands before they pass: {last}. Fix them and commit, or answer \
         `{BEGIN}` where a story is to fix them; then start the sprint again."
    )))
}

/// What fixes it where no story can, with a space behind it.
fn advice(tested: &run_tests::Output) -> &'static str {
    match tested.ended() {
        outcome::NOT_STARTED => "Approve an image that has what the command needs with `baton project environment build`. ",
        _ => "",
    }
}

/// How the tests stand, after "The tests".
fn state(tested: &run_tests::Output) -> &'static str {
    match tested.ended() {
        outcome::TIMED_OUT => "were stopped at their time limit",
        outcome::OUT_OF_MEMORY => "used up their memory",
        outcome::KILLED => "were stopped by something else",
        outcome::NOT_STARTED => "cannot be started in their image",
        _ => "are red",
    }
}
