//! `baton plugin show`. What a plugin says of itself is shown with nothing hidden: somebody decides by it.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{decision, inputs, list, not_a_file, reach, usage::Usage};
use crate::{
    app::{self, Refused},
    cli::{
        Context,
        exit::{Exit, Misuse},
        figures,
        place::ProjectNames,
        screen::{BAD, FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    events::path_text,
    interfaces::CAPABILITIES,
    journal::Matching,
    kernel::{
        grants::GrantState,
        registry::{Origin, Plugin, Status},
        signature::Trust,
    },
    operations::{Access, Host},
};

/// Show a plugin or a file: what it is, what it asks for and what it may do, or why it is rejected
///
/// Ends with 1 when this host rejects the file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Name of a plugin or of a rejected file in the plugin folder, or a .wasm file
    #[arg(value_name = "NAME|FILE")]
    plugin: String,
}

impl Show {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let installed = app.kernel.registry().find(&self.plugin);
        let elsewhere = installed.as_ref().and_then(|plugin| decision::elsewhere(&app, plugin));
        let usage = match &installed {
            Some(plugin) => Some(Usage::of(&app, plugin).await?),
            None => None,
        };
        let plugin = match installed {
            Some(plugin) => plugin,
            None => {
                if let Some(refused) = app.refused.iter().find(|refused| refused.is_named(&self.plugin)) {
                    return rejected(context, refused);
                }
                match self.understood(&app)? {
                    Ok(plugin) => {
                        app.kernel.apply_decided(&plugin).await?;
                        Arc::new(plugin)
                    }
                    Err(reason) => return refuse(context, &self.plugin, &reason),
                }
            }
        };
        let warnings = app::warnings(&plugin);
        let packed: Vec<String> = plugin.assets.paths().map(str::to_owned).collect();
        if context.screen.is_json() {
            let mut document = document(&plugin, &warnings, &packed, &app.config.trust);
            document["reach"] = reach::document(&app.kernel.reach(&plugin, &plugin.grant_state()));
            if let Some(usage) = &usage {
                document["begun-elsewhere"] = decision::summary(&app, &plugin)["begun-elsewhere"].take();
                (document["versions"], document["runs"]) = usage.document();
            }
            context.screen.document(&document)?;
        } else {
            let room = context.screen.room();
            let usage = usage.map(|usage| usage.describe(figures::now(), room)).filter(|usage| !usage.is_empty());
            let granted = granted(context, &app, &plugin).await?;
            let lines: Vec<_> =
                [describe(&plugin, &warnings, &packed, &app.config.trust, room)].into_iter().chain(granted).chain(usage).collect();
            context.screen.answer(lines.join("\n"))?;
            elsewhere.into_iter().for_each(|differs| context.screen.tell(differs));
        }
        Ok(Exit::Done)
    }

    /// The inner error is why the file is refused.
    fn understood(&self, app: &Host) -> Result<Result<Plugin, String>, Misuse> {
        let path = Path::new(&self.plugin);
        if path.is_file() {
            return Ok(app::read_plugin(path, &app.config.trust));
        }
        if let Some(other) = not_a_file(path) {
            return Err(other);
        }
        let known: Vec<_> = app.kernel.registry().all().keys().map(|name| format!("`{}`", text::escaped(name))).collect();
        Err(Misuse(format!("There is no plugin and no file `{}`; the plugins are {}.", text::escaped(&self.plugin), known.join(", "))))
    }
}

/// Shows a file of the plugin folder that is not a plugin here.
fn rejected(context: &Context, refused: &Refused) -> Result<Exit> {
    let declared = refused.declared();
    if context.screen.is_json() {
        let declared = declared.as_ref();
        context.screen.document(&json!({
            "name": declared.map(|manifest| &manifest.name),
            "kind": declared.map(|manifest| manifest.kind),
            "version": declared.map(|manifest| manifest.version.to_string()),
            "status": "rejected",
            "file": path_text(&refused.path),
            "refused": context.advice(&refused.reason),
        }))?;
        return Ok(Exit::Failed);
    }
    let mut lines = Vec::new();
    if let Some(manifest) = declared {
        lines.push(fact("Name", text::escaped(&manifest.name)));
        lines.push(fact("Kind", manifest.kind.to_string()));
        lines.push(fact("Version", text::escaped(&manifest.version.to_string())));
    }
    lines.push(fact("Status", painted(BAD, "rejected").to_string()));
    lines.push(fact("Origin", text::escaped(&path_text(&refused.path))));
    lines.push(fact("Reason", text::plain(&refused.reason)));
    context.screen.words(&lines.join("\n"))?;
    Ok(Exit::Failed)
}

fn fact(name: &str, value: String) -> String {
    format!("{} {value}", painted(STRONG, format!("{name:<9}")))
}

/// Says why a file is no plugin here.
pub(super) fn refuse(context: &Context, file: &str, reason: &str) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(&json!({ "file": file, "refused": context.advice(reason) }))?;
    } else {
        context.screen.warn(format!("{} This host rejects {}: {}", painted(BAD, "✗"), text::escaped(file), text::plain(reason)));
    }
    Ok(Exit::Failed)
}

