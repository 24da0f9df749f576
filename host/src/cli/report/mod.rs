//! `baton report`: what became of a project's stories since a time, what they cost, and what waits for a person.

mod lines;

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{
    Context,
    client::{self, Client},
    exit::Exit,
    figures,
    place::ProjectArguments,
    since,
};
use crate::operations::{Access, Moment, reports::MakeReport};

/// Report which stories landed, which are blocked, what waits for you, and the cost
///
/// Times are in the time zone of this machine; with `-o json` they are in UTC.
#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    project: ProjectArguments,
    /// Start of the report: `today`, `yesterday`, a time such as 22:00 or 2026-01-31T22:00:00Z, or an age such as 12h or 2d
    #[arg(long, value_name = "TIME", default_value = "yesterday")]
    since: String,
}

impl Report {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let (client, zone) = (context.connect(Access::Look).await?, TimeZone::system());
        let since = Moment(since::read(&self.since, now(&client), &zone)?);
        let mut report =
            client::reports::make(&client, &MakeReport { project: self.project.choice_for(context)?.reference(), since }).await?;
        for wait in &mut report.waits {
            wait.reason = context.advice(&wait.reason);
        }
        if context.screen.is_json() {
            context.screen.document(&report)?;
        } else {
            context.screen.answer(lines::lines(&report, context, &zone).join("\n"))?;
        }
        Ok(Exit::Done)
    }
}

/// The time by which words such as `yesterday` are read.
fn now(client: &Client) -> u64 {
    match client {
        Client::Here(host) => host.now().0,
        Client::There(_) => figures::now(),
    }
}
