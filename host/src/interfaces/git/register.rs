//! The port that remembers which worktrees Baton made, for whom, and their states. Knows no repository.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::{errors::StorageError, interfaces::pins::Pin, journal::RunId};

/// The state of a worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorktreeState {
    /// A run asked for it, and it is not whole yet.
    Making,
    /// A run works in it.
    Ready,
    /// It was released, and the next run that asks gets it.
    Free,
}

impl WorktreeState {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Ready => "ready",
            Self::Free => "free",
        }
    }

    /// What the store's word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Making, Self::Ready, Self::Free].into_iter().find(|state| state.as_str() == word)
    }
}

/// What a run asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The project it is for.
    pub project: String,
    /// The person's checkout whose repository it is of.
    pub checkout: PathBuf,
    /// The branch it has, whose name is the worktree's.
    pub branch: String,
    /// What the branch begins at, as the run named it.
    pub base: String,
    /// The call that asks, `run:seq`.
    pub made_by: String,
    /// The run at the root of the tree that asks.
    pub root: RunId,
    /// What the checkout was when that run began.
    pub pin: Option<Pin>,
}

impl Claim {
    /// Whether it is for work on a branch that is there, instead of for a new one.
    pub fn continues(&self) -> bool {
        self.base == self.branch
    }
}

/// A folder for a worktree, and what it is used for now or was last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktree {
    /// What it was asked for as.
    pub claim: Claim,
    /// The folder below that of all worktrees in which it lies: the project's id, or what the project was known by before.
    pub folder: String,
    /// Its number among those of the project, from 1.
    pub slot: u64,
    /// Its state.
    pub state: WorktreeState,
}

/// What comes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is the caller's: the one the same call claimed before, a free one, or a new one.
    Yours(Worktree),
    /// Another worktree of the project has the branch.
    Taken(Worktree),
}

/// Keeps the rows of worktrees. Every change is durable when it returns.
#[async_trait]
pub trait Register: Send + Sync {
    /// Gives a worktree, in state `Making` unless the same call claimed it before; in one step, so that none is given twice.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError>;
    /// Sets the state of a worktree that still belongs to the same call.
    async fn set_state(&self, worktree: &Worktree, state: WorktreeState) -> Result<(), StorageError>;
    /// Whether a run of the project had a worktree with this branch before, and so made the branch.
    async fn has_made(&self, project: &str, branch: &str) -> Result<bool, StorageError>;
    /// All worktrees, by project and slot.
    async fn worktrees(&self) -> Result<Vec<Worktree>, StorageError>;
}
