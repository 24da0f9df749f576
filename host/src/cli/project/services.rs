//! `baton project services`: which programs run beside the commands of a project, and who approved them. Starts none.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::approvals::{self, Words};
use crate::{
    cli::{Context, exit::Exit, place::ProjectArguments, text},
    operations::{
        Access,
        services::{self, Service, ServiceSet},
    },
};

/// Manage the services that a project's tests use, such as a database
///
/// Services run in containers that share a network with the project's commands and cannot reach anything else. A repository
/// only proposes services; they take effect once you approve them.
#[derive(Debug, Args)]
pub(super) struct Services {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Approve(Approve),
    Revoke(Revoke),
}

impl Services {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Show(command) => command.execute(context).await,
            Command::Approve(command) => command.execute(context).await,
            Command::Revoke(command) => command.execute(context).await,
        }
    }
}

/// Show the services of a project, and the services that its repository proposes
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    project: ProjectArguments,
}

/// Approve the services that a repository proposes
///
/// The approval applies to the services as they are now. If baton.toml later proposes others, runs of the project pause
/// until you approve them.
#[derive(Debug, Args)]
struct Approve {
    #[command(flatten)]
    project: ProjectArguments,
}

/// Revoke the approval of a project's services
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Show {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        approvals::show(context, &services::show(&host, &choice.reference()).await?, &choice)?;
        Ok(Exit::Done)
    }
}

impl Approve {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let status = services::approve(&host, &host.config().operator, &self.project.choice()?.reference()).await?;
        host.close().await;
        approvals::approved(context, &status)?;
        Ok(Exit::Done)
    }
}

impl Revoke {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let status = services::revoke(&host, &host.config().operator, &self.project.choice()?.reference()).await?;
        host.close().await;
        approvals::revoked(context, &status)?;
        Ok(Exit::Done)
    }
}

impl Words for ServiceSet {
    const NAME: &'static str = "services";
    const REVOKED: &'static str = "No services are approved for the project.";

    fn summary(&self) -> String {
        let named: Vec<_> =
            self.services.iter().map(|(name, service)| format!("`{}` ({})", text::line(name), text::line(&service.image))).collect();
        if named.is_empty() { "none".to_owned() } else { named.join(", ") }
    }

    fn details(&self) -> Vec<String> {
        self.services.iter().flat_map(|(name, service)| details(name, service)).collect()
    }

    fn pending(&self, approve: &str) -> String {
        format!("The proposed services are not used until you approve them with `{approve}`.")
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

/// All that a service is, a line each.
fn details(name: &str, service: &Service) -> Vec<String> {
    let words = |words: &[String]| text::excerpt(&text::line(&words.join(" ")), 300);
    let variables = |kind: &str, variables: &BTreeMap<String, String>| {
        let line = |(name, value): (&String, &String)| format!("  {kind} {name}={}", text::excerpt(&text::line(value), 300));
        variables.iter().map(line).collect::<Vec<_>>()
    };
    let mut lines = vec![format!("{name}: {}", text::line(&service.image))];
    for (word, command) in [("runs", &service.command), ("is ready after", &service.ready)] {
        if !command.is_empty() {
            lines.push(format!("  {word} `{}`", words(command)));
        }
    }
    lines.extend(variables("sets", &service.env));
    lines.extend(variables("gives", &service.gives));
    lines
}
