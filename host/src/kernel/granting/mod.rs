//! The operator's decisions on plugins: taken, kept with their events, and applied to runs in flight. No plugin reaches
//! any of it.

mod audit;
mod breaker;
mod change;
pub(crate) mod events;
mod grant_state;
mod ruling;

use std::sync::{Arc, atomic::Ordering};

use self::events::{GrantDecision, Granted};
use audit::{about, event, events};
pub use change::{Change, Named};
use ruling::is_granted_to_any;

use super::{
    Kernel, KernelError,
    grants::{Decision, GrantState, Rule, Ruling},
    patterns::{is_amount, is_reserved},
    permissions::{PatternError, Patterns},
    reach::Reach,
    registry::{Origin, Plugin},
};
use crate::{
    actor::Actor,
    errors::{Hint, Reason},
    events::Draft,
    interfaces::CAPABILITIES,
    journal::PluginVersion,
};

/// Who decides where no operator does.
const HOST: &str = "baton";

/// Who decides, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// Who it is.
    pub who: &'a Actor,
    /// In the operator's words, if there are any.
    pub why: Option<&'a str>,
}

impl<'a> From<&'a Actor> for By<'a> {
    fn from(who: &'a Actor) -> Self {
        Self { who, why: None }
    }
}

/// Why a decision is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Not installed.
    #[error(transparent)]
    NoPlugin(Reason),
    #[error("`{plugin}` does not ask for `{named}`; it asks for {asked}.")]
    NotAsked { plugin: String, named: String, asked: String },
    /// It could not be granted to any plugin.
    #[error("This cannot be granted: {0}.")]
    Wrong(#[from] PatternError),
    #[error("`{kind}` cannot be granted: nothing in this version of Baton uses it, and a grant would open what a later version brings.")]
    Reserved { kind: String },
    #[error("Nothing can be granted through `{plugin}`: it asks for no `agents`, `workflows` or `tools`, so it starts no other plugin.")]
    StartsNothing { plugin: String },
    #[error("`{plugin}` is part of Baton and needs no `through.` grants: the plugins that it starts use their own.")]
    BundledThrough { plugin: String },
    /// `example` is a pattern, as it is typed.
    #[error("`{named}` of `{plugin}` does not name anything that the plugins it may start were granted.")]
    NothingThrough { plugin: String, named: String, example: String },
    #[error("`{plugin}` is granted {granted} already, everywhere and without an end.")]
    Granted { plugin: String, granted: String },
    /// It would end by allowing more.
    #[error(
        "`{kind}` only limits `{plugin}`, so it cannot be granted for a project or until a date: elsewhere or later there would be no limit."
    )]
    BoundOnTerms { plugin: String, kind: String },
    #[error("`{plugin}` does not have the grant `{named}`; it has {granted}.")]
    NotGranted { plugin: String, named: String, granted: String },
}

impl Hint for GrantError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPlugin(reason) => reason.hint(),
            Self::NotAsked { .. }
            | Self::Wrong(_)
            | Self::Reserved { .. }
            | Self::StartsNothing { .. }
            | Self::BundledThrough { .. }
            | Self::BoundOnTerms { .. } => None,
            Self::NothingThrough { example, .. } => Some(format!("Name a pattern, such as `{example}`.")),
            Self::Granted { .. } => Some("Revoke that first to grant it for a project or until a date.".to_owned()),
            Self::NotGranted { .. } => Some("Revoke one of these.".to_owned()),
        }
    }
}

impl Kernel {
    /// Takes a decision, keeps it and applies it here. Another host that executes runs applies it at its next look. To
    /// grant is for the version that is installed, or where there is none for those that runs need; to take back, to
    /// disable and to enable is for every version that was ever decided of. Gives the version that is installed, or one
    /// that runs need.
    pub async fn decide(&self, plugin: &str, change: &Change, by: impl Into<By<'_>>) -> Result<Option<Arc<Plugin>>, KernelError> {
        let by = by.into();
        let Some(present) = self.parts.registry.find(plugin) else { return self.decide_of_absent(plugin, change, by).await };
        let change = &self.resolved(&present, change);
        loop {
            let decided = self.decided_so_far().await?;
            let current = decided.of(&present);
            let next = match current.grant_state.changed(&present, change) {
                // It may be granted to another version alone.
                Err(GrantError::NotGranted { .. }) if decided.can_take_back(plugin, change) => current.grant_state.clone(),
                next => next?,
            };
            let is_wider = decided.loses_elsewhere(&present, change);
            let events = events(&present, (&current.grant_state, &next), is_wider, change, by);
            let rule = change.rule(&next.granted);
            let decision = self.decision(&present, next, &by.who.name);
            if self.keep_decision(rule, &decision, current.revision, events).await? {
                break;
            }
        }
        self.forget_forms(plugin, change).await?;
        self.recall(false).await?;
        Ok(Some(present))
    }

