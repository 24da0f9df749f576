//! The numbers of `docs/benchmarks.md`, measured in one run so that their ratios hold on any machine. Asserts nothing.
//! `cargo bench --package baton-tests [-- SECTION …]`

mod backlog;
mod containers;
mod folders;
mod journal;
mod loading;
mod processes;
mod runaway;
mod runs;
mod sandbox;
mod serving;
mod stories;
mod table;
mod waiting;
mod worktrees;

use anyhow::Result;
use table::Table;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(Sections::named()))
}

async fn measure(sections: Sections) -> Result<()> {
    let mut table = Table::default();
    // The first row is what the others are compared with, so it is always measured.
    sandbox::measure(&mut table).await?;
    if sections.has("waiting") {
        waiting::measure(&mut table).await?;
    }
    if sections.has("questions") {
        waiting::measure_questions(&mut table).await?;
    }
    if sections.has("tickets") {
        waiting::measure_tickets(&mut table).await?;
    }
    if sections.has("runs") {
        runs::measure(&mut table).await?;
    }
    if sections.has("journal") {
        journal::measure(&mut table).await?;
    }
    if sections.has("loading") {
        loading::measure(&mut table).await?;
    }
    if sections.has("serving") {
        serving::measure(&mut table).await?;
    }
    if sections.has("worktrees") {
        worktrees::measure(&mut table).await?;
    }
    if sections.has("stories") {
        stories::measure(&mut table).await?;
    }
    if sections.has("backlog") {
        backlog::measure(&mut table).await?;
    }
    if sections.has("folders") {
        folders::measure(&mut table);
    }
    if sections.has("runaway") {
        runaway::measure(&mut table).await?;
    }
    if sections.has("containers") {
        containers::measure(&mut table).await?;
    }
    if sections.has("processes") {
        processes::measure(&mut table);
    }
    println!("{table}");
    Ok(())
}

/// The parts of the measurement that were asked for.
struct Sections(Vec<String>);

impl Sections {
    /// Those named on the command line; cargo adds arguments of its own.
    fn named() -> Self {
        Self(std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|section| section == name)
    }
}
