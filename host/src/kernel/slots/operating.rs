//! What operators do with bindings, and what a plugin reaches through them. Reads no settings itself.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, PoisonError},
};

use baton_slots::Slot;

use super::events::{Bound, Unbound};
use super::{Asked, Binding, BindingError, Chosen, Scope, Scoped, check_plugin, find, kind_of, proposal::Approval};
use crate::{
    actor::Actor,
    events::Draft,
    kernel::{Kernel, KernelError, projects::Project, registry::Plugin},
};

impl Kernel {
    /// All slots.
    pub fn slots(&self) -> &'static [Slot] {
        self.parts.slots.known
    }

    /// Binds a plugin to a slot. Whether the plugin is installed does not matter yet.
    pub async fn bind(&self, scope: Scope, slot: &str, plugin: &str, by: &Actor) -> Result<(), KernelError> {
        let known = find(self.slots(), slot)?;
        check_plugin(self.slots(), known, plugin)?;
        let (project, label) = (scope.project.clone(), scope.label.clone());
        let bound = Bound { slot: slot.to_owned(), plugin: plugin.to_owned(), project, label };
        let binding = Binding { scope, slot: slot.to_owned(), plugin: plugin.to_owned(), bound_at: self.now(), bound_by: by.name.clone() };
        self.parts.slots.store.bind(&binding, vec![Draft::of_host(&bound).by(by)]).await?;
        Ok(())
    }

    /// Removes a binding that was made by command; whether there was one.
    pub async fn unbind(&self, scope: &Scope, slot: &str, by: &Actor) -> Result<bool, KernelError> {
        find(self.slots(), slot)?;
        let unbound = Unbound { slot: slot.to_owned(), project: scope.project.clone(), label: scope.label.clone() };
        Ok(self.parts.slots.store.unbind(scope, slot, vec![Draft::of_host(&unbound).by(by)]).await?)
    }

    /// The bindings that were made by command.
    pub async fn bindings(&self) -> Result<Vec<Binding>, KernelError> {
        Ok(self.parts.slots.store.bindings().await?)
    }

    /// What fills each slot in a project, or where no project says otherwise: for all items, and for each label with a binding
    /// of its own. `repository` is what the project's repository says, where that was approved.
    pub async fn overview(
        &self,
        project: Option<&Project>,
        repository: Option<&Scoped>,
    ) -> Result<Vec<(&'static Slot, Option<String>, Chosen)>, KernelError> {
        let kept = self.bindings().await?;
        let asked = Asked { kept: &kept, settings: self.parts.policy.bindings(), repository, project };
        let rows = |slot: &'static Slot| {
            let labelled = asked.labels(slot).into_iter().map(|label| (asked.choose(slot, std::slice::from_ref(&label)), label));
            let labelled =
                labelled.filter(|(chosen, _)| chosen.scope.label.is_some()).map(move |(chosen, label)| (slot, Some(label), chosen));
            std::iter::once((slot, None, asked.choose(slot, &[]))).chain(labelled).collect::<Vec<_>>()
        };
        Ok(self.slots().iter().flat_map(rows).collect())
    }

    /// The plugin that fills a slot for what a person starts in a folder.
    pub async fn filling(&self, name: &str, folder: &Path) -> Result<String, KernelError> {
        let slot = find(self.slots(), name)?;
        let project = self.parts.projects.project_of_folder(folder).await?;
        let settings = self.parts.policy.workspace_settings(folder).map_err(KernelError::Settings)?;
        let id = project.as_ref().map(|project| project.id.as_str()).unwrap_or_default();
        let (repository, kept) = (self.approved_bindings(id, Some(&settings), None).await?, self.bindings().await?);
        let settings = self.parts.policy.bindings();
        let asked = Asked { kept: &kept, settings, repository: repository.as_ref(), project: project.as_ref() };
        let chosen = asked.choose(slot, &[]);
        self.installed(slot, &chosen).map_err(KernelError::Unbound)?;
        Ok(chosen.plugin)
    }

    /// Whether a plugin can be bound to a slot as far as its name goes.
    pub fn check_binding(&self, slot: &Slot, plugin: &str) -> Result<(), BindingError> {
        check_plugin(self.slots(), slot, plugin)
    }

    /// Why the plugin that was chosen for a slot cannot fill it, if it cannot.
    pub fn unusable(&self, slot: &Slot, chosen: &Chosen) -> Option<String> {
        self.installed(slot, chosen).err()
    }

    /// The slot of this name, or a sentence that says which is perhaps meant.
    pub fn slot(&self, name: &str) -> Result<&'static Slot, BindingError> {
        find(self.slots(), name)
    }

    /// Reads which plugins are bound to slots anywhere, for whoever asks how far a plugin reaches.
    pub(in crate::kernel) async fn recall_bindings(&self) -> Result<(), KernelError> {
        let (kept, approvals) = (self.parts.slots.store.bindings().await?, self.parts.slots.store.approvals().await?);
        let routes = Routes::new(self, &kept, &approvals);
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
        Ok(())
    }
}

/// Which plugins fill which slots, in whatever project and for whatever label.
#[derive(Debug, Default)]
pub(in crate::kernel) struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    slot: &'static Slot,
    bound: BTreeSet<String>,
    /// Only a plugin that fills the slot gets its default.
    replaced: bool,
}

impl Routes {
    fn new(kernel: &Kernel, kept: &[Binding], approvals: &[Approval]) -> Self {
        let settings = kernel.parts.policy.bindings();
        let approved: Vec<_> =
            approvals.iter().filter_map(|approval| Scoped::of_repository(kernel.slots(), &approval.bindings).ok()).collect();
        let tables = || settings.projects.values().chain(&approved).chain([&settings.everywhere]);
        let route = |slot: &'static Slot| {
            let by_command = kept.iter().filter(|binding| binding.slot == slot.name);
            let by_tables = tables().flat_map(Scoped::iter).filter(|(_, bound, _)| *bound == slot.name).map(|(_, _, plugin)| plugin);
            let bound = by_tables.chain(by_command.clone().map(|binding| binding.plugin.as_str())).map(str::to_owned).collect();
            let everywhere = by_command.filter(|binding| binding.scope == Scope::default()).map(|binding| binding.plugin.as_str()).next();
            let everywhere = everywhere.or_else(|| settings.everywhere.bound(slot.name, None));
            Route { slot, bound, replaced: everywhere.is_some_and(|plugin| plugin != slot.default) }
        };
        Self(kernel.slots().iter().map(route).collect())
    }

    /// The names by which `asker` reaches a plugin.
    pub(in crate::kernel) fn names<'a>(&self, asker: &str, plugin: &'a Plugin) -> Vec<&'a str> {
        let (name, kind) = (plugin.name(), plugin.package.manifest.kind);
        let own = (!self.0.iter().any(|route| route.slot.name == name)).then_some(name);
        let fills = |route: &&Route| {
            let is_default = route.slot.default == name && (!route.replaced || asker == name || route.bound.contains(asker));
            kind_of(route.slot) == kind && (is_default || route.bound.contains(name))
        };
        own.into_iter().chain(self.0.iter().filter(fills).map(|route| route.slot.name)).collect()
    }
}
