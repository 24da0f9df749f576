//! What a plugin may do: what its manifest asks for and its operator allows, both; and what others may do through it. Pure,
//! and denies by default.

use std::sync::{Arc, PoisonError, RwLock};

use super::{
    amount::Amount,
    grants::{LimitedGrant, Terms},
    matching::{Compiled, check_values},
    patterns::{bare, is_amount},
};
pub use super::{
    matching::PatternError,
    patterns::{Patterns, THROUGH},
};
use crate::journal::{Capability, CapabilityKind, Denial, PluginVersion};

/// Where and when a call is made.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Id of the project. None asks for any: no call is made so.
    pub project: Option<&'a str>,
    /// In milliseconds since 1970 UTC.
    pub now: u64,
}

impl Terms {
    fn hold(&self, at: &Circumstances<'_>) -> bool {
        let is_here = at.project.is_none_or(|here| self.project.as_deref().is_none_or(|project| project == here));
        is_here && self.until.is_none_or(|until| at.now < until)
    }
}

/// One set of grants.
#[derive(Default)]
struct Granted {
    /// To the plugin itself.
    own: Compiled,
    /// To others, through the plugin.
    through: Compiled,
}

impl Granted {
    fn of(granted: &Patterns, kinds: &[CapabilityKind]) -> Result<Self, PatternError> {
        Ok(Self { own: Compiled::of(&granted.own(), kinds)?, through: Compiled::of(&granted.through(), kinds)? })
    }
}

/// All that is granted to a plugin.
#[derive(Default)]
struct Grants {
    always: Granted,
    limited: Vec<(Terms, Granted)>,
}

impl Grants {
    fn of(granted: &Patterns, limited: &[LimitedGrant], kinds: &[CapabilityKind]) -> Result<Self, PatternError> {
        let limited = limited.iter().map(|grant| Ok((grant.terms.clone(), Granted::of(&grant.granted, kinds)?)));
        Ok(Self { always: Granted::of(granted, kinds)?, limited: limited.collect::<Result<_, PatternError>>()? })
    }

    /// Those that hold now, the narrowest first: its amount takes the place of one that holds everywhere.
    fn holding(&self, at: &Circumstances<'_>) -> impl Iterator<Item = &Granted> {
        let limited = self.limited.iter().rev().filter(|(terms, _)| terms.hold(at)).map(|(_, granted)| granted);
        limited.chain([&self.always])
    }

    fn allow(&self, capability: &Capability<'_>, at: &Circumstances<'_>) -> bool {
        self.holding(at).any(|granted| granted.own.matches(capability))
    }

    fn amount(&self, kind: &str, at: &Circumstances<'_>) -> Option<Amount> {
        self.holding(at).find_map(|granted| granted.own.amount(kind))
    }

    /// The terms of the latest grant that would allow it where and when they hold.
    fn terms_of(&self, allows: impl Fn(&Granted) -> bool) -> Option<&Terms> {
        self.limited.iter().rev().find(|(_, granted)| allows(granted)).map(|(terms, _)| terms)
    }
}

/// What one plugin version may do. Grants can change while its runs are in flight; the next call sees it.
pub struct Permissions {
    plugin: String,
    /// The plugin as the audit log knows it.
    speaks_for: PluginVersion,
    kinds: &'static [CapabilityKind],
    needs: Compiled,
    grants: RwLock<Arc<Grants>>,
    /// What it asks for and no operator has decided on.
    undecided: RwLock<Arc<Compiled>>,
}

impl Permissions {
    /// The permissions of `plugin`, which asks for `needs` and was given `grants`.
    pub fn new(plugin: &str, kinds: &'static [CapabilityKind], needs: &Patterns, grants: &Patterns) -> Result<Self, PatternError> {
        let grants = RwLock::new(Arc::new(Grants::of(grants, &[], kinds)?));
        let speaks_for = PluginVersion { plugin: plugin.to_owned(), version: None, hash: None };
        let undecided = RwLock::default();
        Ok(Self { plugin: plugin.to_owned(), speaks_for, kinds, needs: Compiled::of(needs, kinds)?, grants, undecided })
    }

