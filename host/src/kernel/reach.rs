//! How far a plugin reaches through those it may start, by name or as what fills a slot: for operators, who see it before they
//! grant. It tells patterns as far as they can be compared, and decides nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use super::{
    Kernel,
    amount::Amount,
    grants::GrantState,
    matching::{fits, literal},
    package::Kind,
    patterns::is_amount,
    permissions::Patterns,
    registry::{Origin, Plugin},
};
use crate::interfaces::{
    CAPABILITIES,
    children::{Role, STARTS},
};

/// What stands between patterns that all have to match.
const AND: &str = " & ";

/// Those that a plugin may start, and those that these may start, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach(BTreeMap<String, Reached>);

/// What another plugin may do when it is started by the one that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What kind of plugin it is.
    pub kind: Kind,
    /// What it may do then.
    pub may: Patterns,
    /// What it was granted itself and may not do then, or not all of it.
    pub beyond: Patterns,
}

impl Reach {
    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Reached)> {
        self.0.iter().map(|(name, reached)| (name.as_str(), reached))
    }

    /// Whether it may start anybody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is done through it.
    fn patterns(&self) -> Patterns {
        self.0.values().fold(Patterns::default(), |all, reached| all.with_most(&reached.may, CAPABILITIES))
    }
}

impl Kernel {
    /// How far a plugin reaches with these grants in any project, from now on.
    pub fn reach(&self, plugin: &Plugin, grant_state: &GrantState) -> Reach {
        let granted = grant_state.at_most_from(self.parts.clock.now());
        let bounds = if plugin.origin == Origin::Bundled { Vec::new() } else { vec![bound(&granted)] };
        self.explore(plugin, &granted.own(), &bounds)
    }

    /// What those that a plugin asks to start may do by themselves.
    pub(super) fn done_through(&self, plugin: &Plugin) -> Patterns {
        self.explore(plugin, &plugin.package.manifest.needs, &[]).patterns()
    }

    fn explore(&self, plugin: &Plugin, may: &Patterns, bounds: &[Patterns]) -> Reach {
        let plugins = self.parts.registry.all();
        let mut reach = Reach::default();
        let routes = Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner));
        let mut open = vec![(plugin.name(), may.clone(), bounds.to_vec())];
        while let Some((asker, may, bounds)) = open.pop() {
            let is_started = |started: &&Arc<Plugin>| {
                started.name() != plugin.name() && routes.names(asker, started).into_iter().any(|name| starts(&may, started, name))
            };
            for started in plugins.values().filter(is_started) {
                let granted = started.grant_state().at_most_from(self.parts.clock.now());
                let reached = reached(started.package.manifest.kind, &granted.own(), &bounds);
                let mut below = bounds.clone();
                if started.origin != Origin::Bundled {
                    below.push(bound(&granted));
                }
                let before = reach.0.get(started.name()).cloned();
                let reached = match &before {
                    // By another way, which may allow it more.
                    Some(before) => Reached {
                        may: before.may.with_most(&reached.may, CAPABILITIES),
                        beyond: before.beyond.kept(|kind, pattern| reached.beyond.of(kind).iter().any(|other| other == pattern)),
                        ..reached
                    },
                    None => reached,
                };
                if before.as_ref() != Some(&reached) {
                    open.push((started.name(), reached.may.clone(), below));
                    reach.0.insert(started.name().to_owned(), reached);
                }
            }
        }
        reach
    }
}

/// What others may do through a plugin that was granted this.
fn bound(granted: &Patterns) -> Patterns {
    let (own, through) = (granted.own(), granted.through());
    own.with(&through, CAPABILITIES)
}

/// Whether a plugin is one of those that may be started when it is asked for by this name.
fn starts(may: &Patterns, started: &Plugin, name: &str) -> bool {
    let role = match started.package.manifest.kind {
        Kind::Agent => Role::Agent,
        Kind::Workflow => Role::Workflow,
        Kind::Toolbox => Role::Toolbox,
    };
    let names = |kind: &str, pattern: &str| match role {
        Role::Agent | Role::Workflow => fits(CAPABILITIES, kind, pattern, name),
        Role::Toolbox => may_begin_with(pattern, &format!("{name}.")),
    };
    let kinds = STARTS.iter().filter(|(_, starts)| *starts == role);
    kinds
        .flat_map(|(kind, _)| may.of(kind).iter().map(move |pattern| (kind, pattern)))
        .any(|(kind, pattern)| pattern.split(AND).all(|part| names(kind, part)))
}

