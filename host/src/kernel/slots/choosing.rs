//! Which plugin fills a slot for a child that is about to be started. What is nearest to the work wins: a label in a project,
//! the project, a label, the operator's word for all, and last the slot's default. Looks at names alone.

use std::{collections::BTreeSet, sync::Arc};

use baton_slots::Slot;

use super::{Binding, Scope, Scoped, Source, Table, kind_of};
use crate::{
    errors::Hint,
    interfaces::children::ChildError,
    kernel::{Kernel, KernelError, package::Kind, projects::Project, registry::Plugin, run::Run, starting::startable},
};

/// Characters of a key that a guest made up, as an error repeats it.
const LONGEST_KEY: usize = 64;

/// A plugin for a slot, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub plugin: String,
    /// For which items of which projects it is bound.
    pub scope: Scope,
    /// Who bound it.
    pub source: Source,
}

/// All that is bound, as it is for one project.
pub struct Asked<'a> {
    /// By command.
    pub kept: &'a [Binding],
    /// By the operator's settings.
    pub settings: &'a Table,
    /// By the project's repository, where that was approved.
    pub repository: Option<&'a Scoped>,
    /// The project; none to look at what holds for all.
    pub project: Option<&'a Project>,
}

impl Asked<'_> {
    /// The plugin that fills a slot for an item with these labels. Of several labels with a binding the first by name counts.
    pub fn choose(&self, slot: &Slot, labels: &[String]) -> Chosen {
        let mut labels: Vec<_> = labels.iter().map(String::as_str).collect();
        labels.sort_unstable();
        let labels = || labels.iter().copied().map(Some).chain([None]);
        let of_project = || self.project.and_then(|project| labels().find_map(|label| self.of_project(project, slot, label)));
        let of_all = || labels().find_map(|label| self.of_all(slot, label));
        of_project().or_else(of_all).unwrap_or_else(|| Chosen {
            plugin: slot.default.to_owned(),
            scope: Scope::default(),
            source: Source::Default,
        })
    }

    /// The labels with a binding of this slot.
    pub(super) fn labels(&self, slot: &Slot) -> BTreeSet<String> {
        let of_project = |id: &Option<String>| id.is_none() || *id == self.project.map(|project| project.id.clone());
        let kept = self.kept.iter().filter(|binding| binding.slot == slot.name && of_project(&binding.scope.project));
        let kept = kept.filter_map(|binding| binding.scope.label.clone());
        let named = self.settings.projects.iter().filter(|(name, _)| self.project.is_some_and(|project| project.is_named(name)));
        let tables = named.map(|(_, table)| table).chain([&self.settings.everywhere]).chain(self.repository);
        let settings = tables.flat_map(Scoped::iter).filter(|(_, bound, _)| *bound == slot.name);
        kept.chain(settings.filter_map(|(label, ..)| label.map(str::to_owned))).collect()
    }

    fn of_project(&self, project: &Project, slot: &Slot, label: Option<&str>) -> Option<Chosen> {
        let settings =
            || self.settings.projects.iter().find_map(|(named, table)| table.bound(slot.name, label).filter(|_| project.is_named(named)));
        let repository = || self.repository.and_then(|repository| repository.bound(slot.name, label));
        let scope = Scope { project: Some(project.id.clone()), label: label.map(str::to_owned) };
        self.first(slot, scope, settings(), repository())
    }

    fn of_all(&self, slot: &Slot, label: Option<&str>) -> Option<Chosen> {
        let scope = Scope { project: None, label: label.map(str::to_owned) };
        self.first(slot, scope, self.settings.everywhere.bound(slot.name, label), None)
    }

    /// A command is the operator's latest word, and a repository's is a proposal that was only let pass.
    fn first(&self, slot: &Slot, scope: Scope, settings: Option<&str>, repository: Option<&str>) -> Option<Chosen> {
        let kept = self.kept.iter().find(|binding| binding.slot == slot.name && binding.scope == scope);
        let kept = kept.map(|binding| (binding.plugin.as_str(), Source::Command));
        let settings = settings.map(|plugin| (plugin, Source::Settings));
        let repository = repository.map(|plugin| (plugin, Source::Repository));
        let (plugin, source) = kept.or(settings).or(repository)?;
        Some(Chosen { plugin: plugin.to_owned(), scope, source })
    }
}

impl Chosen {
    /// The command that binds another plugin for the same items.
    fn command(&self, slot: &Slot) -> String {
        let project = self.scope.project.as_ref().map_or_else(String::new, |project| format!(" --project {project}"));
        // A label of settings may be any text.
        let is_plain = |label: &&String| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        let label = self.scope.label.as_ref().filter(is_plain).map_or_else(String::new, |label| format!(" --label {label}"));
        format!("baton bindings set {} PLUGIN{project}{label}", slot.name)
    }

    /// For people, behind "is bound by".
    pub fn describe(&self) -> String {
        let by = match self.source {
            Source::Command => "a command",
            Source::Settings => "the operator's settings",
            Source::Repository => "the repository's settings",
            Source::Default => return "Baton".to_owned(),
        };
        let label = self.scope.label.as_ref().map_or_else(String::new, |label| format!(" for the label `{}`", label.escape_debug()));
        let project = if self.scope.project.is_some() { " for this project" } else { "" };
        format!("{by}{project}{label}")
    }
}

