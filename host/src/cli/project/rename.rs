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
    kernel::projects::Change,
};

/// Rename a project
#[derive(Debug, Args)]
pub(in crate::cli) struct Rename {
    /// Name or id of the project
    #[arg(value_name = "NAME")]
    project: String,
    /// Its new name: 1 to 64 letters, digits, `-`, `_` and `.`
    #[arg(value_name = "NEW-NAME")]
    name: String,
}

impl Rename {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let before = app.kernel.find_project(&self.project).await?;
        let renamed = app.kernel.change_project(&before, Change::Rename(self.name.clone()), &app.config.operator).await;
        let is_in_settings = app.config.forge.projects.contains_key(&before.name) && before.name != self.name;
        app.close().await;
        let project = renamed?;
        let (from, to) = (text::escaped(&before.name), text::escaped(&project.name));
        answer(context, &project, &format!("{} Project {from} is now called {to}.", painted(GOOD, "✓")))?;
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
