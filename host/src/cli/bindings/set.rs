//! `baton bindings set`.

use anyhow::Result;
use clap::Args;

use super::Where;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, bindings::SetBinding},
};

/// Bind a plugin to a slot, for all projects or for one
///
/// Runs in progress use the plugin the next time they ask for the slot; child runs that have already started keep their
/// plugin. For a story, the most specific binding applies: for a label in its project, then for its project, then for a
/// label in all projects, then for all projects.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// Name of the slot, as `baton bindings list` shows it
    slot: String,
    /// Name of the plugin, as `baton plugin list` shows it
    plugin: String,
    #[command(flatten)]
    place: Where,
}

impl Set {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Decide).await?;
        let request = SetBinding {
            slot: self.slot.clone(),
            plugin: self.plugin.clone(),
            project: self.place.project(context)?,
            label: self.place.label.clone(),
        };
        let set = client::bindings::set(&client, &request).await?;
        client.close().await;
        if context.screen.is_json() {
            context.screen.document(&set)?;
        } else {
            let (plugin, slot) = (text::escaped(&self.plugin), text::escaped(&set.slot));
            context.screen.tell(format!("{} Plugin `{plugin}` fills the slot `{slot}`{}.", painted(GOOD, "✓"), set.place()));
        }
        Ok(Exit::Done)
    }
}