    /// What a change would make of the grants of a plugin that is installed, and how far it would reach then. Keeps nothing.
    pub async fn preview(&self, plugin: &str, change: &Change) -> Result<(GrantState, Reach), KernelError> {
        let present = self.parts.registry.find(plugin).ok_or_else(|| self.no_such_plugin(plugin))?;
        let current = self.decided_so_far().await?.of(&present).grant_state;
        let next = self.preview_of(&present, &current, change)?;
        let reach = self.reach(&present, &next);
        Ok((next, reach))
    }

    /// The same of a plugin that need not be installed, from how an operator stands to it.
    pub fn preview_of(&self, plugin: &Plugin, grant_state: &GrantState, change: &Change) -> Result<GrantState, KernelError> {
        Ok(grant_state.changed(plugin, &self.resolved(plugin, change))?)
    }

    /// The change with the patterns that are meant where it names what others may do through the plugin without any: what
    /// they may do at present, so that a later grant to them opens nothing here.
    fn resolved(&self, plugin: &Plugin, change: &Change) -> Change {
        change.resolved(&self.done_through(plugin))
    }

    /// Decides of a plugin no file of which is installed.
    async fn decide_of_absent(&self, plugin: &str, change: &Change, by: By<'_>) -> Result<Option<Arc<Plugin>>, KernelError> {
        let in_use = self.versions_in_use(plugin).await?;
        loop {
            let decided = self.decided_so_far().await?;
            let is_known = decided.versions.iter().any(|decision| decision.plugin == plugin);
            match change.rule(&Patterns::default()) {
                _ if in_use.is_empty() && !is_known => return Err(self.no_such_plugin(plugin).into()),
                None if in_use.is_empty() => return Err(self.no_such_plugin(plugin).into()),
                None => {
                    for version in &in_use {
                        self.decide_version(version, change, by).await?;
                    }
                    break;
                }
                Some(rule) => {
                    let absent = PluginVersion { plugin: plugin.to_owned(), ..PluginVersion::default() };
                    let decision = GrantDecision { plugin: absent, reason: by.why.map(str::to_owned), ..GrantDecision::default() };
                    let events = vec![event(change, decision).by(by.who)];
                    let ruling = self.ruling(plugin, rule, &by.who.name);
                    if self.parts.grants.rule(&ruling, None, decided.last_ruling(plugin), events).await? {
                        break;
                    }
                }
            }
        }
        self.forget_forms(plugin, change).await?;
        self.recall(false).await?;
        Ok(in_use.last().cloned())
    }

    async fn forget_forms(&self, plugin: &str, change: &Change) -> Result<(), KernelError> {
        Ok(self.parts.grants.forget_forms(plugin, &|kind, value| change.looks_again_at(kind, value)).await?)
    }

    /// Grants a version that is not installed more.
    async fn decide_version(&self, version: &Plugin, change: &Change, by: By<'_>) -> Result<(), KernelError> {
        loop {
            let current = self.decided_so_far().await?.of(version);
            let change = &self.resolved(version, change);
            let next = current.grant_state.changed(version, change)?;
            let events = events(version, (&current.grant_state, &next), false, change, by);
            if self.parts.grants.decide(&self.decision(version, next, &by.who.name), current.revision, events).await? {
                return Ok(());
            }
        }
    }

    async fn keep_decision(&self, rule: Option<Rule>, decision: &Decision, expected: u64, events: Vec<Draft>) -> Result<bool, KernelError> {
        let grants = &self.parts.grants;
        Ok(match rule {
            None => grants.decide(decision, expected, events).await?,
            Some(rule) => grants.rule(&self.ruling(&decision.plugin, rule, &decision.decided_by), Some(decision), expected, events).await?,
        })
    }

    pub(super) async fn decided_so_far(&self) -> Result<Decided, KernelError> {
        // In this order: a version that was decided of together with a ruling is never seen without it.
        let versions = self.parts.grants.decisions().await?;
        Ok(Decided { rulings: self.parts.grants.rulings().await?, versions })
    }

    /// Gives every plugin what was decided of it, or of the version before it. `keep` writes down what was carried over.
    pub async fn recall(&self, keep: bool) -> Result<(), KernelError> {
        let revision = self.parts.grants.revision().await?;
        let decided = self.decided_so_far().await?;
        for plugin in self.parts.registry.all().values() {
            let present = decided.of(plugin);
            if keep {
                self.keep_carried(plugin, &present).await?;
            }
            adopt(plugin, present.grant_state);
        }
        for plugin in self.parts.registry.older() {
            adopt(&plugin, decided.of(&plugin).grant_state);
        }
        self.recall_bindings().await?;
        self.decided.store(revision, Ordering::SeqCst);
        Ok(())
    }

