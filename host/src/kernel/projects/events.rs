//! What the audit log is told of projects. Changes none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::events;

/// A folder became a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectAdded {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
    /// The folder.
    pub(crate) folder: String,
    /// The URL of its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) repository: Option<String>,
}

/// An operator renamed a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectRenamed {
    /// Its id.
    pub(crate) project: String,
    /// Its name before.
    pub(crate) from: String,
    /// Its name from now on.
    pub(crate) name: String,
}

/// Others find the repository of a project elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectRepositorySet {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
    /// The URL of its repository.
    pub(crate) repository: String,
}

/// An operator lets no run start in a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectPaused {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
}

/// An operator lets runs start in a project again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectResumed {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
    /// Its state before.
    pub(crate) from: String,
}

/// An operator completed a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectCompleted {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
}

/// A project has another folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectFolderAdded {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
    /// The folder.
    pub(crate) folder: String,
}

/// The folder of a project is elsewhere now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectMoved {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
    /// The folder before, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// The folder from now on.
    pub(crate) to: String,
}

/// An operator removed a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectRemoved {
    /// Its id.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
}

events::payloads! {
    ProjectAdded => Audit "project_added" Info,
    ProjectRenamed => Audit "project_renamed" Info,
    ProjectRepositorySet => Audit "project_repository_set" Info,
    ProjectPaused => Audit "project_paused" Info,
    ProjectResumed => Audit "project_resumed" Info,
    ProjectCompleted => Audit "project_completed" Info,
    ProjectFolderAdded => Audit "project_folder_added" Info,
    ProjectMoved => Audit "project_moved" Info,
    ProjectRemoved => Audit "project_removed" Info,
}
