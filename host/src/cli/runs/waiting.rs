//! Which runs wait for an account or an operator, until when and why: shown below a list, where a run itself may only wait for
//! its children.

use jiff::tz::TimeZone;

use crate::{
    cli::{
        client::{self, Client},
        figures, text, waits,
    },
    operations::{
        Moment, Problem,
        runs::{ListRuns, RunState, RunSummary, StateWord, Wait},
    },
};

/// The runs that wait among those given and below them.
pub(super) async fn below(client: &Client, runs: &[RunSummary]) -> Result<Vec<RunSummary>, Problem> {
    let within: Vec<_> = runs.iter().filter(|run| matches!(run.state, RunState::Waiting { .. })).map(|run| run.id.clone()).collect();
    if within.is_empty() {
        return Ok(Vec::new());
    }
    let request = ListRuns { all: true, states: vec![StateWord::Waiting], within, limit: u32::MAX, ..ListRuns::default() };
    Ok(client::runs::list(client, &request).await?.items)
}

/// A line for each account that is waited for, and for each thing that an operator provides: how many runs, until when, and why.
pub(super) fn lines<'a>(runs: impl IntoIterator<Item = &'a RunSummary>) -> Vec<String> {
    let mut lines: Vec<(String, Option<Moment>, String, Vec<String>)> = Vec::new();
    for run in runs {
        let Some((name, until, reason)) = run.state.wait().and_then(describe) else { continue };
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
    let described = lines.into_iter().map(|(name, until, reason, ids)| {
        let until = until.map(|until| format!(" until {}", figures::moment(until.0, &TimeZone::system()))).unwrap_or_default();
        let (runs, ids) = (figures::counted(ids.len() as u64, "run", "runs"), text::excerpt(&ids.join(", "), 60));
        format!("{runs} ({ids}) waiting for {}{until}: {}", text::line(&name), text::plain(&reason))
    });
    described.collect()
}

fn describe(wait: &Wait) -> Option<(String, Option<Moment>, &str)> {
    match wait {
        Wait::Account { account, until, reason } => Some((account.clone(), Some(*until), reason)),
        Wait::Operator { need } => Some((waits::describe_need(need), None, &need.reason)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample::summary;

    fn waiting(id: &str, account: &str, until: u64) -> RunSummary {
        let wait = Wait::Account { account: account.to_owned(), until: Moment(until), reason: "No\u{1b}[2J more.".to_owned() };
        summary(id, "mary", RunState::Waiting { wait })
    }

    #[test]
    fn runs_of_one_account_are_shown_together_with_the_first_to_wake() {
        let runs = [waiting("00000001", "lab", 9_000), waiting("00000002", "lab", 5_000), summary("00000003", "john", RunState::Queued)];
        let until = figures::moment(5_000, &TimeZone::system());
        assert_eq!(lines(&runs), [format!("2 runs (00000001, 00000002) waiting for lab until {until}: No more.")]);
    }
}
