//! What a plugin may do: what its manifest asks for and its operator allows, both. Pure, and denies by default.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use crate::journal::{Authority, Capability, CapabilityKind, Denial, Matching};

/// Patterns by kind of capability, such as `write = ["docs/**"]`: a manifest's needs, or an operator's grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patterns(BTreeMap<String, Vec<String>>);

/// Why patterns were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A kind no interface knows.
    #[error("there is no capability `{kind}`; the kinds are {known}")]
    UnknownKind {
        /// The word that was used.
        kind: String,
        /// The words there are.
        known: String,
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
    /// More than anyone can read.
    #[error("`{kind}` lists {count} patterns; the most is {}", Patterns::MOST)]
    TooMany {
        /// The kind.
        kind: String,
        /// How many it lists.
        count: usize,
    },
}

impl Patterns {
    const MOST: usize = 256;
    const LONGEST: usize = 256;

    /// Patterns of one kind.
    pub fn of(&self, kind: &str) -> &[String] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Every kind with its patterns, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(kind, patterns)| (kind.as_str(), patterns.as_slice()))
    }

    /// Nothing is asked for, or granted.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// What of these is not literally part of `other`: what a wider version asks for anew.
    pub fn beyond(&self, other: &Self) -> Self {
        self.kept(|kind, pattern| !other.of(kind).iter().any(|known| known == pattern))
    }

    /// Those of which `keep` says so, given kind and pattern.
    #[must_use]
    pub fn kept(&self, keep: impl Fn(&str, &str) -> bool) -> Self {
        let kept = |(kind, patterns): (&String, &Vec<String>)| {
            let rest: Vec<_> = patterns.iter().filter(|pattern| keep(kind, pattern)).cloned().collect();
            (!rest.is_empty()).then(|| (kind.clone(), rest))
        };
        Self(self.0.iter().filter_map(kept).collect())
    }

    /// These and `others`, each once.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let mut all = self.clone();
        for (kind, patterns) in others.beyond(self).0 {
            all.0.entry(kind).or_default().extend(patterns);
        }
        all
    }

    /// Accepts the patterns, or says which of them is wrong.
    fn compile(&self, kinds: &[CapabilityKind]) -> Result<Compiled, PatternError> {
        let compile_kind = |(kind, patterns): (&String, &Vec<String>)| {
            let known = kinds.iter().find(|known| known.word == kind).ok_or_else(|| PatternError::UnknownKind {
                kind: kind.clone(),
                known: kinds.iter().map(|kind| format!("`{}`", kind.word)).collect::<Vec<_>>().join(", "),
            })?;
            if patterns.len() > Self::MOST {
                return Err(PatternError::TooMany { kind: kind.clone(), count: patterns.len() });
            }
            let set = glob_set(kind, patterns, known.matching)?;
            Ok((known.word, Set { set, beginnings: patterns.iter().map(|pattern| literal(pattern).to_owned()).collect() }))
        };
        self.0.iter().map(compile_kind).collect::<Result<_, _>>().map(Compiled)
    }
}

impl FromIterator<(String, Vec<String>)> for Patterns {
    fn from_iter<I: IntoIterator<Item = (String, Vec<String>)>>(kinds: I) -> Self {
        Self(kinds.into_iter().collect())
    }
}

struct Compiled(BTreeMap<&'static str, Set>);

struct Set {
    set: GlobSet,
    /// What stands before the first wildcard of each pattern.
    beginnings: Vec<String>,
}

impl Compiled {
    fn matches(&self, capability: &Capability<'_>) -> bool {
        self.0.get(capability.kind).is_some_and(|kind| kind.set.is_match(capability.value.as_ref()))
    }

    fn may_match_below(&self, kind: &str, prefix: &str) -> bool {
        let fits = |beginning: &String| beginning.starts_with(prefix) || prefix.starts_with(beginning.as_str());
        self.0.get(kind).is_some_and(|kind| kind.beginnings.iter().any(fits))
    }
}

fn literal(pattern: &str) -> &str {
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
        if pattern.is_empty() || pattern.len() > Patterns::LONGEST || pattern.chars().any(char::is_control) {
            return Err(refuse(pattern, format!("it has to have 1 to {} characters and no control characters", Patterns::LONGEST)));
        }
        let glob = GlobBuilder::new(pattern).literal_separator(matching == Matching::Path).backslash_escape(false).build();
        set.add(glob.map_err(|error| refuse(pattern, error.kind().to_string()))?);
    }
    set.build().map_err(|error| refuse(&patterns.join(", "), error.kind().to_string()))
}

