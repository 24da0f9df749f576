//! Stories as rows of `baton costs`: how often each was tried and how long its runs took. Counts no money.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use baton_slots::DEVELOPER;

use crate::{interfaces::llm::money::Posting, journal::RunId, kernel::run::Run, operations::Host};

/// Between the project and the key in the name of a row. Neither can hold it.
const BETWEEN: char = '\u{1f}';

/// What the runs for one story come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// Tasks that a developer was given.
    pub(super) tries: u64,
    /// From the first to the last sign of its runs, in milliseconds. What lies between two sprints does not count.
    pub(super) took: u64,
}

/// The row that a reply belongs to; the empty text for one that was for no story.
pub(super) fn row_of(posting: &Posting) -> String {
    posting.item.as_ref().map(|item| name(&posting.project, item)).unwrap_or_default()
}

/// The project and the story of a row; none for what was for no story.
pub(super) fn parts(row: &str) -> Option<(&str, &str)> {
    row.split_once(BETWEEN)
}

/// The work of each row below these roots.
pub(super) async fn load(app: &Host, roots: &BTreeSet<RunId>) -> Result<BTreeMap<String, Work>> {
    let mut rows = BTreeMap::new();
    for root in roots {
        add(&mut rows, &app.kernel.tree(root).await?);
    }
    Ok(rows)
}

/// Adds the runs of one tree.
fn add(rows: &mut BTreeMap<String, Work>, tree: &[Run]) {
    let mut spans: HashMap<String, (u64, u64)> = HashMap::new();
    for run in tree {
        let Some(item) = &run.item else { continue };
        let row = name(&run.project, item);
        let span = spans.entry(row.clone()).or_insert((u64::MAX, 0));
        *span = (span.0.min(run.created_at), span.1.max(run.updated_at));
        // Each task for the developer is a try.
        rows.entry(row).or_default().tries += u64::from(run.slot.as_deref() == Some(DEVELOPER));
    }
    for (row, (first, last)) in spans {
        rows.entry(row).or_default().took += last.saturating_sub(first);
    }
}

fn name(project: &str, item: &str) -> String {
    format!("{project}{BETWEEN}{item}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::sample::run, kernel::run::State};

    fn of(item: Option<&str>, slot: Option<&str>, from: u64, to: u64) -> Run {
        let run = run("a", "x", State::Succeeded);
        let (item, slot) = (item.map(str::to_owned), slot.map(str::to_owned));
        Run { project: "p".to_owned(), item, slot, created_at: from, updated_at: to, ..run }
    }

    #[test]
    fn a_story_takes_the_time_of_its_runs_in_each_tree() {
        let mut rows = BTreeMap::new();
        let first = [
            of(None, None, 0, 900),
            of(Some("1-1"), Some("dev-story"), 100, 500),
            of(Some("1-1"), Some(DEVELOPER), 110, 200),
            of(Some("1-1"), Some(DEVELOPER), 210, 400),
            of(Some("1-2"), Some("dev-story"), 100, 150),
        ];
        add(&mut rows, &first);
        add(&mut rows, &[of(Some("1-1"), Some(DEVELOPER), 10_000, 10_100)]);
        assert_eq!(rows[&name("p", "1-1")], Work { tries: 3, took: 500 });
        assert_eq!(rows[&name("p", "1-2")], Work { tries: 0, took: 50 });
        assert_eq!(parts(&name("p", "1-1")), Some(("p", "1-1")));
    }
}
