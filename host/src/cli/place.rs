//! The project that a command is about, by its folder or its name, and the names of projects. Prints nothing.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::Result;
use clap::Args;

use super::{Context, exit::Misuse, text};
use crate::{
    interfaces::project::Project,
    kernel::projects::{self, former_key},
    operations::Host,
};

/// Which project is meant: the current folder's if nothing is said.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ProjectArguments {
    /// The project's folder [default: the current folder]
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// The project's name, instead of its folder
    #[arg(long, global = true, value_name = "NAME")]
    project: Option<String>,
}

impl ProjectArguments {
    /// What is meant, as far as the command line and the disk say it.
    pub(super) fn choice(&self) -> Result<ProjectChoice, Misuse> {
        match (&self.project, &self.workspace) {
            (Some(_), Some(_)) => Err(Misuse("--project and --workspace cannot be used together. Give one of them.".to_owned())),
            (Some(name), None) => Ok(ProjectChoice::Name(name.clone())),
            (None, folder) => ProjectChoice::of_folder(folder.as_deref().unwrap_or(Path::new("."))),
        }
    }

    /// The same; none where nothing is said.
    pub(super) fn named(&self) -> Result<Option<ProjectChoice>, Misuse> {
        if self.project.is_none() && self.workspace.is_none() { Ok(None) } else { self.choice().map(Some) }
    }

    /// The folder in which a run is to work: as it was given, or a project's.
    pub(super) async fn workspace(&self, app: &Host) -> Result<PathBuf> {
        match self.choice()? {
            ProjectChoice::Folder { named, .. } => Ok(named),
            choice => Ok(choice.find(app).await?.folder()?.to_owned()),
        }
    }
}

/// A project as it was named.
#[derive(Clone, Debug)]
pub(super) enum ProjectChoice {
    /// By a folder that is there.
    Folder {
        /// Absolute, without links.
        folder: PathBuf,
        /// As it was given.
        named: PathBuf,
    },
    /// By a name or an id.
    Name(String),
}

impl ProjectChoice {
    fn of_folder(named: &Path) -> Result<Self, Misuse> {
        let folder = projects::usable_folder(named)
            .map_err(|error| Misuse(format!("{} Name the project's folder with --workspace.", text::escaped(&error.to_string()))))?;
        Ok(Self::Folder { folder, named: named.to_owned() })
    }

    /// The project, for a command that looks. A folder that is not known yet stays so.
    pub(super) async fn find(&self, app: &Host) -> Result<ProjectFolder> {
        let folder = match self {
            Self::Folder { folder, .. } => folder,
            Self::Name(name) => return self.of_name(name, app).await,
        };
        let project = match app.kernel.projects().project_of_folder(folder).await? {
            Some(project) => project.identity(),
            // Nothing is kept under a former key any more, but settings may name it.
            None => Project { id: former_key(folder), ..Project::default() },
        };
        Ok(ProjectFolder { project, folder: Ok(folder.clone()), choice: self.clone() })
    }

    /// The project, for a command that writes something of it. A folder that is not known yet becomes one.
    pub(super) async fn open(&self, app: &Host) -> Result<ProjectFolder> {
        let folder = match self {
            Self::Folder { folder, .. } => folder,
            Self::Name(name) => return self.of_name(name, app).await,
        };
        let project = app.kernel.open_project(folder, &app.config.operator).await?.identity();
        Ok(ProjectFolder { project, folder: Ok(folder.clone()), choice: self.clone() })
    }

    async fn of_name(&self, name: &str, app: &Host) -> Result<ProjectFolder> {
        let found = app.kernel.find_project(name).await?;
        Ok(ProjectFolder { project: found.identity(), folder: usable_folder(&found), choice: self.clone() })
    }

    /// A command that means the same project and the same data.
    pub(super) fn again(&self, context: &Context, command: &str) -> String {
        context.again(&format!("{command}{}", self.option()))
    }

    /// What leads to the project from where the command was given.
    fn option(&self) -> String {
        match self {
            Self::Folder { named, .. } if named == Path::new(".") => String::new(),
            Self::Folder { named, .. } => format!(" --workspace {}", text::shell_word(&text::escaped(&named.display().to_string()))),
            Self::Name(name) => format!(" --project {}", text::shell_word(&text::escaped(name))),
        }
    }
}

/// A project, and the folder in which it lies here.
pub(super) struct ProjectFolder {
    /// What its rows are kept under, and what it is called.
    pub(super) project: Project,
    /// Absolute, without links; or why there is none to work in.
    folder: Result<PathBuf, String>,
    choice: ProjectChoice,
}

impl ProjectFolder {
    /// What everything of the project is kept under.
    pub(super) fn id(&self) -> &str {
        &self.project.id
    }

