//! Projects: what runs, items, knowledge, costs and worktrees belong to, and the port that keeps their rows. A project has
//! an id of its own, so it keeps its history when its folder moves.

pub(crate) mod events;
mod name;
mod operating;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::run::Run;
use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    events::Draft,
    interfaces::{pins::Pin, project},
    journal::RunId,
};

pub use name::{check_name, former_key, is_same, name_of, name_of_key, unique_name};
pub use operating::usable_folder;

/// What may be done in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectState {
    /// It is known, and no run has started in it.
    Inactive,
    /// Runs start and continue.
    Active,
    /// An operator paused it: no run starts or continues.
    Paused,
    /// An operator said that it is done: no run starts.
    Completed,
    /// Its folder cannot be used. Found when somebody looks, and not kept.
    Error,
}

impl ProjectState {
    const ALL: [Self; 5] = [Self::Inactive, Self::Active, Self::Paused, Self::Completed, Self::Error];

    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Error => "error",
        }
    }

    /// What the store's word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A project.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// A UUIDv7; what everything of the project is kept under.
    pub id: String,
    /// Unique among the projects that were not removed.
    pub name: String,
    /// Where its runs work, in the order in which they were added: absolute paths without links.
    pub folders: Vec<PathBuf>,
    /// Where others find its repository.
    pub repository: Option<String>,
    /// As it is kept.
    pub state: ProjectState,
    /// A JSON object.
    pub settings: Value,
    /// By what it was known before projects had ids.
    pub former_key: Option<String>,
    /// In milliseconds since 1970 UTC.
    pub created_at: u64,
    /// In milliseconds since 1970 UTC.
    pub updated_at: u64,
    /// When it was removed, in milliseconds since 1970 UTC.
    pub removed_at: Option<u64>,
}

impl Project {
    /// What the interfaces are told of it.
    pub fn identity(&self) -> project::Project {
        project::Project { id: self.id.clone(), name: self.name.clone(), former_key: self.former_key.clone() }
    }

    /// Checks that runs may start or continue in it.
    pub fn admit(&self) -> Result<(), Refusal> {
        let name = || self.name.clone();
        match self.state {
            _ if self.removed_at.is_some() => Err(Refusal::Removed(name())),
            ProjectState::Paused => Err(Refusal::Paused(name())),
            ProjectState::Completed => Err(Refusal::Completed(name())),
            ProjectState::Inactive | ProjectState::Active | ProjectState::Error => Ok(()),
        }
    }

    /// Whether a person may mean it by this word: its name, its id, or its former key.
    pub fn is_named(&self, word: &str) -> bool {
        let is_name = self.removed_at.is_none() && (self.name == word || self.former_key.as_deref() == Some(word));
        is_name || self.id == word
    }
}

/// What a folder is opened as a project for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An operator adds it, under this name or that of the folder: rejected where the folder belongs to a project.
    Add {
        /// None: the folder's name.
        name: Option<String>,
        /// Where others find its repository.
        repository: Option<String>,
    },
    /// An operator writes something that is kept for the project.
    Write,
    /// A run starts in it: rejected where none may.
    Run(RunId),
}

/// A folder that is opened as a project, and becomes one where it is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The id it gets if it is new.
    pub id: String,
    /// An absolute path without links.
    pub folder: PathBuf,
    /// What for.
    pub purpose: Purpose,
    /// Who does it; of a run who started that.
    pub by: Option<Actor>,
}

/// What an operator changes of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectChange {
    /// Another name.
    Rename(String),
    /// Others find its repository there.
    SetRepository(String),
    /// No run starts or continues.
    Pause,
    /// Runs start and continue again.
    Resume,
    /// No run starts any more.
    Complete,
    /// One more folder.
    AddFolder(PathBuf),
    /// A folder has another place now.
    Move {
        /// The folder as it is known; none where the project has no folder.
        from: Option<PathBuf>,
        /// Where it is now.
        to: PathBuf,
        /// What is there now.
        pin: Option<Pin>,
    },
    /// Forget it; its history stays.
    Remove,
}

