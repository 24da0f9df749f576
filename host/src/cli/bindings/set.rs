//! `baton bindings set`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Where, told};
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    kernel::slots::{Chosen, Source, declared_misfit},
    operations::{Access, Problem},
};

/// Bind a plugin to a slot, for all projects or for one
///
/// Runs in progress use it from the next time they ask for the slot; what they have started already stays with the plugin
/// it began with. For one story the most specific binding counts: that of a label in its project, then that of the project,
/// then that of a label everywhere, then that of all.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// The slot, as `baton bindings list` shows it
    slot: String,
    /// The plugin, as `baton plugin list` shows it
    plugin: String,
    #[command(flatten)]
    place: Where,
}

impl Set {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let slot = app.kernel.slot(&self.slot).map_err(Problem::from)?;
        let (scope, project) = self.place.scope(&app).await?;
        let chosen = Chosen { plugin: self.plugin.clone(), scope: scope.clone(), source: Source::Command };
        app.kernel.check_binding(slot, &self.plugin).map_err(Problem::from)?;
        let plugin = app.kernel.registry().find(&self.plugin).ok_or_else(|| self.missing());
        let misfit = declared_misfit(slot, &*plugin?).map(|unfit| unfit.to_string());
        if let Some(problem) = misfit.or_else(|| app.kernel.unusable(slot, &chosen)) {
            return Err(Misuse(problem).into());
        }
        app.kernel.bind(scope.clone(), slot.name, &self.plugin, &app.config.operator).await?;
        app.close().await;
        if context.screen.is_json() {
            let document = json!({ "slot": slot.name, "plugin": self.plugin, "project": scope.project, "label": scope.label });
            context.screen.document(&document)?;
        } else {
            let place = told(&scope, project.as_ref());
            context.screen.tell(format!(
                "{} Plugin `{}` fills the slot `{}`{place}.",
                painted(GOOD, "✓"),
                text::escaped(&self.plugin),
                slot.name
            ));
        }
        Ok(Exit::Done)
    }

    fn missing(&self) -> Misuse {
        let (plugin, slot) = (text::escaped(&self.plugin), text::escaped(&self.slot));
        Misuse(format!(
            "There is no plugin `{plugin}`, so it cannot be bound to `{slot}`. Install it first; `baton plugin list` lists those that are."
        ))
    }
}
