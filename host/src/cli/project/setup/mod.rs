//! `baton project setup`: which command fetches what a project depends on, who approved it, and its execution by a run.

mod run;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::approvals::{self, Words};
use crate::{
    cli::{Context, exit::Exit, place::ProjectArguments, text},
    operations::{
        Access,
        setups::{self, ApproveSetup},
    },
};

/// Manage the command that fetches a project's dependencies
///
/// The command runs in a container with the network access that your settings allow, once for each state of the lockfiles.
/// It runs before agents and tests, which have no network access. A repository only proposes a setup; it takes effect once
/// you approve it.
#[derive(Debug, Args)]
pub(super) struct Setup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Approve(Approve),
    Revoke(Revoke),
    Run(run::Run),
}

impl Setup {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Show(command) => command.execute(context).await,
            Command::Approve(command) => command.execute(context).await,
            Command::Revoke(command) => command.execute(context).await,
            Command::Run(command) => command.execute(context).await,
        }
    }
}

/// Show the setup of a project, and the setup that its repository proposes
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    project: ProjectArguments,
}

/// Approve the setup that a repository proposes or that its lockfiles suggest
///
/// The approval applies to the setup as it is now. If baton.toml later proposes another setup, runs of the project pause
/// until you approve it.
#[derive(Debug, Args)]
struct Approve {
    #[command(flatten)]
    project: ProjectArguments,
    /// Command line to approve instead of the suggested one
    #[arg(long, value_name = "LINE")]
    command: Option<String>,
    /// Command line to approve for renewing lockfiles after a manifest changed, instead of the suggested one
    #[arg(long, value_name = "LINE")]
    lock: Option<String>,
}

/// Revoke the approval of a project's setup
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Show {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        approvals::show(context, &setups::show(&host, &choice.reference()).await?, &choice)?;
        Ok(Exit::Done)
    }
}

impl Approve {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let (command, lock) = (self.command.clone(), self.lock.clone());
        let request = ApproveSetup { project: self.project.choice()?.reference(), command, lock };
        let status = setups::approve(&host, &host.config().operator, &request).await?;
        host.close().await;
        approvals::approved(context, &status)?;
        Ok(Exit::Done)
    }
}

impl Revoke {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let status = setups::revoke(&host, &host.config().operator, &self.project.choice()?.reference()).await?;
        host.close().await;
        approvals::revoked(context, &status)?;
        Ok(Exit::Done)
    }
}

impl Words for setups::Setup {
    const NAME: &'static str = "setup";
    const REVOKED: &'static str = "No setup is approved for the project.";

    fn summary(&self) -> String {
        let shown = |line: &str| format!("`{}`", text::excerpt(&text::line(line), 300));
        match &self.lock {
            Some(lock) => format!("{}, lockfiles renewed by {}", shown(&self.command), shown(lock)),
            None => shown(&self.command),
        }
    }

    fn pending(&self, approve: &str) -> String {
        format!("{} is not used until you approve it with `{approve}`.", self.summary())
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}
