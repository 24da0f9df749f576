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

impl Table {
    /// Understands the table `bindings` of an operator's settings; an error comes with the dotted key.
    pub fn from_settings(known: &'static [Slot], settings: &Value) -> Result<Self, (String, BindingError)> {
        let Some(table) = settings.get("bindings") else { return Ok(Self::default()) };
        let mut everywhere = as_table(table, "bindings")?.clone();
        let mut projects = BTreeMap::new();
        if let Some(of_projects) = everywhere.remove(PROJECTS) {
            let place = format!("bindings.{PROJECTS}");
            for (project, table) in as_table(&of_projects, &place)? {
                let place = format!("{place}.{}", project.escape_debug());
                projects.insert(project.clone(), scoped(known, as_table(table, &place)?, &place)?);
            }
        }
        Ok(Self { everywhere: scoped(known, &everywhere, "bindings")?, projects })
    }
}

impl Scoped {
    /// Understands the table `bindings` of a repository's settings.
    pub fn of_repository(known: &'static [Slot], bindings: &Value) -> Result<Self, (String, BindingError)> {
        let table = as_table(bindings, "bindings")?;
        if table.contains_key(PROJECTS) {
            return Err((format!("bindings.{PROJECTS}"), BindingError::OfProjects));
        }
        scoped(known, table, "bindings")
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

fn scoped(known: &'static [Slot], table: &Map<String, Value>, place: &str) -> Result<Scoped, (String, BindingError)> {
    let mut scoped = Scoped::default();
    for (name, value) in table {
        if name != LABELS {
            let (slot, plugin) = pair(known, name, value, place)?;
            scoped.plain.insert(slot, plugin);
            continue;
        }
        let place = format!("{place}.{LABELS}");
        for (label, table) in as_table(value, &place)? {
            let place = format!("{place}.{}", label.escape_debug());
            let pairs = as_table(table, &place)?.iter().map(|(name, value)| pair(known, name, value, &place));
            scoped.labels.insert(label.clone(), pairs.collect::<Result<_, _>>()?);
        }
    }
    Ok(scoped)
}

fn pair(known: &'static [Slot], name: &str, value: &Value, place: &str) -> Result<(String, String), (String, BindingError)> {
    let wrong = |error| (format!("{place}.{}", name.escape_debug()), error);
    let slot = find(known, name).map_err(wrong)?;
    let text = value.as_str().ok_or_else(|| wrong(BindingError::NoPlugin { slot: slot.name.to_owned(), found: value.to_string() }));
    let plugin = text?;
    check_plugin(known, slot, plugin).map_err(wrong)?;
    Ok((slot.name.to_owned(), plugin.to_owned()))
}

fn as_table<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, (String, BindingError)> {
    value.as_object().ok_or_else(|| (place.to_owned(), BindingError::NoTable(place.to_owned())))
}
