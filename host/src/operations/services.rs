//! The services beside the commands of a project, such as a database: which hold, and who approved them. Starts none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{
    Host, Problem,
    approvals::{self, Approval, ApprovalStatus, ProposalContext, Proposed, not_approvable},
    projects::ProjectRef,
};
use crate::{
    actor::Actor,
    config::Config,
    events::Draft,
    interfaces::sandbox::{
        self, Approvable, Decision, Services, decide_services,
        events::{ServicesApproved, ServicesRevoked},
    },
};

/// Services that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceSet {
    /// The services, by name.
    pub services: BTreeMap<String, Service>,
    /// The hash that pins them.
    pub hash: String,
}

/// A program that runs beside commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// Its image, as the engine knows it.
    pub image: String,
    /// What is executed in place of what the image says.
    pub command: Vec<String>,
    /// Its variables.
    pub env: BTreeMap<String, String>,
    /// Ports that accept connections once it is ready.
    pub ports: Vec<u16>,
    /// A command that succeeds in its container once it is ready.
    pub ready: Vec<String>,
    /// Folders in memory that it writes to.
    pub temporary: Vec<String>,
    /// MiB of memory.
    pub memory_mib: u64,
    /// Seconds until it has to be ready.
    pub timeout_s: u32,
    /// Variables of the commands beside it.
    pub gives: BTreeMap<String, String>,
}

/// The services of a project, and what its repository proposes.
pub async fn show(host: &Host, project: &ProjectRef) -> Result<ApprovalStatus<ServiceSet>, Problem> {
    Ok(ProposalContext::<Services>::load(host, project).await?.status())
}

/// Approves the services that a repository proposes.
pub async fn approve(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<ApprovalStatus<ServiceSet>, Problem> {
    let services = match ProposalContext::<Services>::load(host, project).await?.proposed {
        Ok(Some(services)) => services,
        Ok(None) => {
            let hint = "Add them under `[test.services]` first.";
            return Err(not_approvable("The repository's baton.toml proposes no services.", hint));
        }
        Err(reason) => {
            let message = format!("The proposed services cannot be used: {reason}");
            return Err(not_approvable(message, "Correct them in the repository's baton.toml."));
        }
    };
    approvals::approve(host, actor, project, &services).await
}

/// Revokes the approval of a project's services.
pub async fn revoke(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<ApprovalStatus<ServiceSet>, Problem> {
    approvals::revoke::<Services>(host, actor, project).await
}

impl Proposed for Services {
    type View = ServiceSet;

    fn in_settings(config: &Config) -> Option<&Self> {
        config.setup.services.as_ref()
    }

    fn read(test: &Value) -> Result<Option<Self>, String> {
        Self::read(test)
    }

    fn decide(known: &ProposalContext<Self>) -> Decision<Self> {
        let approved = known.approved.as_ref().map(|approved| &approved.content);
        match decide_services(known.settings.as_ref(), known.proposed.clone(), approved) {
            Ok(Some(services)) => Decision::Use(services),
            Ok(None) => Decision::None(String::new()),
            Err(reason) => Decision::Undecided(reason),
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn view(&self) -> ServiceSet {
        let services = self.0.iter().map(|(name, service)| (name.clone(), service.clone().into()));
        ServiceSet { services: services.collect(), hash: self.hash() }
    }

    fn approved(&self, project: &str) -> Draft {
        let ServiceSet { services, hash } = self.view();
        let services = serde_json::to_value(services).unwrap_or_default();
        Draft::of_host(&ServicesApproved { project: project.to_owned(), hash, services })
    }

    fn revoked(project: &str) -> Draft {
        Draft::of_host(&ServicesRevoked { project: project.to_owned() })
    }
}

impl From<sandbox::Service> for Service {
    fn from(service: sandbox::Service) -> Self {
        let sandbox::Service { image, command, env, ports, ready, temporary, memory_mib, timeout_s, gives } = service;
        Self { image, command, env, ports, ready, temporary, memory_mib, timeout_s, gives }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(ServiceSet, Approval<ServiceSet>, ApprovalStatus<ServiceSet>)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::approvals::ApprovalState, *};
    use crate::interfaces::sandbox::Approved;

    fn services(port: u16) -> Services {
        Services::read(&json!({ "services": { "db": { "image": "a", "ports": [port] } } })).unwrap().unwrap()
    }

    fn known(proposed: Option<Services>, approved: Option<Services>) -> ProposalContext<Services> {
        let approved = approved.map(|content| Approved { content, by: "ada".to_owned(), at: 1 });
        ProposalContext { project: "p".to_owned(), settings: None, approved, proposed: Ok(proposed), suggested: None }
    }

    #[test]
    fn services_hold_while_the_repository_proposes_them() {
        let status = known(Some(services(1)), Some(services(1))).status();
        assert_eq!((status.state, status.pending), (ApprovalState::Approved, None));
        let changed = known(Some(services(2)), Some(services(1))).status();
        assert_eq!((changed.state, changed.effective), (ApprovalState::Proposed, None));
        assert_eq!(changed.pending.unwrap().services["db"].ports, [2]);
        assert_eq!(known(None, Some(services(1))).status().state, ApprovalState::None);
        let empty = known(Some(Services::default()), None).status();
        assert_eq!((empty.state, empty.pending), (ApprovalState::None, None));
    }

    #[test]
    fn a_status_reads_back_as_it_was_written() {
        let status = known(Some(services(2)), Some(services(1))).status();
        let written = serde_json::to_value(&status).unwrap();
        assert_eq!(written["proposed"]["services"]["db"]["memory_mib"], 512);
        assert_eq!(serde_json::from_value::<ApprovalStatus<ServiceSet>>(written).unwrap(), status);
    }
}
