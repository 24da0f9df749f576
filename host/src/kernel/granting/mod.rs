//! The operator's decisions on plugins: taken, kept with their events, and applied to runs in flight. No plugin reaches
//! any of it.

mod breaker;

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::Arc,
    sync::atomic::Ordering,
};

use serde_json::{Value, json};

use super::{
    Kernel, KernelError,
    grants::{Decision, Standing},
    patterns::is_amount,
    permissions::{PatternError, Patterns},
    registry::{Origin, Plugin},
};
use crate::{
    events::{Category, Draft},
    interfaces::CAPABILITIES,
};

/// A capability as an operator names it: `write=docs/**`, or `write` for all that is asked for of the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    kind: String,
    pattern: Option<String>,
}

impl FromStr for Named {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, pattern) = text.split_once('=').map_or((text, None), |(kind, pattern)| (kind, Some(pattern.to_owned())));
        Ok(Self { kind: kind.to_owned(), pattern })
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.pattern {
            Some(pattern) => write!(formatter, "{}={}", self.kind.escape_debug(), pattern.escape_debug()),
            None => write!(formatter, "{}", self.kind.escape_debug()),
        }
    }
}

/// What an operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These too; all that it asks for when none is named.
    Grant(Vec<Named>),
    /// These and nothing else; it is not to ask for the rest again.
    Only(Vec<Named>),
    /// Not these any more; nothing at all when none is named.
    Revoke(Vec<Named>),
    /// It may be started, also after it was stopped.
    Enable,
    /// It may not be started.
    Disable,
}

/// Who decides, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// The operator's name.
    pub who: &'a str,
    /// In the operator's words, if there are any.
    pub why: Option<&'a str>,
}

impl<'a> From<&'a str> for By<'a> {
    fn from(who: &'a str) -> Self {
        Self { who, why: None }
    }
}

impl<'a> From<&'a String> for By<'a> {
    fn from(who: &'a String) -> Self {
        Self { who, why: None }
    }
}

/// Why a decision was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Nobody has this name.
    #[error("There is no plugin `{name}`; the plugins are {known}.")]
    NoPlugin {
        /// What was named.
        name: String,
        /// Those there are.
        known: String,
    },
    /// It could not use it.
    #[error("`{plugin}` does not ask for `{named}`; it asks for {asked}.")]
    NotAsked {
        /// The plugin.
        plugin: String,
        /// What was named.
        named: String,
        /// What it asks for.
        asked: String,
    },
    /// It could not be granted to anybody.
    #[error("This cannot be granted: {0}.")]
    Wrong(#[from] PatternError),
    /// There is nothing to take back.
    #[error("`{named}` is not granted to `{plugin}` as it stands; granted is {granted}. Revoke one of these.")]
    NotGranted {
        /// The plugin.
        plugin: String,
        /// What was named.
        named: String,
        /// What is granted.
        granted: String,
    },
}

impl Kernel {
    /// Takes a decision, keeps it and applies it here. Another host that executes runs applies it at its next look.
    pub async fn decide(&self, plugin: &str, change: &Change, by: impl Into<By<'_>>) -> Result<Arc<Plugin>, KernelError> {
        let by = by.into();
        let present = self.parts.registry.find(plugin);
        let mut older = self.versions_in_use(plugin).await?;
        let Some(present) = present else {
            let last = older.pop().ok_or_else(|| self.nobody(plugin))?;
            for version in older.iter().chain([&last]) {
                self.decide_version(version, by, change, |standing| standing.changed(version, change)).await?;
            }
            return Ok(last);
        };
        older.retain(|version| present.package.hash != version.package.hash);
        let standing = current(&present, &self.parts.grants.decisions().await?).standing;
        let wanted = standing.changed(&present, change);
        // The older ones first: what is carried to a version to come is what was decided last.
        let mut reached = false;
        for version in &older {
            let next = |standing: &Standing| Ok(standing.following(version, change, wanted.as_ref().ok()));
            reached |= self.decide_version(version, by, change, next).await?;
        }
        match wanted {
            // It was granted to an older version alone.
            Err(GrantError::NotGranted { .. }) if reached => {}
            Err(error) => return Err(error.into()),
            Ok(_) => drop(self.decide_version(&present, by, change, |standing| standing.changed(&present, change)).await?),
        }
        Ok(present)
    }

