//! `baton user add`.

use anyhow::Result;
use clap::Args;

use super::{answer, delegation, operator, role};
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
        access::Role,
        accounts::users::{self, AddUser, Membership},
    },
};

/// Add a user, with a password that you enter at a hidden prompt
///
/// The user sees all projects, unless you name projects with --project or --delegate.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Name of the user: 1 to 64 ASCII letters, digits, `-`, `_`, `.`, `@` and `+`
    name: String,
    /// Role of the user
    #[arg(long, default_value = "viewer", value_parser = role())]
    role: Role,
    /// Give the user access to this project only; can be given more than once
    #[arg(long, value_name = "NAME")]
    project: Vec<String>,
    /// Give the user access to this project only, and delegate permissions for it, such as shop=merge,budgets; can be given more
    /// than once
    #[arg(long, value_name = "NAME=PERMISSIONS", value_parser = delegation)]
    delegate: Vec<Membership>,
    #[command(flatten)]
    input: SecretInput,
}

impl Add {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let password = self.input.read(context, &format!("Password of {}", text::escaped(&self.name)))?;
        let seen = self.project.iter().map(|project| Membership { project: project.clone(), permissions: Vec::new() });
        let members: Vec<_> = seen.chain(self.delegate.iter().cloned()).collect();
        let request = AddUser {
            name: self.name.clone(),
            password: password.trim_end_matches(['\n', '\r']).to_owned(),
            role: self.role,
            all_projects: members.is_empty(),
            members,
        };
        let host = context.open(Access::Decide).await?;
        let added = users::add(&host, &operator(&host), request).await;
        host.close().await;
        let added = added?;
        let words = format!("{} Added user {} as {}.", painted(GOOD, "✓"), text::escaped(&added.name), added.role.as_str());
        answer(context, &added, &words)
    }
}
