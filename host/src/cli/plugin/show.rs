//! `baton plugin show`. Hides nothing of what a plugin says of itself: an operator decides by it.

use anyhow::Result;
use clap::Args;

use super::{decision, inputs, list, reach, usage};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        plugins::{OfFile, Plugin, PluginDetails, RejectedFile, THROUGH, capability_kind},
    },
};

/// Show a plugin or a file: what it is, what it asks for and what it may do, or why it is rejected
///
/// Exits with code 1 if Baton rejects the file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Name of a plugin or of a rejected file in the plugin directory, or a .wasm file
    #[arg(value_name = "NAME|FILE")]
    plugin: String,
}

impl Show {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let details = match client::plugins::show(&client, &self.plugin).await? {
            OfFile::Plugin(details) => details,
            OfFile::Rejected(file) => return show_rejected(context, file),
        };
        if context.screen.is_json() {
            context.screen.document(&details)?;
            return Ok(Exit::Done);
        }
        let room = context.screen.room();
        let usage = Some(usage::describe(&details, figures::now(), room)).filter(|usage| !usage.is_empty());
        let lines: Vec<_> = [describe(&details, room)].into_iter().chain(describe_grants(context, &details)).chain(usage).collect();
        context.screen.answer(lines.join("\n"))?;
        decision::describe_other_version(&details.plugin).into_iter().for_each(|differs| context.screen.tell(differs));
        Ok(Exit::Done)
    }
}

/// Shows a file that this host rejects.
fn show_rejected(context: &Context, file: RejectedFile) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(&list::with_advice(context, file))?;
        return Ok(Exit::Failed);
    }
    let mut lines = Vec::new();
    lines.extend(file.name.as_deref().map(|name| fact("Name", text::escaped(name))));
    lines.extend(file.kind.map(|kind| fact("Kind", kind.as_str().to_owned())));
    lines.extend(file.version.as_deref().map(|version| fact("Version", text::escaped(version))));
    lines.push(fact("Status", painted(BAD, "rejected").to_string()));
    lines.push(fact("Origin", text::escaped(&file.file)));
    lines.push(fact("Reason", text::plain(&file.reason)));
    context.screen.words(&lines.join("\n"))?;
    Ok(Exit::Failed)
}

fn fact(name: &str, value: String) -> String {
    format!("{} {value}", painted(STRONG, format!("{name:<9}")))
}

/// Says why this host rejects a file.
pub(super) fn reject(context: &Context, file: RejectedFile) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(&list::with_advice(context, file))?;
    } else {
        let (file, reason) = (text::escaped(&file.file), text::plain(&file.reason));
        context.screen.warn(format!("{} This host rejects {file}: {reason}", painted(BAD, "✗")));
    }
    Ok(Exit::Failed)
}

/// Who signed a plugin, in words.
pub(super) fn describe_signer(plugin: &Plugin) -> String {
    match &plugin.signed_by {
        _ if plugin.bundled => "Baton itself".to_owned(),
        None => "no key".to_owned(),
        Some(signature) => match &signature.trusted_as {
            Some(name) => text::escaped(name),
            None => format!("the unknown key {}", text::escaped(&signature.key)),
        },
    }
}

fn describe(details: &PluginDetails, room: Option<usize>) -> String {
    let plugin = &details.plugin;
    let imports = plugin.imports.iter().map(|import| text::escaped(import)).collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        fact("Name", text::escaped(&plugin.name)),
        fact("For", text::escaped(&plugin.description)),
        fact("Kind", plugin.kind.as_str().to_owned()),
        fact("Version", text::escaped(&plugin.version)),
        fact("Status", list::describe_status(plugin)),
        fact("Origin", plugin.file.as_deref().map_or_else(|| "bundled".to_owned(), text::escaped)),
        fact("Signed by", describe_signer(plugin)),
        fact("Size", figures::bytes(plugin.bytes)),
        fact("SHA-256", plugin.hash.clone()),
        fact("Contract", details.contract.clone().unwrap_or_else(|| "none".to_owned())),
        fact("Imports", if imports.is_empty() { "nothing".to_owned() } else { imports }),
        String::new(),
        needs(plugin, room),
    ];
    lines.extend(details.warnings.iter().map(|warning| format!("{} It {}.", painted(WARNING, "!"), text::escaped(warning))));
    lines.extend(details.input.as_ref().and_then(|schema| inputs::table(schema, room)).map(|table| format!("\n{table}")));
    if !details.packed.is_empty() {
        lines.push(format!("\n{}", painted(STRONG, "PACKED FILES")));
        lines.extend(details.packed.iter().map(|path| text::escaped(path)));
    }
    lines.join("\n")
}

