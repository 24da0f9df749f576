//! What a repository proposes beside its tests and an operator approves, in one shape for all that is of this kind: what holds,
//! what is proposed, and who approved it. Executes nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Host, Moment, Problem, projects::ProjectRef};
use crate::{
    actor::Actor,
    config::Config,
    events::Draft,
    interfaces::sandbox::{Approvable, Approved, Decision},
};

/// Whether something holds in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nothing holds, and the repository proposes nothing.
    None,
    /// The repository proposes something that is not approved. Runs that need it pause.
    Proposed,
    /// Something holds: approved, or set by the operator.
    Approved,
}

/// What was approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Approval<T> {
    /// The approved content.
    pub content: T,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// What holds in a project, and what it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalStatus<T> {
    /// The id of the project.
    pub project: String,
    /// Whether something holds.
    pub state: ApprovalState,
    /// What holds.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub effective: Option<T>,
    /// What the operator's own settings say, which comes before all else.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub settings: Option<T>,
    /// What was approved.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval<T>>,
    /// What `baton.toml` of the repository proposes.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub proposed: Option<T>,
    /// What is wrong with the proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What the files of the project suggest.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub suggested: Option<T>,
    /// What would hold once it is approved, and does not hold now.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub pending: Option<T>,
}

/// Something that a repository proposes, as operations treat it.
pub(super) trait Proposed: Approvable + Clone + PartialEq {
    type View;
    /// What the operator's own settings say.
    fn in_settings(config: &Config) -> Option<&Self>;

    /// The proposal in the table `test` of a repository's settings. An error is a sentence.
    fn read(test: &Value) -> Result<Option<Self>, String>;

    /// What the files of a project suggest.
    fn suggest(_folder: &Path) -> Option<Self> {
        None
    }

    /// Which one holds.
    fn decide(known: &ProposalContext<Self>) -> Decision<Self>;

    /// Whether it says that there is none.
    fn is_empty(&self) -> bool;

    fn view(&self) -> Self::View;

    /// The event of its approval.
    fn approved(&self, project: &str) -> Draft;

    /// The event of the end of an approval.
    fn revoked(project: &str) -> Draft;
}

/// All that is known of something that a repository proposes.
pub(super) struct ProposalContext<T> {
    pub(super) project: String,
    pub(super) settings: Option<T>,
    pub(super) approved: Option<Approved<T>>,
    /// What is proposed, or what is wrong with it.
    pub(super) proposed: Result<Option<T>, String>,
    pub(super) suggested: Option<T>,
}

impl<T: Proposed> ProposalContext<T> {
    pub(super) async fn load(host: &Host, project: &ProjectRef) -> Result<Self, Problem> {
        let place = project.find(host).await?;
        let folder = place.folder()?;
        let settings = host.app.config.project(folder)?;
        Ok(Self {
            project: place.id().to_owned(),
            settings: T::in_settings(&host.app.config).cloned(),
            approved: host.app.approvals().find(place.id()).await?,
            proposed: settings.get("test").map_or(Ok(None), T::read),
            suggested: T::suggest(folder),
        })
    }

    /// What would hold once it is approved.
    fn pending(&self) -> Option<&T> {
        if self.settings.is_some() || matches!(T::decide(self), Decision::Use(_)) {
            return None;
        }
        match &self.proposed {
            Ok(Some(proposed)) => Some(proposed).filter(|proposed| !proposed.is_empty()),
            Ok(None) => self.suggested.as_ref(),
            Err(_) => None,
        }
    }

    pub(super) fn status(&self) -> ApprovalStatus<T::View> {
        let (state, effective) = match T::decide(self) {
            Decision::Use(effective) => (ApprovalState::Approved, Some(effective)),
            Decision::None(_) => (ApprovalState::None, None),
            Decision::Undecided(_) => (ApprovalState::Proposed, None),
        };
        let view = |content: Option<&T>| content.map(T::view);
        ApprovalStatus {
            project: self.project.clone(),
            state,
            effective: view(effective.as_ref()),
            settings: view(self.settings.as_ref()),
            approved: self.approved.as_ref().map(|Approved { content, by, at }| Approval {
                content: content.view(),
                by: by.clone(),
                at: Moment(*at),
            }),
            proposed: view(self.proposed.as_ref().ok().and_then(Option::as_ref)),
            problem: self.proposed.as_ref().err().cloned(),
            suggested: view(self.suggested.as_ref()),
            pending: view(self.pending()),
        }
    }
}

/// Has something hold in a project, which becomes one where the folder was not known.
pub(super) async fn approve<T: Proposed>(
    host: &Host,
    actor: &Actor,
    project: &ProjectRef,
    content: &T,
) -> Result<ApprovalStatus<T::View>, Problem> {
    let place = project.open(host, actor).await?;
    let event = content.approved(place.id()).by(actor);
    host.app.approvals().approve(place.id(), content, actor, vec![event]).await?;
    Ok(ProposalContext::<T>::load(host, project).await?.status())
}

/// Has nothing hold any more.
pub(super) async fn revoke<T: Proposed>(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<ApprovalStatus<T::View>, Problem> {
    let place = project.find(host).await?;
    let event = T::revoked(place.id()).by(actor);
    host.app.approvals().revoke::<T>(place.id(), actor, vec![event]).await?;
    Ok(ProposalContext::<T>::load(host, project).await?.status())
}

/// A proposal that cannot be approved.
pub(super) fn not_approvable(message: impl Into<String>, hint: &str) -> Problem {
    Problem::invalid("nothing_to_approve", "project", message).advise(hint)
}

fn none<T>() -> Option<T> {
    None
}
