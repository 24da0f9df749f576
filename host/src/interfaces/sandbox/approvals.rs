//! What an operator approved of what a repository proposes beside its tests, such as a setup or services, and the port that
//! keeps it. Knows no command and no table.

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{actor::Actor, errors::StorageError, events::Draft};

/// What an approval is about. A project has one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApprovalKind {
    /// The setup.
    Setup,
    /// The services beside the tests.
    Services,
}

impl ApprovalKind {
    /// What errors call the approvals of this kind.
    pub fn subject(self) -> &'static str {
        match self {
            Self::Setup => "the approved setups",
            Self::Services => "the approved services",
        }
    }
}

/// Something that a repository proposes, and that holds once an operator approved it.
pub trait Approvable: Serialize + DeserializeOwned + Send + Sync {
    /// Its kind.
    const KIND: ApprovalKind;

    /// The hash that pins it.
    fn hash(&self) -> String;
}

/// An approval of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved<T> {
    /// What was approved.
    pub content: T,
    /// Who approved it.
    pub by: String,
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// Something to approve, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Approving {
    /// The hash that pins it.
    pub hash: String,
    /// The thing itself.
    pub content: Value,
}

/// Keeps what operators approved.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// What holds in a project.
    async fn find_approval(&self, project: &str, kind: ApprovalKind) -> Result<Option<Approved<Value>>, StorageError>;
    /// Has something hold in place of what was approved before; none revokes that.
    async fn set_approval(
        &self,
        project: &str,
        kind: ApprovalKind,
        approving: Option<Approving>,
        by: &Actor,
        events: Vec<Draft>,
    ) -> Result<(), StorageError>;
}

impl dyn Approvals + '_ {
    /// What holds in a project.
    pub async fn find<T: Approvable>(&self, project: &str) -> Result<Option<Approved<T>>, StorageError> {
        let Some(Approved { content, by, at }) = self.find_approval(project, T::KIND).await? else { return Ok(None) };
        let content = serde_json::from_value(content).map_err(|error| StorageError::read(T::KIND.subject(), error))?;
        Ok(Some(Approved { content, by, at }))
    }

    /// Has something hold in place of what was approved before.
    pub async fn approve<T: Approvable>(&self, project: &str, content: &T, by: &Actor, events: Vec<Draft>) -> Result<(), StorageError> {
        let value = serde_json::to_value(content).map_err(|error| StorageError::write(T::KIND.subject(), error))?;
        let approving = Approving { hash: content.hash(), content: value };
        self.set_approval(project, T::KIND, Some(approving), by, events).await
    }

    /// Has nothing hold any more.
    pub async fn revoke<T: Approvable>(&self, project: &str, by: &Actor, events: Vec<Draft>) -> Result<(), StorageError> {
        self.set_approval(project, T::KIND, None, by, events).await
    }
}
