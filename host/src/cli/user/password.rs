//! `baton user password`.

use anyhow::Result;
use clap::Args;

use super::{answer, operator};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        secret_input::SecretInput,
        text,
    },
    operations::{
        Access,
        accounts::users::{self, SetPassword},
    },
};

/// Set another password, which you enter at a hidden prompt
///
/// All sessions of the user end. Tokens stay valid.
#[derive(Debug, Args)]
pub(super) struct Password {
    /// Name or id of the user
    user: String,
    #[command(flatten)]
    input: SecretInput,
}

impl Password {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let password = self.input.read(context, &format!("New password of {}", text::escaped(&self.user)))?;
        let request = SetPassword { password: password.trim_end_matches(['\n', '\r']).to_owned(), current: None };
        let host = context.open(Access::Decide).await?;
        let set = users::set_password(&host, &operator(&host), &self.user, request).await;
        host.close().await;
        let user = set?;
        let words =
            format!("{} Set the password of {}. All sessions of the user have ended.", painted(GOOD, "✓"), text::escaped(&user.name));
        answer(context, &user, &words)
    }
}
