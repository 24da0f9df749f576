//! What the settings of a repository say of bindings: a proposal, which holds once an operator approved it, for as long as it
//! stays the same. Whoever can write to the repository could otherwise choose what executes on the operator's machine.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Scoped, events::BindingsApproved};
use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    events::Draft,
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
    /// When another was approved in its place, in milliseconds since 1970 UTC; none for the last one of its project.
    pub replaced_at: Option<u64>,
}

impl Approval {
    /// Whether it holds for what began then, or begins now.
    fn holds(&self, began: Option<u64>) -> bool {
        self.replaced_at.is_none_or(|replaced| began.is_some_and(|began| began < replaced))
    }
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
        let Some(bindings) = find_proposal(settings) else { return Ok(None) };
        let hash = hash(bindings);
        let approvals = self.approvals_of(project).await?;
        let state = match approvals.iter().find(|approval| approval.replaced_at.is_none()) {
            None => ProposalState::Proposed,
            Some(approval) if approval.hash == hash => ProposalState::Approved,
            Some(_) => ProposalState::Changed,
        };
        let table = self.read_proposal(bindings);
        Ok(Some(Proposal { table, hash, state, bindings: bindings.clone() }))
    }

    /// Has a proposal hold in a project.
    pub async fn approve(&self, project: &str, proposal: &Proposal, by: &Actor) -> Result<(), KernelError> {
        let Proposal { hash, bindings, .. } = proposal;
        let approved = BindingsApproved { project: project.to_owned(), hash: hash.clone(), bindings: bindings.clone() };
        let approval = Approval { project: project.to_owned(), hash: hash.clone(), bindings: bindings.clone(), replaced_at: None };
        self.parts.slots.store.approve(&approval, by, vec![Draft::of_host(&approved).by(by)]).await?;
        Ok(())
    }

    /// What a run's repository said when the run began (at `began`, or now), where that is what was approved. An approval that
    /// was replaced still holds for the runs that began before: the operator allowed what they do.
    pub(super) async fn approved_bindings(
        &self,
        project: &str,
        settings: Option<&Value>,
        began: Option<u64>,
    ) -> Result<Option<Scoped>, StorageError> {
        let Some(bindings) = settings.and_then(find_proposal) else { return Ok(None) };
        let (hash, approvals) = (hash(bindings), self.approvals_of(project).await?);
        let is_approved = approvals.iter().any(|approval| approval.hash == hash && approval.holds(began));
        Ok(if is_approved { self.read_proposal(bindings).ok() } else { None })
    }

    fn read_proposal(&self, bindings: &Value) -> Result<Scoped, String> {
        Scoped::of_repository(self.parts.slots.known, bindings).map_err(|(key, error)| format!("`{key}`: {}", error.explain()))
    }

    async fn approvals_of(&self, project: &str) -> Result<Vec<Approval>, StorageError> {
        Ok(self.parts.slots.store.approvals().await?.into_iter().filter(|approval| approval.project == project).collect())
    }
}

/// The bindings in a repository's settings; an empty table proposes nothing.
fn find_proposal(settings: &Value) -> Option<&Value> {
    settings.get("bindings").filter(|bindings| bindings.as_object().is_none_or(|table| !table.is_empty()))
}

fn hash(bindings: &Value) -> String {
    hex::encode(Sha256::digest(canonical(bindings)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_approval_that_was_replaced_holds_for_what_began_before() {
        let approval = |replaced_at| Approval { project: "p".to_owned(), hash: "1".to_owned(), bindings: json!({}), replaced_at };
        assert!(approval(None).holds(None) && approval(None).holds(Some(9)));
        let replaced = approval(Some(5));
        assert_eq!([Some(4), Some(5), Some(6), None].map(|began| replaced.holds(began)), [true, false, false, false]);
    }
}
