//! `baton report`: what became of a project's stories since a time, what they cost, and what waits for a person. Changes
//! nothing.

mod gathering;
mod lines;

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{Context, exit::Exit, place::ProjectArguments, since};
use crate::operations::Access;
use gathering::Gathered;

/// Report what landed, what is blocked, asked and waited for, and what it cost
///
/// Times are those of this machine; with `-o json` they are in UTC.
#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    project: ProjectArguments,
    /// From when: `today`, `yesterday`, a time such as 22:00 or 2026-01-31T22:00:00Z, or how long ago, such as 12h or 2d
    #[arg(long, value_name = "TIME", default_value = "yesterday")]
    since: String,
}

impl Report {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice()?;
        let (app, zone) = (context.open(Access::Look).await?, TimeZone::system());
        let since = since::read(&self.since, app.kernel.now(), &zone)?;
        let found = choice.find(&app).await?;
        let gathered = Gathered::load(&app, &found.project, since).await?;
        if context.screen.is_json() {
            context.screen.document(&gathered.document(context))?;
        } else {
            context.screen.answer(lines::lines(&gathered, context, &zone).join("\n"))?;
        }
        Ok(Exit::Done)
    }
}
