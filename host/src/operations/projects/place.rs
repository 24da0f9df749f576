//! The project that a request names, by its folder or its name, and the folder in which it lies here. Creates a project only
//! where something is written for it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    actor::Actor,
    escape::{escaped, shell_word},
    events::path_text,
    interfaces::project::Project as Identity,
    kernel::{
        KernelError,
        projects::{self, former_key},
    },
    operations::{Host, Problem},
};

/// Which project is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectRef {
    /// The one with this name or id.
    Name(String),
    /// The one with this folder.
    #[schema(value_type = String)]
    Folder(PathBuf),
}

/// A project, and the folder in which it lies here.
#[derive(Clone, Debug)]
pub struct ProjectLocation {
    pub(in crate::operations) project: Identity,
    /// Absolute, without links; or why there is none to work in.
    folder: Result<PathBuf, Problem>,
}

impl ProjectRef {
    /// The project, for an operation that reads. A folder that is not known yet stays so.
    pub async fn find(&self, host: &Host) -> Result<ProjectLocation, Problem> {
        let folder = match self {
            Self::Folder(folder) => usable_folder(folder)?,
            Self::Name(name) => return ProjectLocation::by_name(host, name).await,
        };
        let project = match host.app.kernel.projects().project_of_folder(&folder).await.map_err(KernelError::from)? {
            Some(project) => project.identity(),
            // Nothing is kept under a former key any more, but settings may name it.
            None => Identity { id: former_key(&folder), ..Identity::default() },
        };
        Ok(ProjectLocation { project, folder: Ok(folder) })
    }

    /// The project, for an operation that writes something of it. A folder that is not known yet becomes one.
    pub async fn open(&self, host: &Host, actor: &Actor) -> Result<ProjectLocation, Problem> {
        let folder = match self {
            Self::Folder(folder) => usable_folder(folder)?,
            Self::Name(name) => return ProjectLocation::by_name(host, name).await,
        };
        let project = host.app.kernel.open_project(&folder, actor).await?.identity();
        Ok(ProjectLocation { project, folder: Ok(folder) })
    }
}

impl ProjectLocation {
    async fn by_name(host: &Host, name: &str) -> Result<Self, Problem> {
        let project = host.app.kernel.find_project(name).await?;
        Ok(Self { project: project.identity(), folder: existing_folder(&project) })
    }

    /// The project as it is named to people and in settings.
    pub fn identity(&self) -> &Identity {
        &self.project
    }

    /// What everything of the project is kept under.
    pub fn id(&self) -> &str {
        &self.project.id
    }

    /// Its name, or its id where it has none.
    pub fn name(&self) -> &str {
        self.project.shown()
    }

    /// The folder, for an operation that reads or writes files of it.
    pub fn folder(&self) -> Result<&Path, Problem> {
        self.folder.as_deref().map_err(Problem::clone)
    }
}

/// The absolute path, without links, of a folder in which runs may work.
pub fn usable_folder(folder: &Path) -> Result<PathBuf, Problem> {
    projects::usable_folder(folder).map_err(|error| {
        let problem = Problem::from(error);
        Problem { message: escaped(&problem.message), field: Some("folder".to_owned()), ..problem }
    })
}

/// The first folder of a project that exists.
fn existing_folder(project: &projects::Project) -> Result<PathBuf, Problem> {
    if let Some(folder) = project.folders.iter().find(|folder| folder.is_dir()) {
        return Ok(folder.clone());
    }
    let name = escaped(&project.name);
    let message = match project.folders.first() {
        Some(folder) => format!("The folder {} of project `{name}` does not exist.", escaped(&path_text(folder))),
        None => format!("No folder of project `{name}` is known."),
    };
    Err(Problem { hint: move_hint(project), ..Problem::not_found("folder_not_found", message).of_field("folder") })
}

/// How the folder of a project is set that does not exist any more; none where all exist.
pub(super) fn move_hint(project: &projects::Project) -> Option<String> {
    let command = format!("baton project move {} DIR", shell_word(&escaped(&project.name)));
    let missing = project.folders.iter().find(|folder| !folder.is_dir());
    match (missing, project.folders.as_slice()) {
        (None, []) => Some(format!("Set it with `{command}`.")),
        (None, _) => None,
        (Some(_), [_]) => Some(format!("If it moved, use `{command}`.")),
        (Some(folder), _) => {
            let from = shell_word(&escaped(&path_text(folder)));
            Some(format!("If it moved, use `{command} --from {from}`."))
        }
    }
}
