//! `baton token rotate-keys`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        user::operator,
    },
    operations::{
        Access,
        accounts::tokens::{self, RotateKeys as Request},
    },
};

/// Replace the key that signs access tokens
///
/// No user is logged out, and API tokens do not change: access tokens that are signed already stay valid until they expire,
/// after at most 15 minutes.
#[derive(Debug, Args)]
pub(super) struct RotateKeys {
    /// Reject access tokens that are signed already, because others may know the key; clients refresh their sessions
    #[arg(long)]
    at_once: bool,
}

impl RotateKeys {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let rotated = tokens::rotate_keys(&host, &operator(&host), &Request { at_once: self.at_once }).await;
        host.close().await;
        let rotated = rotated?;
        if context.screen.is_json() {
            context.screen.document(&rotated)?;
        } else {
            context.screen.tell(format!("{} Another key signs access tokens from now on.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}
