//! The labels of an item, by which people find and group items. Says what a label is, and gives none a meaning.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Refusal, rules::excerpt};
use crate::rules::items;
pub use crate::rules::items::MOST_LABELS;

/// The labels of an item, sorted, so that the same labels are the same value. They are checked with the item, and may
/// be wrong before that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>")]
pub struct Labels(Vec<String>);

impl From<Vec<String>> for Labels {
    fn from(mut labels: Vec<String>) -> Self {
        labels.sort_unstable();
        Self(labels)
    }
}

impl From<Labels> for Vec<String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

impl Labels {
    /// The labels, sorted.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether the item has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the item has a label.
    pub fn contains(&self, label: &str) -> bool {
        self.0.binary_search_by(|other| other.as_str().cmp(label)).is_ok()
    }

    /// These without those in `removed`, and with those in `added`.
    #[must_use]
    pub fn with(&self, added: &[String], removed: &[String]) -> Self {
        let kept = self.0.iter().filter(|label| !removed.contains(label));
        Self(kept.chain(added).cloned().collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Whether an item may have them.
    pub(super) fn check(&self, key: &str) -> Result<(), Refusal> {
        self.0.iter().try_for_each(|label| check_label(label))?;
        if let Some(pair) = self.0.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Refusal::LabelTwice { key: key.to_owned(), label: pair[0].clone() });
        }
        match self.0.len() {
            0..=MOST_LABELS => Ok(()),
            count => Err(Refusal::Labels { key: key.to_owned(), count }),
        }
    }

    /// The first of `given` that an item may have, and why it cannot have the others.
    pub(super) fn sift(key: &str, given: Vec<String>) -> (Self, Vec<Refusal>) {
        let (mut kept, mut refusals) = (Vec::new(), Vec::new());
        let mut count = 0;
        for label in given {
            if let Err(refusal) = check_label(&label) {
                refusals.push(refusal);
            } else if kept.contains(&label) {
                refusals.push(Refusal::LabelTwice { key: key.to_owned(), label });
            } else {
                count += 1;
                kept.extend(Some(label).filter(|_| count <= MOST_LABELS));
            }
        }
        if count > MOST_LABELS {
            refusals.push(Refusal::Labels { key: key.to_owned(), count });
        }
        (kept.into(), refusals)
    }
}

/// Whether a text can be a label.
pub fn check_label(label: &str) -> Result<(), Refusal> {
    if items::is_label(label) { Ok(()) } else { Err(Refusal::Label(excerpt(label))) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::errors::Hint;

    fn labels(given: &[&str]) -> Labels {
        given.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>().into()
    }

    #[test]
    fn labels_are_plain_and_nothing_that_resembles_them() {
        for label in ["a", "1", "1.0", "area/checkout", "needs-review_2", "a//", &"a".repeat(50)] {
            assert_eq!(check_label(label), Ok(()), "{label}");
        }
        for label in
            ["", "A", "-a", ".a", "/a", "_a", "a b", "a,b", "a\n", "a:b", "é", "\u{430}", "a\0", "a\u{202e}", "$(a)", &"a".repeat(51)]
        {
            let refusal = check_label(label).unwrap_err();
            assert_eq!(refusal, Refusal::Label(label.escape_debug().to_string()));
            assert!(refusal.to_string().starts_with(&format!("`{}` is not a label: ", label.escape_debug())), "{refusal}");
        }
        assert!(check_label(&"\u{1b}".repeat(100_000)).unwrap_err().to_string().len() < 1_000);
    }

    #[test]
    fn labels_are_sorted_and_say_what_is_wrong_with_them() {
        assert_eq!(labels(&["b", "a/2", "a"]).as_slice(), ["a", "a/2", "b"]);
        assert_eq!(labels(&["b", "a"]), labels(&["a", "b"]));
        assert!(labels(&["b", "a"]).contains("b") && !labels(&["b", "a"]).contains("c"));
        let refused = |given: &[&str]| labels(given).check("1-1").unwrap_err().explain();
        assert!(refused(&["a", "B"]).starts_with("`B` is not a label"), "{}", refused(&["a", "B"]));
        assert_eq!(refused(&["b", "a", "b"]), "`1-1` has the label `b` twice. Give it once.");
        let many: Vec<_> = (0..21).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(refused(&many), "`1-1` has 21 labels, and the limit is 20. Give fewer.");
        assert_eq!(labels(&many[..20]).check("1-1"), Ok(()));
    }

    #[test]
    fn labels_are_added_and_removed_as_a_set() {
        let changed = |added: &[&str], removed: &[&str]| labels(&["b", "a"]).with(labels(added).as_slice(), labels(removed).as_slice());
        assert_eq!(changed(&["c", "a"], &["b", "ghost"]), labels(&["a", "c"]));
        assert_eq!(changed(&["b"], &["b"]), labels(&["a", "b"]));
    }

    #[test]
    fn the_first_that_can_be_kept_are_kept() {
        let (kept, refusals) = Labels::sift("1-1", ["b", "A b", "a", "b"].map(str::to_owned).to_vec());
        let twice = Refusal::LabelTwice { key: "1-1".to_owned(), label: "b".to_owned() };
        assert_eq!((kept, refusals), (labels(&["a", "b"]), vec![Refusal::Label("A b".to_owned()), twice]));
        let (kept, refusals) = Labels::sift("1-1", (10..35).rev().map(|number| number.to_string()).collect());
        assert_eq!((kept.as_slice()[0].as_str(), kept.as_slice().len()), ("15", MOST_LABELS));
        assert_eq!(refusals, [Refusal::Labels { key: "1-1".to_owned(), count: 25 }]);
    }

    #[test]
    fn labels_that_were_written_down_in_another_order_are_the_same() {
        assert_eq!(serde_json::from_value::<Labels>(json!(["b", "a"])).unwrap(), labels(&["a", "b"]));
        assert_eq!(json!(labels(&["b", "a"])), json!(["a", "b"]));
    }
}
