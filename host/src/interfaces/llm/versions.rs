//! Tables of facts about models, with source and date, and which entry a model's name stands for. Knows no provider and no
//! fact.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

/// Facts by provider and by the beginning of the model's name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Table<T> {
    as_of: String,
    source: String,
    #[serde(flatten)]
    pub(super) providers: BTreeMap<String, BTreeMap<String, T>>,
}

impl<T: DeserializeOwned> Table<T> {
    /// A table in TOML, or what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// Where the facts come from, and when they were taken.
    pub(super) fn provenance(&self) -> String {
        format!("{}, {}", self.source, self.as_of)
    }
}

/// The entry with the longest beginning that `name` is a version of.
pub(super) fn longest<'a, T>(table: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    let fitting = table.iter().filter(|(beginning, _)| is_version_of(name, beginning));
    fitting.max_by_key(|(beginning, _)| beginning.len()).map(|(_, entry)| entry)
}

/// Words behind a name that say how long the model is to reason. They are not part of the service's own name.
const EFFORTS: [&str; 8] = ["none", "zero", "minimal", "low", "medium", "high", "xhigh", "max"];

/// A name continues with a date, a build or `latest`, and may end with an effort. One that continues with another word, or with a
/// small number alone, is another model: `claude-opus-5-6` is not a version of `claude-opus-5`.
fn is_version_of(name: &str, beginning: &str) -> bool {
    let Some(rest) = name.strip_prefix(beginning) else { return false };
    let rest = rest.rsplit_once('-').filter(|(_, word)| EFFORTS.contains(word)).map_or(rest, |(before, _)| before);
    if rest.is_empty() {
        return true;
    }
    let Some(rest) = rest.strip_prefix(['-', '@']) else { return false };
    rest == "latest" || rest.len() > 2 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_name_with_a_date_a_build_or_latest() {
        for version in
            ["a-5", "a-5-20260416", "a-5@20260416", "a-5-2026-04-16", "a-5-001", "a-5-09-2025", "a-5-latest", "a-5-high", "a-5-001-max"]
        {
            assert!(is_version_of(version, "a-5"), "{version}");
        }
        for other in
            ["a-50", "a-5-6", "a-5-10", "a-5-mini", "a-5.1", "a-5-", "a", "", "b-a-5", "a-5-latest-2", "a-5-highest", "a-5-mini-high"]
        {
            assert!(!is_version_of(other, "a-5"), "{other}");
        }
        let table = BTreeMap::from([("a".to_owned(), 1), ("a-5".to_owned(), 2)]);
        assert_eq!((longest(&table, "a-001"), longest(&table, "a-5-001"), longest(&table, "b")), (Some(&1), Some(&2), None));
    }
}