/// What it was granted for one project or until a time, and what other plugins may do when it starts them.
fn describe_grants(context: &Context, details: &PluginDetails) -> Vec<String> {
    let limited = reach::limited_grants(&details.plugin);
    let limited = limited.into_iter().map(|grant| format!("Granted with limits: {grant}.")).collect::<Vec<_>>();
    let through = reach::describe_through(context, &details.plugin, &details.reach);
    let parts = [limited.join("\n"), through.unwrap_or_default()].into_iter().filter(|part| !part.is_empty());
    parts.map(|part| format!("\n{part}")).collect()
}

/// What it asks for beside what it is granted.
pub(super) fn needs(plugin: &Plugin, room: Option<usize>) -> String {
    if plugin.needs.is_empty() && plugin.grants.is_empty() {
        return "It asks for nothing, and may reach nothing but its own run.".to_owned();
    }
    let mut table = Table::new(&[("IT ASKS TO", Align::Left), ("NEED", Align::Left), ("OF", Align::Left), ("GRANTED", Align::Left)]);
    let meaning = |kind: &str| capability_kind(kind).map_or("", |known| known.meaning);
    for (kind, patterns) in &plugin.needs {
        for pattern in patterns {
            let granted = if granted(plugin, kind).contains(pattern) {
                Cell::from("yes")
            } else {
                Cell::styled(narrower(plugin, kind, pattern), WARNING)
            };
            table.row([Cell::styled(meaning(kind), FAINT), text::escaped(kind).into(), text::escaped(pattern).into(), granted]);
        }
    }
    let own = plugin.grants.iter().filter(|(kind, _)| !kind.starts_with(THROUGH) && plugin.needs.get(*kind).is_none_or(Vec::is_empty));
    for (kind, limits) in own {
        let only = Cell::styled(format!("only {}", text::escaped(&limits.join(", "))), WARNING);
        table.row([Cell::styled(meaning(kind), FAINT), text::escaped(kind).into(), Cell::styled("no limit", FAINT), only]);
    }
    table.fit(room)
}

fn granted<'a>(plugin: &'a Plugin, kind: &str) -> &'a [String] {
    plugin.grants.get(kind).map_or(&[], Vec::as_slice)
}

/// What is granted of a need that is not granted as it stands.
fn narrower(plugin: &Plugin, kind: &str, pattern: &String) -> String {
    let is_withheld = plugin.withheld.get(kind).is_some_and(|withheld| withheld.contains(pattern));
    let is_limited = || plugin.limited.iter().any(|grant| grant.grants.get(kind).is_some_and(|patterns| !patterns.is_empty()));
    let is_reserved = || capability_kind(kind).is_some_and(|known| known.is_reserved);
    let granted: Vec<_> = granted(plugin, kind).iter().filter(|granted| may_narrow(kind, pattern, granted)).collect();
    match &granted[..] {
        [] if is_limited() => "with limits".to_owned(),
        [] if is_reserved() => "no, nothing uses it yet".to_owned(),
        [] if is_withheld => "no, withheld".to_owned(),
        [] => "not decided".to_owned(),
        granted => format!("only {}", granted.iter().map(|pattern| text::escaped(pattern)).collect::<Vec<_>>().join(", ")),
    }
}

/// Whether a grant may be a part of a need: of an amount, a smaller one; of a pattern, one that begins as it does. A need without
/// a wildcard has no parts.
fn may_narrow(kind: &str, need: &str, granted: &str) -> bool {
    let is_amount = capability_kind(kind).is_some_and(|known| known.is_amount);
    is_amount || need.find(['*', '?', '[', '{']).is_some_and(|wildcard| granted.starts_with(&need[..wildcard]))
}