/// Why a project is not changed, or no run starts in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("`{0}` is not a valid project name.")]
    Name(String),
    #[error("Project `{0}` exists already.")]
    NameTaken(String),
    /// Project `name` has the folder.
    #[error("The directory `{folder}` belongs to project `{name}` already.")]
    FolderTaken { folder: String, name: String },
    #[error("`{folder}` is not a directory of project `{name}`.")]
    NotItsFolder { folder: String, name: String },
    /// One of them has to be meant.
    #[error("Project `{0}` has several directories.")]
    SeveralFolders(String),
    /// `run` is the root of one of them, in short.
    #[error("Project `{name}` has unfinished runs, such as {run}.")]
    Unfinished { name: String, run: String },
    /// `run` is the root of the tree that has it, in short.
    #[error("Run {run} of project `{name}` still has a worktree, such as one with an open story.")]
    Worktrees { name: String, run: String },
    #[error("Project `{0}` is paused: no run starts or continues in it.")]
    Paused(String),
    #[error("Project `{0}` is completed: no run starts in it.")]
    Completed(String),
    #[error("Project `{0}` was removed.")]
    Removed(String),
    /// No project has that id.
    #[error("Project `{0}` does not exist.")]
    Unknown(String),
}

impl Hint for Refusal {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name(_) => {
                "Use 1 to 64 letters, digits, `-`, `_` and `.`, starting with a letter or digit, that do not look like an id.".to_owned()
            }
            Self::NameTaken(name) => {
                format!("Choose another name, or rename that project with `baton project rename {name} NAME`.")
            }
            Self::FolderTaken { name, .. } => format!("`baton project show {name}` shows it."),
            Self::NotItsFolder { name, .. } => format!("`baton project show {name}` lists its directories."),
            Self::SeveralFolders(_) => "Name the one that moved with --from.".to_owned(),
            Self::Unfinished { run, .. } => format!(
                "Let them end, or cancel them with `baton runs cancel {run}`. If their directory has moved already, move it back until then."
            ),
            Self::Worktrees { run, .. } => format!(
                "Resume the run with `baton runs resume {run}`, or cancel it with `baton runs cancel {run}`, which keeps its commits."
            ),
            Self::Paused(name) | Self::Completed(name) => format!("Resume it with `baton project resume {name}`."),
            Self::Removed(_) => "Start a new run in its directory, which makes a new project.".to_owned(),
            Self::Unknown(_) => "`baton project list` lists the projects.".to_owned(),
        })
    }
}

/// Keeps the rows of projects. Every change is durable when it returns, and is made in one step with what it depends on.
#[async_trait]
pub trait Projects: Send + Sync {
    /// All projects, removed ones among them, in the order of their names.
    async fn all_projects(&self) -> Result<Vec<Project>, StorageError>;
    /// The project with this id, also one that was removed.
    async fn load_project(&self, id: &str) -> Result<Option<Project>, StorageError>;
    /// The project that a folder belongs to: the one that has the folder, or else one without a folder that was known by the
    /// folder's hash.
    async fn project_of_folder(&self, folder: &Path) -> Result<Option<Project>, StorageError>;
    /// The project that a folder belongs to, added where there is none.
    async fn open_project(&self, opening: &Opening) -> Result<Result<Project, Refusal>, StorageError>;
    /// Changes a project. What it is already changes nothing and tells nothing.
    async fn change_project(&self, id: &str, change: &ProjectChange, by: &Actor) -> Result<Result<Project, Refusal>, StorageError>;
    /// Adds a root run, in the project that is opened for it or else in its own; gives the run as it was added. The project
    /// is active from then on.
    async fn start_run(&self, run: &Run, opening: Option<&Opening>, events: Vec<Draft>) -> Result<Result<Run, Refusal>, StorageError>;
    /// The first unfinished root of a project, by its age.
    async fn unfinished_run(&self, project: &str) -> Result<Option<RunId>, StorageError>;
}