    /// Gives a version what `next` makes of what it has. Returns false where that is what it has.
    async fn decide_version(
        &self,
        plugin: &Plugin,
        by: By<'_>,
        change: &Change,
        next: impl Fn(&Standing) -> Result<Standing, GrantError>,
    ) -> Result<bool, KernelError> {
        loop {
            let decisions = self.parts.grants.decisions().await?;
            let present = current(plugin, &decisions);
            let next = next(&present.standing)?;
            let is_current = self.parts.registry.find(plugin.name()).is_some_and(|current| current.package.hash == plugin.package.hash);
            if next == present.standing && !is_current {
                return Ok(false);
            }
            let events = events(plugin, &present.standing, &next, change, by);
            let decision = self.decision(plugin, next, by.who);
            if self.parts.grants.decide(&decision, present.revision, events).await? {
                adopt(plugin, decision.standing.clone());
                let same = |other: &Arc<Plugin>| other.name() == plugin.name() && other.package.hash == plugin.package.hash;
                self.parts.registry.older().iter().filter(|other| same(other)).for_each(|other| adopt(other, decision.standing.clone()));
                return Ok(true);
            }
        }
    }

    /// Gives every plugin what was decided of it, or of the version before it. `keep` writes down what was carried over.
    pub async fn recall(&self, keep: bool) -> Result<(), KernelError> {
        let revision = self.parts.grants.revision().await?;
        let decisions = self.parts.grants.decisions().await?;
        for plugin in self.parts.registry.all().values() {
            let present = current(plugin, &decisions);
            if let Some(from) = present.carried_from.as_ref().filter(|_| keep) {
                self.keep_carried(plugin, &present.standing, from).await?;
            }
            adopt(plugin, present.standing);
        }
        for plugin in self.parts.registry.older() {
            adopt(&plugin, current(&plugin, &decisions).standing);
        }
        self.decided.store(revision, Ordering::SeqCst);
        Ok(())
    }

    /// Gives a plugin that is not installed what would be granted to it if it were.
    pub async fn rehearse(&self, plugin: &Plugin) -> Result<(), KernelError> {
        adopt(plugin, current(plugin, &self.parts.grants.decisions().await?).standing);
        Ok(())
    }

    /// Puts a plugin in the place of whoever has its name, with the grants that carry over.
    pub async fn put(&self, plugin: Plugin) -> Result<Arc<Plugin>, KernelError> {
        // Nobody finds it with less than it is granted.
        self.rehearse(&plugin).await?;
        let replaced = self.parts.registry.find(plugin.name());
        let plugin = self.parts.registry.put(plugin);
        if let Some(replaced) = replaced.filter(|replaced| replaced.package.hash != plugin.package.hash) {
            self.needed_just_now(&replaced).await?;
        }
        let present = current(&plugin, &self.parts.grants.decisions().await?);
        if let Some(from) = &present.carried_from {
            self.keep_carried(&plugin, &present.standing, from).await?;
        }
        adopt(&plugin, present.standing);
        Ok(plugin)
    }

    /// Applies what somebody else decided since the last look.
    pub(super) async fn look_at_grants(&self) -> Result<(), KernelError> {
        if self.parts.grants.revision().await? != self.decided.load(Ordering::SeqCst) {
            self.recall(false).await?;
        }
        Ok(())
    }

    async fn keep_carried(&self, plugin: &Plugin, standing: &Standing, from: &Decision) -> Result<(), KernelError> {
        let mut event = about(plugin, &from.decided_by, Some(&standing.granted));
        event["carried-from"] = json!(from.hash);
        let events = vec![Draft::of_host(Category::Audit, "granted", event)];
        // Whoever decided in the meantime knew better.
        self.parts.grants.decide(&self.decision(plugin, standing.clone(), &from.decided_by), 0, events).await?;
        Ok(())
    }

    fn decision(&self, plugin: &Plugin, standing: Standing, by: &str) -> Decision {
        Decision {
            plugin: plugin.name().to_owned(),
            hash: plugin.package.hash.clone(),
            standing,
            decided_at: self.parts.clock.now(),
            decided_by: by.to_owned(),
            revision: 0,
        }
    }

    fn nobody(&self, name: &str) -> GrantError {
        let known: Vec<_> = self.parts.registry.all().keys().map(|name| format!("`{name}`")).collect();
        GrantError::NoPlugin { name: name.escape_debug().to_string(), known: known.join(", ") }
    }
}