/// What a child is to execute.
pub(in crate::kernel) struct Filled {
    pub(in crate::kernel) plugin: Arc<Plugin>,
    /// The slot that it was asked for as.
    pub(in crate::kernel) slot: Option<&'static Slot>,
    /// The item it is for.
    pub(in crate::kernel) item: Option<String>,
}

impl Kernel {
    /// The plugin that a run asked for by a name, which may be that of a slot.
    pub(in crate::kernel) async fn filled(&self, parent: &Run, name: &str, kind: Kind, item: Item<'_>) -> Result<Filled, ChildError> {
        let slot = self.parts.slots.known.iter().find(|slot| slot.name == name);
        let of_input = slot.and_then(|slot| item.input[slot.item?].as_str()).filter(|key| key.len() <= LONGEST_KEY);
        let (said, item) = (item.named.is_some(), item.named.or(of_input).map(str::to_owned).or_else(|| parent.item.clone()));
        let labels = match &item {
            Some(item) if said || slot.is_some() => self.labels(parent, item, said).await?,
            _ => Vec::new(),
        };
        let Some(slot) = slot.filter(|slot| kind_of(slot) == kind) else {
            let unusable = |error| ChildError::NotInstalled { plugin: name.to_owned(), reason: self.hinted(&error, slot) };
            let plugin = self.plugin(name, kind).map_err(unusable)?;
            return Ok(Filled { plugin, slot: None, item });
        };
        let chosen = self.chosen_for(parent, slot, &labels).await?;
        let plugin = self.installed(slot, &chosen).map_err(ChildError::Unbound)?;
        Ok(Filled { plugin, slot: Some(slot), item })
    }

    /// What fills a slot for a child of this run. A plugin that fills the slot, and one that is its default, gets the default
    /// and not itself: so a plugin can stand before the default and hand work on to it.
    async fn chosen_for(&self, parent: &Run, slot: &'static Slot, labels: &[String]) -> Result<Chosen, ChildError> {
        let root = if parent.root == parent.id { parent.clone() } else { self.run(&parent.root).await.map_err(store)? };
        let project = self.parts.projects.load_project(&parent.project).await.map_err(store)?;
        let repository =
            self.approved_bindings(&parent.project, root.project_settings.as_ref(), Some(root.created_at)).await.map_err(store)?;
        let kept = self.parts.slots.store.bindings().await.map_err(store)?;
        let asked =
            Asked { kept: &kept, settings: self.parts.policy.bindings(), repository: repository.as_ref(), project: project.as_ref() };
        let chosen = asked.choose(slot, labels);
        if parent.plugin == chosen.plugin || parent.plugin == slot.default {
            return Ok(Chosen { plugin: slot.default.to_owned(), scope: Scope::default(), source: Source::Default });
        }
        Ok(chosen)
    }

    /// The plugin that was chosen, or why it cannot fill the slot.
    pub(super) fn installed(&self, slot: &Slot, chosen: &Chosen) -> Result<Arc<Plugin>, String> {
        let (name, told) = (&chosen.plugin, chosen.describe());
        let set = chosen.command(slot);
        let another = format!("Install it, or bind another with `{set}`.");
        let Some(plugin) = self.parts.registry.find(name) else {
            return Err(format!(
                "The slot `{}` is bound to `{name}` by {told}, and no plugin of that name is installed. {another}",
                slot.name
            ));
        };
        let (found, wanted) = (plugin.package.manifest.kind, kind_of(slot));
        if found != wanted {
            return Err(format!(
                "The slot `{slot}` is bound to `{name}` by {told}, which is {} and not {}. Bind {} with `{set}`.",
                found.with_article(),
                wanted.with_article(),
                wanted.with_article(),
                slot = slot.name
            ));
        }
        startable(&plugin).map_err(|error| format!("The slot `{}` is bound to `{name}` by {told}. {}", slot.name, error.explain()))?;
        Ok(plugin)
    }

    async fn labels(&self, parent: &Run, item: &str, is_named: bool) -> Result<Vec<String>, ChildError> {
        match self.parts.slots.labels.labels_of(&parent.project, item).await.map_err(store)? {
            Some(labels) => Ok(labels),
            // What the caller does not say by an option is the child's to judge.
            None if !is_named => Ok(Vec::new()),
            None => Err(ChildError::NoItem(item.chars().take(LONGEST_KEY).collect())),
        }
    }

    /// A plugin that is asked for by the name of a slot, and in the wrong way.
    fn hinted(&self, error: &KernelError, slot: Option<&Slot>) -> String {
        let Some(slot) = slot else { return error.explain() };
        let (kind, call) = match kind_of(slot) {
            Kind::Agent => ("an agent", "agents.perform"),
            Kind::Workflow | Kind::Toolbox => ("a workflow", "workflows.start"),
        };
        format!("`{}` is the slot of {kind}. Call `{call}`.", slot.name)
    }
}

/// The item that a child is said to be for.
pub(in crate::kernel) struct Item<'a> {
    /// By an option of the call.
    pub(in crate::kernel) named: Option<&'a str>,
    /// In what the child is given.
    pub(in crate::kernel) input: &'a serde_json::Value,
}

fn store(error: impl Hint) -> ChildError {
    ChildError::Store(error.explain())
}
