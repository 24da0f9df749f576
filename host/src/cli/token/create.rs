//! `baton token create`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{GOOD, painted},
        text,
        until::moment,
        user::{operator, permission, role},
    },
    operations::{
        Access, Moment,
        access::{Permission, Role},
        accounts::tokens::{self, CreateToken},
    },
};

/// Create a token and print it once
///
/// Baton keeps only a hash of the token. Without options that limit it, the token may do all that its user may.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Name of the token
    name: String,
    /// Name or id of the user whose token it is
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Limit the token to what this role may do
    #[arg(long, value_parser = role())]
    role: Option<Role>,
    /// Limit the token to these permissions
    #[arg(long, value_delimiter = ',', value_name = "PERMISSIONS", value_parser = permission())]
    permissions: Vec<Permission>,
    /// Limit the token to this project; can be given more than once
    #[arg(long, value_name = "NAME")]
    project: Vec<String>,
    /// When the token expires, at most 366 days from now: a date such as 2027-01-31, to its end in your time zone, or a time
    /// such as 2027-01-31T18:00:00Z [default: 90 days from now]
    #[arg(long, value_name = "DATE", value_parser = moment)]
    until: Option<Moment>,
}

impl Create {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let request = CreateToken {
            name: self.name.clone(),
            user: Some(self.user.clone()),
            role: self.role,
            permissions: Some(self.permissions.clone()).filter(|permissions| !permissions.is_empty()),
            projects: Some(self.project.clone()).filter(|projects| !projects.is_empty()),
            expires_at: self.until,
        };
        let host = context.open(Access::Decide).await?;
        let created = tokens::create(&host, &operator(&host), &request).await;
        host.close().await;
        let created = created?;
        if context.screen.is_json() {
            context.screen.document(&created)?;
            return Ok(Exit::Done);
        }
        let (name, user) = (text::escaped(&created.token.name), text::escaped(&created.token.user_name));
        let until = created.token.expires_at.map(|at| format!(" It expires at {}.", figures::end(at.0, &TimeZone::system())));
        let mark = painted(GOOD, "✓");
        context
            .screen
            .tell(format!("{mark} Created token {name} of {user}.{} Copy it now: it is not shown again.", until.unwrap_or_default()));
        context.screen.answer(&created.secret)?;
        Ok(Exit::Done)
    }
}
