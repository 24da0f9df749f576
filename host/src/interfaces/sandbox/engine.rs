//! The port below `sandbox`: somebody who executes a command and says how it ended. Knows no grant and no journal; the key
//! by which a command is found again is all it has of either.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::{job::Ending, leftovers::Covers, services::Beside, settings::Image};
use crate::journal::RunId;

/// Names a command for ever: the call that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The run.
    pub run: RunId,
    /// The call's place in it.
    pub seq: u64,
}

impl Key {
    /// The key of a text that [`fmt::Display`] made.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let (run, seq) = text.rsplit_once('-')?;
        Some(Self { run: RunId::from_text(run), seq: seq.parse().ok()? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.run, self.seq)
    }
}

/// A command that is to be executed once.
#[derive(Clone, Debug)]
pub struct Task {
    /// By which it is found again.
    pub key: Key,
    /// Where, and within which limits.
    pub image: Image,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables beside those of the image.
    pub env: BTreeMap<String, String>,
    /// The folder it works in, which is all of this machine that it sees.
    pub workspace: PathBuf,
    /// Wall time.
    pub timeout_ms: u32,
    /// When it was asked for first, in milliseconds since 1970 UTC.
    pub asked_at: u64,
    /// What of the folder it must not see.
    pub covers: Covers,
    /// Folders of this machine that it sees beside it.
    pub mounts: Vec<Mounted>,
    /// The container whose network it shares; none for what its image says.
    pub network: Option<String>,
    /// As whom it runs, once that was found out.
    pub user: Option<User>,
    /// An earlier host started it; else whatever bears its key is left from a try that does not count.
    pub found: Option<PriorCommand>,
}

/// What a container has beside its workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Variables, unless the command has others by these names.
    pub env: BTreeMap<String, String>,
    /// Folders of this machine.
    pub mounts: Vec<Mounted>,
    /// The container whose network it shares.
    pub network: Option<String>,
}

/// A folder that a container sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// On this machine.
    pub source: PathBuf,
    /// In the container.
    pub target: String,
    /// Whether the command cannot write there.
    pub read_only: bool,
}

/// A user of the system, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// A command that an earlier host started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorCommand {
    /// The engine went away while that host waited for it.
    pub lost: bool,
}

/// An image that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Its id on this machine.
    pub id: String,
    /// Its names with a digest, by which registries have it.
    pub digests: Vec<String>,
}

/// An image that is to be built.
#[derive(Clone, Debug)]
pub struct Build {
    /// A tar archive of all that the build sees.
    pub archive: Vec<u8>,
    /// The name of the Dockerfile in it.
    pub dockerfile: String,
    /// What the image is called.
    pub tag: String,
    /// The hash of what it is built from. An image of the same tag and hash is not built again.
    pub hash: String,
    /// The stage that is wanted; none for the last.
    pub target: Option<String>,
    /// Arguments.
    pub arguments: BTreeMap<String, String>,
    /// Whether its commands reach the network.
    pub with_network: bool,
    /// Longest time, in seconds.
    pub timeout: u64,
    /// Bytes of the largest image.
    pub most_bytes: u64,
}

/// What a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What happens while a command is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The program wrote this. One that is found again is heard from its beginning.
    Wrote(Stream, Vec<u8>),
    /// The image is being fetched; how far it is.
    Pulling(String),
    /// The program was started. `again`: by an earlier host.
    Started {
        /// It was found and not started.
        again: bool,
    },
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// The program's own word, or 128 and a signal.
    pub exit_code: i32,
    /// Milliseconds from start to end.
    pub took: u64,
}

/// Why a command has no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// It was not started, and nothing of it is running.
    #[error("{0}")]
    Unavailable(String),
    /// There is no engine. Nothing was started.
    #[error("{0}")]
    Absent(String),
    /// The image is not on this machine and cannot be fetched. Nothing was started.
    #[error("{reason}")]
    NoImage {
        /// As the engine knows it.
        image: String,
        /// What went wrong and what to do, sentences.
        reason: String,
    },
    /// It was perhaps started, and may be going on.
    #[error("{0}")]
    Lost(String),
    /// It was ended together with its engine or its machine, and nothing of it is left: it can be executed again.
    #[error("The command was ended together with its container engine.")]
    CutOff,
}

/// Executes commands.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Lets commands work in a folder, and says as whom they do; none where that makes no difference.
    async fn admit(&self, workspace: &Path) -> Result<Option<User>, EngineError>;
    /// Whether there is a command of this key that was started.
    async fn holds(&self, key: &Key) -> Result<bool, EngineError>;
    /// Executes a command, or finds the one of its key again, and returns at its end. Whoever stops listening to `pieces`
    /// misses them. A future that is dropped leaves the command as it is: `discard` ends it.
    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError>;
    /// Ends a command if it has not ended, and forgets it. After an error it may still be running.
    async fn discard(&self, key: &Key) -> Result<(), EngineError>;
    /// Whether a command that an earlier host started is still running.
    async fn is_running(&self, key: &Key) -> Result<bool, EngineError>;
    /// The commands of this data directory that were not forgotten. What a dead host held ready is removed on the way.
    async fn list_left(&self) -> Result<Vec<Key>, EngineError>;
    /// Removes what is held ready.
    async fn close(&self);
    /// Whether an image is on this machine, so that a command in it begins at once.
    async fn has_image(&self, _reference: &str) -> Result<bool, EngineError> {
        Ok(true)
    }
    /// An image by its digests, fetched if it is not here, or if a newer one is wanted.
    async fn resolve_image(&self, _reference: &str, _refresh: bool, _pieces: Sender<Piece>) -> Result<Resolved, EngineError> {
        Err(no_images())
    }
    /// Builds an image, unless the same was built before. `pieces` hears what that prints.
    async fn build_image(&self, _build: &Build, _pieces: Sender<Piece>) -> Result<(), EngineError> {
        Err(no_images())
    }
    /// Has services run beside the commands of a run, unless they do, and gives the container whose network the commands are to
    /// share. The inner error is for the operator: why one of them is not ready, with what it wrote.
    async fn serve(&self, _beside: &Beside) -> Result<Result<String, String>, EngineError> {
        Err(no_images())
    }
    /// Ends the services beside the commands of a run.
    async fn end_services(&self, _run: &RunId) -> Result<(), EngineError> {
        Ok(())
    }
    /// The runs of this data directory that have services.
    async fn list_served(&self) -> Result<Vec<RunId>, EngineError> {
        Ok(Vec::new())
    }
    /// What it is, and its version.
    async fn about(&self) -> Result<String, EngineError>;
}

/// What an engine says that knows no images.
fn no_images() -> EngineError {
    EngineError::Unavailable(
        "Commands are executed as plain processes, which have no images. Set `engine = \"docker\"` under [sandbox].".to_owned(),
    )
}