/// What one plugin version may do. Grants can change while its runs are in flight; the next call sees it.
pub struct Permissions {
    plugin: String,
    kinds: &'static [CapabilityKind],
    asked: Patterns,
    needs: Compiled,
    grants: RwLock<Arc<Compiled>>,
}

impl Permissions {
    /// The permissions of `plugin`, which asks for `needs` and was given `grants`.
    pub fn new(plugin: &str, kinds: &'static [CapabilityKind], needs: &Patterns, grants: &Patterns) -> Result<Self, PatternError> {
        let grants = RwLock::new(Arc::new(grants.compile(kinds)?));
        Ok(Self { plugin: plugin.to_owned(), kinds, asked: needs.clone(), needs: needs.compile(kinds)?, grants })
    }

    /// Whether `pattern` is, or lies within, what the plugin asks for under `kind`.
    pub fn asks_for(&self, kind: &str, pattern: &str) -> bool {
        self.needs.0.get(kind).is_some_and(|kind| kind.set.is_match(pattern)) || self.asked.of(kind).iter().any(|asked| asked == pattern)
    }

    /// Replaces the grants. Calls that were admitted before are not called back.
    pub fn regrant(&self, grants: &Patterns) -> Result<(), PatternError> {
        let grants = Arc::new(grants.compile(self.kinds)?);
        *self.grants.write().unwrap_or_else(std::sync::PoisonError::into_inner) = grants;
        Ok(())
    }
}

impl Authority for Permissions {
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial> {
        let Capability { kind, value } = capability;
        let plugin = &self.plugin;
        if !self.needs.matches(capability) {
            return Err(Denial {
                reason: format!(
                    "Plugin `{plugin}` does not ask for `{kind}` of `{value}`. Add it to [needs] in its plugin.toml, build it again and grant it with `baton plugin grant {plugin}`."
                ),
            });
        }
        let grants = Arc::clone(&self.grants.read().unwrap_or_else(std::sync::PoisonError::into_inner));
        if !grants.matches(capability) {
            return Err(Denial {
                reason: format!(
                    "Plugin `{plugin}` asks for `{kind}` of `{value}` and was not granted it. Grant it with `baton plugin grant {plugin} {}`.",
                    argument(kind, value)
                ),
            });
        }
        Ok(())
    }

