//! Plugins as a caller sees them who is not at the machine: without paths of it, and without projects that do not exist for them.
//! Changes none of them.

use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    DecidedPlugin, InstalledPlugin, LimitedGrant, ListPluginDecisions, Plugin, PluginDecision, PluginDetails, PluginList, RejectedFile,
    RemovedPlugin,
    history::{history, read_project_of_run},
    list::{find_installed, list},
    view::Capabilities,
};
use crate::{
    kernel::limits::Limits,
    operations::{Host, Page, Problem, access::Caller},
};

/// What a plugin asks for, beside what was decided of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NeedsAndGrants)]
pub struct PluginNeeds {
    /// What it asks for.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub needs: Capabilities,
    /// What it is granted in every project and without an end.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub grants: Capabilities,
    /// What it is granted in one project or until a time.
    pub limited: Vec<LimitedGrant>,
    /// What an operator decided not to grant.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub withheld: Capabilities,
    /// What no operator decided on.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub undecided: Capabilities,
}

/// What one run of a plugin may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginLimits {
    /// Bytes of its memory.
    pub memory_bytes: u64,
    /// Milliseconds for which it may compute in one execution.
    pub guest_time_ms: u64,
    /// Seconds that one execution may take in all.
    pub wall_time_s: u64,
    /// Bytes of one request or answer.
    pub payload_bytes: u64,
    /// Host calls of one run.
    pub calls: u64,
    /// Runs of one tree.
    pub runs: u64,
    /// Executions at once; absent where only the host's own limit holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_runs: Option<u64>,
    /// Seconds that a cancelled run has before it is ended.
    pub grace_s: u64,
    /// Traps in a row after which Baton stops the plugin.
    pub traps: u32,
}

/// A page of the plugins, by name.
pub async fn list_for(host: &Host, caller: &Caller, cursor: Option<&str>, limit: u32) -> Result<PluginList, Problem> {
    let PluginList { items, rejected, .. } = list(host).await?;
    let page = Page::cut(items, |plugin| plugin.name.clone(), cursor, limit)?;
    let items = page.items.into_iter().map(|plugin| plugin.visible_to(caller)).collect();
    // What lies in the plugin folder and is not a plugin is for those who could take it away.
    let rejected = if caller.sees_all() { rejected } else { Vec::new() };
    let rejected = rejected.into_iter().map(|file| file.without_paths(host)).collect();
    Ok(PluginList { items, rejected, next: page.next })
}

/// An installed plugin.
pub async fn show_for(host: &Host, caller: &Caller, name: &str) -> Result<PluginDetails, Problem> {
    let details = find_installed(host, name, caller.only_projects()).await?;
    Ok(PluginDetails { plugin: details.plugin.visible_to(caller), ..details })
}

/// What an installed plugin asks for, beside what it is granted.
pub async fn needs_for(host: &Host, caller: &Caller, name: &str) -> Result<PluginNeeds, Problem> {
    let Plugin { needs, grants, limited, withheld, undecided, .. } = show_for(host, caller, name).await?.plugin;
    Ok(PluginNeeds { needs, grants, limited, withheld, undecided })
}

/// What one run of an installed plugin may take.
pub async fn limits(host: &Host, name: &str) -> Result<PluginLimits, Problem> {
    find_installed(host, name, Some(Vec::new())).await?;
    Ok(host.config().limits(name).into())
}

/// What was decided of a plugin, newest first. What belongs to a project that the caller does not see is left out, so that a page may
/// have fewer items than were asked for.
pub async fn history_for(host: &Host, caller: &Caller, request: &ListPluginDecisions) -> Result<Page<PluginDecision>, Problem> {
    let page = history(host, request).await?;
    if caller.sees_all() {
        return Ok(page);
    }
    let mut items = Vec::new();
    for decision in page.items {
        let project = match (&decision.project, &decision.run) {
            (Some(project), _) => Some(project.clone()),
            (None, Some(run)) => Some(read_project_of_run(host, run).await?.unwrap_or_default()),
            (None, None) => None,
        };
        if project.is_none_or(|project| caller.sees(&project)) {
            items.push(decision);
        }
    }
    Ok(Page { items, next: page.next })
}

impl Plugin {
    /// The same without what does not exist for the caller, and without the folder in which its file lies.
    #[must_use]
    pub fn visible_to(mut self, caller: &Caller) -> Self {
        self.limited.retain(|grant| grant.project.as_deref().is_none_or(|project| caller.sees(project)));
        self.file = self.file.map(without_folder);
        self
    }
}

impl InstalledPlugin {
    /// The same without what does not exist for the caller, and without the folder in which its file lies.
    #[must_use]
    pub fn visible_to(self, caller: &Caller) -> Self {
        Self { plugin: self.plugin.visible_to(caller), ..self }
    }
}

impl DecidedPlugin {
    /// The same without what does not exist for the caller, and without the folder in which its file lies.
    #[must_use]
    pub fn visible_to(self, caller: &Caller) -> Self {
        Self { plugin: self.plugin.map(|plugin| plugin.visible_to(caller)), ..self }
    }
}

impl RemovedPlugin {
    /// The same without the folder in which its file lay.
    #[must_use]
    pub fn without_paths(self) -> Self {
        Self { file: without_folder(self.file), ..self }
    }
}

impl RejectedFile {
    /// The same without the plugin folder, which its reason may name, too.
    fn without_paths(self, host: &Host) -> Self {
        let folder = format!("{}/", crate::operations::path_text(host.app.folder().root()));
        Self { reason: self.reason.replace(&folder, ""), file: without_folder(self.file), ..self }
    }
}

impl From<Limits> for PluginLimits {
    fn from(limits: Limits) -> Self {
        Self {
            memory_bytes: limits.memory as u64,
            guest_time_ms: u64::try_from(limits.guest_time.as_millis()).unwrap_or(u64::MAX),
            wall_time_s: limits.wall_time.as_secs(),
            payload_bytes: limits.payload as u64,
            calls: limits.calls,
            runs: limits.runs,
            concurrent_runs: limits.concurrent_runs.map(|runs| runs as u64),
            grace_s: limits.grace.as_secs(),
            traps: limits.traps,
        }
    }
}

/// The name of a file; a reference to a registry, which has a tag or a digest, as it is.
fn without_folder(file: String) -> String {
    let path = Path::new(&file);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let is_reference = !path.is_absolute() && name.as_ref().is_some_and(|name| name.contains([':', '@']));
    name.filter(|_| !is_reference).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_loses_its_folder_and_a_reference_nothing() {
        for path in ["/home/ada/data/plugins/a.wasm", "data/plugins/a.wasm", "a.wasm", "/srv/b:c/a.wasm"] {
            assert_eq!(without_folder(path.to_owned()), "a.wasm");
        }
        for reference in ["ghcr.io/ada/scribe:1.0.0", "localhost:5000/scribe@sha256:00ff"] {
            assert_eq!(without_folder(reference.to_owned()), reference);
        }
    }
}
