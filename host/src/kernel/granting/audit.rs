//! What the audit log is told of a decision. Decides nothing.

use super::{
    By, Change,
    events::{Disabled, Enabled, GrantDecision, Granted, Revoked},
};
use crate::{
    events::Draft,
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
    let decision = |what: Option<Patterns>| GrantDecision {
        versions: (!change.is_grant()).then(|| "all".to_owned()),
        reason: by.why.map(str::to_owned),
        ..about(plugin, what)
    };
    let (more, less) = (after.granted.beyond(&before.granted, &[]), before.granted.beyond(&after.granted, &[]));
    let less = less.with(&limited_beyond(before, after), &[]);
    let withheld = after.withheld.beyond(&before.withheld, &[]);
    let granted = |what: Patterns| (!what.is_empty()).then(|| Draft::of_host(&Granted { decision: decision(Some(what)) }));
    let revoked = |what: Patterns| (!what.is_empty()).then(|| Draft::of_host(&Revoked { decision: decision(Some(what)) }));
    let events = match change {
        Change::Enable | Change::Disable => vec![Some(event(change, decision(None)))],
        Change::Grant(_) => vec![granted(more)],
        Change::GrantOn(_, terms) => {
            let events = granted_on(terms, limited_beyond(after, before), decision);
            return events.into_iter().map(|event| event.by(by.who)).collect();
        }
        Change::Revoke(_) | Change::Forget => vec![revoked(less)],
        Change::Only(_) => vec![granted(more), revoked(less)],
    };
    let mut events: Vec<_> = events.into_iter().flatten().collect();
    // What changes nothing of this version's grants is told where it decides something else.
    let decides = !withheld.is_empty() || is_wider;
    if events.is_empty() && decides && !change.is_grant() {
        let decision = GrantDecision { withheld: Some(withheld), ..decision(Some(Patterns::default())) };
        events.push(event(change, decision));
    }
    events.into_iter().map(|event| event.by(by.who)).collect()
}

/// The event that tells of a change.
pub(super) fn event(change: &Change, decision: GrantDecision) -> Draft {
    match change {
        Change::Grant(_) | Change::GrantOn(..) | Change::Only(_) => Draft::of_host(&Granted { decision }),
        Change::Revoke(_) | Change::Forget => Draft::of_host(&Revoked { decision }),
        Change::Enable => Draft::of_host(&Enabled { decision }),
        Change::Disable => Draft::of_host(&Disabled { decision }),
    }
}

/// A grant on terms is told with them.
fn granted_on(terms: &Terms, more: Patterns, decision: impl Fn(Option<Patterns>) -> GrantDecision) -> Option<Draft> {
    if more.is_empty() {
        return None;
    }
    let decision = GrantDecision { terms: Some(terms.into()), ..decision(Some(more)) };
    Some(Draft::of_host(&Granted { decision }))
}

/// What one grants on terms and the other does not, on the same ones.
fn limited_beyond(one: &GrantState, other: &GrantState) -> Patterns {
    one.limited.iter().fold(Patterns::default(), |all, grant| {
        let same = other.limited.iter().find(|other| other.terms == grant.terms).map(|other| other.granted.clone());
        all.with(&grant.granted.beyond(&same.unwrap_or_default(), &[]), &[])
    })
}

pub(super) fn about(plugin: &Plugin, what: Option<Patterns>) -> GrantDecision {
    GrantDecision { plugin: plugin.named_version(), capabilities: what, ..GrantDecision::default() }
}