fn may_begin_with(pattern: &str, beginning: &str) -> bool {
    literal(pattern).starts_with(beginning) || beginning.starts_with(literal(pattern))
}

fn reached(kind: Kind, granted: &Patterns, bounds: &[Patterns]) -> Reached {
    let (mut may, mut beyond) = (BTreeMap::new(), BTreeMap::new());
    for (kind, patterns) in granted.iter() {
        for pattern in patterns {
            let narrowed = bounds.iter().fold(vec![pattern.clone()], |patterns, bound| {
                patterns.iter().flat_map(|pattern| narrowed(kind, pattern, bound.of(kind))).collect()
            });
            if narrowed != [pattern.clone()] {
                beyond.entry(kind.to_owned()).or_insert_with(Vec::new).push(pattern.clone());
            }
            if !narrowed.is_empty() {
                may.entry(kind.to_owned()).or_insert_with(Vec::new).extend(narrowed);
            }
        }
    }
    Reached { kind, may: may.into_iter().collect(), beyond: beyond.into_iter().collect() }
}

/// What of a pattern lies within others, as far as it can be told: itself, those within it, or both where they may overlap.
fn narrowed(kind: &str, pattern: &str, bound: &[String]) -> Vec<String> {
    if is_amount(CAPABILITIES, kind) {
        // Without an amount there is no bound on it; the smaller of two is one.
        let is_less = |amount: &String| !fits_amount(pattern, amount);
        return vec![bound.iter().find(|amount| is_less(amount)).cloned().unwrap_or_else(|| pattern.to_owned())];
    }
    let parts: Vec<&str> = pattern.split(AND).collect();
    let is_within = |one: &str, other: &str| one == other || fits(CAPABILITIES, kind, other, one);
    if bound.iter().any(|bound| parts.iter().any(|part| is_within(part, bound))) {
        return vec![pattern.to_owned()];
    }
    let both = |bound: &String| {
        let may_overlap = parts.iter().all(|part| may_begin_with(part, literal(bound)));
        let rest: Vec<_> = parts.iter().copied().filter(|part| !is_within(bound, part)).chain([bound.as_str()]).collect();
        may_overlap.then(|| rest.join(AND))
    };
    bound.iter().filter_map(both).collect()
}

/// Whether an amount is no more than another.
fn fits_amount(amount: &str, most: &str) -> bool {
    let amounts = (amount.parse::<Amount>(), most.parse::<Amount>());
    matches!(amounts, (Ok(amount), Ok(most)) if amount <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(kind: &str, pattern: &str, bound: &[&str]) -> Vec<String> {
        narrowed(kind, pattern, &bound.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn patterns_are_narrowed_as_far_as_they_can_be_compared() {
        assert_eq!(within("write", "docs/a.md", &["docs/**"]), ["docs/a.md"]);
        assert_eq!(within("write", "**", &["docs/**", "src/*"]), ["docs/**", "src/*"]);
        assert_eq!(within("write", "src/**", &["docs/**"]), [""; 0]);
        assert_eq!(within("write", "docs/*.md", &["docs/a*"]), ["docs/*.md & docs/a*"]);
        assert_eq!(within("write", "docs/*.md & docs/a*", &["docs/ab.md"]), ["docs/ab.md"]);
        assert_eq!(within("models", "*", &[]), [""; 0]);
        assert_eq!((within("dollars", "2", &["1.50"]), within("dollars", "1", &["1.50"])), (vec!["1.50".into()], vec!["1".into()]));
        assert_eq!(within("dollars", "2", &[]), ["2"], "without an amount nothing bounds it");
    }

    #[test]
    fn what_is_lost_on_the_way_is_told() {
        let patterns = |kind: &str, list: &[&str]| (kind.to_owned(), list.iter().map(ToString::to_string).collect::<Vec<_>>());
        let granted = [patterns("models", &["*"]), patterns("write", &["**"])].into_iter().collect();
        let bound: Patterns = [patterns("write", &["docs/**"])].into_iter().collect();
        let reached = reached(Kind::Agent, &granted, &[bound]);
        assert_eq!(reached.may, [patterns("write", &["docs/**"])].into_iter().collect());
        assert_eq!(reached.beyond, granted);
    }
}
