//! The port behind the image name `project`: which image an operator approved for the project of a run, and how that is
//! kept. Knows no table and no container engine.

use async_trait::async_trait;
use serde_json::Value;

use crate::{errors::StorageError, events::Draft, journal::RunId};

/// The name of the image that was approved for the project of a run.
pub const PROJECT_IMAGE: &str = "project";

/// What an operator approved as a project's environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// The id of the project.
    pub project: String,
    /// The hash of the proposal and of the files that are built.
    pub hash: String,
    /// What was approved, with the files that said it.
    pub proposal: Value,
    /// The image.
    pub image: ProjectImage,
    /// When it was approved, in milliseconds since 1970 UTC.
    pub approved_at: u64,
    /// Who approved it.
    pub approved_by: String,
}

/// An image as the engine knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectImage {
    /// A name with a digest, the id of an image of this machine, or the tag of one that Baton built.
    pub reference: String,
    /// It was built or is on this machine alone, so that no registry has it.
    pub is_local: bool,
}

/// Keeps what operators approved.
#[async_trait]
pub trait Environments: Send + Sync {
    /// What holds in a project.
    async fn environment(&self, project: &str) -> Result<Option<Environment>, StorageError>;
    /// Has an environment hold in its project, in the place of the one before.
    async fn approve_environment(&self, environment: &Environment, events: Vec<Draft>) -> Result<(), StorageError>;
    /// Has none hold in a project; whether one did.
    async fn withdraw_environment(&self, project: &str, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// The image that holds for the project of a run.
    async fn image_of_run(&self, run: &RunId) -> Result<Option<ProjectImage>, StorageError>;
}
