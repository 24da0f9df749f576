//! What a plugin may do: what its manifest asks for and its operator allows, both. Pure, and denies by default.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Value, json};

pub use super::patterns::Patterns;
use super::{amount::Amount, patterns::is_amount};
use crate::journal::{Authority, Capability, CapabilityKind, Denial, Matching};

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

#[derive(Default)]
struct Compiled {
    sets: BTreeMap<&'static str, Set>,
    amounts: BTreeMap<&'static str, Amount>,
}

struct Set {
    set: GlobSet,
    /// What stands before the first wildcard of each pattern.
    beginnings: Vec<String>,
}

impl Compiled {
    /// Accepts the patterns, or says which of them is wrong.
    fn of(patterns: &Patterns, kinds: &[CapabilityKind]) -> Result<Self, PatternError> {
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
            compiled.sets.insert(known.word, Set { set, beginnings: patterns.iter().map(|pattern| literal(pattern).to_owned()).collect() });
        }
        Ok(compiled)
    }

    fn matches(&self, capability: &Capability<'_>) -> bool {
        self.sets.get(capability.kind).is_some_and(|kind| kind.set.is_match(capability.value.as_ref()))
    }

    fn may_match_below(&self, kind: &str, prefix: &str) -> bool {
        let fits = |beginning: &String| beginning.starts_with(prefix) || prefix.starts_with(beginning.as_str());
        self.sets.get(kind).is_some_and(|kind| kind.beginnings.iter().any(fits))
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
        if pattern.is_empty() || pattern.len() > LONGEST || pattern.chars().any(char::is_control) {
            return Err(refuse(pattern, format!("it has to have 1 to {} characters and no control characters", LONGEST)));
        }
        let glob = GlobBuilder::new(pattern).literal_separator(matching == Matching::Path).backslash_escape(false).build();
        set.add(glob.map_err(|error| refuse(pattern, error.kind().to_string()))?);
    }
    set.build().map_err(|error| refuse(&patterns.join(", "), error.kind().to_string()))
}

fn amount(kind: &str, patterns: &[String]) -> Result<Option<Amount>, PatternError> {
    let refuse = |pattern: &str, reason: &str| {
        let pattern: String = pattern.chars().take(40).flat_map(char::escape_debug).collect();
        PatternError::NotAPattern { kind: kind.to_owned(), pattern, reason: reason.to_owned() }
    };
    match patterns {
        [] => Ok(None),
        [one] => one.parse().map(Some).map_err(|reason| refuse(one, reason)),
        more => Err(refuse(&more.join(", "), "one amount is wanted")),
    }
}

/// Whether a value fits a pattern of its kind.
pub(super) fn fits(kinds: &[CapabilityKind], kind: &str, pattern: &str, value: &str) -> bool {
    let one = [(kind.to_owned(), vec![pattern.to_owned()])].into_iter().collect();
    Compiled::of(&one, kinds).is_ok_and(|compiled| compiled.sets.get(kind).is_some_and(|set| set.set.is_match(value)))
}

/// What one plugin version may do. Grants can change while its runs are in flight; the next call sees it.
pub struct Permissions {
    plugin: String,
    /// The plugin as the audit log knows it.
    speaks_for: Value,
    kinds: &'static [CapabilityKind],
    asked: Patterns,
    needs: Compiled,
    grants: RwLock<Arc<Compiled>>,
}

impl Permissions {
    /// The permissions of `plugin`, which asks for `needs` and was given `grants`.
    pub fn new(plugin: &str, kinds: &'static [CapabilityKind], needs: &Patterns, grants: &Patterns) -> Result<Self, PatternError> {
        let grants = RwLock::new(Arc::new(Compiled::of(grants, kinds)?));
        let speaks_for = json!({ "plugin": plugin });
        Ok(Self { plugin: plugin.to_owned(), speaks_for, kinds, asked: needs.clone(), needs: Compiled::of(needs, kinds)?, grants })
    }

