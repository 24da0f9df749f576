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
