//! `baton plugin list`.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{decision, reach};
use crate::{
    app::Refused,
    cli::{
        Context,
        exit::Exit,
        figures,
        place::ProjectNames,
        screen::{BAD, FAINT, GOOD, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    events::path_text,
    kernel::{
        package::Manifest,
        registry::{Origin, Plugin, Status},
        signature::{Signer, Trust},
    },
    operations::{Access, Host},
};

/// List plugins, and the files in the plugin folder that are rejected
#[derive(Debug, Args)]
pub(in crate::cli) struct List {}

impl List {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let plugins = app.kernel.registry().all();
        if context.screen.is_json() {
            let refused = |refused: &Refused| json!({ "file": path_text(&refused.path), "reason": context.advice(&refused.reason) });
            let refused: Vec<_> = app.refused.iter().map(refused).collect();
            let document = |plugin: &Arc<Plugin>| {
                let mut document = signed(decision::summary(&app, plugin), plugin, &app.config.trust);
                document["reaches-less-through"] = json!(reaches_less_through(&app, plugin));
                document
            };
            let plugins: Vec<_> = plugins.values().map(document).collect();
            context.screen.document(&json!({ "plugins": plugins, "refused": refused }))?;
            return Ok(Exit::Done);
        }
        let mut table = Table::new(&[
            ("NAME", Align::Left),
            ("KIND", Align::Left),
            ("VERSION", Align::Left),
            ("STATUS", Align::Left),
            ("SIZE", Align::Right),
            ("ORIGIN", Align::Left),
            ("SIGNED BY", Align::Left),
            ("WHAT IT IS FOR", Align::Left),
        ]);
        for plugin in plugins.values() {
            table.row(row(plugin, &app.config.trust));
        }
        for refused in &app.refused {
            let name = path_text(Path::new(refused.path.file_stem().unwrap_or_default()));
            let declared = refused.declared();
            let said =
                |value: fn(&Manifest) -> String| declared.as_ref().map(|manifest| text::escaped(&value(manifest))).unwrap_or_default();
            let cells = [
                Cell::from(text::escaped(&name)),
                said(|manifest| manifest.kind.to_string()).into(),
                said(|manifest| manifest.version.to_string()).into(),
                Cell::styled("rejected", BAD),
                "".into(),
                "folder".into(),
                "".into(),
            ];
            table.row(cells.into_iter().chain([Cell::styled(text::excerpt(&refused.reason, 80), FAINT)]));
        }
        context.screen.answer(table.fit(context.screen.room()))?;
        plugins.values().filter_map(|plugin| decision::elsewhere(&app, plugin)).for_each(|differs| context.screen.tell(differs));
        let projects = ProjectNames::load(&app).await?;
        for plugin in plugins.values() {
            let name = text::escaped(plugin.name());
            reach::limited(&plugin.grant_state(), &projects)
                .into_iter()
                .for_each(|grant| context.screen.tell(format!("  `{name}`: {grant}.")));
            if let Some(less) = reaches_less(context, &app, plugin) {
                context.screen.tell(less);
            }
        }
        Ok(Exit::Done)
    }
}

/// Those through which a plugin reaches less than before what they do for it was bounded, until an operator decides.
fn reaches_less_through(app: &Host, plugin: &Plugin) -> Vec<String> {
    let grant_state = plugin.grant_state();
    if !grant_state.reaches_less || plugin.origin == Origin::Bundled {
        return Vec::new();
    }
    let reach = app.kernel.reach(plugin, &grant_state);
    reach.iter().filter(|(_, reached)| !reached.beyond.is_empty()).map(|(name, _)| name.to_owned()).collect()
}

fn reaches_less(context: &Context, app: &Host, plugin: &Plugin) -> Option<String> {
    let through = reaches_less_through(app, plugin);
    if through.is_empty() {
        return None;
    }
    let name = text::escaped(plugin.name());
    let through = through.iter().map(|name| format!("`{}`", text::escaped(name))).collect::<Vec<_>>().join(", ");
    Some(format!(
        "{} Plugin `{name}` reaches less through {through} than before: what a plugin starts may do no more for it than it was granted itself. \
         Grant the rest with `{}`, or a part; keep it so with `{}`.",
        painted(WARNING, "!"),
        context.again(&format!("plugin grant {name} through")),
        context.again(&format!("plugin revoke {name} through")),
    ))
}

fn row(plugin: &Plugin, trust: &Trust) -> [Cell; 8] {
    let manifest = &plugin.package.manifest;
    let origin = match &plugin.origin {
        Origin::Bundled => "bundled",
        Origin::File(_) => "folder",
    };
    [
        text::escaped(&manifest.name).into(),
        manifest.kind.as_str().into(),
        text::escaped(&manifest.version.to_string()).into(),
        status(plugin),
        figures::bytes(plugin.package.wasm.len() as u64).into(),
        origin.into(),
        signer(plugin, trust),
        Cell::styled(text::escaped(&manifest.description), FAINT),
    ]
}

/// The status in its colour.
pub(super) fn status(plugin: &Plugin) -> Cell {
    match plugin.status() {
        Status::Ready if !plugin.grant_state().withheld.is_empty() => Cell::styled("ready, in part", GOOD),
        Status::Ready => Cell::styled(Status::Ready.as_str(), GOOD),
        Status::NeedsApproval => Cell::styled(Status::NeedsApproval.as_str(), WARNING),
        Status::Disabled => Cell::styled(Status::Disabled.as_str(), BAD),
        Status::Tripped => Cell::styled(stopped(plugin), BAD),
    }
}

/// Who signed it, in a word: keys are long, and `plugin show` has them whole.
fn signer(plugin: &Plugin, trust: &Trust) -> Cell {
    match trust.signer(&plugin.package) {
        _ if plugin.origin == Origin::Bundled => "".into(),
        Signer::Trusted(name) => Cell::styled(text::escaped(&name), GOOD),
        Signer::Unknown(_) => Cell::styled("unknown key", WARNING),
        Signer::Unsigned => Cell::styled("not signed", FAINT),
    }
}

/// Adds to a document who signed the plugin: the key, and the operator's name for it where there is one.
pub(super) fn signed(mut document: Value, plugin: &Plugin, trust: &Trust) -> Value {
    let name = match trust.signer(&plugin.package) {
        Signer::Trusted(name) => Some(name),
        Signer::Unknown(_) | Signer::Unsigned => None,
    };
    document["signed-by"] = json!({ "key": plugin.package.signed_by.map(|key| key.to_string()), "trusted-as": name });
    document
}

/// What became of a plugin that kept trapping.
pub(super) fn stopped(plugin: &Plugin) -> String {
    format!("stopped after {}", figures::counted(plugin.grant_state().tripped.unwrap_or_default().into(), "trap", "traps"))
}

/// A plugin as programs see it.
pub(super) fn summary(plugin: &Plugin) -> Value {
    let manifest = &plugin.package.manifest;
    json!({
        "name": manifest.name,
        "kind": manifest.kind,
        "version": manifest.version,
        "description": manifest.description,
        "status": plugin.status().as_str().replace(' ', "-"),
        "origin": match &plugin.origin {
            Origin::Bundled => json!("bundled"),
            Origin::File(path) => json!(path_text(path)),
        },
        "hash": plugin.package.hash,
        "bytes": plugin.package.wasm.len(),
        "needs": manifest.needs,
        "grants": plugin.grant_state().granted,
        "limited": reach::limited_document(&plugin.grant_state()),
        "withheld": plugin.grant_state().withheld,
        "undecided": plugin.undecided(),
        "traps": plugin.grant_state().tripped,
        "imports": plugin.package.imports,
    })
}