impl Standing {
    /// What it is after a change, or why that makes no sense for the plugin.
    fn changed(&self, plugin: &Plugin, change: &Change) -> Result<Self, GrantError> {
        let needs = &plugin.package.manifest.needs;
        Ok(match change {
            Change::Grant(named) => {
                let more = asked(plugin, named)?;
                // Whoever names an amount has decided of all that was asked for.
                let decided = needs.kept(|kind, _| is_amount(CAPABILITIES, kind) && !more.of(kind).is_empty());
                let withheld = self.withheld.with(&decided, CAPABILITIES).beyond(&more, CAPABILITIES);
                Self { granted: self.granted.with(&more, CAPABILITIES), withheld, ..*self }
            }
            Change::Only(named) => {
                let granted = self.bounds(plugin).with(&asked(plugin, named)?, CAPABILITIES);
                Self { withheld: needs.beyond(&granted, CAPABILITIES), granted, ..*self }
            }
            Change::Revoke(named) => {
                let less = self.given(plugin, named)?;
                let is_less = |kind: &str, need: &str| less.of(kind).iter().any(|less| less == need || is_amount(CAPABILITIES, kind));
                let wanted = if named.is_empty() { needs.clone() } else { needs.kept(is_less) };
                let rest = self.granted.beyond(&less, &[]);
                // To take a bound away would be to grant more.
                let bounds = self
                    .bounds(plugin)
                    .changed(|kind, bound| Some(if rest.of(kind).is_empty() && !named.is_empty() { "0" } else { bound }.to_owned()));
                Self { granted: rest.with(&bounds, CAPABILITIES), withheld: self.withheld.with(&wanted, CAPABILITIES), ..*self }
            }
            Change::Enable => Self { disabled: false, tripped: None, ..self.clone() },
            Change::Disable => Self { disabled: true, tripped: None, ..self.clone() },
        })
    }

    /// What an older version has after a change that was meant for the current one, which then has `wanted`. It is never
    /// granted more by it; what is taken back goes by the kind, for an older version may word it otherwise.
    fn following(&self, plugin: &Plugin, change: &Change, wanted: Option<&Self>) -> Self {
        let kinds: Option<BTreeSet<&str>> = match change {
            Change::Grant(_) => return self.clone(),
            Change::Enable => return Self { disabled: false, tripped: None, ..self.clone() },
            Change::Disable => return Self { disabled: true, tripped: None, ..self.clone() },
            Change::Revoke(named) if !named.is_empty() => Some(named.iter().map(|named| named.kind.as_str()).collect()),
            Change::Revoke(_) | Change::Only(_) => None,
        };
        let needs = &plugin.package.manifest.needs;
        let kept = |kind: &str, pattern: &str| {
            let is_meant = kinds.as_ref().is_none_or(|kinds| kinds.contains(kind));
            // To take a bound away would be to grant more.
            let is_bound = is_amount(CAPABILITIES, kind) && needs.of(kind).is_empty();
            !is_meant || is_bound || wanted.is_some_and(|wanted| wanted.granted.of(kind).iter().any(|granted| granted == pattern))
        };
        Self { granted: self.granted.kept(kept), ..self.clone() }
    }

    /// Amounts that it was granted without asking for any: it is held to them all the same.
    fn bounds(&self, plugin: &Plugin) -> Patterns {
        let needs = &plugin.package.manifest.needs;
        self.granted.kept(|kind, _| is_amount(CAPABILITIES, kind) && needs.of(kind).is_empty())
    }

    /// What of its grants is named; all of them when nothing is.
    fn given(&self, plugin: &Plugin, named: &[Named]) -> Result<Patterns, GrantError> {
        if named.is_empty() {
            return Ok(self.granted.clone());
        }
        named.iter().try_fold(Patterns::default(), |given, named| {
            let fits = |kind: &str, pattern: &str| kind == named.kind && named.pattern.as_deref().is_none_or(|named| named == pattern);
            let these = self.granted.kept(fits);
            if these.is_empty() {
                let (plugin, named, granted) = (plugin.name().to_owned(), named.to_string(), listed(&self.granted));
                return Err(GrantError::NotGranted { plugin, named, granted });
            }
            Ok(given.with(&these, CAPABILITIES))
        })
    }
}

/// What holds for a plugin now, and where it comes from.
struct Current {
    standing: Standing,
    /// Of this very version; 0 when nothing was decided of it.
    revision: u64,
    /// The decision on another version that it stems from.
    carried_from: Option<Decision>,
}