    fn may_allow_below(&self, kind: &str, prefix: &str) -> bool {
        let grants = Arc::clone(&self.grants.read().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.needs.may_match_below(kind, prefix) && grants.may_match_below(kind, prefix)
    }
}

/// What the operator types to grant it. The value may come from a model or a document: where a shell, or a pattern,
/// could read more out of it than it says, all that the plugin asks for of the kind is offered instead.
fn argument(kind: &str, value: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@+=,".contains(character);
    if value.chars().all(plain) { format!("'{kind}={value}'") } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &[CapabilityKind] = &[
        CapabilityKind { word: "write", matching: Matching::Path, interface: "files", meaning: "" },
        CapabilityKind { word: "models", matching: Matching::Name, interface: "llm", meaning: "" },
    ];

    fn patterns(kind: &str, list: &[&str]) -> Patterns {
        [(kind.to_owned(), list.iter().map(ToString::to_string).collect())].into_iter().collect()
    }

    fn decide(needs: &Patterns, grants: &Patterns, kind: &'static str, value: &str) -> Result<(), Denial> {
        Permissions::new("scribe", KINDS, needs, grants).unwrap().decide(&Capability::new(kind, value))
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let (none, docs) = (Patterns::default(), patterns("write", &["docs/**"]));
        assert!(decide(&none, &none, "write", "docs/a").is_err());
        assert!(decide(&docs, &none, "write", "docs/a").is_err());
        assert!(decide(&none, &docs, "write", "docs/a").is_err());
        assert!(decide(&docs, &docs, "write", "docs/a").is_ok());
    }

    #[test]
    fn both_sides_have_to_agree() {
        let needs = patterns("write", &["docs/**", "src/**"]);
        let grants = patterns("write", &["docs/*.md"]);
        assert!(decide(&needs, &grants, "write", "docs/a.md").is_ok());
        assert!(decide(&needs, &grants, "write", "docs/deep/a.md").is_err());
        assert!(decide(&needs, &grants, "write", "src/a.rs").is_err());
    }

    #[test]
    fn a_denial_says_how_to_be_allowed() {
        let docs = patterns("write", &["docs/**"]);
        let not_granted = decide(&docs, &Patterns::default(), "write", "docs/a").unwrap_err();
        assert!(not_granted.reason.contains("baton plugin grant scribe 'write=docs/a'"), "{not_granted}");
        let not_asked = decide(&docs, &docs, "write", "src/a").unwrap_err();
        assert!(not_asked.reason.contains("plugin.toml"), "{not_asked}");
    }

    #[test]
    fn no_value_can_smuggle_anything_into_the_command() {
        let all = patterns("write", &["**"]);
        for hostile in ["a'; rm -rf ~; '", "a`id`", "$(id)", "a b", "*", "[a]", "a\nb", "{a,b}"] {
            let denial = decide(&all, &Patterns::default(), "write", hostile).unwrap_err();
            assert!(denial.reason.ends_with("`baton plugin grant scribe write`."), "{denial}");
        }
    }

    #[test]
    fn what_lies_within_a_need_is_asked_for() {
        let needs = patterns("write", &["docs/**", "[ab].md"]);
        let permissions = Permissions::new("scribe", KINDS, &needs, &Patterns::default()).unwrap();
        for within in ["docs/**", "docs/a.md", "docs/*.md", "[ab].md", "a.md"] {
            assert!(permissions.asks_for("write", within), "{within}");
        }
        for beyond in ["**", "src/a", "docs", "", "c.md"] {
            assert!(!permissions.asks_for("write", beyond), "{beyond}");
        }
        assert!(!permissions.asks_for("models", "docs/a.md"));
    }

    #[test]
    fn patterns_are_joined_once() {
        let joined = patterns("write", &["a", "b"]).with(&patterns("write", &["b", "c"])).with(&patterns("models", &["*"]));
        assert_eq!(joined.of("write"), ["a", "b", "c"]);
        assert_eq!(joined.of("models"), ["*"]);
    }

    #[test]
    fn a_star_stays_in_its_folder_for_paths_and_not_for_names() {
        let models = patterns("models", &["*"]);
        assert!(decide(&models, &models, "models", "anthropic/claude").is_ok());
        let flat = patterns("write", &["*"]);
        assert!(decide(&flat, &flat, "write", "docs/a").is_err());
    }

    #[test]
    fn case_and_lookalikes_do_not_match() {
        let docs = patterns("write", &["docs/**"]);
        for path in ["Docs/a", "docs", "docs\u{200b}/a", "ｄocs/a"] {
            assert!(decide(&docs, &docs, "write", path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_grant_can_be_taken_back() {
        let docs = patterns("write", &["docs/**"]);
        let permissions = Permissions::new("scribe", KINDS, &docs, &docs).unwrap();
        let capability = Capability::new("write", "docs/a");
        assert!(permissions.decide(&capability).is_ok());
        permissions.regrant(&Patterns::default()).unwrap();
        assert!(permissions.decide(&capability).is_err());
    }

    #[test]
    fn what_cannot_be_allowed_is_known_without_a_name() {
        let (needs, grants) = (patterns("models", &["*"]), patterns("models", &["github.search", "calc*.add"]));
        let permissions = Permissions::new("scribe", KINDS, &needs, &grants).unwrap();
        for (prefix, may) in [("github.", true), ("calculator.", true), ("calculus.", true), ("gitlab.", false), ("", true)] {
            assert_eq!(permissions.may_allow_below("models", prefix), may, "{prefix}");
        }
        assert!(!permissions.may_allow_below("write", ""));
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for bad in ["", "[", "a\u{1b}[2J", &"x".repeat(300)] {
            let needs = patterns("write", &[bad]);
            assert!(matches!(Permissions::new("x", KINDS, &needs, &needs), Err(PatternError::NotAPattern { .. })), "{bad:?}");
        }
        let unknown = patterns("root", &["*"]);
        assert!(matches!(Permissions::new("x", KINDS, &unknown, &unknown), Err(PatternError::UnknownKind { .. })));
        let many = patterns("write", &["a"; 300]);
        assert!(matches!(Permissions::new("x", KINDS, &many, &many), Err(PatternError::TooMany { .. })));
    }

    #[test]
    fn a_wider_version_asks_for_the_difference() {
        let (old, new) = (patterns("write", &["docs/**"]), patterns("write", &["docs/**", "src/**"]));
        assert_eq!(new.beyond(&old), patterns("write", &["src/**"]));
        assert!(old.beyond(&new).is_empty());
    }
}
