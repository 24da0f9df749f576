//! What an operator decides, in the words in which it is typed. Decides nothing.

use std::str::FromStr;

use crate::{
    interfaces::CAPABILITIES,
    kernel::{
        grants::Terms,
        matching::fits,
        patterns::{bare, is_amount},
        permissions::{Patterns, THROUGH},
    },
};

/// All that others may do through a plugin, as it is named.
const ALL_THROUGH: &str = "through";

/// A capability as an operator names it: `write=docs/**`, `through.write=docs/**`, or `write` for all that is asked for of
/// the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub(super) kind: String,
    pub(super) pattern: Option<String>,
}

impl Named {
    pub(super) fn fits(&self, kind: &str, pattern: &str) -> bool {
        self.is_of(kind) && self.pattern.as_deref().is_none_or(|named| named == pattern)
    }

    /// Whether a value lies within it; within a kind that is named without a pattern as `whole_kinds` says.
    fn covers(&self, kind: &str, value: &str, whole_kinds: bool) -> bool {
        kind == self.kind && self.pattern.as_deref().map_or(whole_kinds, |pattern| fits(CAPABILITIES, kind, pattern, value))
    }

    /// Whether it is for what others may do through the plugin.
    pub(super) fn is_through(&self) -> bool {
        self.names_all_through() || self.kind.starts_with(THROUGH)
    }

    pub(super) fn names_all_through(&self) -> bool {
        self.kind == ALL_THROUGH
    }

    /// The kinds that are named.
    pub(super) fn kinds(&self) -> Vec<String> {
        match self.names_all_through() {
            true => CAPABILITIES.iter().map(|kind| format!("{THROUGH}{}", kind.word)).collect(),
            false => vec![self.kind.clone()],
        }
    }

    fn is_of(&self, kind: &str) -> bool {
        kind == self.kind || (self.names_all_through() && kind.starts_with(THROUGH))
    }

    /// The same with each pattern of `through` that is meant, where none is named. Itself where there is none, and before
    /// them where it names all kinds: that says more than the patterns do.
    fn resolved(&self, through: &Patterns) -> Vec<Self> {
        if !self.is_through() || self.pattern.is_some() || is_amount(CAPABILITIES, &self.kind) {
            return vec![self.clone()];
        }
        let is_meant = |kind: &str| self.names_all_through() || kind == bare(&self.kind);
        let meant = through.iter().filter(|(kind, _)| is_meant(kind) && !is_amount(CAPABILITIES, kind));
        let named = |(kind, patterns): (&str, &[String])| {
            let named = |pattern: &String| Self { kind: format!("{THROUGH}{kind}"), pattern: Some(pattern.clone()) };
            patterns.iter().map(named).collect::<Vec<_>>()
        };
        let meant: Vec<_> = meant.flat_map(named).collect();
        let itself = (meant.is_empty() || self.names_all_through()).then(|| self.clone());
        itself.into_iter().chain(meant).collect()
    }
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
    /// The same on terms.
    GrantOn(Vec<Named>, Terms),
    /// These and nothing else; it is not to ask for the rest again.
    Only(Vec<Named>),
    /// Not these any more; nothing at all when none is named.
    Revoke(Vec<Named>),
    /// As if nobody had ever decided, but that it stays disabled if it was.
    Forget,
    /// It may be started, also after it was stopped.
    Enable,
    /// It may not be started.
    Disable,
}

impl Change {
    /// Whether a thing that changes is granted as it is when it is seen next: where a grant names it, and where what was
    /// granted is taken back.
    pub(super) fn looks_again_at(&self, kind: &str, value: &str) -> bool {
        match self {
            Self::Grant(named) | Self::GrantOn(named, _) | Self::Only(named) => named.iter().any(|named| named.covers(kind, value, false)),
            Self::Revoke(named) => named.is_empty() || named.iter().any(|named| named.covers(kind, value, true)),
            Self::Forget => true,
            Self::Enable | Self::Disable => false,
        }
    }

    /// Whether it grants more to the version that is meant, and takes nothing from any other.
    pub(super) fn is_grant(&self) -> bool {
        matches!(self, Self::Grant(_) | Self::GrantOn(..))
    }

    /// The same with the patterns of `through`, which is what others do at present, where it names them without any.
    #[must_use]
    pub(super) fn resolved(&self, through: &Patterns) -> Self {
        let all = |named: &[Named]| named.iter().flat_map(|named| named.resolved(through)).collect();
        match self {
            Self::Grant(named) => Self::Grant(all(named)),
            Self::GrantOn(named, terms) => Self::GrantOn(all(named), terms.clone()),
            Self::Only(named) => Self::Only(all(named)),
            Self::Revoke(_) | Self::Forget | Self::Enable | Self::Disable => self.clone(),
        }
    }
}
