//! Slots: names that workflows ask for in the place of plugins', and the plugins that operators bound to them. Knows of no
//! slot but those it is handed, and starts nothing.

mod choosing;
mod conforming;
pub(crate) mod events;
mod operating;
mod proposal;
mod table;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use baton_slots::Slot;
use serde::Serialize;

use super::package::Kind;
use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    events::Draft,
    interfaces::likeness::nearest,
};

pub use choosing::{Asked, Chosen};
pub(in crate::kernel) use choosing::{Filled, Item};
pub(in crate::kernel) use conforming::samples;
pub use conforming::{Misfit, Unfit, declared_misfit, output_misfit};
pub(in crate::kernel) use operating::Routes;
pub use proposal::{Approval, Proposal, ProposalState};
pub use table::{Mistake, Scoped, Table};

/// What the kernel is handed to know slots by.
pub struct Slots {
    /// All of them.
    pub known: &'static [Slot],
    /// What operators bound by command, and what they approved.
    pub store: Arc<dyn BindingStore>,
    /// The labels of items.
    pub labels: Arc<dyn Labels>,
}

/// Which stories of which projects a binding is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Scope {
    /// The id of a project; none for all.
    pub project: Option<String>,
    /// A label; none for all items, and for what is done for no item.
    pub label: Option<String>,
}

/// A binding that an operator made by command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub scope: Scope,
    /// The slot.
    pub slot: String,
    /// The plugin.
    pub plugin: String,
    /// When, in milliseconds since 1970 UTC.
    pub bound_at: u64,
    /// By whom.
    pub bound_by: String,
}

/// Who bound a plugin to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An operator, by command.
    Command,
    /// The operator's settings.
    Settings,
    /// The repository's settings, which an operator approved.
    Repository,
    /// No operator: the plugin is the slot's default.
    Default,
}

/// Why a binding makes no sense, whatever is installed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// `hint` is what is perhaps meant, or all of them.
    #[error("Slot `{}` does not exist.", .name.escape_debug())]
    NoSlot { name: String, hint: String },
    /// A slot in the place of a plugin.
    #[error("`{slot}` cannot be bound to `{other}`, which is a slot itself.")]
    ToSlot { slot: String, other: String },
    /// Not the name of a plugin.
    #[error("`{slot}` has to be bound to the name of a plugin, and is {}.", .found.escape_debug())]
    NoPlugin { slot: String, found: String },
    /// Not a table of bindings.
    #[error("`{}` has to be a table that binds slots to plugins, such as `developer = \"amelia\"`.", .0.escape_debug())]
    NoTable(String),
    /// A repository cannot speak for other projects.
    #[error("The bindings of a repository cannot have `projects`.")]
    OfProjects,
}

impl Hint for BindingError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoSlot { hint, .. } => Some(hint.clone()),
            Self::ToSlot { .. } => Some("Name a plugin, as `baton plugin list` shows it.".to_owned()),
            Self::NoPlugin { .. } | Self::NoTable(_) => None,
            Self::OfProjects => Some("Leave it out.".to_owned()),
        }
    }
}

/// Keeps what operators bound by command, and which proposals they approved.
#[async_trait]
pub trait BindingStore: Send + Sync {
    /// All bindings.
    async fn bindings(&self) -> Result<Vec<Binding>, StorageError>;
    /// Binds, in the place of what was bound there before.
    async fn bind(&self, binding: &Binding, events: Vec<Draft>) -> Result<(), StorageError>;
    /// Removes a binding; whether there was one.
    async fn unbind(&self, scope: &Scope, slot: &str, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// What was approved in each project, the last of each and those that it replaced.
    async fn approvals(&self) -> Result<Vec<Approval>, StorageError>;
    /// Keeps an approval as the last one of its project; the one before is replaced from now on.
    async fn approve(&self, approval: &Approval, by: &Actor, events: Vec<Draft>) -> Result<(), StorageError>;
}

/// Knows the labels of items.
#[async_trait]
pub trait Labels: Send + Sync {
    /// The labels of an item, if there is such an item.
    async fn labels_of(&self, project: &str, item: &str) -> Result<Option<Vec<String>>, StorageError>;
}

/// What plugin fills a slot.
pub fn kind_of(slot: &Slot) -> Kind {
    match slot.kind {
        baton_slots::Kind::Role => Kind::Agent,
        baton_slots::Kind::Policy => Kind::Workflow,
    }
}

/// The slot of a name, or what is perhaps meant.
pub fn find(known: &'static [Slot], name: &str) -> Result<&'static Slot, BindingError> {
    let found = known.iter().find(|slot| slot.name == name);
    found.ok_or_else(|| BindingError::NoSlot { name: name.to_owned(), hint: suggest_slot(known, name) })
}

/// Whether a plugin can be bound to a slot as far as its name goes.
pub fn check_plugin(known: &'static [Slot], slot: &Slot, plugin: &str) -> Result<(), BindingError> {
    if !super::package::is_name(plugin) {
        return Err(BindingError::NoPlugin { slot: slot.name.to_owned(), found: format!("`{plugin}`") });
    }
    if plugin != slot.default && known.iter().any(|other| other.name == plugin) {
        return Err(BindingError::ToSlot { slot: slot.name.to_owned(), other: plugin.to_owned() });
    }
    Ok(())
}

fn suggest_slot(known: &[Slot], name: &str) -> String {
    let listed = |names: &[&str], between: &str| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between);
    let near = nearest(name, known.iter().map(|slot| slot.name));
    if near.is_empty() {
        let names: Vec<_> = known.iter().map(|slot| slot.name).collect();
        return format!("The slots are {}.", listed(&names, ", "));
    }
    format!("Did you mean {}?", listed(&near, " or "))
}

/// Plugins by the name of their slot.
pub(super) type ByPlugin = BTreeMap<String, String>;
