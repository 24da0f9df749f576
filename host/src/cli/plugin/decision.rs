//! What the commands that decide on a plugin have in common: they show what holds now. Decides nothing by itself.

use anyhow::Result;
use clap::Args;

use super::{list, reach};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    operations::plugins::{Capabilities, DecidedPlugin, LONGEST_REASON, Plugin, PluginStatus},
};

/// Capabilities as arguments.
#[derive(Debug, Args)]
pub(super) struct CapabilityArguments {
    /// KIND=PATTERN such as 'write=docs/**', or KIND for everything of that kind; with the prefix `through.`, what plugins
    /// that it starts may do for it [default: everything that it asks for]
    #[arg(value_name = "CAPABILITY")]
    pub(super) capabilities: Vec<String>,
}

/// Why somebody decides.
#[derive(Debug, Args)]
pub(super) struct Reason {
    /// Reason, for `baton plugin history`
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(super) reason: Option<String>,
}

fn reason(text: &str) -> Result<String, String> {
    match text.chars().count() {
        count if count > LONGEST_REASON => Err(format!("a reason has at most {LONGEST_REASON} characters, and this one has {count}")),
        _ => Ok(text.to_owned()),
    }
}

/// Shows what holds after a decision.
pub(super) fn show(context: &Context, decided: &DecidedPlugin) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(decided)?;
        return Ok(Exit::Done);
    }
    match &decided.plugin {
        Some(plugin) => {
            context.screen.tell(describe_grants(context, plugin));
            describe_other_version(plugin).into_iter().for_each(|differs| context.screen.tell(differs));
        }
        None => {
            context.screen.tell(format!("  This holds for every version of `{}`; it is not installed here.", text::escaped(&decided.name)));
        }
    }
    Ok(Exit::Done)
}

/// Which version the running host starts runs with, where it is another one.
pub(super) fn describe_other_version(plugin: &Plugin) -> Option<String> {
    let started = plugin.started_elsewhere.as_ref()?;
    let (name, hash) = (text::escaped(&plugin.name), started.hash.get(..12).unwrap_or(&started.hash));
    let (version, present) = (text::escaped(&started.version), text::escaped(&plugin.version));
    Some(format!(
        "{} That is version {present} (sha256 {}), which lies in the plugin folder. The running host starts runs of `{name}` with \
         version {version} (sha256 {hash}) until it loads the file: at once if it serves, otherwise at its next start.",
        painted(WARNING, "!"),
        plugin.hash.get(..12).unwrap_or(&plugin.hash),
    ))
}

/// What holds for a plugin now, and what is still to be decided.
pub(super) fn describe_grants(context: &Context, plugin: &Plugin) -> String {
    let name = text::escaped(&plugin.name);
    let mut lines = Vec::new();
    if plugin.status == PluginStatus::Disabled {
        let enable = context.again(&format!("plugin enable {name}"));
        lines.push(format!("{} Plugin `{name}` is disabled: no run of it starts until you use `{enable}`.", painted(WARNING, "!")));
    }
    if plugin.status == PluginStatus::Tripped {
        let enable = context.again(&format!("plugin enable {name}"));
        let stopped = list::describe_stop(plugin);
        lines.push(format!("{} Plugin `{name}` is {stopped}: no run of it starts until you use `{enable}`.", painted(WARNING, "!")));
    }
    let mark = if plugin.grants.is_empty() { " ".to_owned() } else { painted(GOOD, "✓") };
    lines.push(if plugin.needs.is_empty() {
        format!("  Plugin `{name}` asks for nothing, so nothing has to be granted.")
    } else {
        format!("{mark} Plugin `{name}` is granted {}.", list_capabilities(&plugin.grants))
    });
    lines.extend(reach::limited_grants(plugin).into_iter().map(|grant| format!("  Also {grant}.")));
    if !plugin.withheld.is_empty() {
        lines.push(format!("  It also asks for {}, which is withheld.", list_capabilities(&plugin.withheld)));
    }
    if !plugin.undecided.is_empty() {
        let grant = context.again(&format!("plugin grant {name}"));
        let undecided = list_capabilities(&plugin.undecided);
        lines.push(format!("{} It asks for {undecided}. Grant it with `{grant}`, or a part.", painted(WARNING, "!")));
    }
    lines.join("\n")
}

/// Capabilities as they are typed.
pub(in crate::cli) fn list_capabilities(capabilities: &Capabilities) -> String {
    let each = |(kind, patterns): (&String, &Vec<String>)| {
        patterns.iter().map(|pattern| text::shell_word(&text::escaped(&format!("{kind}={pattern}")))).collect::<Vec<_>>()
    };
    let list: Vec<_> = capabilities.iter().flat_map(each).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(" ") }
}
