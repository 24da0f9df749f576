//! Which versions of a plugin runs need, and what became of its last runs: the end of `baton plugin show`.

use anstyle::Style;

use crate::{
    cli::{
        figures,
        screen::{BAD, FAINT, GOOD, WARNING},
        table::{Align, Cell, Table},
        text,
    },
    operations::plugins::{PluginDetails, PluginRun},
};

/// For people; empty where no run ever started.
pub(super) fn describe(details: &PluginDetails, now: u64, room: Option<usize>) -> String {
    if details.runs.is_empty() {
        return String::new();
    }
    let mut versions = Table::new(&[("VERSION", Align::Left), ("SHA-256", Align::Left), ("RUNS THAT NEED IT", Align::Right)]);
    for version in &details.versions {
        let age = if version.current { "current" } else { "older" };
        let hash = Cell::styled(version.hash.get(..12).unwrap_or(&version.hash), FAINT);
        versions.row([format!("{} ({age})", text::line(&version.version)).into(), hash, figures::count(version.runs).into()]);
    }
    let mut runs = Table::new(&[("LAST RUNS", Align::Left), ("VERSION", Align::Left), ("STATE", Align::Left), ("STARTED", Align::Left)]);
    for run in &details.runs {
        let started = figures::ago(now, run.created_at.0);
        runs.row([text::short(&run.run).into(), text::line(&run.plugin_version).into(), state(run), started.into()]);
    }
    format!("\n{}\n\n{}", versions.fit(room), runs.fit(room))
}

fn state(run: &PluginRun) -> Cell {
    if run.cancelling {
        return Cell::styled("cancelling", WARNING);
    }
    let style = match run.state.as_str() {
        "succeeded" => GOOD,
        "failed" | "cancelled" => BAD,
        "paused" => WARNING,
        _ => Style::new(),
    };
    Cell::styled(text::escaped(&run.state), style)
}
