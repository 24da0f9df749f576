//! `baton plugin check`: what this host would say of a plugin that is not installed. Keeps nothing of it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::{build, fitting, list, plan, show};
use crate::{
    cli::{
        Context,
        authoring::Project,
        exit::Exit,
        figures,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    operations::{
        Access, named_files,
        plugins::{self, CheckedPlugin, OfFile, PluginFile},
    },
};

/// Check whether Baton accepts a component or a plugin's directory, and what it would be granted
///
/// Baton builds a directory first, with a toolchain that runs the directory's code (a build script, a module) as your user;
/// read the code first if you do not trust it. Baton does not pass on keys in the environment. Checking a component or a
/// persona runs no code outside the sandbox.
///
/// For a workflow folder, Baton lists the conditions that it evaluates and those that the agent evaluates, steps that cannot
/// be reached, variables that are not set, and errors, with the configuration of the project in the current directory.
///
/// With --as, Baton also checks the plugin against the contract of a slot: its kind, the input that its manifest accepts,
/// and its answers to sample inputs in a sandbox without grants. It skips a sample that needs a grant; Baton checks such
/// answers during a run.
///
/// Exits with code 0 if Baton accepts the plugin, also with warnings, and with code 1 if Baton rejects it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// A .wasm file, or the directory of a plugin
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    source: PathBuf,
    /// Slot that the plugin should fill, such as code-review
    #[arg(long = "as", value_name = "SLOT")]
    slot: Option<String>,
}

impl Check {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let about = std::fs::metadata(&self.source).map_err(|error| named_files::unreadable("source", &self.source, &error))?;
        let config = context.config()?;
        let file = if about.is_dir() {
            let (file, built) = build::compile(context, &Project::at(&self.source)?).await?;
            context.screen.tell(built);
            file
        } else {
            match PluginFile::read(&self.source, &config)? {
                OfFile::Plugin(file) => file,
                OfFile::Rejected(rejected) => return show::reject(context, rejected),
            }
        };
        let host = context.open_with(config, Access::Look).await?;
        let checked = plugins::check(&host, file, self.slot.as_deref(), Path::new(".")).await?;
        if context.screen.is_json() {
            context.screen.document(&checked)?;
        } else {
            show_checked(context, &checked)?;
            checked.slot.iter().for_each(|fit| fitting::show(context, &checked.plugin, fit));
        }
        let fits = checked.slot.as_ref().is_none_or(|fit| fit.fits);
        Ok(if checked.rejected.is_some() || !fits { Exit::Failed } else { Exit::Done })
    }
}

/// Shows what this host says of a plugin.
pub(super) fn show_checked(context: &Context, checked: &CheckedPlugin) -> Result<()> {
    context.screen.answer(show::needs(&checked.plugin, context.screen.room()))?;
    if let Some(workflow) = &checked.workflow {
        context.screen.answer(plan::describe_check(workflow))?;
    }
    for warning in &checked.warnings {
        context.screen.warn(format!("{} It {}.", painted(WARNING, "!"), text::escaped(warning)));
    }
    let (what, size) = (list::describe(&checked.plugin), figures::bytes(checked.plugin.bytes));
    match &checked.rejected {
        Some(reason) => context.screen.warn(format!("{} This host rejects the {what}, {size}: {}", painted(BAD, "✗"), text::plain(reason))),
        None => {
            let took = figures::duration(checked.compiled_ms);
            context.screen.tell(format!("{} This host accepts the {what}: {size}, compiled in {took}.", painted(GOOD, "✓")));
        }
    }
    Ok(())
}
