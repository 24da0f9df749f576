//! What is shown of plugins in their authors' folders. Builds none: the command line runs the compilers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CheckedPlugin, Plugin};
use crate::operations::{
    Problem,
    runs::{ReplayVerdict, Replayed},
};

/// The folder of a plugin that was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedPlugin {
    /// The folder.
    pub folder: String,
    /// What the plugin is written in.
    pub language: PluginLanguage,
    /// The files in it, by their paths.
    pub files: Vec<String>,
    /// The commands to type next.
    pub next: Vec<String>,
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginLanguage {
    /// A crate.
    Rust,
    /// A module `app`.
    Python,
    /// A module `app`, in a package.
    Javascript,
    /// An agent without code.
    Persona,
    /// A workflow folder, without code.
    Folder,
}

/// A plugin that was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuiltPlugin {
    /// The plugin, with what it would be granted. Its file is the component.
    #[serde(flatten)]
    pub plugin: Plugin,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What came of a plugin's tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestedPlugin {
    /// What this host says of it.
    pub check: CheckedPlugin,
    /// Its own tests; none where this host rejects the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<OwnTests>,
    /// Its recordings, replayed.
    pub recordings: Vec<ReplayedRecording>,
}

/// What came of the tests in a plugin's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OwnTests {
    /// They pass.
    Passed,
    /// The folder has none.
    Absent,
    /// They failed, or could not be run.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A recording that was replayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedRecording {
    /// Its file.
    pub file: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: RecordingOutcome,
}

/// What came of replaying a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RecordingOutcome {
    /// It was replayed.
    Replayed(Box<Replayed>),
    /// It could not be replayed.
    Unusable {
        /// Why.
        problem: Problem,
    },
}

impl ReplayedRecording {
    /// Whether the plugin did what was recorded.
    pub fn is_same(&self) -> bool {
        matches!(&self.outcome, RecordingOutcome::Replayed(replayed) if replayed.verdict == ReplayVerdict::Same)
    }
}
