//! `baton user show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{describe_projects, operator};
use crate::{
    cli::{Context, exit::Exit, figures, place::ProjectNames, text},
    operations::{Access, accounts::users},
};

/// Show a user
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Name or id of the user
    user: String,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let user = users::find(&host, &operator(&host), &self.user).await?;
        if context.screen.is_json() {
            context.screen.document(&user)?;
            return Ok(Exit::Done);
        }
        let zone = TimeZone::system();
        for (label, value) in [
            ("name", text::escaped(&user.name)),
            ("id", text::escaped(&user.id)),
            ("role", user.role.as_str().to_owned()),
            ("state", if user.disabled { "disabled" } else { "active" }.to_owned()),
            ("projects", describe_projects(&user, &ProjectNames::load(&host).await?)),
            ("added", figures::moment(user.created_at.0, &zone)),
            ("changed", figures::moment(user.updated_at.0, &zone)),
        ] {
            context.screen.answer(format!("{label:10}{value}"))?;
        }
        Ok(Exit::Done)
    }
}
