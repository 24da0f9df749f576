//! `baton plugin`: the plugins of this host, and what it would say of a file. Decides nothing by itself.

mod build;
mod check;
mod decision;
mod dev;
mod enable;
mod fitting;
mod grant;
mod history;
mod host;
mod inputs;
mod install;
mod key;
mod list;
mod new;
mod output;
mod pack;
mod pack_module;
mod plan;
mod push;
mod reach;
mod remove;
mod show;
mod sign;
mod terms;
mod test;
mod update;
mod usage;
mod verify;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(super) use decision::list_capabilities;
pub(super) use inputs::sample;

use super::{Context, exit::Exit};

/// Install plugins and manage their permissions
#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Grant(grant::Grant),
    Revoke(grant::Revoke),
    Enable(enable::Enable),
    Disable(enable::Disable),
    History(history::History),
    Install(install::Install),
    Remove(remove::Remove),
    Pack(pack::Pack),
    PackModule(pack_module::PackModule),
    Plan(plan::Plan),
    Update(update::Update),
    Push(push::Push),
    Key(key::Key),
    Sign(sign::Sign),
    Verify(verify::Verify),
    New(new::New),
    Build(build::Build),
    Check(check::Check),
    Test(test::Test),
    Dev(dev::Dev),
    Host(host::Host),
}

impl Plugin {
    /// What the command is called, where it is not done on a server.
    pub(super) fn on_this_machine(&self) -> Option<&'static str> {
        match &self.command {
            Command::Update(_) => Some("plugin update"),
            Command::Pack(_) => Some("plugin pack"),
            Command::PackModule(_) => Some("plugin pack-module"),
            Command::Plan(_) => Some("plugin plan"),
            Command::Push(_) => Some("plugin push"),
            Command::Key(_) => Some("plugin key"),
            Command::Sign(_) => Some("plugin sign"),
            Command::Verify(_) => Some("plugin verify"),
            Command::New(_) => Some("plugin new"),
            Command::Build(_) => Some("plugin build"),
            Command::Check(_) => Some("plugin check"),
            Command::Test(_) => Some("plugin test"),
            Command::Dev(_) => Some("plugin dev"),
            Command::Host(_) => Some("plugin host"),
            _ => None,
        }
    }

    /// Whether it needs no data of a host.
    pub(super) fn is_about_files(&self) -> bool {
        matches!(
            self.command,
            Command::Pack(_)
                | Command::PackModule(_)
                | Command::Plan(_)
                | Command::Push(_)
                | Command::Key(_)
                | Command::Sign(_)
                | Command::Verify(_)
                | Command::New(_)
                | Command::Build(_)
                | Command::Check(_)
                | Command::Test(_)
                | Command::Host(_)
        )
    }

    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Grant(command) => command.execute(context).await,
            Command::Revoke(command) => command.execute(context).await,
            Command::Enable(command) => command.execute(context).await,
            Command::Disable(command) => command.execute(context).await,
            Command::History(command) => command.execute(context).await,
            Command::Install(command) => command.execute(context).await,
            Command::Remove(command) => command.execute(context).await,
            Command::Pack(command) => command.execute(context),
            Command::PackModule(command) => command.execute(context),
            Command::Plan(command) => command.execute(context).await,
            Command::Update(command) => command.execute(context).await,
            Command::Push(command) => command.execute(context).await,
            Command::Key(command) => command.execute(context),
            Command::Sign(command) => command.execute(context),
            Command::Verify(command) => command.execute(context).await,
            Command::New(command) => command.execute(context),
            Command::Build(command) => command.execute(context).await,
            Command::Check(command) => command.execute(context).await,
            Command::Test(command) => command.execute(context).await,
            Command::Dev(command) => command.execute(context).await,
            Command::Host(command) => command.execute(),
        }
    }
}
