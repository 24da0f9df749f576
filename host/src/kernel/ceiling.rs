//! How much a run may do at most, whatever its own plugin was granted: bounds that come down the tree it was started in,
//! all of which have to allow what it does. Kept with the run; decides nothing itself.

use serde::{Deserialize, Serialize};

use super::patterns::Patterns;
use crate::journal::RunId;

/// The bounds of one run. Without any, its own plugin's grants are all that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ceiling(Vec<Bound>);

/// One bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bound {
    /// The run at which it begins. What all runs from there down use of an amount counts together.
    pub run: RunId,
    /// Name of the plugin that set it, or whose grants it is.
    pub plugin: String,
    /// What it allows.
    #[serde(flatten)]
    pub limit: Limit,
}

/// What a bound allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Limit {
    /// What is granted to the plugin and through it: by what holds when a call is made, so that grants can be raised and
    /// taken back under a run.
    Grants {
        /// Its version: SHA-256 of its file, in hexadecimal.
        hash: String,
    },
    /// What the plugin started the run for, and nothing else.
    Narrowed {
        /// The patterns.
        to: Patterns,
    },
}

impl Ceiling {
    /// What a run may do at most that a run with these bounds starts, of which the new bound says run, plugin and version. What
    /// is bundled adds no bound to those that come down to it: it is as trusted as the host, and starts what others asked it
    /// for within what they may do.
    #[must_use]
    pub(super) fn below(mut self, bound: Bound, is_bundled: bool) -> Self {
        // The same plugin again further up bounds more runs by the same grants.
        let is_there = self.0.iter().any(|other| other.plugin == bound.plugin && other.limit == bound.limit);
        if !is_bundled && !is_there {
            self.0.push(bound);
        }
        self
    }

    /// The same, of a child that its parent starts for less.
    #[must_use]
    pub(super) fn narrowed(mut self, child: RunId, plugin: &str, to: Patterns) -> Self {
        self.0.push(Bound { run: child, plugin: plugin.to_owned(), limit: Limit::Narrowed { to } });
        self
    }

    /// The bounds, from the root down.
    pub fn bounds(&self) -> &[Bound] {
        &self.0
    }

    /// Nothing bounds the run beside its own plugin's grants.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ceiling_is_read_as_it_was_kept() {
        let bound = |limit| Bound { run: RunId::from_text("a"), plugin: "scribe".to_owned(), limit };
        let to = [("write".to_owned(), vec!["docs/**".to_owned()])].into_iter().collect();
        let ceiling = Ceiling(vec![bound(Limit::Grants { hash: "ff".to_owned() }), bound(Limit::Narrowed { to })]);
        let kept = serde_json::to_value(&ceiling).unwrap();
        let expected = json!([
            { "run": "a", "plugin": "scribe", "by": "grants", "hash": "ff" },
            { "run": "a", "plugin": "scribe", "by": "narrowed", "to": { "write": ["docs/**"] } },
        ]);
        assert_eq!(kept, expected);
        assert_eq!(serde_json::from_value::<Ceiling>(kept).unwrap(), ceiling);
        assert!(serde_json::from_value::<Ceiling>(json!([{ "run": "a", "plugin": "scribe" }])).is_err(), "no bound is read as none");
    }
}
