//! A plugin held against the contract of a slot, for `baton plugin check --as`. Grants it nothing and keeps nothing.

use anyhow::{Context as _, Result};
use baton_slots::Slot;
use serde_json::{Value, json};

use super::check::Checked;
use crate::{
    cli::{
        Context,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    kernel::{
        Sampled,
        slots::{Unfit, declared_misfit},
    },
    operations::Host,
};

/// What came of it.
pub(super) struct Fitting {
    slot: &'static Slot,
    plugin: String,
    came_to: Result<Vec<Sampled>, Unfit>,
}

impl Fitting {
    pub(super) async fn of(app: &Host, checked: &Checked, slot: &'static Slot) -> Result<Self> {
        let plugin = text::escaped(checked.plugin.name());
        let workspace =
            tempfile::tempdir().context("There is no place for an empty workspace; set TMPDIR to a folder that can be written")?;
        let came_to = match declared_misfit(slot, &checked.plugin) {
            Some(unfit) => Err(unfit),
            None => app.kernel.try_as(&checked.plugin, slot, workspace.path()).await,
        };
        Ok(Self { slot, plugin, came_to })
    }

    /// Whether nothing speaks against it.
    pub(super) fn fits(&self) -> bool {
        self.came_to.is_ok()
    }

    /// For people.
    pub(super) fn show(&self, context: &Context) {
        let (plugin, slot) = (&self.plugin, self.slot.name);
        let sampled = match &self.came_to {
            Err(unfit) => return context.screen.warn(format!("{} {}", painted(BAD, "✗"), text::line(&unfit.to_string()))),
            Ok(sampled) => sampled,
        };
        let tried = sampled.iter().filter(|sampled| **sampled == Sampled::Fits).count();
        context.screen.tell(format!(
            "{} Nothing speaks against `{plugin}` in the slot `{slot}`: {tried} of {} samples were answered as the slot wants.",
            painted(GOOD, "✓"),
            sampled.len()
        ));
        for (number, sampled) in sampled.iter().enumerate() {
            if let Sampled::NotTried(reason) = sampled {
                let reason = text::excerpt(&text::line(reason), 300);
                context.screen.tell(format!("{} Sample {} was not tried to its end: {reason}", painted(WARNING, "!"), number + 1));
            }
        }
    }

    /// For programs.
    pub(super) fn document(&self) -> Value {
        let field = match &self.came_to {
            Err(Unfit::Input { misfit, .. } | Unfit::Output { misfit, .. }) => Some(&misfit.field),
            Err(Unfit::Kind { .. } | Unfit::Sample { .. }) | Ok(_) => None,
        };
        let samples = self.came_to.iter().flatten().map(|sampled| match sampled {
            Sampled::Fits => json!({ "outcome": "fits" }),
            Sampled::NotTried(reason) => json!({ "outcome": "not-tried", "reason": reason }),
        });
        json!({
            "slot": self.slot.name,
            "fits": self.fits(),
            "reason": self.came_to.as_ref().err().map(ToString::to_string),
            "field": field,
            "samples": samples.collect::<Vec<_>>(),
        })
    }
}
