//! How far a plugin reaches, as operators see it: what it may do itself, where and until when, and what other plugins may do
//! when it starts them.

use jiff::tz::TimeZone;

use super::decision::list_capabilities;
use crate::{
    cli::{
        Context, figures,
        screen::{FAINT, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Moment,
        plugins::{Capabilities, DecidedPlugin, InstalledPlugin, LimitedGrant, Plugin, Reach, THROUGH},
    },
};

/// What a plugin could do with a grant, itself and through others.
pub(super) fn describe(context: &Context, plan: &DecidedPlugin) -> String {
    let (Some(plugin), Some(reach)) = (&plan.plugin, &plan.reach) else { return String::new() };
    let own: Capabilities =
        plugin.grants.iter().filter(|(kind, _)| !kind.starts_with(THROUGH)).map(|(kind, own)| (kind.clone(), own.clone())).collect();
    let mut lines = vec![format!("With this, plugin `{}` may do {}.", text::escaped(&plugin.name), list_capabilities(&own))];
    lines.extend(limited_grants(plugin).into_iter().map(|grant| format!("  Also {grant}.")));
    lines.extend(describe_through(context, plugin, reach));
    lines.join("\n")
}

/// What other plugins may do when the plugin starts them; none where it may start none.
pub(super) fn describe_through(context: &Context, plugin: &Plugin, reach: &Reach) -> Option<String> {
    let through = plugin.granted_through(Moment(figures::now()))?;
    describe_with(context, plugin, &through, reach)
}

/// The same if everything that the plugin asks for is granted.
pub(super) fn describe_plan(context: &Context, plan: &InstalledPlugin) -> Option<String> {
    describe_with(context, &plan.plugin, plan.through.as_ref()?, plan.reach.as_ref()?)
}

fn describe_with(context: &Context, plugin: &Plugin, through: &Capabilities, reach: &Reach) -> Option<String> {
    let name = text::escaped(&plugin.name);
    if plugin.bundled {
        let table = || table(reach, context.screen.room());
        return (!reach.is_empty()).then(|| format!("It may start these, which may do what they were granted:\n{}", table()));
    }
    let through = if through.is_empty() { "nothing else".to_owned() } else { list_capabilities(through) };
    let mut lines = vec![format!("What it starts may do for it what it may do itself, and {through}.")];
    if reach.is_empty() {
        lines.push("It may start none of the installed plugins.".to_owned());
        return Some(lines.join("\n"));
    }
    if plugin.limited.iter().any(|grant| grant.project.is_some()) {
        lines.push("Some of it holds in one project only; the table shows all of it.".to_owned());
    }
    lines.push(table(reach, context.screen.room()));
    if reach.values().any(|reached| !reached.denied.is_empty()) {
        let (part, all) = (format!("plugin grant {name} 'through.write=docs/**'"), format!("plugin grant {name} through"));
        lines.push(format!(
            "Grant a part of what is denied with a command such as `{}`, all of it with `{}`.",
            context.again(&part),
            context.again(&all)
        ));
    }
    Some(lines.join("\n"))
}

fn table(reach: &Reach, room: Option<usize>) -> String {
    let mut table =
        Table::new(&[("STARTED", Align::Left), ("KIND", Align::Left), ("MAY DO", Align::Left), ("DENIED, OR NOT ALL OF IT", Align::Left)]);
    for (name, reached) in reach {
        let denied = if reached.denied.is_empty() { Cell::from("") } else { Cell::styled(list_capabilities(&reached.denied), WARNING) };
        let may = list_capabilities(&reached.may);
        table.row([text::escaped(name).into(), Cell::styled(reached.kind.as_str(), FAINT), may.into(), denied]);
    }
    table.fit(room)
}

/// Each grant for one project or until a time, in a line.
pub(super) fn limited_grants(plugin: &Plugin) -> Vec<String> {
    let line = |grant: &LimitedGrant| {
        let terms = describe_terms(grant.project_name.as_deref().or(grant.project.as_deref()), grant.until);
        let has_passed = grant.until.is_some_and(|until| until <= Moment(figures::now()));
        let terms = if has_passed { painted(WARNING, format!("{terms}, which has passed")) } else { terms };
        format!("{} {terms}", list_capabilities(&grant.grants))
    };
    plugin.limited.iter().map(line).collect()
}

/// Where and until when, in words; empty for everywhere and without an end.
pub(super) fn describe_terms(project: Option<&str>, until: Option<Moment>) -> String {
    let project = project.map(|project| format!("in project {}", text::escaped(project)));
    let until = until.map(|until| format!("until {}", figures::end(until.0, &TimeZone::system())));
    project.into_iter().chain(until).collect::<Vec<_>>().join(" ")
}
