//! `baton runs`: what was run, and what to do with it. A run is named by any beginning or end of its id.

mod cancel;
mod difference;
mod fork;
mod journal;
pub(super) mod list;
mod output;
mod pause;
mod record;
pub(super) mod replay;
mod resume;
mod show;
mod signal;
mod transcript;
mod waiting;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Context, exit::Exit};

/// Inspect and control runs
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Journal(journal::Journal),
    Transcript(transcript::Transcript),
    Output(output::Output),
    Resume(resume::Resume),
    Pause(pause::Pause),
    Cancel(cancel::Cancel),
    Signal(signal::Signal),
    Fork(fork::Fork),
    Record(record::Record),
    Replay(replay::Replay),
}

impl Runs {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Journal(command) => command.execute(context).await,
            Command::Transcript(command) => command.execute(context).await,
            Command::Output(command) => command.execute(context).await,
            Command::Resume(command) => command.execute(context).await,
            Command::Pause(command) => command.execute(context).await,
            Command::Cancel(command) => command.execute(context).await,
            Command::Signal(command) => command.execute(context).await,
            Command::Fork(command) => command.execute(context).await,
            Command::Record(command) => command.execute(context).await,
            Command::Replay(command) => command.execute(context).await,
        }
    }
}
