//! What is decided of a plugin by its name, and what that leaves of a version's grant state. It never grants anything.

use std::collections::BTreeSet;

use super::{Change, Named};
use crate::{
    interfaces::CAPABILITIES,
    kernel::{
        grants::{Decision, GrantState, Rule, Ruling},
        patterns::is_amount,
        permissions::Patterns,
        registry::Plugin,
    },
};

impl Change {
    /// What it means for the versions other than the one that is decided of, which then is granted `granted`. Nothing
    /// where more is granted: that is for one version.
    pub(super) fn rule(&self, granted: &Patterns) -> Option<Rule> {
        match self {
            Self::Grant(_) | Self::GrantOn(..) => None,
            Self::Only(_) => Some(Rule::TakenBack { kinds: BTreeSet::new(), rest: granted.clone() }),
            Self::Revoke(named) if named.is_empty() => Some(Rule::TakenBack { kinds: BTreeSet::new(), rest: Patterns::default() }),
            Self::Revoke(named) => {
                let kinds: BTreeSet<_> = named.iter().flat_map(Named::kinds).collect();
                let rest = granted.kept(|kind, _| kinds.contains(kind));
                Some(Rule::TakenBack { kinds, rest })
            }
            Self::Forget => Some(Rule::Forgotten),
            Self::Disable => Some(Rule::Disabled),
            Self::Enable => Some(Rule::Enabled),
        }
    }
}

impl GrantState {
    /// What is left of it after all that was decided by the plugin's name since decision number `since`.
    pub(super) fn ruled_since(self, plugin: &Plugin, since: u64, rulings: &[Ruling]) -> Self {
        let later = rulings.iter().filter(|ruling| ruling.plugin == plugin.name() && ruling.revision > since);
        later.fold(self, |grant_state, ruling| grant_state.ruled(plugin, &ruling.rule))
    }

    fn ruled(self, plugin: &Plugin, rule: &Rule) -> Self {
        match rule {
            Rule::TakenBack { kinds, rest } => self.without(plugin, kinds, rest),
            Rule::Forgotten => Self { disabled: self.disabled, ..Self::default() },
            Rule::Disabled => Self { disabled: true, tripped: None, ..self },
            Rule::Enabled => Self { disabled: false, tripped: None, ..self },
        }
    }

    /// Taken back goes by the kind, for another version may word it otherwise: of the kinds that are meant only what is in
    /// `rest` stays. It is not asked for again.
    fn without(self, plugin: &Plugin, kinds: &BTreeSet<String>, rest: &Patterns) -> Self {
        let needs = &plugin.package.manifest.needs;
        let is_meant = |kind: &str| kinds.is_empty() || kinds.contains(kind);
        let granted = self.granted.changed(|kind, pattern| {
            let is_bound = is_amount(CAPABILITIES, kind) && needs.of(kind).is_empty();
            match rest.of(kind) {
                _ if !is_meant(kind) => Some(pattern.to_owned()),
                // To take a bound away would be to grant more.
                [] if is_bound && !kinds.is_empty() => Some("0".to_owned()),
                [left, ..] if is_bound && !kinds.is_empty() => Some(left.clone()),
                _ if is_bound => Some(pattern.to_owned()),
                rest => rest.iter().any(|kept| kept == pattern).then(|| pattern.to_owned()),
            }
        });
        let lost = self.granted.beyond(&granted, &[]);
        let is_lost = |kind: &str, need: &str| lost.of(kind).iter().any(|lost| lost == need || is_amount(CAPABILITIES, kind));
        let withheld = needs.beyond(&granted, CAPABILITIES).kept(|kind, need| kinds.is_empty() || is_lost(kind, need));
        let limited = self.limited_to(|_, granted| granted.kept(|kind, _| !is_meant(kind)));
        Self { withheld: self.withheld.with(&withheld, CAPABILITIES), granted, limited, ..self }
    }
}

/// Whether any version of a plugin that was decided of is granted something that fits, as far as is known without its file.
pub(super) fn is_granted_to_any(plugin: &str, fits: impl Fn(&str, &str) -> bool, versions: &[Decision], rulings: &[Ruling]) -> bool {
    let of_plugin = versions.iter().filter(|version| version.plugin == plugin);
    let left = |version: &Decision| {
        let since = rulings.iter().filter(|ruling| ruling.plugin == plugin && ruling.revision > version.revision);
        since.fold(version.grant_state.at_most(), |granted, ruling| match &ruling.rule {
            Rule::TakenBack { kinds, rest } => granted
                .kept(|kind, pattern| (!kinds.is_empty() && !kinds.contains(kind)) || rest.of(kind).iter().any(|kept| kept == pattern)),
            Rule::Forgotten => Patterns::default(),
            Rule::Disabled | Rule::Enabled => granted,
        })
    };
    of_plugin.map(left).any(|granted| !granted.kept(&fits).is_empty())
}
