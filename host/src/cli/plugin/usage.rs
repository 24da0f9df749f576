//! Which versions of a plugin runs need, and what its last runs came to: the end of `baton plugin show`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    cli::{
        figures,
        runs::list,
        screen::FAINT,
        table::{Align, Cell, Table},
        text,
    },
    kernel::{
        registry::Plugin,
        run::{Filter, Run},
        versions::Need,
    },
    operations::{Host, runs::RunState},
};

/// How many of the last runs are shown.
const RUNS: u32 = 5;

/// What runs a plugin has.
pub(super) struct Usage {
    /// The current version first, though no run may need it.
    versions: Vec<Need>,
    runs: Vec<Run>,
}

impl Usage {
    /// Of a plugin that is installed.
    pub(super) async fn of(app: &Host, plugin: &Plugin) -> Result<Self> {
        let (kernel, package) = (&app.kernel, &plugin.package);
        let mut needs: Vec<_> = kernel.needs().await?.into_iter().filter(|need| need.plugin == plugin.name()).collect();
        let present = needs.iter().position(|need| need.hash == package.hash).map(|place| needs.remove(place));
        let unused = || Need {
            plugin: plugin.name().to_owned(),
            version: package.manifest.version.to_string(),
            hash: package.hash.clone(),
            runs: 0,
        };
        let filter = Filter { plugin: Some(plugin.name().to_owned()), limit: RUNS, ..Filter::default() };
        let runs = kernel.runs().list(&filter).await?;
        Ok(Self { versions: [present.unwrap_or_else(unused)].into_iter().chain(needs).collect(), runs })
    }

    /// For people; empty where no run ever began.
    pub(super) fn describe(&self, now: u64, room: Option<usize>) -> String {
        if self.runs.is_empty() {
            return String::new();
        }
        let mut versions = Table::new(&[("VERSION", Align::Left), ("SHA-256", Align::Left), ("RUNS THAT NEED IT", Align::Right)]);
        for (place, need) in self.versions.iter().enumerate() {
            let age = if place == 0 { "current" } else { "older" };
            let version = format!("{} ({age})", text::line(&need.version));
            versions.row([
                version.into(),
                Cell::styled(need.hash.get(..12).unwrap_or(&need.hash), FAINT),
                figures::count(need.runs).into(),
            ]);
        }
        let mut runs = Table::new(&[("LAST RUNS", Align::Left), ("VERSION", Align::Left), ("STATE", Align::Left), ("BEGUN", Align::Left)]);
        for run in &self.runs {
            let begun = figures::ago(now, run.created_at);
            runs.row([
                text::short(&run.id).into(),
                text::line(&run.plugin_version).into(),
                list::state(&RunState::from(run.state.clone()), run.is_being_cancelled()),
                begun.into(),
            ]);
        }
        format!("\n{}\n\n{}", versions.fit(room), runs.fit(room))
    }

    /// For programs.
    pub(super) fn document(&self) -> (Value, Value) {
        let version =
            |(place, need): (usize, &Need)| json!({ "version": need.version, "hash": need.hash, "current": place == 0, "runs": need.runs });
        let run = |run: &Run| {
            json!({
                "run": run.id,
                "plugin-version": run.plugin_version,
                "plugin-hash": run.plugin_hash,
                "state": run.state.as_str(),
                "created-at": figures::stamp(run.created_at),
            })
        };
        (self.versions.iter().enumerate().map(version).collect(), self.runs.iter().map(run).collect())
    }
}
