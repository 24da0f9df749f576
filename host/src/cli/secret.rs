//! `baton secret`: keys and passwords, kept sealed. A value comes from standard input or the keyboard, never from the
//! command line, where others could read it; and none is ever shown.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Context, client::secrets::SecretStore, exit::Exit, secret_input::SecretInput, text};
use crate::operations::secrets::{RemoveSecret, Secret as View, SetSecret};

/// Manage the keys of model providers, encrypted on this machine
#[derive(Debug, Args)]
pub(super) struct Secret {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store a secret that you enter at a hidden prompt
    Set {
        /// Name of the secret, such as ANTHROPIC_API_KEY
        name: String,
        #[command(flatten)]
        input: SecretInput,
    },
    /// List the names of the secrets
    List,
    /// Remove a secret
    Remove {
        /// Name of the secret
        name: String,
    },
}

impl Secret {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let store = match context.remote().await? {
            Some(remote) => SecretStore::There(Box::new(remote)),
            None => SecretStore::Here(Box::new(context.config_at(context.data_dir.clone())?)),
        };
        match &self.command {
            Command::Set { name, input } => set(context, &store, name, input).await,
            Command::List => list(context, &store).await,
            Command::Remove { name } => remove(context, &store, name).await,
        }
    }
}

async fn set(context: &Context, store: &SecretStore, name: &str, input: &SecretInput) -> Result<Exit> {
    let value = input.read(context, &format!("The secret {}", text::escaped(name)))?;
    let stored = store.set(&SetSecret { name: name.to_owned(), value }).await?;
    show(context, &stored, "is stored. Runs that wait for it continue.")
}

async fn list(context: &Context, store: &SecretStore) -> Result<Exit> {
    let listed = store.list().await?;
    // Anyone with the file can read the names; that the values can be read is worth knowing.
    let problems: Vec<_> = listed.items.iter().filter_map(|secret| secret.problem.as_deref()).collect();
    if context.screen.is_json() {
        context.screen.document(&listed)?;
    } else if listed.items.is_empty() {
        context.screen.tell("There are no secrets. Store one with `baton secret set NAME`.");
    } else {
        listed.items.iter().try_for_each(|secret| context.screen.answer(text::escaped(&secret.name)))?;
    }
    problems.iter().for_each(|problem| context.screen.warn(text::plain(problem)));
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

async fn remove(context: &Context, store: &SecretStore, name: &str) -> Result<Exit> {
    let removed = store.remove(&RemoveSecret { name: name.to_owned() }).await?;
    show(context, &removed, "is removed.")
}

fn show(context: &Context, secret: &View, outcome: &str) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(secret)?;
    } else {
        context.screen.tell(format!("`{}` {outcome}", text::escaped(&secret.name)));
    }
    Ok(Exit::Done)
}