fn describe(plugin: &Plugin, warnings: &[String], packed: &[String], trust: &Trust, room: Option<usize>) -> String {
    let manifest = &plugin.package.manifest;
    let imports = plugin.package.imports.iter().map(|import| text::escaped(import)).collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        fact("Name", text::escaped(&manifest.name)),
        fact("For", text::escaped(&manifest.description)),
        fact("Kind", manifest.kind.to_string()),
        fact("Version", text::escaped(&manifest.version.to_string())),
        fact("Status", if plugin.status() == Status::Tripped { list::stopped(plugin) } else { plugin.status().as_str().to_owned() }),
        fact("Origin", text::escaped(&plugin.origin.to_string())),
        fact(
            "Signed by",
            if plugin.origin == Origin::Bundled {
                "Baton itself".to_owned()
            } else {
                text::escaped(&trust.signer(&plugin.package).to_string())
            },
        ),
        fact("Size", figures::bytes(plugin.package.wasm.len() as u64)),
        fact("SHA-256", plugin.package.hash.clone()),
        fact("Contract", plugin.package.contract.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        fact("Imports", if imports.is_empty() { "nothing".to_owned() } else { imports }),
        String::new(),
        needs(plugin, room),
    ];
    lines.extend(warnings.iter().map(|warning| format!("{} It {}.", painted(WARNING, "!"), text::escaped(warning))));
    lines.extend(manifest.input.as_ref().and_then(|schema| inputs::table(schema, room)).map(|table| format!("\n{table}")));
    if !packed.is_empty() {
        lines.push(format!("\n{}", painted(STRONG, "PACKED FILES")));
        lines.extend(packed.iter().map(|path| text::escaped(path)));
    }
    lines.join("\n")
}

/// What it was granted on terms, and what others may do when it starts them.
async fn granted(context: &Context, app: &Host, plugin: &Plugin) -> Result<Vec<String>> {
    let grant_state = plugin.grant_state();
    let projects = ProjectNames::load(app).await?;
    let limited =
        reach::limited(&grant_state, &projects).into_iter().map(|grant| format!("Granted on terms: {grant}.")).collect::<Vec<_>>();
    let through = reach::through(context, plugin, &grant_state, &app.kernel.reach(plugin, &grant_state));
    Ok([limited.join("\n"), through.unwrap_or_default()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| format!("\n{part}"))
        .collect())
}

/// What it asks for beside what it was given.
pub(super) fn needs(plugin: &Plugin, room: Option<usize>) -> String {
    let needs = &plugin.package.manifest.needs;
    if needs.is_empty() && plugin.grant_state().granted.is_empty() {
        return "It asks for nothing, and may reach nothing but its own run.".to_owned();
    }
    let mut table = Table::new(&[("IT ASKS TO", Align::Left), ("NEED", Align::Left), ("OF", Align::Left), ("GRANTED", Align::Left)]);
    let grant_state = plugin.grant_state();
    for (kind, patterns) in needs.iter() {
        let meaning = CAPABILITIES.iter().find(|known| known.word == kind).map_or("", |known| known.meaning);
        for pattern in patterns {
            let granted = if grant_state.granted.of(kind).contains(pattern) {
                Cell::from("yes")
            } else {
                Cell::styled(narrower(&grant_state, kind, pattern), WARNING)
            };
            table.row([Cell::styled(meaning, FAINT), text::escaped(kind).into(), text::escaped(pattern).into(), granted]);
        }
    }
    for (kind, bounds) in grant_state.granted.own().iter().filter(|(kind, _)| needs.of(kind).is_empty()) {
        let meaning = CAPABILITIES.iter().find(|known| known.word == kind).map_or("", |known| known.meaning);
        let only = Cell::styled(format!("only {}", text::escaped(&bounds.join(", "))), WARNING);
        table.row([Cell::styled(meaning, FAINT), text::escaped(kind).into(), Cell::styled("no bound", FAINT), only]);
    }
    table.fit(room)
}

/// What is granted of a need that is not granted as it stands.
fn narrower(grant_state: &GrantState, kind: &str, pattern: &String) -> String {
    let withheld = grant_state.withheld.of(kind).contains(pattern);
    let granted: Vec<_> = grant_state.granted.of(kind).iter().filter(|granted| may_narrow(kind, pattern, granted)).collect();
    match &granted[..] {
        [] if grant_state.limited.iter().any(|grant| !grant.granted.of(kind).is_empty()) => "on terms".to_owned(),
        [] if is_reserved(kind) => "no, nothing uses it yet".to_owned(),
        [] if withheld => "no, withheld".to_owned(),
        [] => "not decided".to_owned(),
        granted => format!("only {}", granted.iter().map(|pattern| text::escaped(pattern)).collect::<Vec<_>>().join(", ")),
    }
}

/// Whether a grant may be a part of a need: of an amount, a smaller one; of a pattern, what begins as it does. A need without a
/// wildcard has no parts.
fn may_narrow(kind: &str, need: &str, granted: &str) -> bool {
    let is_amount = CAPABILITIES.iter().any(|known| known.word == kind && known.matching == Matching::Amount);
    is_amount || need.find(['*', '?', '[', '{']).is_some_and(|wildcard| granted.starts_with(&need[..wildcard]))
}

fn is_reserved(kind: &str) -> bool {
    CAPABILITIES.iter().any(|known| known.word == kind && known.interface.is_empty())
}

fn document(plugin: &Plugin, warnings: &[String], packed: &[String], trust: &Trust) -> Value {
    let mut document = list::signed(list::summary(plugin), plugin, trust);
    document["contract"] = json!(plugin.package.contract.as_ref().map(ToString::to_string));
    document["warnings"] = json!(warnings);
    document["packed"] = json!(packed);
    document["input"] = json!(plugin.package.manifest.input);
    document
}
