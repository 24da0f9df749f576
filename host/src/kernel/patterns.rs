//! Patterns by kind of capability: read from a manifest, joined and compared. Matches nothing.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};

use super::amount::Amount;
use crate::journal::{CapabilityKind, Matching};

/// What stands before a kind in a grant of what others may do through the plugin, such as `through.write`.
pub const THROUGH: &str = "through.";

/// Patterns by kind of capability, such as `write = ["docs/**"]`: a manifest's needs, or an operator's grants. Where an
/// amount is wanted, the only pattern of its kind is the amount. In grants a kind may stand behind `through.`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patterns(#[serde(deserialize_with = "by_kind")] pub(super) BTreeMap<String, Vec<String>>);

impl Patterns {
    /// Patterns of one kind.
    pub fn of(&self, kind: &str) -> &[String] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Every kind with its patterns, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(kind, patterns)| (kind.as_str(), patterns.as_slice()))
    }

    /// What the plugin itself may do.
    #[must_use]
    pub fn own(&self) -> Self {
        self.kept(|kind, _| !kind.starts_with(THROUGH))
    }

    /// What others may do through the plugin, under the kinds themselves.
    #[must_use]
    pub fn through(&self) -> Self {
        let through = |(kind, patterns): (&String, &Vec<String>)| Some((kind.strip_prefix(THROUGH)?.to_owned(), patterns.clone()));
        Self(self.0.iter().filter_map(through).collect())
    }

    /// Nothing is asked for, or granted.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// What of these is not part of `other`: what a wider version asks for in addition. A pattern is part of it literally, an
    /// amount, which `kinds` tells from a pattern, also when there is a larger one.
    pub fn beyond(&self, other: &Self, kinds: &[CapabilityKind]) -> Self {
        self.kept(|kind, pattern| {
            !other.of(kind).iter().any(|known| known == pattern || (is_amount(kinds, kind) && is_larger(known, pattern)))
        })
    }

    /// Those of which `keep` says so, given kind and pattern.
    #[must_use]
    pub fn kept(&self, keep: impl Fn(&str, &str) -> bool) -> Self {
        self.changed(|kind, pattern| keep(kind, pattern).then(|| pattern.to_owned()))
    }

    /// What `change` makes of each, given kind and pattern; none leaves it out.
    #[must_use]
    pub fn changed(&self, change: impl Fn(&str, &str) -> Option<String>) -> Self {
        let changed = |(kind, patterns): (&String, &Vec<String>)| {
            let rest: Vec<_> = patterns.iter().filter_map(|pattern| change(kind, pattern)).collect();
            (!rest.is_empty()).then(|| (kind.clone(), rest))
        };
        Self(self.0.iter().filter_map(changed).collect())
    }

    /// These and `others`, each once. An amount of `others` takes the place of one that is there.
    #[must_use]
    pub fn with(&self, others: &Self, kinds: &[CapabilityKind]) -> Self {
        let mut all = self.kept(|kind, _| !is_amount(kinds, kind) || others.of(kind).is_empty());
        for (kind, patterns) in others.beyond(&all, &[]).0 {
            all.0.entry(kind).or_default().extend(patterns);
        }
        all
    }
}

impl Patterns {
    /// These and `others`, each once, and of two amounts the larger.
    #[must_use]
    pub fn with_most(&self, others: &Self, kinds: &[CapabilityKind]) -> Self {
        let is_less = |kind: &str, amount: &str| is_amount(kinds, kind) && self.of(kind).iter().any(|own| is_larger(own, amount));
        self.with(&others.kept(|kind, pattern| !is_less(kind, pattern)), kinds)
    }
}

impl FromIterator<(String, Vec<String>)> for Patterns {
    fn from_iter<I: IntoIterator<Item = (String, Vec<String>)>>(kinds: I) -> Self {
        Self(kinds.into_iter().collect())
    }
}

/// The kind itself, where `through.` may stand before it.
pub(super) fn bare(kind: &str) -> &str {
    kind.strip_prefix(THROUGH).unwrap_or(kind)
}

/// Whether what stands under `kind` is an amount and no pattern.
pub(super) fn is_amount(kinds: &[CapabilityKind], kind: &str) -> bool {
    let kind = bare(kind);
    kinds.iter().any(|known| known.word == kind && known.matching == Matching::Amount)
}

/// Whether no interface serves a kind yet. What is granted of it would open what a later version brings.
pub(super) fn is_reserved(kinds: &[CapabilityKind], kind: &str) -> bool {
    let kind = bare(kind);
    kinds.iter().any(|known| known.word == kind && known.interface.is_empty())
}

/// What cannot be read is larger than nothing.
fn is_larger(one: &str, other: &str) -> bool {
    matches!((one.parse::<Amount>(), other.parse::<Amount>()), (Ok(one), Ok(other)) if one >= other)
}

fn by_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let kinds = BTreeMap::<String, List>::deserialize(deserializer)?;
    Ok(kinds.into_iter().map(|(kind, List(patterns))| (kind, patterns)).collect())
}

/// A list, or the one thing that would stand in it. A number is taken as it is written where that is known, so that what
/// makes no sense of it is said by whoever knows its kind.
struct List(Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Listed;
        impl<'de> Visitor<'de> for Listed {
            type Value = List;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of patterns such as [\"docs/**\"], or an amount such as \"2.50\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<List, E> {
                Ok(List(vec![text.to_owned()]))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<List, E> {
                Ok(List(vec![number.to_string()]))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<List, E> {
                Ok(List(vec![number.to_string()]))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<List, E> {
                Ok(List(vec![number.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = sequence.next_element()? {
                    patterns.push(pattern);
                }
                Ok(List(patterns))
            }
        }
        deserializer.deserialize_any(Listed)
    }
}
