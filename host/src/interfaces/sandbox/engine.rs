//! The port below `sandbox`: somebody who executes a command and says how it ended. Knows no grant and no journal; the key
//! by which a command is found again is all it has of either.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::{job::Ending, settings::Image};
use crate::journal::RunId;

/// Names a command for ever: the call that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The run.
    pub run: RunId,
    /// The call's place in it.
    pub seq: u64,
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
    /// Seconds of wall time.
    pub timeout: u32,
    /// When it was asked for first, in milliseconds since 1970 UTC.
    pub asked_at: u64,
    /// Bytes that have to stay free on the workspace's disk.
    pub keep_free: u64,
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
    /// What whoever reads the output has to know of the end.
    pub remark: Option<String>,
}

/// Why a command has no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// It was not started.
    #[error("{0}")]
    Unavailable(String),
    /// It was perhaps started, and may be going on.
    #[error("{0}")]
    Lost(String),
}

/// Executes commands.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Executes a command, or finds the one of its key again, and returns at its end. Whoever stops listening to `pieces`
    /// misses them. A future that is dropped leaves the command as it is: `discard` ends it.
    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError>;
    /// Ends a command if it has not ended, and forgets it.
    async fn discard(&self, key: &Key);
    /// The commands of this data directory that were not forgotten. What a dead host held ready is removed on the way.
    async fn left(&self) -> Result<Vec<Key>, EngineError>;
    /// Removes what is held ready.
    async fn close(&self);
    /// Whether an image is on this machine, so that a command in it begins at once.
    async fn has_image(&self, _reference: &str) -> Result<bool, EngineError> {
        Ok(true)
    }
    /// What it is, and its version.
    async fn about(&self) -> Result<String, EngineError>;
}