    /// Gives a plugin that is not installed what would be granted to it if it were.
    pub async fn apply_decided(&self, plugin: &Plugin) -> Result<(), KernelError> {
        adopt(plugin, self.decided_so_far().await?.of(plugin).grant_state);
        Ok(())
    }

    /// Puts a plugin in the place of whoever has its name, with the grants that carry over.
    pub async fn put(&self, plugin: Plugin) -> Result<Arc<Plugin>, KernelError> {
        // It is never found with less than it is granted.
        self.apply_decided(&plugin).await?;
        let replaced = self.parts.registry.find(plugin.name());
        let plugin = self.parts.registry.put(plugin);
        if let Some(replaced) = replaced.filter(|replaced| replaced.package.hash != plugin.package.hash) {
            self.needed_just_now(&replaced).await?;
        }
        let present = self.decided_so_far().await?.of(&plugin);
        self.keep_carried(&plugin, &present).await?;
        adopt(&plugin, present.grant_state);
        Ok(plugin)
    }

    /// Applies what somebody else decided since the last look.
    pub(super) async fn look_at_grants(&self) -> Result<(), KernelError> {
        if self.parts.grants.revision().await? != self.decided.load(Ordering::SeqCst) {
            self.recall(false).await?;
        }
        Ok(())
    }

    /// Writes down what a version has of another, so that what is decided of that later does not change it; or that it has
    /// nothing of any.
    async fn keep_carried(&self, plugin: &Plugin, present: &Current) -> Result<(), KernelError> {
        let (by, events) = match &present.carried_from {
            Some(from) => {
                let granted = present.grant_state.granted.clone();
                let events = if granted.is_empty() {
                    Vec::new()
                } else {
                    let decision = GrantDecision { carried_from: Some(from.hash.clone()), ..about(plugin, Some(granted)) };
                    vec![Draft::of_host(&Granted { decision }).by(&Actor::operator(&from.decided_by))]
                };
                (from.decided_by.as_str(), events)
            }
            None if present.is_apart => (HOST, Vec::new()),
            None => return Ok(()),
        };
        // Whoever decided in the meantime knew better.
        self.parts.grants.decide(&self.decision(plugin, present.grant_state.clone(), by), present.revision, events).await?;
        Ok(())
    }

    fn decision(&self, plugin: &Plugin, grant_state: GrantState, by: &str) -> Decision {
        Decision {
            plugin: plugin.name().to_owned(),
            hash: plugin.package.hash.clone(),
            grant_state,
            decided_at: self.parts.clock.now(),
            decided_by: by.to_owned(),
            revision: 0,
        }
    }

    fn ruling(&self, plugin: &str, rule: Rule, by: &str) -> Ruling {
        Ruling { plugin: plugin.to_owned(), rule, decided_at: self.parts.clock.now(), decided_by: by.to_owned(), revision: 0 }
    }

    fn no_such_plugin(&self, name: &str) -> GrantError {
        GrantError::NoPlugin(self.parts.registry.not_found(name, None))
    }
}

/// All that was decided so far.
pub(super) struct Decided {
    versions: Vec<Decision>,
    rulings: Vec<Ruling>,
}

/// What holds for a plugin now, and where it comes from.
struct Current {
    grant_state: GrantState,
    /// The last that was decided of this very version, or by name of all of them; 0 when nothing was.
    revision: u64,
    /// The decision on another version that it stems from.
    carried_from: Option<Decision>,
    /// It is to have nothing of what was decided of others, and nothing was decided of it.
    is_apart: bool,
}

impl Decided {
    fn of(&self, plugin: &Plugin) -> Current {
        let of_name = || self.versions.iter().rev().filter(|decision| decision.plugin == plugin.name());
        let last_ruling = self.last_ruling(plugin.name());
        let current = |grant_state: GrantState, since: u64, own: u64, carried_from: Option<Decision>| {
            let grant_state = grant_state.ruled_since(plugin, since, &self.rulings);
            Current { grant_state, revision: own.max(last_ruling), carried_from, is_apart: false }
        };
        if let Some(own) = of_name().find(|decision| decision.hash == plugin.package.hash) {
            return current(own.grant_state.clone(), own.revision, own.revision, None);
        }
        match of_name().next() {
            last if plugin.newcomer => {
                let (before, since) = last.map_or_else(Default::default, |last| (last.grant_state.clone(), last.revision));
                let disabled = before.ruled_since(plugin, since, &self.rulings).disabled;
                let grant_state = GrantState { disabled, ..GrantState::default() };
                Current { grant_state, revision: last_ruling, carried_from: None, is_apart: true }
            }
            Some(last) => current(carried(plugin, &last.grant_state), last.revision, 0, Some(last.clone())),
            None => current(plugin.grant_state_at_first(), 0, 0, None),
        }
    }

