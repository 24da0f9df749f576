//! What the commands that decide of a plugin have in common: they decide, also while another Baton executes, and say
//! what holds now.

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::{Value, json};

use super::{list, reach};
use crate::{
    cli::{
        Context,
        exit::Exit,
        place::ProjectNames,
        screen::{GOOD, WARNING, painted},
        text,
    },
    events::path_text,
    kernel::{
        granting::{By, Change, Named},
        permissions::Patterns,
        registry::{Origin, Plugin, Status},
    },
    operations::{Access, Host},
};

/// Capabilities as arguments.
#[derive(Debug, Args)]
pub(super) struct Capabilities {
    /// KIND=PATTERN such as 'write=docs/**', or KIND for all of it that the plugin asks for; behind `through.` what others
    /// may do through it [default: everything that it asks for]
    #[arg(value_name = "CAPABILITY")]
    pub(super) capabilities: Vec<Named>,
}

/// Why somebody decides.
#[derive(Debug, Args)]
pub(super) struct Reason {
    /// The reason, which `baton plugin history` shows
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(super) reason: Option<String>,
}

fn reason(text: &str) -> Result<String, String> {
    const MOST: usize = 1_000;
    match text.chars().count() {
        count if count > MOST => Err(format!("a reason has at most {MOST} characters, and this one has {count}")),
        _ => Ok(text.to_owned()),
    }
}

/// Decides, and says what holds now.
pub(super) async fn decide(context: &Context, plugin: &str, change: &Change, reason: &Reason) -> Result<Exit> {
    decide_in(context.open(Access::Decide).await?, context, plugin, change, reason).await
}

/// The same with a host that is open. How far the plugin reaches with a grant is shown first.
pub(super) async fn decide_in(app: Host, context: &Context, plugin: &str, change: &Change, reason: &Reason) -> Result<Exit> {
    let installed = app.kernel.registry().find(plugin);
    if installed.is_none()
        && grants(change)
        && let Some(refused) = app.refused.iter().find(|refused| refused.is_named(plugin))
    {
        let (name, path) = (text::escaped(plugin), text::escaped(&path_text(&refused.path)));
        let reason = refused.reason.clone();
        app.close().await;
        return Err(anyhow!("Nothing was granted to `{name}`, for its file {path} is rejected: {reason}"));
    }
    let projects = ProjectNames::load(&app).await?;
    let shown = match &installed {
        Some(installed) if grants(change) => Some((installed, app.kernel.preview(plugin, change).await?)),
        _ => None,
    };
    if let Some((installed, (grant_state, reach))) = shown.as_ref().filter(|_| !context.screen.is_json()) {
        context.screen.tell(reach::describe(context, installed, grant_state, reach, &projects));
    }
    let by = By { who: &app.config.operator, why: reason.reason.as_deref() };
    let decided = app.kernel.decide(plugin, change, by).await?;
    if let Some(decided) = decided.as_ref().filter(|_| grants(change))
        && let Origin::File(path) = &decided.origin
        && decided.newcomer
    {
        // Whoever grants something to it means that it is to have the name.
        app.claim(decided, path).await?;
    }
    match &decided {
        Some(decided) if context.screen.is_json() => {
            let mut document = summary(&app, decided);
            if let Some((_, (_, reach))) = &shown {
                document["reach"] = reach::document(reach);
            }
            context.screen.document(&document)?;
        }
        Some(decided) => {
            context.screen.tell(outcome(context, decided, &projects));
            if let Some(elsewhere) = elsewhere(&app, decided) {
                context.screen.tell(elsewhere);
            }
        }
        None if context.screen.is_json() => context.screen.document(&json!({ "name": plugin, "versions": "all" }))?,
        None => context.screen.tell(format!("  That holds for every version of `{}`; it is not installed here.", text::escaped(plugin))),
    }
    app.close().await;
    Ok(Exit::Done)
}

fn grants(change: &Change) -> bool {
    matches!(change, Change::Grant(_) | Change::GrantOn(..) | Change::Only(_))
}

