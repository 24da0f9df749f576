//! What a decision makes of how an operator stands to a plugin. Keeps and applies nothing.

use std::collections::BTreeMap;

use super::{Change, GrantError, Named, list_patterns};
use crate::{
    interfaces::{CAPABILITIES, children::STARTS},
    kernel::{
        amount::Amount,
        grants::{GrantState, LimitedGrant, Terms},
        patterns::{is_amount, is_reserved},
        permissions::{Patterns, THROUGH},
        registry::{Origin, Plugin},
    },
};

impl GrantState {
    /// What it is after a change, or why that makes no sense for the plugin. A decision that could not be read back would
    /// take all others with it, so none is made that way, unless what was decided before cannot be read either.
    pub(super) fn changed(&self, plugin: &Plugin, change: &Change) -> Result<Self, GrantError> {
        let changed = self.applied(plugin, change)?;
        let is_readable = |grant_state: &Self| plugin.permissions.check_all(&grant_state.granted, &grant_state.limited);
        if is_readable(self).is_ok() {
            is_readable(&changed)?;
        }
        Ok(changed)
    }

    fn applied(&self, plugin: &Plugin, change: &Change) -> Result<Self, GrantError> {
        let needs = &plugin.package.manifest.needs;
        Ok(match change {
            Change::Grant(named) => {
                let more = select_needs(plugin, named)?;
                let withheld = self.withheld.with(&keep_amounts(needs, &more), CAPABILITIES).beyond(&more, CAPABILITIES);
                // What holds everywhere and for good needs no terms any more.
                let limited = self.limited_to(|_, granted| granted.beyond(&more, &[]));
                let granted = lifted(&self.granted, named).with(&more, CAPABILITIES);
                Self { granted, limited, withheld, reaches_less: false, ..self.clone() }
            }
            Change::GrantOn(named, terms) => {
                let more = self.asked_on_terms(plugin, named)?;
                let withheld = self.withheld.with(&keep_amounts(needs, &more), CAPABILITIES);
                Self { limited: self.limited_with(terms, &more), withheld, reaches_less: false, ..self.clone() }
            }
            Change::Only(named) => {
                let granted = lifted(&self.bounds(plugin), named).with(&select_needs(plugin, named)?, CAPABILITIES);
                Self { withheld: needs.beyond(&granted, CAPABILITIES), granted, limited: Vec::new(), reaches_less: false, ..*self }
            }
            Change::Revoke(named) => {
                let less = self.select_grants(plugin, named)?;
                let is_less = |kind: &str, need: &str| less.of(kind).iter().any(|less| less == need || is_amount(CAPABILITIES, kind));
                let wanted = if named.is_empty() { needs.clone() } else { needs.kept(is_less) };
                let rest = self.granted.beyond(&less, &[]);
                // To take a bound away would be to grant more.
                let bounds = self
                    .bounds(plugin)
                    .changed(|kind, bound| Some(if rest.of(kind).is_empty() && !named.is_empty() { "0" } else { bound }.to_owned()));
                let is_meant = |kind: &str, pattern: &str| named.is_empty() || named.iter().any(|named| named.fits(kind, pattern));
                Self {
                    granted: rest.with(&bounds, CAPABILITIES),
                    limited: self.limited_to(|_, granted| granted.kept(|kind, pattern| !is_meant(kind, pattern))),
                    withheld: self.withheld.with(&wanted, CAPABILITIES),
                    reaches_less: false,
                    ..*self
                }
            }
            Change::Forget => Self { disabled: self.disabled, ..Self::default() },
            Change::Enable => Self { disabled: false, tripped: None, ..self.clone() },
            Change::Disable => Self { disabled: true, tripped: None, ..self.clone() },
        })
    }

    /// Amounts that it was granted without asking for any: it is held to them all the same.
    fn bounds(&self, plugin: &Plugin) -> Patterns {
        let needs = &plugin.package.manifest.needs;
        self.granted.kept(|kind, _| is_amount(CAPABILITIES, kind) && needs.of(kind).is_empty())
    }

    /// What of its grants is named, on whatever terms; all of them when nothing is.
    fn select_grants(&self, plugin: &Plugin, named: &[Named]) -> Result<Patterns, GrantError> {
        let everything = self.limited.iter().fold(self.granted.clone(), |all, limited| all.with(&limited.granted, &[]));
        if named.is_empty() {
            return Ok(everything);
        }
        named.iter().try_fold(Patterns::default(), |given, named| {
            let these = everything.kept(|kind, pattern| named.fits(kind, pattern));
            // That nothing may be done through it is a decision also where nothing could be.
            if these.is_empty() && !named.names_all_through() {
                let (plugin, named, granted) = (plugin.name().to_owned(), named.to_string(), list_patterns(&everything));
                return Err(GrantError::NotGranted { plugin, named, granted });
            }
            Ok(given.with(&these, &[]))
        })
    }

    /// What is named and not granted everywhere and for good already.
    fn asked_on_terms(&self, plugin: &Plugin, named: &[Named]) -> Result<Patterns, GrantError> {
        let asked = select_needs(plugin, named)?;
        let is_bound = |kind: &str| is_amount(CAPABILITIES, kind) && plugin.package.manifest.needs.of(kind).is_empty();
        if let Some((kind, _)) = asked.iter().find(|(kind, _)| is_bound(kind)) {
            return Err(GrantError::BoundOnTerms { plugin: plugin.name().to_owned(), kind: kind.to_owned() });
        }
        let more = asked.beyond(&self.granted, &[]);
        if more.is_empty() && !asked.is_empty() {
            return Err(GrantError::Granted { plugin: plugin.name().to_owned(), granted: list_patterns(&asked) });
        }
        Ok(more)
    }

