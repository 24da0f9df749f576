//! What an operator decided of a plugin, and the port of the table that keeps it. Applies nothing itself.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::patterns::Patterns;
use crate::{errors::StorageError, events::Draft, interfaces::CAPABILITIES};

/// Where and until when something is granted. What is left out sets no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Terms {
    /// Only in the project of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only before this time, in milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// What is granted on terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitedGrant {
    /// Where and until when.
    #[serde(flatten)]
    pub terms: Terms,
    /// What.
    pub granted: Patterns,
}

/// How an operator stands to one version of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantState {
    /// What it may do, within what it asks for; and under kinds behind `through.`, what others may do through it.
    pub granted: Patterns,
    /// The same on terms, in the order in which it was granted; of each terms once.
    pub limited: Vec<LimitedGrant>,
    /// What it asks for and was decided not to be given. It does not ask for that again.
    pub withheld: Patterns,
    /// It may not be started.
    pub disabled: bool,
    /// It was stopped after so many runs in a row that ended by a trap.
    pub tripped: Option<u32>,
    /// It was granted to start others before that was bounded by what it may do itself, and no operator has decided since.
    pub reaches_less: bool,
}

impl GrantState {
    /// What of it holds for another version of the plugin, of which `within` says how much of a grant it asks for. That this one kept
    /// trapping says nothing of the other.
    #[must_use]
    pub fn carried(&self, within: impl Fn(&str, &str) -> Option<String>) -> Self {
        let granted = self.granted.changed(&within);
        let withheld = self.withheld.changed(&within).beyond(&granted, CAPABILITIES);
        let limited = self.limited_to(|_, granted| granted.changed(&within));
        Self { granted, limited, withheld, disabled: self.disabled, tripped: None, reaches_less: self.reaches_less }
    }

    /// All that it may do at most, on whatever terms.
    pub fn at_most(&self) -> Patterns {
        self.with_most_of(self.limited.iter())
    }

    /// The same without the grants whose time has passed by `now`, in milliseconds since 1970 UTC.
    pub fn at_most_from(&self, now: u64) -> Patterns {
        let lasts = |grant: &&LimitedGrant| grant.terms.until.is_none_or(|until| now < until);
        self.with_most_of(self.limited.iter().filter(lasts))
    }

    fn with_most_of<'a>(&self, limited: impl Iterator<Item = &'a LimitedGrant>) -> Patterns {
        limited.fold(self.granted.clone(), |all, limited| all.with_most(&limited.granted, CAPABILITIES))
    }

    /// What `change` leaves of what is granted on terms.
    pub(super) fn limited_to(&self, change: impl Fn(&Terms, &Patterns) -> Patterns) -> Vec<LimitedGrant> {
        let changed = |grant: &LimitedGrant| LimitedGrant { terms: grant.terms.clone(), granted: change(&grant.terms, &grant.granted) };
        self.limited.iter().map(changed).filter(|grant| !grant.granted.is_empty()).collect()
    }
}

/// A decision as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Name of the plugin.
    pub plugin: String,
    /// SHA-256 of its file, in hexadecimal. Another file of the same name is another matter.
    pub hash: String,
    /// What was decided.
    pub grant_state: GrantState,
    /// When, in milliseconds since 1970 UTC.
    pub decided_at: u64,
    /// By whom.
    pub decided_by: String,
    /// Its number among the decisions of all plugins, from 1. Given by the table.
    pub revision: u64,
}

/// What was decided of a plugin by its name. It holds for every version of it that was decided of before, whether its
/// file is there, kept or gone; what is decided of a version afterwards is not touched by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Rule {
    /// Nothing is granted any more but `rest`.
    TakenBack {
        /// Of these kinds alone; of all when there are none.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        kinds: BTreeSet<String>,
        /// What stays granted where it was.
        #[serde(default, skip_serializing_if = "Patterns::is_empty")]
        rest: Patterns,
    },
    /// All is as if nobody had ever decided, but that it stays disabled if it was.
    Forgotten,
    /// It may not be started.
    Disabled,
    /// It may be started, also after it was stopped.
    Enabled,
}

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Name of the plugin.
    pub plugin: String,
    /// What was decided.
    pub rule: Rule,
    /// When, in milliseconds since 1970 UTC.
    pub decided_at: u64,
    /// By whom.
    pub decided_by: String,
    /// Its number in one row with those of all decisions. Given by the table.
    pub revision: u64,
}

/// Whether something is meant, by its kind and its name.
pub type IsMeant<'a> = dyn Fn(&str, &str) -> bool + Send + Sync + 'a;

/// Keeps what operators decided.
#[async_trait]
pub trait Grants: Send + Sync {
    /// The last decision of every version of every plugin, in the order in which they were taken.
    async fn decisions(&self) -> Result<Vec<Decision>, StorageError>;
    /// What was decided by name, in the order in which it was.
    async fn rulings(&self) -> Result<Vec<Ruling>, StorageError>;
    /// Keeps a decision together with its events, if the last that was decided of the version, or by name of all of them,
    /// still has the number `expected` (0 for none). Returns false, and changes nothing, when somebody else decided
    /// meanwhile.
    async fn decide(&self, decision: &Decision, expected: u64, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Keeps a ruling, and after it what holds for one version from then on, in the same way.
    async fn rule(&self, ruling: &Ruling, version: Option<&Decision>, expected: u64, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Forgets in which form a plugin was granted things that change, as far as `is_meant` says so of kind and name: what
    /// is decided again is looked at again.
    async fn forget_forms(&self, plugin: &str, is_meant: &IsMeant<'_>) -> Result<(), StorageError>;
    /// The number of the last decision or ruling, 0 before the first. Cheap: it is asked for all the time.
    async fn revision(&self) -> Result<u64, StorageError>;
}
