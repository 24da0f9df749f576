//! `baton project add`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{answer, repository};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    kernel::projects::Project,
    operations::Host,
};

/// Add a folder as a project, or to a project
///
/// A folder below the folder of another project is a project of its own.
#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// The folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Name of the project [default: the name of the folder]
    #[arg(long, conflicts_with = "to")]
    name: Option<String>,
    /// Where others find its repository
    #[arg(long, value_name = "URL", conflicts_with = "to")]
    repository: Option<String>,
    /// Add the folder to this project, such as a second checkout of the same repository
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
}

impl Add {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let repository = self.repository.as_deref().map(repository).transpose()?;
        let app = context.open_to_change().await?;
        let added = self.add(&app, repository).await;
        let outer = match &added {
            Ok(project) => outer(&app, project).await?,
            Err(_) => None,
        };
        let unread = added.as_ref().ok().and_then(|project| app.config.project(project.folders.last()?).err());
        let unread = unread.map(|error| error.to_string());
        app.close().await;
        let project = added?;
        let (mark, name) = (painted(GOOD, "✓"), text::escaped(&project.name));
        let said = match self.to {
            Some(_) => format!("{mark} Added the folder to project {name}."),
            None => format!("{mark} Added project {name}."),
        };
        answer(context, &project, &said)?;
        if let Some(unread) = unread {
            context.screen.warn(format!("{} {} No run starts in the folder until then.", painted(WARNING, "!"), text::plain(&unread)));
        }
        if let Some(outer) = outer {
            let outer = text::escaped(&outer);
            context.screen.tell(format!(
                "{} The folder lies below that of project {outer}. Runs started in it belong to {name}, not to {outer}.",
                painted(WARNING, "!")
            ));
        }
        Ok(Exit::Done)
    }

    async fn add(&self, app: &Host, repository: Option<String>) -> Result<Project> {
        let by = &app.config.operator;
        Ok(match &self.to {
            Some(to) => {
                let project = app.kernel.find_project(to).await?;
                app.kernel.add_folder(&project, &self.folder, by).await?
            }
            None => app.kernel.add_project(&self.folder, self.name.clone(), repository, by).await?,
        })
    }
}

/// The project in whose folder the newest folder of this one lies.
async fn outer(app: &Host, project: &Project) -> Result<Option<String>> {
    let Some(folder) = project.folders.last() else { return Ok(None) };
    let others = app.kernel.projects().all_projects().await?.into_iter();
    let mut others = others.filter(|other| other.removed_at.is_none() && other.id != project.id);
    Ok(others.find(|other| other.folders.iter().any(|above| folder.starts_with(above))).map(|other| other.name))
}
