//! `baton plugin`: the plugins of this host, and what it would say of a file.

mod arrival;
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

use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(super) use inputs::sample;

use super::{
    Context,
    exit::{Exit, Misuse},
    text,
};

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

/// What lies at a path where a plugin was named that is not installed, if that is not a regular file.
fn not_a_file(path: &Path) -> Option<Misuse> {
    let about = path.metadata().ok().filter(|about| !about.is_file())?;
    let name = text::escaped(&path.display().to_string());
    Some(Misuse(match about.is_dir() {
        true => format!(
            "There is no plugin `{name}`, and {name} here is a folder. Name a .wasm file, or pack an agent's folder with `baton plugin pack`."
        ),
        false => format!("There is no plugin `{name}`, and {name} here is a pipe, a socket or a device. Name a .wasm file."),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_regular_file_is_named_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| not_a_file(path).map(|misuse| misuse.to_string()).unwrap_or_default();
        assert!(said(folder.path()).contains("is a folder. Name a .wasm file"), "{}", said(folder.path()));
        let file = folder.path().join("a.wasm");
        std::fs::write(&file, "").unwrap();
        assert_eq!((said(&file), said(&folder.path().join("none.wasm"))), Default::default());
        #[cfg(unix)]
        {
            let socket = folder.path().join("b.wasm");
            let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            assert!(said(&socket).contains("is a pipe, a socket or a device"), "{}", said(&socket));
        }
    }
}
