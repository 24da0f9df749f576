//! `baton bindings unset`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Where, told};
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
    },
    operations::{Access, Problem},
};

/// Remove a binding that was made by `baton bindings set`
///
/// What the settings say holds again, and the slot's default where they say nothing.
#[derive(Debug, Args)]
pub(super) struct Unset {
    /// The slot
    slot: String,
    #[command(flatten)]
    place: Where,
}

impl Unset {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let slot = app.kernel.slot(&self.slot).map_err(Problem::from)?;
        let (scope, project) = self.place.scope(&app).await?;
        let was_there = app.kernel.unbind(&scope, slot.name, &app.config.operator).await?;
        app.close().await;
        let place = told(&scope, project.as_ref());
        if !was_there {
            return Err(Misuse(format!(
                "No command bound a plugin to `{}`{place}. `baton bindings list` shows who bound what; what your settings bind, your settings unbind.",
                slot.name
            ))
            .into());
        }
        if context.screen.is_json() {
            context.screen.document(&json!({ "slot": slot.name, "project": scope.project, "label": scope.label }))?;
        } else {
            context.screen.tell(format!("{} The binding of `{}`{place} is removed.", painted(GOOD, "✓"), slot.name));
        }
        Ok(Exit::Done)
    }
}
