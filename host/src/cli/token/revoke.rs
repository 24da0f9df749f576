//! `baton token revoke`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
        user::operator,
    },
    operations::{Access, accounts::tokens},
};

/// Revoke a token
///
/// The next request with the token is rejected.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Id of the token, as `baton token list` shows it
    id: String,
}

impl Revoke {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let revoked = tokens::revoke(&host, &operator(&host), &self.id).await;
        host.close().await;
        let revoked = revoked?;
        if context.screen.is_json() {
            context.screen.document(&revoked)?;
        } else {
            let (name, user) = (text::escaped(&revoked.name), text::escaped(&revoked.user_name));
            context.screen.tell(format!("{} Revoked token {name} of {user}.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}
