//! How far a plugin reaches, as operators are shown it: what it may do itself and on which terms, and what others may do
//! when it starts them.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::decision::listed;
use crate::{
    cli::{
        Context, figures,
        place::ProjectNames,
        screen::{FAINT, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    interfaces::children::STARTS,
    kernel::{
        grants::{GrantState, LimitedGrant, Terms},
        permissions::THROUGH,
        reach::{Reach, Reached},
        registry::{Origin, Plugin},
    },
};

/// What a plugin with these grants could do, itself and through others.
pub(super) fn describe(context: &Context, plugin: &Plugin, grant_state: &GrantState, reach: &Reach, projects: &ProjectNames) -> String {
    let name = text::escaped(plugin.name());
    let mut lines = vec![format!("With this, plugin `{name}` may do {}.", listed(&grant_state.granted.own()))];
    lines.extend(limited(grant_state, projects).into_iter().map(|grant| format!("  Also {grant}.")));
    lines.extend(through(context, plugin, grant_state, reach));
    lines.join("\n")
}

/// What others may do when the plugin starts them; empty where it may start none.
pub(super) fn through(context: &Context, plugin: &Plugin, grant_state: &GrantState, reach: &Reach) -> Option<String> {
    let granted = grant_state.at_most_from(figures::now());
    if STARTS.iter().all(|(kind, _)| granted.of(kind).is_empty()) {
        return None;
    }
    let name = text::escaped(plugin.name());
    if plugin.origin == Origin::Bundled {
        return (!reach.is_empty())
            .then(|| format!("It may start these, which may do what they were granted:\n{}", table(reach, context.screen.room())));
    }
    let through = granted.kept(|kind, _| kind.starts_with(THROUGH));
    let through = if through.is_empty() { "nothing else".to_owned() } else { listed(&through) };
    let mut lines = vec![format!("What it starts may do for it what it may do itself, and {through}.")];
    if reach.is_empty() {
        lines.push("No installed plugin is one that it may start.".to_owned());
        return Some(lines.join("\n"));
    }
    if grant_state.limited.iter().any(|grant| grant.terms.project.is_some()) {
        lines.push("Some of it holds in one project alone; the table shows all of it.".to_owned());
    }
    lines.push(table(reach, context.screen.room()));
    if reach.iter().any(|(_, reached)| !reached.beyond.is_empty()) {
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
    for (name, reached) in reach.iter() {
        let denied = if reached.beyond.is_empty() { Cell::from("") } else { Cell::styled(listed(&reached.beyond), WARNING) };
        table.row([text::escaped(name).into(), Cell::styled(reached.kind.as_str(), FAINT), listed(&reached.may).into(), denied]);
    }
    table.fit(room)
}

/// Each grant on terms, in a line.
pub(super) fn limited(grant_state: &GrantState, projects: &ProjectNames) -> Vec<String> {
    let line = |grant: &LimitedGrant| format!("{} {}", listed(&grant.granted), on_terms(&grant.terms, projects));
    grant_state.limited.iter().map(line).collect()
}

fn on_terms(terms: &Terms, projects: &ProjectNames) -> String {
    let has_passed = terms.until.is_some_and(|until| until <= figures::now());
    let stated = stated(terms, projects);
    if has_passed { painted(WARNING, format!("{stated}, which has passed")) } else { stated }
}

/// Where and until when, in words.
pub(super) fn stated(terms: &Terms, projects: &ProjectNames) -> String {
    let project = terms.project.as_deref().map(|project| format!("in project {}", text::escaped(projects.of(project))));
    let until = terms.until.map(|until| format!("until {}", figures::end(until, &TimeZone::system())));
    project.into_iter().chain(until).collect::<Vec<_>>().join(" ")
}

/// For programs.
pub(super) fn document(reach: &Reach) -> Value {
    let each = |(name, reached): (&str, &Reached)| {
        (name.to_owned(), json!({ "kind": reached.kind, "may": reached.may, "denied": reached.beyond }))
    };
    reach.iter().map(each).collect()
}

/// The same of grants on terms.
pub(super) fn limited_document(grant_state: &GrantState) -> Value {
    let each = |grant: &LimitedGrant| {
        let until = grant.terms.until.map(figures::stamp);
        json!({ "project": grant.terms.project, "until": until, "grants": grant.granted })
    };
    grant_state.limited.iter().map(each).collect()
}
