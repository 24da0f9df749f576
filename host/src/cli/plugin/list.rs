//! `baton plugin list`.

use anyhow::Result;
use clap::Args;

use super::{decision, reach};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, GOOD, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        plugins::{Plugin, PluginKind, PluginList, PluginStatus, RejectedFile},
    },
};

/// List plugins, and rejected files in the plugin directory
#[derive(Debug, Args)]
pub(in crate::cli) struct List {}

impl List {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let listed = client::plugins::list(&client).await?;
        if context.screen.is_json() {
            let rejected = listed.rejected.into_iter().map(|file| with_advice(context, file)).collect();
            context.screen.document(&PluginList { rejected, ..listed })?;
            return Ok(Exit::Done);
        }
        context.screen.answer(table(&listed).fit(context.screen.room()))?;
        listed.items.iter().filter_map(decision::describe_other_version).for_each(|differs| context.screen.tell(differs));
        for plugin in &listed.items {
            let name = text::escaped(&plugin.name);
            reach::limited_grants(plugin).into_iter().for_each(|grant| context.screen.tell(format!("  `{name}`: {grant}.")));
            if let Some(less) = describe_lost_reach(context, plugin) {
                context.screen.tell(less);
            }
        }
        Ok(Exit::Done)
    }
}

fn table(listed: &PluginList) -> Table {
    let mut table = Table::new(&[
        ("NAME", Align::Left),
        ("KIND", Align::Left),
        ("VERSION", Align::Left),
        ("STATUS", Align::Left),
        ("SIZE", Align::Right),
        ("ORIGIN", Align::Left),
        ("SIGNED BY", Align::Left),
        ("DESCRIPTION", Align::Left),
    ]);
    listed.items.iter().for_each(|plugin| table.row(row(plugin)));
    listed.rejected.iter().for_each(|file| table.row(rejected_row(file)));
    table
}

fn rejected_row(file: &RejectedFile) -> [Cell; 8] {
    let name = std::path::Path::new(&file.file).file_stem().unwrap_or_default().to_string_lossy();
    [
        Cell::from(text::escaped(&name)),
        file.kind.map(PluginKind::as_str).unwrap_or_default().into(),
        text::escaped(file.version.as_deref().unwrap_or_default()).into(),
        Cell::styled("rejected", BAD),
        "".into(),
        "directory".into(),
        "".into(),
        Cell::styled(text::excerpt(&file.reason, 80), FAINT),
    ]
}

fn row(plugin: &Plugin) -> [Cell; 8] {
    [
        text::escaped(&plugin.name).into(),
        plugin.kind.as_str().into(),
        text::escaped(&plugin.version).into(),
        status(plugin),
        figures::bytes(plugin.bytes).into(),
        if plugin.bundled { "bundled" } else { "directory" }.into(),
        signer(plugin),
        Cell::styled(text::escaped(&plugin.description), FAINT),
    ]
}

/// The status in its colour.
fn status(plugin: &Plugin) -> Cell {
    match plugin.status {
        PluginStatus::Ready if !plugin.withheld.is_empty() => Cell::styled("ready, in part", GOOD),
        PluginStatus::Ready => Cell::styled(describe_status(plugin), GOOD),
        PluginStatus::NeedsApproval => Cell::styled(describe_status(plugin), WARNING),
        PluginStatus::Disabled | PluginStatus::Tripped => Cell::styled(describe_status(plugin), BAD),
    }
}

/// The status in words.
pub(super) fn describe_status(plugin: &Plugin) -> String {
    match plugin.status {
        PluginStatus::Ready => "ready".to_owned(),
        PluginStatus::NeedsApproval => "needs approval".to_owned(),
        PluginStatus::Disabled => "disabled".to_owned(),
        PluginStatus::Tripped => describe_stop(plugin),
    }
}

/// That Baton stopped a plugin, and why.
pub(super) fn describe_stop(plugin: &Plugin) -> String {
    format!("stopped after {}", figures::counted(plugin.traps.unwrap_or_default().into(), "trap", "traps"))
}

/// Who signed it, in a word: keys are long, and `plugin show` has them whole.
fn signer(plugin: &Plugin) -> Cell {
    match &plugin.signed_by {
        _ if plugin.bundled => "".into(),
        Some(signature) => match &signature.trusted_as {
            Some(name) => Cell::styled(text::escaped(name), GOOD),
            None => Cell::styled("unknown key", WARNING),
        },
        None => Cell::styled("not signed", FAINT),
    }
}

fn describe_lost_reach(context: &Context, plugin: &Plugin) -> Option<String> {
    if plugin.reaches_less_through.is_empty() {
        return None;
    }
    let name = text::escaped(&plugin.name);
    let through = plugin.reaches_less_through.iter().map(|name| format!("`{}`", text::escaped(name))).collect::<Vec<_>>().join(", ");
    Some(format!(
        "{} Plugin `{name}` reaches less through {through} than before: what a plugin starts may do no more for it than the plugin was \
         granted itself. Grant the rest with `{}`, or a part; keep it so with `{}`.",
        painted(WARNING, "!"),
        context.again(&format!("plugin grant {name} through")),
        context.again(&format!("plugin revoke {name} through")),
    ))
}

/// A plugin in words, such as "workflow `plan` 1.0.0".
pub(super) fn describe(plugin: &Plugin) -> String {
    format!("{} `{}` {}", plugin.kind.as_str(), text::escaped(&plugin.name), text::escaped(&plugin.version))
}

/// A rejected file whose reason names commands that lead to the same data.
pub(super) fn with_advice(context: &Context, file: RejectedFile) -> RejectedFile {
    RejectedFile { reason: context.advice(&file.reason), ..file }
}
