//! `baton project add`.

use std::path::PathBuf;

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
    operations::{
        Problem,
        projects::{AddFolder, AddProject, AddedProject},
    },
};

/// Add a directory as a new project, or to an existing project
///
/// A directory inside the directory of another project is a separate project.
#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// Directory to add; on a server one that lies there, as a path below its `project-roots` or an absolute path
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Name of the project [default: the name of the directory]
    #[arg(long, conflicts_with = "to")]
    name: Option<String>,
    /// URL of the project's repository
    #[arg(long, value_name = "URL", conflicts_with = "to")]
    repository: Option<String>,
    /// Add the directory to this project, such as a second checkout of the same repository
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
}

impl Add {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let added = self.add(&client).await;
        client.close().await;
        let added = added?;
        let (mark, name) = (painted(GOOD, "✓"), text::escaped(&added.project.name));
        let words = match self.to {
            Some(_) => format!("{mark} Added the directory to project {name}."),
            None => format!("{mark} Added project {name}."),
        };
        answer(context, &added, &words)?;
        if let Some(problem) = &added.settings_problem {
            let mark = painted(WARNING, "!");
            context.screen.warn(format!("{mark} {} Until then, no run can start in the directory.", text::plain(problem)));
        }
        if let Some(outer) = &added.outer {
            let outer = text::escaped(outer);
            context.screen.tell(format!(
                "{} The directory lies below that of project {outer}. Runs started in it belong to {name}, not to {outer}.",
                painted(WARNING, "!")
            ));
        }
        Ok(Exit::Done)
    }

    async fn add(&self, client: &Client) -> Result<AddedProject, Problem> {
        let folder = self.folder.clone();
        match &self.to {
            Some(to) => client::projects::add_folder(client, &AddFolder { project: to.clone(), folder }).await,
            None => {
                let request = AddProject { folder, name: self.name.clone(), repository: self.repository.clone() };
                client::projects::add(client, &request).await
            }
        }
    }
}