    /// The folder, for a command that looks into it.
    pub(super) fn folder(&self) -> Result<&Path, Misuse> {
        self.folder.as_deref().map_err(|reason| Misuse(reason.clone()))
    }

    /// A command that means the same project and the same data.
    pub(super) fn again(&self, context: &Context, command: &str) -> String {
        self.choice.again(context, command)
    }
}

/// The first folder of a project that is there.
fn usable_folder(project: &projects::Project) -> Result<PathBuf, String> {
    let name = &project.name;
    if let Some(folder) = project.folders.iter().find(|folder| folder.is_dir()) {
        return Ok(folder.clone());
    }
    let hint = moved(project).unwrap_or_default();
    Err(match project.folders.first() {
        Some(folder) => {
            let folder = text::escaped(&folder.display().to_string());
            format!("The folder {folder} of project `{name}` does not exist. {hint}")
        }
        None => format!("No folder of project `{name}` is known. {hint}"),
    })
}

/// What sets a folder of the project that is not there any more; none where all are there.
pub(super) fn moved(project: &projects::Project) -> Option<String> {
    let command = format!("baton project move {} DIR", text::shell_word(&text::escaped(&project.name)));
    let gone = project.folders.iter().find(|folder| !folder.is_dir());
    match (gone, project.folders.as_slice()) {
        (None, []) => Some(format!("Set it with `{command}`.")),
        (None, _) => None,
        (Some(_), [_]) => Some(format!("If it moved, use `{command}`.")),
        (Some(folder), _) => {
            let from = text::shell_word(&text::escaped(&folder.display().to_string()));
            Some(format!("If it moved, use `{command} --from {from}`."))
        }
    }
}

/// What projects are called, by their ids.
#[derive(Default)]
pub(super) struct ProjectNames(HashMap<String, String>);

impl ProjectNames {
    pub(super) async fn load(app: &Host) -> Result<Self> {
        let named = |project: projects::Project| {
            let removed = if project.removed_at.is_some() { " (removed)" } else { "" };
            (project.id, format!("{}{removed}", project.name))
        };
        Ok(Self(app.kernel.projects().all_projects().await?.into_iter().map(named).collect()))
    }

    /// The name, or the id of one that has none.
    pub(super) fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_one_is_told_with_the_option_that_names_another() {
        let folder = tempfile::tempdir().unwrap();
        let said = |name: &str| ProjectChoice::of_folder(&folder.path().join(name)).err().unwrap().to_string();
        assert!(said("none").ends_with("/none does not exist. Name the project's folder with --workspace."), "{}", said("none"));
        assert!(said("a\u{1b}[2J").contains(r"a\u{1b}[2J"), "{}", said("a\u{1b}[2J"));
    }

    #[test]
    fn a_folder_that_is_not_there_any_more_is_told_with_the_command_that_sets_it() {
        let home = tempfile::tempdir().unwrap();
        let project = |folders: &[&str]| projects::Project {
            id: "0194".to_owned(),
            name: "shop".to_owned(),
            folders: folders.iter().map(PathBuf::from).collect(),
            repository: None,
            state: projects::ProjectState::Active,
            settings: serde_json::Value::Null,
            former_key: None,
            created_at: 0,
            updated_at: 0,
            removed_at: None,
        };
        let told = |folders: &[&str]| moved(&project(folders));
        let here = home.path().to_str().unwrap();
        assert_eq!(told(&[here]), None);
        assert_eq!(told(&[]).unwrap(), "Set it with `baton project move shop DIR`.");
        assert_eq!(told(&["/nowhere/shop"]).unwrap(), "If it moved, use `baton project move shop DIR`.");
        assert_eq!(told(&[here, "/nowhere/my shop"]).unwrap(), "If it moved, use `baton project move shop DIR --from '/nowhere/my shop'`.");
    }

    #[test]
    fn a_command_leads_to_the_project_it_was_told_by() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("my product");
        std::fs::create_dir(&named).unwrap();
        let option = ProjectChoice::of_folder(&named).unwrap().option();
        assert_eq!(option, format!(" --workspace '{}'", named.display()));
        assert_eq!(ProjectChoice::of_folder(Path::new(".")).unwrap().option(), "");
        assert_eq!(ProjectChoice::Name("shop".to_owned()).option(), " --project shop");
    }

    #[test]
    fn a_project_is_named_in_one_way() {
        let both = ProjectArguments { workspace: Some(".".into()), project: Some("shop".to_owned()) };
        assert!(both.choice().unwrap_err().to_string().contains("cannot be used together"));
        let none = ProjectArguments::default();
        assert!(matches!(none.choice(), Ok(ProjectChoice::Folder { named, .. }) if named == Path::new(".")));
    }
}
