//! What the settings of a repository say of bindings: a proposal, which holds once an operator approved it, for as long as it
//! stays the same. Whoever can write to the repository could otherwise choose what executes on the operator's machine.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{BindingsError, Scoped};
use crate::{
    events::{Category, Draft},
    journal::form::canonical,
    kernel::{Kernel, KernelError},
};

/// What an operator approved in a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// The id of the project.
    pub project: String,
    /// The hash of what was approved.
    pub hash: String,
    /// What was approved: a table of bindings.
    pub bindings: Value,
}

/// The bindings in the settings of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What they say, or what is wrong with them and where.
    pub table: Result<Scoped, String>,
    /// Their hash: it does not change with the rest of the settings.
    pub hash: String,
    /// Whether they hold.
    pub state: ProposalState,
    bindings: Value,
}

/// Whether a proposal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// No operator has approved any of this project.
    Proposed,
    /// An operator approved another.
    Changed,
    /// An operator approved it.
    Approved,
}

impl ProposalState {
    /// For people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Changed => "changed",
            Self::Approved => "approved",
        }
    }
}

impl Kernel {
    /// What the settings of a project's folder propose, if anything.
    pub async fn proposal(&self, project: &str, settings: &Value) -> Result<Option<Proposal>, KernelError> {
        let Some(bindings) = proposed(settings) else { return Ok(None) };
        let hash = hash(bindings);
        let state = match self.approval(project).await? {
            None => ProposalState::Proposed,
            Some(approval) if approval.hash == hash => ProposalState::Approved,
            Some(_) => ProposalState::Changed,
        };
        let table = self.read_proposal(bindings);
        Ok(Some(Proposal { table, hash, state, bindings: bindings.clone() }))
    }

    /// Has a proposal hold in a project.
    pub async fn approve(&self, project: &str, proposal: &Proposal, by: &str) -> Result<(), KernelError> {
        let Proposal { hash, bindings, .. } = proposal;
        let data = json!({ "by": by, "project": project, "hash": hash, "bindings": bindings });
        let approval = Approval { project: project.to_owned(), hash: hash.clone(), bindings: bindings.clone() };
        self.parts.slots.store.approve(&approval, by, vec![Draft::of_host(Category::Audit, "bindings-approved", data)]).await?;
        Ok(())
    }

    /// What a run's repository said when the run began, where that is what was approved.
    pub(super) async fn approved_bindings(&self, project: &str, settings: Option<&Value>) -> Result<Option<Scoped>, BindingsError> {
        let Some(bindings) = settings.and_then(proposed) else { return Ok(None) };
        let approval = self.approval(project).await?;
        let holds = approval.is_some_and(|approval| approval.hash == hash(bindings));
        Ok(if holds { self.read_proposal(bindings).ok() } else { None })
    }

    fn read_proposal(&self, bindings: &Value) -> Result<Scoped, String> {
        Scoped::of_repository(self.parts.slots.known, bindings).map_err(|(key, error)| format!("`{key}`: {error}"))
    }

    async fn approval(&self, project: &str) -> Result<Option<Approval>, BindingsError> {
        Ok(self.parts.slots.store.approvals().await?.into_iter().find(|approval| approval.project == project))
    }
}

/// The bindings in a repository's settings; an empty table proposes nothing.
fn proposed(settings: &Value) -> Option<&Value> {
    settings.get("bindings").filter(|bindings| bindings.as_object().is_none_or(|table| !table.is_empty()))
}

fn hash(bindings: &Value) -> String {
    hex::encode(Sha256::digest(canonical(bindings)))
}