    /// What is granted on terms once `more` is. The last decision on a pattern in a project is the one that counts.
    fn limited_with(&self, terms: &Terms, more: &Patterns) -> Vec<LimitedGrant> {
        let in_project = |other: &Terms, granted: &Patterns| match other.project == terms.project {
            true => granted.kept(|kind, pattern| !more.of(kind).iter().any(|named| named == pattern || is_amount(CAPABILITIES, kind))),
            false => granted.clone(),
        };
        let mut limited = self.limited_to(in_project);
        match limited.iter().position(|grant| grant.terms == *terms) {
            Some(place) => {
                // The last is read first: its amounts are those that count.
                let grant = limited.remove(place);
                limited.push(LimitedGrant { granted: grant.granted.with(more, CAPABILITIES), ..grant });
            }
            None => limited.push(LimitedGrant { terms: terms.clone(), granted: more.clone() }),
        }
        limited.retain(|grant| !grant.granted.is_empty());
        limited
    }
}

/// What is granted, without the amounts of nothing that a revocation of `through` left, where `through` is granted as a
/// whole: others could use none of the rest. An amount above nothing is a limit that the operator chose, and stays.
fn lifted(granted: &Patterns, named: &[Named]) -> Patterns {
    let is_nothing = |amount: &str| amount.parse::<Amount>().is_ok_and(|amount| amount == Amount::NONE);
    let is_lifted = |kind: &str, amount: &str| kind.starts_with(THROUGH) && is_amount(CAPABILITIES, kind) && is_nothing(amount);
    match named.iter().any(Named::names_all_through) {
        true => granted.kept(|kind, pattern| !is_lifted(kind, pattern)),
        false => granted.clone(),
    }
}

/// Whoever names an amount has decided of all that was asked for.
fn keep_amounts(needs: &Patterns, more: &Patterns) -> Patterns {
    needs.kept(|kind, _| is_amount(CAPABILITIES, kind) && !more.of(kind).is_empty())
}

/// What of its needs is named, or lies within them, and what of that which others may do through it; all of its needs when
/// nothing is.
fn select_needs(plugin: &Plugin, named: &[Named]) -> Result<Patterns, GrantError> {
    let needs = &plugin.package.manifest.needs;
    if named.is_empty() {
        return Ok(needs.kept(|kind, _| !is_reserved(CAPABILITIES, kind)));
    }
    let mut asked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Beside `through` as a whole stands each pattern that it means, where there is any.
    let has_pattern = named.iter().any(|named| named.kind.starts_with(THROUGH) && named.pattern.is_some());
    for named in named.iter().filter(|named| !has_pattern || !named.names_all_through() || named.pattern.is_some()) {
        if is_reserved(CAPABILITIES, &named.kind) {
            return Err(GrantError::Reserved { kind: named.kind.clone() });
        }
        let these = if named.is_through() { asked_through(plugin, named)? } else { asked_itself(plugin, named)? };
        let before = asked.entry(named.kind.clone()).or_default();
        for pattern in these {
            if !before.contains(&pattern) {
                before.push(pattern);
            }
        }
    }
    Ok(Patterns::default().with(&asked.into_iter().collect(), CAPABILITIES))
}

fn asked_itself(plugin: &Plugin, named: &Named) -> Result<Vec<String>, GrantError> {
    let needs = &plugin.package.manifest.needs;
    let checked = || named.pattern.as_ref().map_or(Ok(()), |pattern| plugin.permissions.check(&named.kind, pattern));
    // Every amount is asked for by whoever asks for none, so it has to be one first.
    if is_amount(CAPABILITIES, &named.kind) {
        checked()?;
    }
    let these = match &named.pattern {
        None => needs.of(&named.kind).to_vec(),
        Some(pattern) if plugin.permissions.asks_for(&named.kind, pattern) => vec![pattern.clone()],
        Some(_) => Vec::new(),
    };
    if these.is_empty() {
        let (plugin, named, asked) = (plugin.name().to_owned(), named.to_string(), list_patterns(needs));
        return Err(GrantError::NotAsked { plugin, named, asked });
    }
    checked()?;
    Ok(these)
}

/// No manifest asks for what others may do through the plugin: that is the operator's alone to say.
fn asked_through(plugin: &Plugin, named: &Named) -> Result<Vec<String>, GrantError> {
    let name = || plugin.name().to_owned();
    if plugin.origin == Origin::Bundled {
        return Err(GrantError::BundledThrough { plugin: name() });
    }
    let needs = &plugin.package.manifest.needs;
    if STARTS.iter().all(|(kind, _)| needs.of(kind).is_empty()) {
        return Err(GrantError::StartsNothing { plugin: name() });
    }
    let Some(pattern) = named.pattern.as_ref().filter(|_| !named.names_all_through()) else {
        return Err(GrantError::NothingThrough { plugin: name(), named: named.to_string(), example: format!("{THROUGH}write=docs/**") });
    };
    plugin.permissions.check(&named.kind, pattern)?;
    Ok(vec![pattern.clone()])
}
