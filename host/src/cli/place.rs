//! The project that a command is about, by its folder or its name, and the names of projects. Prints nothing.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Context,
    client::{self, Client},
    text,
};
use crate::operations::{
    Host, Page, Problem, code, path_text,
    projects::{self, ListProjects, Project, ProjectLocation, ProjectRef},
};

/// Which project is meant: the current folder's if nothing is said.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ProjectArguments {
    /// Directory of the project [default: the current directory]
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Name or id of the project; cannot be used with --workspace
    #[arg(long, global = true, value_name = "NAME")]
    project: Option<String>,
}

impl ProjectArguments {
    /// What is meant, as far as the command line and the disk say it.
    pub(super) fn choice(&self) -> Result<ProjectChoice, Problem> {
        match (&self.project, &self.workspace) {
            (Some(_), Some(_)) => {
                let message = "--project and --workspace cannot be used together.";
                Err(Problem::invalid(code::USAGE, "project", message).advise("Give one of them."))
            }
            (Some(name), None) => Ok(ProjectChoice::Name(name.clone())),
            (None, folder) => ProjectChoice::of_folder(folder.as_deref().unwrap_or(Path::new("."))),
        }
    }

    /// The same for a command that may be done on a server, where a directory of this machine names nothing.
    pub(super) fn choice_for(&self, context: &Context) -> Result<ProjectChoice, Problem> {
        match (&context.server, &self.project) {
            (Some(_), None) => Err(client::projects::reject_directory()),
            _ => self.choice(),
        }
    }

    /// The same; none where nothing is said.
    pub(super) fn named_for(&self, context: &Context) -> Result<Option<ProjectChoice>, Problem> {
        if self.project.is_none() && self.workspace.is_none() { Ok(None) } else { self.choice_for(context).map(Some) }
    }
}

/// A project as it was named.
#[derive(Clone, Debug)]
pub(super) enum ProjectChoice {
    /// By a folder that exists.
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
    fn of_folder(named: &Path) -> Result<Self, Problem> {
        let folder = projects::usable_folder(named)
            .map_err(|problem| Problem { hint: Some("Name the project's directory with --workspace.".to_owned()), ..problem })?;
        Ok(Self::Folder { folder, named: named.to_owned() })
    }

    /// The project, for a request.
    pub(super) fn reference(&self) -> ProjectRef {
        match self {
            Self::Folder { folder, .. } => ProjectRef::Folder(folder.clone()),
            Self::Name(name) => ProjectRef::Name(name.clone()),
        }
    }

    /// The project, for a command that reads. A folder that is not known yet stays so.
    pub(super) async fn find(&self, host: &Host) -> Result<ProjectLocation, Problem> {
        self.reference().find(host).await
    }

    /// The folder in which a run is to work: as it was given, or a project's.
    pub(super) async fn workspace(&self, host: &Host) -> Result<PathBuf, Problem> {
        match self {
            Self::Folder { named, .. } => Ok(named.clone()),
            Self::Name(_) => Ok(self.find(host).await?.folder()?.to_owned()),
        }
    }

    /// A command that means the same project and the same data.
    pub(super) fn again(&self, context: &Context, command: &str) -> String {
        context.again(&format!("{command}{}", self.option()))
    }

    /// What leads to the project from where the command was given.
    fn option(&self) -> String {
        match self {
            Self::Folder { named, .. } if named == Path::new(".") => String::new(),
            Self::Folder { named, .. } => format!(" --workspace {}", text::shell_word(&text::path(named))),
            Self::Name(name) => format!(" --project {}", text::shell_word(&text::escaped(name))),
        }
    }
}

/// The option that leads to a folder of runs from where the command was given.
pub(super) fn workspace_option(workspace: &str) -> String {
    match std::env::current_dir() {
        Ok(here) if path_text(&here) == workspace => String::new(),
        _ => format!(" --workspace {}", text::shell_word(&text::escaped(workspace))),
    }
}

/// What projects are called, by their ids.
#[derive(Default)]
pub(super) struct ProjectNames(HashMap<String, String>);

impl ProjectNames {
    pub(super) async fn load(host: &Host) -> Result<Self, Problem> {
        Ok(Self::of_projects(projects::list(host, &all_projects()).await?))
    }

    /// The same, here or on a server.
    pub(super) async fn load_from(client: &Client) -> Result<Self, Problem> {
        Ok(Self::of_projects(client::projects::list(client, &all_projects()).await?))
    }

    fn of_projects(projects: Page<Project>) -> Self {
        let named = |project: Project| {
            let removed = if project.removed_at.is_some() { " (removed)" } else { "" };
            (project.id, format!("{}{removed}", project.name))
        };
        Self(projects.items.into_iter().map(named).collect())
    }

    /// The name, or the id of one that has none.
    pub(super) fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

fn all_projects() -> ListProjects {
    ListProjects { removed: true, ..ListProjects::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_one_is_told_with_the_option_that_names_another() {
        let folder = tempfile::tempdir().unwrap();
        let said = |name: &str| ProjectChoice::of_folder(&folder.path().join(name)).err().unwrap().to_string();
        assert!(said("none").ends_with("/none does not exist. Name the project's directory with --workspace."), "{}", said("none"));
        assert!(said("a\u{1b}[2J").contains(r"a\u{1b}[2J"), "{}", said("a\u{1b}[2J"));
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