    /// The same, of a version that the audit log can name.
    #[must_use]
    pub fn of_version(mut self, version: &str, hash: &str) -> Self {
        self.speaks_for = json!({ "plugin": self.plugin, "version": version, "hash": hash });
        self
    }

    /// Whether `pattern` is, or lies within, what the plugin asks for under `kind`. A plugin that states no amount asks
    /// for any.
    pub fn asks_for(&self, kind: &str, pattern: &str) -> bool {
        if is_amount(self.kinds, kind) {
            let need = self.needs.amounts.get(kind);
            return pattern.parse::<Amount>().is_ok_and(|amount| need.is_none_or(|need| amount <= *need));
        }
        self.needs.sets.get(kind).is_some_and(|kind| kind.set.is_match(pattern)) || self.asked.of(kind).iter().any(|asked| asked == pattern)
    }

    /// What of a pattern under `kind` lies within what the plugin asks for: all, nothing, or of an amount as much.
    pub fn within(&self, kind: &str, pattern: &str) -> Option<String> {
        match (self.asks_for(kind, pattern), self.needs.amounts.get(kind)) {
            (true, _) => Some(pattern.to_owned()),
            (false, Some(need)) if pattern.parse::<Amount>().is_ok() => Some(need.to_string()),
            (false, _) => None,
        }
    }

    /// Why `pattern` could never be granted under `kind`, if it could not.
    pub fn check(&self, kind: &str, pattern: &str) -> Result<(), PatternError> {
        let one = [(kind.to_owned(), vec![pattern.to_owned()])].into_iter().collect();
        Compiled::of(&one, self.kinds).map(drop)
    }

    /// Replaces the grants. Calls that were admitted before are not called back.
    pub fn regrant(&self, grants: &Patterns) -> Result<(), PatternError> {
        let grants = Arc::new(Compiled::of(grants, self.kinds)?);
        *self.grants.write().unwrap_or_else(std::sync::PoisonError::into_inner) = grants;
        Ok(())
    }
}

impl Permissions {
    /// Whether less was used than both sides allow one run. A side that states no amount sets no bound, but nothing is
    /// allowed of an amount that is asked for and was not granted.
    fn decide_amount(&self, kind: &str, used: &str) -> Result<(), Denial> {
        let plugin = &self.plugin;
        let grants = Arc::clone(&self.grants.read().unwrap_or_else(std::sync::PoisonError::into_inner));
        let (most, more) = match (self.needs.amounts.get(kind).copied(), grants.amounts.get(kind).copied()) {
            (None, None) => return Ok(()),
            (Some(need), None) => {
                let reason = format!(
                    "Plugin `{plugin}` asks for {need} of `{kind}` for a run and was not granted any. Grant it with `baton plugin grant {plugin} {kind}`."
                );
                return Err(Denial { reason });
            }
            (Some(need), Some(grant)) if grant < need => {
                (grant, format!("Grant all of the {need} that it asks for with `baton plugin grant {plugin} {kind}`, or a part of it."))
            }
            (Some(need), Some(_)) => (
                need,
                format!(
                    "It asks for no more: raise `{kind}` in [needs] in its plugin.toml, build it again and grant it with `baton plugin grant {plugin}`."
                ),
            ),
            (None, Some(grant)) => (grant, format!("Grant more with `baton plugin grant {plugin} {kind}=AMOUNT`.")),
        };
        match used.parse::<f64>().ok().filter(|used| used.is_finite()) {
            Some(used) if most.is_above(used) => Ok(()),
            Some(used) => Err(Denial {
                reason: format!("A run of plugin `{plugin}` may use {most} of `{kind}`, and this one has used {used:.6}. {more}"),
            }),
            None => Err(Denial {
                reason: format!(
                    "A run of plugin `{plugin}` may use {most} of `{kind}`, and what this one has used is not known, so it cannot be held to it. \
                     Start another run once all that it uses has a known price."
                ),
            }),
        }
    }
}

