//! The agents that workflows can give tasks to, and which of them fills the roles that workflows ask for. Starts none.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{
    Host, Page, Problem,
    access::Caller,
    bindings::{self, Binding, ListBindings},
    plugins::PluginKind,
    projects::ProjectRef,
    runs::{self, Run},
};
use crate::kernel::{
    KernelError,
    package::Kind,
    registry::{Plugin, Status},
};

/// An agent that workflows can give tasks to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Its version.
    pub version: String,
    /// The roles that it fills unless another agent is bound to them.
    pub default_of: Vec<String>,
}

/// The agents that can be given tasks as they are, by name.
pub fn agents(host: &Host) -> Vec<Agent> {
    let plugins = host.app.kernel.registry().all();
    let ready = plugins.values().filter(|plugin| plugin.package.manifest.kind == Kind::Agent && plugin.status() == Status::Ready);
    let agent = |plugin: &Arc<Plugin>| {
        let manifest = &plugin.package.manifest;
        let slots = host.app.kernel.slots().iter().filter(|slot| slot.default == manifest.name);
        Agent {
            name: manifest.name.clone(),
            description: manifest.description.clone(),
            version: manifest.version.to_string(),
            default_of: slots.map(|slot| slot.name.to_owned()).collect(),
        }
    };
    ready.map(agent).collect()
}

/// The roles that workflows ask for agents by, each with the agent that fills it: in a project that exists for the caller, or where
/// no project says otherwise.
pub async fn list_types(host: &Host, caller: &Caller, project: Option<&str>) -> Result<Page<Binding>, Problem> {
    let project = match project {
        Some(name) => Some(ProjectRef::Name(caller.find_project(host, name).await?)),
        None => None,
    };
    let list = bindings::list(host, &ListBindings { project }).await?;
    Ok(Page::whole(list.items.into_iter().filter(|binding| binding.kind == PluginKind::Agent).collect()))
}

/// The run of an agent, by its id. One of something else is not the run of an agent, whatever its id.
pub async fn find_instance(host: &Host, caller: &Caller, run: &str) -> Result<Run, Problem> {
    let found = runs::find_for(host, caller, run).await?;
    match found.summary.kind {
        PluginKind::Agent => Ok(found),
        PluginKind::Workflow | PluginKind::Toolbox => Err(KernelError::NoRun(run.escape_debug().to_string()).into()),
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Agent, Page<Agent>)))]
pub(super) struct Views;