    /// When somebody decided last of a version, or by name of all of them; 0 for never.
    fn last_at(&self, plugin: &str, hash: &str) -> u64 {
        let of_version = self.versions.iter().filter(|decision| decision.plugin == plugin && decision.hash == hash);
        let by_name = self.rulings.iter().filter(|ruling| ruling.plugin == plugin);
        of_version.map(|decision| decision.decided_at).chain(by_name.map(|ruling| ruling.decided_at)).max().unwrap_or(0)
    }

    fn last_ruling(&self, plugin: &str) -> u64 {
        self.rulings.iter().rev().find(|ruling| ruling.plugin == plugin).map_or(0, |ruling| ruling.revision)
    }

    /// Whether a version other than this one loses something of what it was granted.
    fn loses_elsewhere(&self, plugin: &Plugin, change: &Change) -> bool {
        let fits = |kind: &str, pattern: &str| match change {
            Change::Revoke(named) => named.is_empty() || named.iter().any(|named| named.fits(kind, pattern)),
            Change::Forget | Change::Only(_) => true,
            Change::Grant(_) | Change::GrantOn(..) | Change::Enable | Change::Disable => false,
        };
        let others = self.versions.iter().filter(|version| version.hash != plugin.package.hash).cloned().collect::<Vec<_>>();
        is_granted_to_any(plugin.name(), fits, &others, &self.rulings)
    }

    /// Whether a version other than the one that is installed has what is to be taken back.
    fn can_take_back(&self, plugin: &str, change: &Change) -> bool {
        let Change::Revoke(named) = change else { return false };
        let fits = |kind: &str, pattern: &str| named.iter().any(|named| named.fits(kind, pattern));
        is_granted_to_any(plugin, fits, &self.versions, &self.rulings)
    }
}

/// What of a grant state holds for another version.
fn carried(plugin: &Plugin, from: &GrantState) -> GrantState {
    let mut grant_state = from.carried(|kind, pattern| plugin.permissions.within(kind, pattern));
    if plugin.origin == Origin::Bundled {
        let new = plugin.package.manifest.needs.beyond(&grant_state.withheld, CAPABILITIES);
        let new = new.kept(|kind, _| !is_amount(CAPABILITIES, kind) || grant_state.granted.of(kind).is_empty());
        grant_state.granted = grant_state.granted.with(&new, CAPABILITIES);
    }
    grant_state
}

/// Gives a plugin what was decided of it.
pub(super) fn adopt_current(plugin: &Plugin, decided: &Decided) {
    adopt(plugin, decided.of(plugin).grant_state);
}

/// What was kept and cannot be understood grants nothing, and keeps nothing else from being granted.
fn adopt(plugin: &Plugin, grant_state: GrantState) {
    let understood = |kind: &str, pattern: &str| match plugin.permissions.check(kind, pattern) {
        // It was kept by an earlier version, and would open what a later one brings.
        Ok(()) if is_reserved(CAPABILITIES, kind) => false,
        Ok(()) => true,
        Err(error) => {
            let (name, revoke) = (plugin.name(), format!("baton plugin revoke {} '{kind}={}'", plugin.name(), pattern.escape_debug()));
            tracing::warn!(plugin = name, %error, %revoke, "A grant of the plugin cannot be understood and grants nothing; revoke it.");
            false
        }
    };
    let (granted, limited) = (grant_state.granted.kept(understood), grant_state.limited_to(|_, granted| granted.kept(understood)));
    let nothing = GrantState { granted: Patterns::default(), limited: Vec::new(), ..grant_state.clone() };
    let grant_state = GrantState { granted, limited, ..grant_state };
    if let Err(error) = plugin.adopt(grant_state).or_else(|error| plugin.adopt(nothing).and(Err(error))) {
        tracing::warn!(plugin = plugin.name(), %error, "What was granted to the plugin cannot be understood; nothing is granted.");
    }
}

fn list_patterns(patterns: &Patterns) -> String {
    let each = |(kind, patterns): (&str, &[String])| patterns.iter().map(|pattern| format!("`{kind}={pattern}`")).collect::<Vec<_>>();
    let list: Vec<_> = patterns.iter().flat_map(each).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(", ") }
}

#[cfg(test)]
mod tests;
