//! `baton bindings unset`.

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
    operations::{Access, bindings::UnsetBinding},
};

/// Remove a binding that you made with `baton bindings set`
///
/// The binding in your settings applies again, or the bundled plugin if your settings have none.
#[derive(Debug, Args)]
pub(super) struct Unset {
    /// Name of the slot
    slot: String,
    #[command(flatten)]
    place: Where,
}

impl Unset {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Decide).await?;
        let request = UnsetBinding { slot: self.slot.clone(), project: self.place.project(context)?, label: self.place.label.clone() };
        let unset = client::bindings::unset(&client, &request).await?;
        client.close().await;
        if context.screen.is_json() {
            context.screen.document(&unset)?;
        } else {
            let slot = text::escaped(&unset.slot);
            context.screen.tell(format!("{} Removed the binding of `{slot}`{}.", painted(GOOD, "✓"), unset.place()));
        }
        Ok(Exit::Done)
    }
}
