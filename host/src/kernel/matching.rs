//! Patterns as they are compared: compiled once, asked for each call. Knows neither plugins nor who granted what.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{amount::Amount, patterns::Patterns};
use crate::journal::{Capability, CapabilityKind, Matching};

/// Why patterns were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A kind no interface knows.
    #[error("`{kind}` is not a kind of capability; the kinds are {known}")]
    UnknownKind {
        /// The word that was used.
        kind: String,
        /// The words there are.
        known: String,
    },
    /// Not what can be counted.
    #[error("`{text}` is not an amount of `{kind}`: {reason}")]
    NotAnAmount {
        /// The kind it stands under.
        kind: String,
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a glob.
    #[error("`{pattern}` of `{kind}` is not a pattern: {reason}")]
    NotAPattern {
        /// The kind it stands under.
        kind: String,
        /// The text.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern that no call could ever need.
    #[error("`{pattern}` of `{kind}` is not one of its values, which are {values}")]
    NoSuchValue {
        /// The kind it stands under.
        kind: String,
        /// The text.
        pattern: String,
        /// All values.
        values: String,
    },
    /// More than anyone can read.
    #[error("`{kind}` lists {count} patterns; the most is {MOST}")]
    TooMany {
        /// The kind.
        kind: String,
        /// How many it lists.
        count: usize,
    },
}

/// Patterns of one kind that a manifest or an operator may list.
const MOST: usize = 256;
/// Bytes of a pattern.
const LONGEST: usize = 256;

/// Patterns by kind, compiled.
#[derive(Default)]
pub(super) struct Compiled {
    sets: BTreeMap<&'static str, Set>,
    amounts: BTreeMap<&'static str, Amount>,
}

struct Set {
    set: GlobSet,
    patterns: Vec<String>,
}

impl Compiled {
    /// Accepts the patterns, or says which of them is wrong.
    pub(super) fn of(patterns: &Patterns, kinds: &[CapabilityKind]) -> Result<Self, PatternError> {
        let mut compiled = Self::default();
        for (kind, patterns) in patterns.iter() {
            let known = kinds.iter().find(|known| known.word == kind).ok_or_else(|| PatternError::UnknownKind {
                kind: kind.to_owned(),
                known: kinds.iter().map(|kind| format!("`{}`", kind.word)).collect::<Vec<_>>().join(", "),
            })?;
            if patterns.len() > MOST {
                return Err(PatternError::TooMany { kind: kind.to_owned(), count: patterns.len() });
            }
            if known.matching == Matching::Amount {
                compiled.amounts.extend(amount(kind, patterns)?.map(|amount| (known.word, amount)));
                continue;
            }
            let set = glob_set(kind, patterns, known.matching)?;
            compiled.sets.insert(known.word, Set { set, patterns: patterns.to_vec() });
        }
        Ok(compiled)
    }

    pub(super) fn matches(&self, capability: &Capability<'_>) -> bool {
        self.sets.get(capability.kind).is_some_and(|kind| kind.set.is_match(capability.value.as_ref()))
    }

    /// Whether a pattern is one of these, or lies within one.
    pub(super) fn covers(&self, kind: &str, pattern: &str) -> bool {
        self.sets.get(kind).is_some_and(|kind| kind.set.is_match(pattern) || kind.patterns.iter().any(|known| known == pattern))
    }

    pub(super) fn amount(&self, kind: &str) -> Option<Amount> {
        self.amounts.get(kind).copied()
    }

    /// Whether a value that begins with `prefix` could match.
    pub(super) fn may_match_below(&self, kind: &str, prefix: &str) -> bool {
        let fits = |pattern: &String| literal(pattern).starts_with(prefix) || prefix.starts_with(literal(pattern));
        self.sets.get(kind).is_some_and(|kind| kind.patterns.iter().any(fits))
    }
}

/// What stands before the first wildcard.
pub(super) fn literal(pattern: &str) -> &str {
    &pattern[..pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len())]
}

fn glob_set(kind: &str, patterns: &[String], matching: Matching) -> Result<GlobSet, PatternError> {
    let refuse = |pattern: &str, reason: String| PatternError::NotAPattern {
        kind: kind.to_owned(),
        pattern: pattern.escape_debug().to_string(),
        reason,
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        if pattern.is_empty() || pattern.len() > LONGEST || pattern.chars().any(char::is_control) {
            return Err(refuse(pattern, format!("it has to have 1 to {} characters and no control characters", LONGEST)));
        }
        let glob = GlobBuilder::new(pattern).literal_separator(matching == Matching::Path).backslash_escape(false).build();
        set.add(glob.map_err(|error| refuse(pattern, error.kind().to_string()))?);
    }
    set.build().map_err(|error| refuse(&patterns.join(", "), error.kind().to_string()))
}

fn amount(kind: &str, patterns: &[String]) -> Result<Option<Amount>, PatternError> {
    let refuse = |text: &str, reason| {
        let text = text.chars().take(40).flat_map(char::escape_debug).collect();
        PatternError::NotAnAmount { kind: kind.to_owned(), text, reason }
    };
    match patterns {
        [] => Ok(None),
        [one] => one.parse().map(Some).map_err(|reason| refuse(one, reason)),
        more => Err(refuse(&more.join(", "), "give one amount")),
    }
}

/// Whether each pattern of a kind whose values are all known fits one of them. It is asked where patterns come in, and not
/// where they are read again: what was kept before fits nothing, and harms nothing.
pub(super) fn check_values(patterns: &Patterns, kinds: &[CapabilityKind]) -> Result<(), PatternError> {
    for (kind, patterns) in patterns.iter() {
        let values = kinds.iter().find(|known| known.word == kind).map_or(&[][..], |known| known.values);
        let is_any = |pattern: &str| values.is_empty() || values.iter().any(|value| fits(kinds, kind, pattern, value));
        if let Some(pattern) = patterns.iter().find(|pattern| !is_any(pattern)) {
            return Err(PatternError::NoSuchValue {
                kind: kind.to_owned(),
                pattern: pattern.escape_debug().to_string(),
                values: values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(())
}

/// Those of which there is a kind, and where all values of the kind are known, one that fits.
pub(super) fn known(patterns: &Patterns, kinds: &[CapabilityKind]) -> Patterns {
    patterns.kept(|kind, pattern| {
        let known = kinds.iter().find(|known| known.word == kind);
        known.is_some_and(|known| known.values.is_empty() || known.values.iter().any(|value| fits(kinds, kind, pattern, value)))
    })
}

/// Whether a value fits a pattern of its kind.
pub(super) fn fits(kinds: &[CapabilityKind], kind: &str, pattern: &str, value: &str) -> bool {
    let one = [(kind.to_owned(), vec![pattern.to_owned()])].into_iter().collect();
    Compiled::of(&one, kinds).is_ok_and(|compiled| compiled.sets.get(kind).is_some_and(|set| set.set.is_match(value)))
}
