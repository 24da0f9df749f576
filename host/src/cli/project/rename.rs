//! `baton project rename`.

use anyhow::Result;
use clap::Args;

use super::answer;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    operations::projects::{self, RenameProject},
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
        let host = context.open_to_change().await?;
        let request = RenameProject { project: self.project.clone(), name: self.name.clone() };
        let renamed = projects::rename(&host, &host.config().operator, &request).await;
        let is_in_settings = |name: &String| host.config().forge.projects.contains_key(name) && *name != self.name;
        let is_in_settings = renamed.as_ref().is_ok_and(|renamed| is_in_settings(&renamed.former_name));
        host.close().await;
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