    /// The same, of a version that the audit log can name.
    #[must_use]
    pub fn of_version(mut self, version: &str, hash: &str) -> Self {
        self.speaks_for = PluginVersion { plugin: self.plugin.clone(), version: Some(version.to_owned()), hash: Some(hash.to_owned()) };
        self
    }

    /// Whether `pattern` is, or lies within, what the plugin asks for under `kind`. A plugin that states no amount asks
    /// for any.
    pub fn asks_for(&self, kind: &str, pattern: &str) -> bool {
        if is_amount(self.kinds, kind) {
            let need = self.needs.amount(kind);
            return pattern.parse::<Amount>().is_ok_and(|amount| need.is_none_or(|need| amount <= need));
        }
        self.needs.covers(kind, pattern)
    }

    /// What of a pattern under `kind` lies within what the plugin asks for: all, nothing, or of an amount as much. No plugin
    /// asks for what others may do through it, so that stays.
    pub fn within(&self, kind: &str, pattern: &str) -> Option<String> {
        match (self.asks_for(kind, pattern), self.needs.amount(kind)) {
            _ if kind.starts_with(THROUGH) => Some(pattern.to_owned()),
            (true, _) => Some(pattern.to_owned()),
            (false, Some(need)) if pattern.parse::<Amount>().is_ok() => Some(need.to_string()),
            (false, _) => None,
        }
    }

    /// Why `pattern` could never be granted under `kind`, if it could not.
    pub fn check(&self, kind: &str, pattern: &str) -> Result<(), PatternError> {
        let one = [(bare(kind).to_owned(), vec![pattern.to_owned()])].into_iter().collect();
        Compiled::of(&one, self.kinds)?;
        check_values(&one, self.kinds)
    }

    /// Why these grants could not be given together, if they could not.
    pub fn check_all(&self, granted: &Patterns, limited: &[LimitedGrant]) -> Result<(), PatternError> {
        Grants::of(granted, limited, self.kinds).map(drop)
    }

    /// Replaces the grants: those that hold everywhere and for good, and those that do not. Calls that were admitted before
    /// are not called back.
    pub fn regrant(&self, granted: &Patterns, limited: &[LimitedGrant]) -> Result<(), PatternError> {
        let grants = Arc::new(Grants::of(granted, limited, self.kinds)?);
        *self.grants.write().unwrap_or_else(PoisonError::into_inner) = grants;
        Ok(())
    }

    /// Says what of its needs no operator has decided on. Runs wait for that decision.
    pub fn leave_undecided(&self, undecided: &Patterns) -> Result<(), PatternError> {
        let undecided = Arc::new(Compiled::of(undecided, self.kinds)?);
        *self.undecided.write().unwrap_or_else(PoisonError::into_inner) = undecided;
        Ok(())
    }

    /// Whether the capability is among what no operator has decided on.
    pub(super) fn is_undecided(&self, capability: &Capability<'_>) -> bool {
        let undecided = Arc::clone(&self.undecided.read().unwrap_or_else(PoisonError::into_inner));
        match is_amount(self.kinds, capability.kind) {
            true => undecided.amount(capability.kind).is_some(),
            false => undecided.matches(capability),
        }
    }