fn current(plugin: &Plugin, decisions: &[Decision]) -> Current {
    let of_name = || decisions.iter().rev().filter(|decision| decision.plugin == plugin.name());
    if let Some(decision) = of_name().find(|decision| decision.hash == plugin.package.hash) {
        return Current { standing: decision.standing.clone(), revision: decision.revision, carried_from: None };
    }
    let Some(decision) = of_name().next() else {
        return Current { standing: plugin.standing_at_first(), revision: 0, carried_from: None };
    };
    let mut standing = decision.standing.carried(|kind, pattern| plugin.permissions.within(kind, pattern));
    if plugin.origin == Origin::Bundled {
        let new = plugin.package.manifest.needs.beyond(&standing.withheld, CAPABILITIES);
        let new = new.kept(|kind, _| !is_amount(CAPABILITIES, kind) || standing.granted.of(kind).is_empty());
        standing.granted = standing.granted.with(&new, CAPABILITIES);
    }
    Current { standing, revision: 0, carried_from: Some(decision.clone()) }
}

/// Gives a plugin what was decided of it.
pub(super) fn adopt_current(plugin: &Plugin, decisions: &[Decision]) {
    adopt(plugin, current(plugin, decisions).standing);
}

/// What was kept and cannot be understood grants nothing.
fn adopt(plugin: &Plugin, standing: Standing) {
    let nothing = Standing { granted: Patterns::default(), ..standing.clone() };
    if let Err(error) = plugin.adopt(standing).or_else(|error| plugin.adopt(nothing).and(Err(error))) {
        tracing::warn!(plugin = plugin.name(), %error, "What was granted to the plugin cannot be understood; nothing is granted.");
    }
}

/// What of its needs is named, or lies within them; all of them when nothing is.
fn asked(plugin: &Plugin, named: &[Named]) -> Result<Patterns, GrantError> {
    let needs = &plugin.package.manifest.needs;
    if named.is_empty() {
        return Ok(needs.clone());
    }
    let mut asked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for named in named {
        if let Some(pattern) = &named.pattern {
            plugin.permissions.check(&named.kind, pattern)?;
        }
        let these = match &named.pattern {
            None => needs.of(&named.kind).to_vec(),
            Some(pattern) if plugin.permissions.asks_for(&named.kind, pattern) => vec![pattern.clone()],
            Some(_) => Vec::new(),
        };
        if these.is_empty() {
            let (plugin, named, asked) = (plugin.name().to_owned(), named.to_string(), listed(needs));
            return Err(GrantError::NotAsked { plugin, named, asked });
        }
        asked.entry(named.kind.clone()).or_default().extend(these);
    }
    Ok(Patterns::default().with(&asked.into_iter().collect(), CAPABILITIES))
}

fn listed(patterns: &Patterns) -> String {
    let each = |(kind, patterns): (&str, &[String])| patterns.iter().map(|pattern| format!("`{kind}={pattern}`")).collect::<Vec<_>>();
    let list: Vec<_> = patterns.iter().flat_map(each).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(", ") }
}

fn events(plugin: &Plugin, before: &Standing, after: &Standing, change: &Change, by: By<'_>) -> Vec<Draft> {
    let event = |name: &str, what: Option<&Patterns>| {
        let mut about = about(plugin, by.who, what);
        if let Some(why) = by.why {
            about["reason"] = json!(why);
        }
        Draft::of_host(Category::Audit, name, about)
    };
    let (more, less) = (after.granted.beyond(&before.granted, &[]), before.granted.beyond(&after.granted, &[]));
    match change {
        Change::Enable => vec![event("enabled", None)],
        Change::Disable => vec![event("disabled", None)],
        Change::Grant(_) => vec![event("granted", Some(&more))],
        Change::Revoke(_) => vec![event("revoked", Some(&less))],
        Change::Only(_) if less.is_empty() => vec![event("granted", Some(&more))],
        Change::Only(_) => vec![event("granted", Some(&more)), event("revoked", Some(&less))],
    }
}

fn about(plugin: &Plugin, by: &str, what: Option<&Patterns>) -> Value {
    let manifest = &plugin.package.manifest;
    let mut about = json!({ "by": by, "plugin": manifest.name, "version": manifest.version, "hash": plugin.package.hash });
    if let Some(what) = what {
        about["capabilities"] = json!(what);
    }
    about
}

#[cfg(test)]
mod tests;
