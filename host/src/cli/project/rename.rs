//! `baton project rename`.

use anyhow::Result;
use clap::Args;

use super::answer;
use crate::{
    cli::{
        Context,
        client::{self, Client},
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    operations::projects::{ChangedProject, RenameProject},
};

/// Rename a project
#[derive(Debug, Args)]
pub(in crate::cli) struct Rename {
    /// Name or id of the project
    #[arg(value_name = "NAME")]
    project: String,
    /// New name: 1 to 64 letters, digits, `-`, `_` and `.`
    #[arg(value_name = "NEW-NAME")]
    name: String,
}

impl Rename {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let request = RenameProject { project: self.project.clone(), name: self.name.clone() };
        let renamed = client::projects::rename(&client, &request).await;
        let is_in_settings = match (&client, &renamed) {
            (Client::Here(host), Ok(ChangedProject { former_name, .. })) => {
                *former_name != self.name && host.config().forge.projects.contains_key(former_name)
            }
            _ => false,
        };
        client.close().await;
        let renamed = renamed?;
        let (from, to) = (text::escaped(&renamed.former_name), text::escaped(&renamed.project.name));
        answer(context, &renamed, &format!("{} Project {from} is now called {to}.", painted(GOOD, "✓")))?;
        if is_in_settings {
            context.screen.warn(format!(
                "{} Your settings name the project in [forge.projects.{from}]. Rename the table to [forge.projects.{to}], or its rules no \
                 longer apply.",
                painted(WARNING, "!")
            ));
        }
        Ok(Exit::Done)
    }
}