/// Shows what a grant would make of a plugin, and changes nothing.
pub(super) async fn preview(context: &Context, app: &Host, name: &str, change: &Change) -> Result<Exit> {
    let (grant_state, reach) = app.kernel.preview(name, change).await?;
    let Some(plugin) = app.kernel.registry().find(name) else { return Ok(Exit::Done) };
    if context.screen.is_json() {
        let mut document = summary(app, &plugin);
        document["grants"] = json!(grant_state.granted);
        document["limited"] = reach::limited_document(&grant_state);
        document["withheld"] = json!(grant_state.withheld);
        document["reach"] = reach::document(&reach);
        document["dry-run"] = json!(true);
        context.screen.document(&document)?;
        return Ok(Exit::Done);
    }
    context.screen.answer(reach::describe(context, &plugin, &grant_state, &reach, &ProjectNames::load(app).await?))?;
    context.screen.tell("Nothing was changed.");
    Ok(Exit::Done)
}

/// A plugin as programs see it, with what runs begin with in another Baton where that is another version.
pub(super) fn summary(app: &Host, plugin: &Plugin) -> Value {
    let mut document = list::summary(plugin);
    if let Some(begun) = app.begun_elsewhere(plugin) {
        document["begun-elsewhere"] = json!({ "version": begun.version, "hash": begun.hash });
    }
    document
}

/// Which version another Baton begins runs with, where it is not the one that was spoken of.
pub(super) fn elsewhere(app: &Host, plugin: &Plugin) -> Option<String> {
    let begun = app.begun_elsewhere(plugin)?;
    let (name, hash) = (text::escaped(plugin.name()), begun.hash.get(..12).unwrap_or(&begun.hash));
    let (version, present) = (text::escaped(&begun.version), text::escaped(&plugin.package.manifest.version.to_string()));
    Some(format!(
        "{} That is version {present} (sha256 {}), which lies in the plugin folder. The running host starts runs of `{name}` with \
         version {version} (sha256 {hash}) until it loads the file: at once if it serves, otherwise at its next start.",
        painted(WARNING, "!"),
        plugin.package.hash.get(..12).unwrap_or(&plugin.package.hash),
    ))
}

/// What holds for a plugin now, and what is still to be decided.
pub(super) fn outcome(context: &Context, plugin: &Plugin, projects: &ProjectNames) -> String {
    let (name, grant_state) = (text::escaped(plugin.name()), plugin.grant_state());
    let mut lines = Vec::new();
    if plugin.status() == Status::Disabled {
        let enable = context.again(&format!("plugin enable {name}"));
        lines.push(format!("{} Plugin `{name}` is disabled: nothing starts it until `{enable}`.", painted(WARNING, "!")));
    }
    if plugin.status() == Status::Tripped {
        let enable = context.again(&format!("plugin enable {name}"));
        let stopped = list::stopped(plugin);
        lines.push(format!("{} Plugin `{name}` is {stopped}: nothing starts it until `{enable}`.", painted(WARNING, "!")));
    }
    let mark = if grant_state.granted.is_empty() { " ".to_owned() } else { painted(GOOD, "✓") };
    lines.push(if plugin.package.manifest.needs.is_empty() {
        format!("  Plugin `{name}` asks for nothing, so there is nothing to grant.")
    } else {
        format!("{mark} Plugin `{name}` is granted {}.", listed(&grant_state.granted))
    });
    lines.extend(reach::limited(&grant_state, projects).into_iter().map(|grant| format!("  Also {grant}.")));
    let (withheld, undecided) = (&grant_state.withheld, plugin.undecided());
    if !withheld.is_empty() {
        lines.push(format!("  It also asks for {}, which is withheld.", listed(withheld)));
    }
    if !undecided.is_empty() {
        let grant = context.again(&format!("plugin grant {name}"));
        lines.push(format!("{} It asks for {}. Grant it with `{grant}`, or a part.", painted(WARNING, "!"), listed(&undecided)));
    }
    lines.join("\n")
}

/// Capabilities as they are typed.
pub(super) fn listed(patterns: &Patterns) -> String {
    let each = |(kind, patterns): (&str, &[String])| {
        patterns.iter().map(|pattern| text::shell_word(&text::escaped(&format!("{kind}={pattern}")))).collect::<Vec<_>>()
    };
    let list: Vec<_> = patterns.iter().flat_map(each).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(" ") }
}
