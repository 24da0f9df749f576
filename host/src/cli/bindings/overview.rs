//! What fills each slot, where that is said, and whether it can. Prints nothing.

use anyhow::Result;
use baton_slots::Slot;
use serde_json::{Value, json};

use crate::{
    cli::text,
    kernel::{
        projects::Project,
        slots::{Chosen, Scoped, Source, declared_misfit, kind_of},
    },
    operations::Host,
};

/// A slot with what fills it, for items with a label or for all.
pub(super) struct Filling {
    pub(super) slot: &'static Slot,
    pub(super) label: Option<String>,
    pub(super) chosen: Chosen,
    /// Whether a plugin of that name is installed.
    pub(super) installed: bool,
    /// Why it cannot fill the slot.
    pub(super) problem: Option<String>,
}

impl Filling {
    fn of(app: &Host, slot: &'static Slot, label: Option<String>, chosen: Chosen) -> Self {
        let plugin = app.kernel.registry().find(&chosen.plugin);
        let unfit = || plugin.as_ref().and_then(|plugin| declared_misfit(slot, plugin)).map(|unfit| unfit.to_string());
        let problem = app.kernel.unusable(slot, &chosen).or_else(unfit);
        Self { slot, label, chosen, installed: plugin.is_some(), problem }
    }

    /// For programs.
    pub(super) fn document(&self) -> Value {
        json!({
            "slot": self.slot.name,
            "kind": kind_of(self.slot),
            "meaning": self.slot.meaning,
            "label": self.label,
            "plugin": self.chosen.plugin,
            "bound-by": self.chosen.source,
            "project": self.chosen.scope.project,
            "default": self.slot.default,
            "installed": self.installed,
            "conforms": self.problem.is_none(),
            "problem": self.problem,
        })
    }

    /// Who bound it, in a word or two.
    pub(super) fn bound_by(&self) -> String {
        let by = match self.chosen.source {
            Source::Command => "command",
            Source::Settings => "settings",
            Source::Repository => "repository",
            Source::Default => return "default".to_owned(),
        };
        let place = if self.chosen.scope.project.is_some() { "project" } else { "all" };
        format!("{by}, {place}")
    }
}

/// Why a plugin cannot be bound to a slot, in a sentence.
pub(super) fn unfit(app: &Host, slot: &str, plugin: &str) -> Option<String> {
    let slot = app.kernel.slot(slot).ok()?;
    match app.kernel.registry().find(plugin) {
        None => Some(format!("Plugin `{}`, which they bind to `{}`, is not installed.", text::escaped(plugin), slot.name)),
        Some(plugin) => declared_misfit(slot, &plugin).map(|unfit| unfit.to_string()),
    }
}

/// What fills each slot in a project, or where no project says otherwise: once for all items, and for each label with a
/// binding of its own.
pub(super) async fn fillings(app: &Host, project: Option<&Project>, repository: Option<&Scoped>) -> Result<Vec<Filling>> {
    let chosen = app.kernel.overview(project, repository).await?;
    Ok(chosen.into_iter().map(|(slot, label, chosen)| Filling::of(app, slot, label, chosen)).collect())
}

/// Bindings as they are typed into settings, in one line.
pub(super) fn listed(table: &Scoped) -> String {
    let pair = |(label, slot, plugin): (Option<&str>, &str, &str)| {
        let label = label.map_or_else(String::new, |label| format!(" for `{}`", text::escaped(label)));
        format!("{} = {}{label}", text::escaped(slot), text::escaped(plugin))
    };
    table.iter().map(pair).collect::<Vec<_>>().join(", ")
}