    fn grants(&self) -> Arc<Grants> {
        Arc::clone(&self.grants.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the plugin itself may do.
impl Permissions {
    /// Allows the capability, or says why not.
    pub fn decide(&self, capability: &Capability<'_>, at: &Circumstances<'_>) -> Result<(), Denial> {
        let Capability { kind, value } = capability;
        if is_amount(self.kinds, kind) {
            return self.decide_amount(kind, value, at);
        }
        let plugin = &self.plugin;
        if !self.needs.matches(capability) {
            return Err(Denial {
                reason: format!(
                    "Plugin `{plugin}` does not ask for `{kind}` of `{value}`. Add it to [needs] in its plugin.toml, build it again and grant it with `baton plugin grant {plugin}`."
                ),
            });
        }
        let grants = self.grants();
        if !grants.allow(capability, at) {
            let terms = grants.terms_of(|granted| granted.own.matches(capability));
            return Err(Denial {
                reason: format!(
                    "Plugin `{plugin}` asks for `{kind}` of `{value}` and was {}. Grant it with `baton plugin grant {plugin} {}{}`.",
                    ungranted(terms, at),
                    argument(kind, value),
                    options(terms, at)
                ),
            });
        }
        Ok(())
    }

    /// Whether less was used than both sides allow one run. A side that states no amount sets no bound, but nothing is
    /// allowed of an amount that is asked for and was not granted.
    fn decide_amount(&self, kind: &str, used: &str, at: &Circumstances<'_>) -> Result<(), Denial> {
        let (plugin, grants) = (&self.plugin, self.grants());
        let (most, more) = match (self.needs.amount(kind), grants.amount(kind, at)) {
            (None, None) => return Ok(()),
            (Some(need), None) => {
                let on = options(grants.terms_of(|granted| granted.own.amount(kind).is_some()), at);
                let reason = format!(
                    "Plugin `{plugin}` asks for {need} of `{kind}` for a run and was not granted any. Grant it with `baton plugin grant {plugin} {kind}{on}`."
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

    /// The plugin as the audit log knows it.
    pub(super) fn speaks_for(&self) -> &PluginVersion {
        &self.speaks_for
    }

    pub(super) fn may_allow_below(&self, kind: &str, prefix: &str, at: &Circumstances<'_>) -> bool {
        self.needs.may_match_below(kind, prefix) && self.grants().holding(at).any(|granted| granted.own.may_match_below(kind, prefix))
    }
}

/// What others may do through the plugin: what it may do itself, and what was granted through it.
impl Permissions {
    /// Whether the capability is among it.
    pub(super) fn reaches(&self, capability: &Capability<'_>, at: &Circumstances<'_>) -> bool {
        let grants = self.grants();
        let itself = || self.needs.matches(capability) && grants.allow(capability, at);
        itself() || grants.holding(at).any(|granted| granted.through.matches(capability))
    }

    /// The options with which the capability is granted through the plugin on the terms on which it once was, each behind a space.
    pub(super) fn options_through(&self, capability: &Capability<'_>, at: &Circumstances<'_>) -> String {
        options(self.grants().terms_of(|granted| granted.through.matches(capability)), at)
    }

    /// How much a run of the plugin and all below it may use together; none where nothing bounds it. What is granted
    /// through it takes the place of what it may use itself.
    pub(super) fn amount_through(&self, kind: &str, at: &Circumstances<'_>) -> Option<Amount> {
        let grants = self.grants();
        let own = || match (self.needs.amount(kind), grants.amount(kind, at)) {
            (Some(need), Some(grant)) => Some(need.min(grant)),
            (Some(_), None) => Some(Amount::NONE),
            (None, grant) => grant,
        };
        grants.holding(at).find_map(|granted| granted.through.amount(kind)).or_else(own)
    }

    /// Whether all that a pattern matches is among it, as far as that can be told.
    pub(super) fn covers(&self, kind: &str, pattern: &str, at: &Circumstances<'_>) -> bool {
        if is_amount(self.kinds, kind) {
            let most = self.amount_through(kind, at);
            return pattern.parse::<Amount>().is_ok_and(|amount| most.is_none_or(|most| amount <= most));
        }
        let grants = self.grants();
        let itself = || self.needs.covers(kind, pattern) && grants.holding(at).any(|granted| granted.own.covers(kind, pattern));
        itself() || grants.holding(at).any(|granted| granted.through.covers(kind, pattern))
    }

    pub(super) fn may_reach_below(&self, kind: &str, prefix: &str, at: &Circumstances<'_>) -> bool {
        self.may_allow_below(kind, prefix, at) || self.grants().holding(at).any(|granted| granted.through.may_match_below(kind, prefix))
    }
}

/// How a call was not granted: not at all, elsewhere, or until a time that has passed.
fn ungranted(limited: Option<&Terms>, at: &Circumstances<'_>) -> String {
    match limited {
        None => "not granted it".to_owned(),
        Some(Terms { project: Some(project), .. }) if Some(project.as_str()) != at.project => "granted it for another project".to_owned(),
        Some(Terms { until: Some(until), .. }) if *until <= at.now => format!("granted it until {}, which has passed", moment(*until)),
        Some(_) => "not granted it".to_owned(),
    }
}

/// The options of the command that grants it here and now on such terms, each behind a space.
fn options(terms: Option<&Terms>, at: &Circumstances<'_>) -> String {
    let Some(terms) = terms else { return String::new() };
    let project = at.project.filter(|_| terms.project.is_some()).map(|project| format!(" --project {project}"));
    let until = terms.until.map(|_| " --until DATE".to_owned());
    project.into_iter().chain(until).collect()
}

/// `2026-01-02T14:05:09Z`.
fn moment(milliseconds: u64) -> String {
    let moment = i64::try_from(milliseconds).ok().and_then(|milliseconds| jiff::Timestamp::from_millisecond(milliseconds).ok());
    moment.unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// What the operator types to grant it. The value may come from a model or a document: where a shell, or a pattern,
/// could read more out of it than it says, all that the plugin asks for of the kind is offered instead.
pub(super) fn argument(kind: &str, value: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@+=,".contains(character);
    if value.chars().all(plain) { format!("'{kind}={value}'") } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Matching;

    const AT: Circumstances<'_> = Circumstances { project: Some("shop"), now: 1_000 };
    const KINDS: &[CapabilityKind] = &[
        CapabilityKind { word: "write", matching: Matching::Path, interface: "files", meaning: "", values: &[] },
        CapabilityKind { word: "models", matching: Matching::Name, interface: "llm", meaning: "", values: &[] },
        CapabilityKind { word: "dollars", matching: Matching::Amount, interface: "llm", meaning: "", values: &[] },
    ];

    fn patterns(kind: &str, list: &[&str]) -> Patterns {
        [(kind.to_owned(), list.iter().map(ToString::to_string).collect())].into_iter().collect()
    }

    fn decide(needs: &Patterns, grants: &Patterns, kind: &'static str, value: &str) -> Result<(), Denial> {
        Permissions::new("scribe", KINDS, needs, grants).unwrap().decide(&Capability::new(kind, value), &AT)
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
    fn a_denial_names_the_terms_on_which_it_was_granted_elsewhere_or_until_a_time() {
        let docs = patterns("write", &["docs/**"]);
        let permissions = Permissions::new("scribe", KINDS, &docs, &Patterns::default()).unwrap();
        let denied = |terms: Terms| {
            permissions.regrant(&Patterns::default(), &[LimitedGrant { terms, granted: docs.clone() }]).unwrap();
            permissions.decide(&Capability::new("write", "docs/a"), &AT).unwrap_err().reason
        };
        let (bank, passed) = (Some("bank".to_owned()), Some(1_000));
        for (terms, options) in [
            (Terms { project: bank.clone(), until: None }, " --project shop"),
            (Terms { project: None, until: passed }, " --until DATE"),
            (Terms { project: bank, until: passed }, " --project shop --until DATE"),
        ] {
            let reason = denied(terms);
            assert!(reason.ends_with(&format!("`baton plugin grant scribe 'write=docs/a'{options}`.")), "{reason}");
        }
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
        assert!(permissions.decide(&capability, &AT).is_ok());
        permissions.regrant(&Patterns::default(), &[]).unwrap();
        assert!(permissions.decide(&capability, &AT).is_err());
    }

    #[test]
    fn what_cannot_be_allowed_is_known_without_a_name() {
        let (needs, grants) = (patterns("models", &["*"]), patterns("models", &["github.search", "calc*.add"]));
        let permissions = Permissions::new("scribe", KINDS, &needs, &grants).unwrap();
        for (prefix, may) in [("github.", true), ("calculator.", true), ("calculus.", true), ("gitlab.", false), ("", true)] {
            assert_eq!(permissions.may_allow_below("models", prefix, &AT), may, "{prefix}");
        }
        assert!(!permissions.may_allow_below("write", "", &AT));
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
