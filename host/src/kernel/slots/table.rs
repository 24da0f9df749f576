//! Bindings as settings have them: `[bindings]`, with tables for labels and, in an operator's, for projects. Says what is
//! wrong with one, and applies none.

use std::collections::BTreeMap;

use baton_slots::Slot;
use serde_json::{Map, Value};

use super::{BindingError, ByPlugin, check_plugin, find};

const LABELS: &str = "labels";
const PROJECTS: &str = "projects";

/// Bindings for all items, and for those with a label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scoped {
    /// Plugins by slot.
    pub plain: ByPlugin,
    /// The same by label.
    pub labels: BTreeMap<String, ByPlugin>,
}

/// An operator's bindings, for all projects and for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// For all projects.
    pub everywhere: Scoped,
    /// By the name or the id of a project.
    pub projects: BTreeMap<String, Scoped>,
}

/// A mistake in settings: the dotted key, and what is wrong there.
pub type Mistake = (String, BindingError);

impl Table {
    /// Understands the table `bindings` of an operator's settings, without what is wrong in it; and that.
    pub fn from_settings(known: &'static [Slot], settings: &Value) -> (Self, Vec<Mistake>) {
        let mut mistakes = Mistakes::default();
        let mut table = Self::default();
        let Some(bindings) = settings.get("bindings") else { return (table, mistakes.0) };
        let Some(mut everywhere) = mistakes.keep_valid(as_table(bindings, "bindings")).cloned() else { return (table, mistakes.0) };
        if let Some(of_projects) = everywhere.remove(PROJECTS) {
            let place = format!("bindings.{PROJECTS}");
            for (project, bindings) in mistakes.keep_valid(as_table(&of_projects, &place)).into_iter().flatten() {
                let place = format!("{place}.{}", project.escape_debug());
                if let Some(bindings) = mistakes.keep_valid(as_table(bindings, &place)) {
                    table.projects.insert(project.clone(), scoped(known, bindings, &place, &mut mistakes));
                }
            }
        }
        table.everywhere = scoped(known, &everywhere, "bindings", &mut mistakes);
        (table, mistakes.0)
    }
}

impl Scoped {
    /// Understands the table `bindings` of a repository's settings.
    pub fn of_repository(known: &'static [Slot], bindings: &Value) -> Result<Self, Mistake> {
        let table = as_table(bindings, "bindings")?;
        if table.contains_key(PROJECTS) {
            return Err((format!("bindings.{PROJECTS}"), BindingError::OfProjects));
        }
        let mut mistakes = Mistakes::default();
        let scoped = scoped(known, table, "bindings", &mut mistakes);
        mistakes.0.into_iter().next().map_or(Ok(scoped), Err)
    }

    /// The plugin bound to a slot, for a label or for none.
    pub fn bound(&self, slot: &str, label: Option<&str>) -> Option<&str> {
        let table = match label {
            Some(label) => self.labels.get(label)?,
            None => &self.plain,
        };
        table.get(slot).map(String::as_str)
    }

    /// Each label (or none), slot and plugin.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &str, &str)> {
        let labelled = self.labels.iter().flat_map(|(label, table)| table.iter().map(move |pair| (Some(label.as_str()), pair)));
        self.plain.iter().map(|pair| (None, pair)).chain(labelled).map(|(label, (slot, plugin))| (label, slot.as_str(), plugin.as_str()))
    }
}

/// What is wrong in a table, in its order.
#[derive(Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// What was understood; what is wrong is kept here.
    fn keep_valid<A>(&mut self, read: Result<A, Mistake>) -> Option<A> {
        read.map_err(|mistake| self.0.push(mistake)).ok()
    }
}

fn scoped(known: &'static [Slot], table: &Map<String, Value>, place: &str, mistakes: &mut Mistakes) -> Scoped {
    let mut scoped = Scoped::default();
    for (name, value) in table {
        if name != LABELS {
            scoped.plain.extend(mistakes.keep_valid(pair(known, name, value, place)));
            continue;
        }
        let place = format!("{place}.{LABELS}");
        for (label, table) in mistakes.keep_valid(as_table(value, &place)).into_iter().flatten() {
            let place = format!("{place}.{}", label.escape_debug());
            let pairs = mistakes.keep_valid(as_table(table, &place)).into_iter().flatten();
            let pairs = pairs.filter_map(|(name, value)| mistakes.keep_valid(pair(known, name, value, &place)));
            scoped.labels.insert(label.clone(), pairs.collect());
        }
    }
    scoped
}

fn pair(known: &'static [Slot], name: &str, value: &Value, place: &str) -> Result<(String, String), Mistake> {
    let wrong = |error| (format!("{place}.{}", name.escape_debug()), error);
    let slot = find(known, name).map_err(wrong)?;
    let text = value.as_str().ok_or_else(|| wrong(BindingError::NoPlugin { slot: slot.name.to_owned(), found: value.to_string() }));
    let plugin = text?;
    check_plugin(known, slot, plugin).map_err(wrong)?;
    Ok((slot.name.to_owned(), plugin.to_owned()))
}

fn as_table<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, Mistake> {
    value.as_object().ok_or_else(|| (place.to_owned(), BindingError::NoTable(place.to_owned())))
}