impl Authority for Permissions {
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial> {
        let Capability { kind, value } = capability;
        if is_amount(self.kinds, kind) {
            return self.decide_amount(kind, value);
        }
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

    fn speaks_for(&self) -> Value {
        self.speaks_for.clone()
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
        CapabilityKind { word: "dollars", matching: Matching::Amount, interface: "llm", meaning: "" },
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
        let joined = patterns("write", &["a", "b"]).with(&patterns("write", &["b", "c"]), KINDS).with(&patterns("models", &["*"]), KINDS);
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
        assert_eq!(new.beyond(&old, KINDS), patterns("write", &["src/**"]));
        assert!(old.beyond(&new, KINDS).is_empty());
    }

    fn used(need: &[&str], grant: &[&str], used: &str) -> Result<(), Denial> {
        decide(&patterns("dollars", need), &patterns("dollars", grant), "dollars", used)
    }

    #[test]
    fn the_smaller_amount_bounds_and_none_bounds_nothing() {
        assert!(used(&[], &[], "unknown").is_ok());
        for (need, grant) in [(&["2.50"][..], &["1.50"][..]), (&["1.50"], &["2.50"]), (&[], &["1.50"])] {
            assert!(used(need, grant, "1.499").is_ok());
            for reached in ["1.5", "7", "unknown", "NaN", "inf"] {
                assert!(used(need, grant, reached).is_err(), "{need:?} {grant:?} {reached}");
            }
        }
    }

    #[test]
    fn an_amount_that_is_used_up_is_told_with_what_to_do() {
        let command = |need, grant, so_far| used(need, grant, so_far).unwrap_err().reason;
        let not_granted = command(&["2.50"], &[], "0");
        assert!(not_granted.contains("`baton plugin grant scribe dollars`"), "{not_granted}");
        let more = command(&["2.50"], &["1.50"], "1.6200001");
        assert!(more.contains("may use 1.50") && more.contains("has used 1.620000"), "{more}");
        assert!(more.contains("the 2.50 that it asks for with `baton plugin grant scribe dollars`"), "{more}");
        assert!(command(&["2.50"], &["2.50"], "3").contains("plugin.toml"));
        assert!(command(&[], &["1"], "3").contains("`baton plugin grant scribe dollars=AMOUNT`"));
        assert!(command(&["1"], &["1"], "unknown").contains("is not known"));
    }

    #[test]
    fn amounts_lie_within_larger_ones_and_one_takes_the_place_of_another() {
        let dollars = |amount| patterns("dollars", &[amount]);
        let permissions = Permissions::new("scribe", KINDS, &dollars("2.50"), &Patterns::default()).unwrap();
        assert!(
            permissions.asks_for("dollars", "2.5") && !permissions.asks_for("dollars", "2.51") && !permissions.asks_for("dollars", "x")
        );
        assert_eq!(permissions.within("dollars", "9"), Some("2.50".to_owned()));
        assert_eq!(permissions.within("dollars", "1.5"), Some("1.5".to_owned()));
        let boundless = Permissions::new("scribe", KINDS, &Patterns::default(), &Patterns::default()).unwrap();
        assert_eq!(boundless.within("dollars", "9"), Some("9".to_owned()));
        assert!(dollars("2.5").beyond(&dollars("2.50"), KINDS).is_empty());
        assert_eq!(dollars("3").beyond(&dollars("2.50"), KINDS), dollars("3"));
        assert_eq!(dollars("2.50").with(&dollars("1.50"), KINDS), dollars("1.50"));
    }

    #[test]
    fn an_amount_is_one_and_can_be_read_in_one_way_only() {
        for wrong in ["-1", "NaN", "1e400", "1,5", "", &"9".repeat(300)] {
            let refused =
                Permissions::new("scribe", KINDS, &patterns("dollars", &[wrong]), &Patterns::default()).err().unwrap().to_string();
            assert!(refused.contains("`dollars`") && refused.contains("such as \"2.50\"") && refused.len() < 300, "{refused}");
        }
        let two = Permissions::new("scribe", KINDS, &patterns("dollars", &["1", "2"]), &Patterns::default());
        assert!(two.err().unwrap().to_string().contains("one amount"));
    }
}
