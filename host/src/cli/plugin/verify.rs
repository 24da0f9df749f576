//! `baton plugin verify`. Shows who signed a file; whether what it does is good, no signature says.

use anyhow::Result;
use clap::Args;

use super::list;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    operations::{
        Access,
        plugins::{self, OfFile, Plugin, RejectedFile},
    },
};

/// Show who signed a plugin, and whether you trust the key
///
/// Exits with code 0 if a key in your settings signed the current content of the file, or if the plugin is part of Baton,
/// and with code 1 otherwise.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// Name of a plugin, or a .wasm file; write ./FILE for a file that has the name of a plugin
    #[arg(value_name = "NAME|FILE")]
    plugin: String,
}

impl Verify {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        match plugins::verify(&host, &self.plugin)? {
            OfFile::Plugin(plugin) => show(context, &plugin),
            OfFile::Rejected(file) => show_rejected(context, file),
        }
    }
}

fn show(context: &Context, plugin: &Plugin) -> Result<Exit> {
    let is_trusted = plugin.signed_by.as_ref().is_some_and(|signature| signature.trusted_as.is_some());
    if context.screen.is_json() {
        context.screen.document(plugin)?;
    } else {
        context.screen.answer(describe(plugin))?;
    }
    Ok(if plugin.bundled || is_trusted { Exit::Done } else { Exit::Failed })
}

fn show_rejected(context: &Context, file: RejectedFile) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(&list::with_advice(context, file))?;
    } else {
        context.screen.answer(format!("{} {}: {}", painted(BAD, "✗"), text::escaped(&file.file), text::plain(&file.reason)))?;
    }
    Ok(Exit::Failed)
}

fn describe(plugin: &Plugin) -> String {
    let name = text::escaped(&plugin.name);
    let Some(signature) = plugin.signed_by.as_ref().filter(|_| !plugin.bundled) else {
        return match plugin.bundled {
            true => format!("{} `{name}` is part of Baton.", painted(GOOD, "✓")),
            false => format!("{} `{name}` is not signed.", painted(WARNING, "!")),
        };
    };
    match &signature.trusted_as {
        Some(signer) => format!("{} `{name}` is signed by {}, as it is.", painted(GOOD, "✓"), text::escaped(signer)),
        None => format!(
            "{} `{name}` is signed, as it is, by the key {}, which is not in your [signatures.keys].",
            painted(WARNING, "!"),
            text::escaped(&signature.key)
        ),
    }
}
