//! What the audit log is told of a decision. Decides nothing.

use serde_json::{Value, json};

use super::{By, Change};
use crate::{
    events::{Category, Draft},
    kernel::{
        grants::{GrantState, Terms},
        permissions::Patterns,
        registry::Plugin,
    },
};

pub(super) fn events(
    plugin: &Plugin,
    (before, after): (&GrantState, &GrantState),
    is_wider: bool,
    change: &Change,
    by: By<'_>,
) -> Vec<Draft> {
    let event = |what: Option<&Patterns>| {
        let mut about = about(plugin, what);
        if !change.is_grant() {
            about["versions"] = json!("all");
        }
        if let Some(why) = by.why {
            about["reason"] = json!(why);
        }
        about
    };
    let (more, less) = (after.granted.beyond(&before.granted, &[]), before.granted.beyond(&after.granted, &[]));
    let less = less.with(&limited_beyond(before, after), &[]);
    let withheld = after.withheld.beyond(&before.withheld, &[]);
    let changed = match change {
        Change::Enable | Change::Disable => vec![(change.told(), None)],
        Change::Grant(_) => vec![("granted", Some(&more))],
        Change::GrantOn(_, terms) => {
            return granted_on(terms, &limited_beyond(after, before), event).into_iter().map(|event| event.by(by.who)).collect();
        }
        Change::Revoke(_) | Change::Forget => vec![("revoked", Some(&less))],
        Change::Only(_) => vec![("granted", Some(&more)), ("revoked", Some(&less))],
    };
    let changed = changed.into_iter().filter(|(_, what)| what.is_none_or(|what| !what.is_empty()));
    let mut events: Vec<_> = changed.map(|(name, what)| (name, event(what))).collect();
    // What changes nothing of this version's grants is told where it decides something else.
    let decides = !withheld.is_empty() || is_wider;
    if events.is_empty() && decides && !change.is_grant() {
        let mut event = event(Some(&Patterns::default()));
        event["withheld"] = json!(withheld);
        events.push((change.told(), event));
    }
    events.into_iter().map(|(name, about)| Draft::of_host(Category::Audit, name, about).by(by.who)).collect()
}

/// A grant on terms is told with them.
fn granted_on(terms: &Terms, more: &Patterns, event: impl Fn(Option<&Patterns>) -> Value) -> Vec<Draft> {
    if more.is_empty() {
        return Vec::new();
    }
    let mut event = event(Some(more));
    event["terms"] = json!(terms);
    vec![Draft::of_host(Category::Audit, "granted", event)]
}

/// What one grants on terms and the other does not, on the same ones.
fn limited_beyond(one: &GrantState, other: &GrantState) -> Patterns {
    one.limited.iter().fold(Patterns::default(), |all, grant| {
        let same = other.limited.iter().find(|other| other.terms == grant.terms).map(|other| other.granted.clone());
        all.with(&grant.granted.beyond(&same.unwrap_or_default(), &[]), &[])
    })
}

pub(super) fn about(plugin: &Plugin, what: Option<&Patterns>) -> Value {
    let manifest = &plugin.package.manifest;
    let mut about = json!({ "plugin": manifest.name, "version": manifest.version, "hash": plugin.package.hash });
    if let Some(what) = what {
        about["capabilities"] = json!(what);
    }
    about
}
