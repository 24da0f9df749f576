//! Which runs wait for an account, until when and why: said below a list, where a run itself may only wait for its children.

use anyhow::Result;
use jiff::tz::TimeZone;

use crate::{
    cli::{figures, text, waits},
    journal::Wait,
    kernel::run::{Run, State},
    operations::Host,
};

/// When a run goes on by itself, in milliseconds since 1970 UTC, if time is what it waits for.
pub(super) fn due(run: &Run) -> Option<u64> {
    match &run.state {
        State::Waiting { wait } => wait.due(),
        _ => None,
    }
}

/// The runs that wait for an account, or for what an operator provides, among those given and below them.
pub(super) async fn below(app: &Host, runs: impl Iterator<Item = &Run>) -> Result<Vec<Run>> {
    let mut waiting: Vec<Run> = Vec::new();
    for run in runs.filter(|run| matches!(run.state, State::Waiting { .. })) {
        let found = app.kernel.tree(&run.id).await?.into_iter().filter(|run| account(run).is_some() || waits::needed(run).is_some());
        waiting.extend(found);
    }
    Ok(waiting)
}

/// A line for each account that is waited for, and for each thing that an operator provides: how many runs, until when, and why.
pub(super) fn lines<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<String> {
    let mut lines: Vec<(String, Option<u64>, String, Vec<String>)> = Vec::new();
    for run in runs {
        let Some((name, until, reason)) = account(run).or_else(|| need(run)) else { continue };
        let id = text::short(&run.id);
        match lines.iter_mut().find(|line| line.0 == name) {
            Some(line) => {
                line.1 = line.1.zip(until).map(|(one, other)| one.min(other));
                if !line.3.contains(&id) {
                    line.3.push(id);
                }
            }
            None => lines.push((name, until, reason.to_owned(), vec![id])),
        }
    }
    let told = lines.into_iter().map(|(name, until, reason, ids)| {
        let until = until.map(|until| format!(" until {}", figures::moment(until, &TimeZone::system()))).unwrap_or_default();
        let (runs, ids) = (figures::counted(ids.len() as u64, "run", "runs"), text::excerpt(&ids.join(", "), 60));
        format!("{runs} ({ids}) waiting for {}{until}: {}", text::line(&name), text::plain(&reason))
    });
    told.collect()
}

fn account(run: &Run) -> Option<(String, Option<u64>, &str)> {
    match &run.state {
        State::Waiting { wait: Wait::Account { account, until, reason } } => Some((account.clone(), Some(*until), reason)),
        _ => None,
    }
}

fn need(run: &Run) -> Option<(String, Option<u64>, &str)> {
    let needed = waits::needed(run)?;
    Some((waits::needed_thing(needed), None, &needed.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample::run;

    fn resting(id: &str, account: &str, until: u64) -> Run {
        let wait = Wait::Account { account: account.to_owned(), until, reason: "No\u{1b}[2J more.".to_owned() };
        run(id, "mary", State::Waiting { wait })
    }

    #[test]
    fn runs_of_one_account_are_told_together_with_the_first_to_wake() {
        let runs = [resting("00000001", "lab", 9_000), resting("00000002", "lab", 5_000), run("00000003", "john", State::Queued)];
        let until = figures::moment(5_000, &TimeZone::system());
        assert_eq!(lines(&runs), [format!("2 runs (00000001, 00000002) waiting for lab until {until}: No more.")]);
        assert_eq!((due(&runs[0]), due(&runs[2])), (Some(9_000), None));
    }
}
