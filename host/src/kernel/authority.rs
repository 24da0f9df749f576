//! What one run may do: what its own plugin was granted, and what each bound of its ceiling allows. Decides on calls and
//! keeps nothing.

use std::{collections::HashSet, sync::Arc};

use super::{
    Kernel, KernelError,
    amount::Amount,
    ceiling::{Bound, Limit},
    matching::Compiled,
    patterns::is_amount,
    permissions::{Circumstances, Patterns, Permissions, argument},
    registry::Plugin,
    run::Run,
    spending::Meter,
};
use crate::{
    interfaces::CAPABILITIES,
    journal::{Authority, Capability, Clock, Denial, Journal, PluginVersion, RunId},
};

/// The authority of one run. Grants that change are seen at the next call.
pub(super) struct RunAuthority {
    permissions: Arc<Permissions>,
    project: String,
    clock: Arc<dyn Clock>,
    bounds: Vec<HeldBound>,
}

impl RunAuthority {
    /// That of a run that nothing bounds.
    pub(super) fn unbounded(plugin: &Plugin, run: &Run, clock: Arc<dyn Clock>) -> Self {
        Self { permissions: Arc::clone(&plugin.permissions), project: run.project.clone(), clock, bounds: Vec::new() }
    }

    /// By the time at which the call is made, which its answer keeps: a replay decides nothing again.
    fn at(&self) -> Circumstances<'_> {
        Circumstances { project: Some(&self.project), now: self.clock.now() }
    }
}

impl Authority for RunAuthority {
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial> {
        let at = self.at();
        self.permissions.decide(capability, &at)?;
        self.bounds.iter().try_for_each(|bound| bound.decide(capability, &at))
    }

    /// What a bound denies, no decision on the plugin itself changes.
    fn awaits_decision(&self, capability: &Capability<'_>) -> bool {
        let at = self.at();
        self.permissions.is_undecided(capability)
            && self.permissions.decide(capability, &at).is_err()
            && self.bounds.iter().all(|bound| bound.decide(capability, &at).is_ok())
    }

    fn speaks_for(&self) -> PluginVersion {
        self.permissions.speaks_for().clone()
    }

    fn may_allow_below(&self, kind: &str, prefix: &str) -> bool {
        let at = self.at();
        self.permissions.may_allow_below(kind, prefix, &at) && self.bounds.iter().all(|bound| bound.may_allow_below(kind, prefix, &at))
    }
}

/// A bound together with what it is read from.
struct HeldBound {
    bound: Bound,
    allows: Allows,
    used: Arc<Meter>,
}

enum Allows {
    /// What a plugin was granted, and what was granted through it.
    Granted(Arc<Permissions>),
    /// Nothing: the plugin's file is gone.
    Nothing,
    /// These alone.
    Patterns(Compiled),
}

impl HeldBound {
    fn decide(&self, capability: &Capability<'_>, at: &Circumstances<'_>) -> Result<(), Denial> {
        if is_amount(CAPABILITIES, capability.kind) {
            return self.decide_amount(capability.kind, at);
        }
        let allowed = match &self.allows {
            Allows::Granted(permissions) => permissions.reaches(capability, at),
            Allows::Patterns(patterns) => patterns.matches(capability),
            Allows::Nothing => false,
        };
        if allowed { Ok(()) } else { Err(self.denial(capability, at)) }
    }

    fn decide_amount(&self, kind: &str, at: &Circumstances<'_>) -> Result<(), Denial> {
        let most = match &self.allows {
            Allows::Granted(permissions) => permissions.amount_through(kind, at),
            Allows::Patterns(patterns) => patterns.amount(kind),
            Allows::Nothing => Some(Amount::NONE),
        };
        let Some(most) = most else { return Ok(()) };
        match self.used.used() {
            Some(used) if most.is_above(used) => Ok(()),
            Some(used) => {
                Err(Denial { reason: format!("{} may use {most} of `{kind}`, and have used {used:.6}. {}", self.who(), self.more(kind)) })
            }
            None => Err(Denial {
                reason: format!(
                    "{} may use {most} of `{kind}`, and what they have used is not known, so they cannot be held to it. Start another run \
                     once all that it uses has a known price.",
                    self.who()
                ),
            }),
        }
    }

    fn may_allow_below(&self, kind: &str, prefix: &str, at: &Circumstances<'_>) -> bool {
        match &self.allows {
            Allows::Granted(permissions) => permissions.may_reach_below(kind, prefix, at),
            Allows::Patterns(patterns) => patterns.may_match_below(kind, prefix),
            Allows::Nothing => false,
        }
    }

    fn denial(&self, capability: &Capability<'_>, at: &Circumstances<'_>) -> Denial {
        let (Capability { kind, value }, Bound { run, plugin, limit }) = (capability, &self.bound);
        let run = run.short();
        let reason = match (limit, &self.allows) {
            (Limit::Narrowed { .. }, _) | (_, Allows::Patterns(_)) => format!(
                "Plugin `{plugin}` started run {run} for less than `{kind}` of `{value}`, so neither that run nor one below it may do it, \
                 whatever is granted."
            ),
            (_, Allows::Nothing) => format!(
                "`{kind}` of `{value}` is beyond the ceiling of run {run}: the file of its plugin `{plugin}` is not installed any more, so \
                 nothing can be done through it. Install that file again."
            ),
            (_, Allows::Granted(permissions)) => format!(
                "`{kind}` of `{value}` is beyond the ceiling of run {run}, which led to this run: its plugin `{plugin}` was granted it neither \
                 for itself nor for what others do through it. Grant it with `baton plugin grant {plugin} {}{}`.",
                argument(&format!("through.{kind}"), value),
                permissions.options_through(capability, at)
            ),
        };
        Denial { reason }
    }

    fn who(&self) -> String {
        let Bound { run, plugin, limit } = &self.bound;
        match limit {
            Limit::Grants { .. } => format!("Run {} of plugin `{plugin}` and those it led to", run.short()),
            Limit::Narrowed { .. } => format!("Run {}, as plugin `{plugin}` started it, and those it led to", run.short()),
        }
    }

    fn more(&self, kind: &str) -> String {
        let plugin = &self.bound.plugin;
        match self.bound.limit {
            Limit::Grants { .. } => format!("Grant more with `baton plugin grant {plugin} through.{kind}=AMOUNT`."),
            Limit::Narrowed { .. } => "No grant changes that.".to_owned(),
        }
    }
}

impl Kernel {
    /// What a run may do, and the journal through which what it uses is counted.
    pub(super) async fn authority_of(&self, run: &Run, plugin: &Plugin) -> Result<(RunAuthority, Arc<dyn Journal>), KernelError> {
        let mut authority = RunAuthority::unbounded(plugin, run, Arc::clone(&self.parts.clock));
        let above = if run.ceiling.is_empty() { HashSet::new() } else { self.line_of(run).await? };
        for bound in run.ceiling.bounds() {
            // A fork is in no tree that its source was in: what it uses is counted from its own root down.
            let begins = if above.contains(&bound.run) { &bound.run } else { &run.root };
            let (used, allows) = (self.meter(begins).await?, self.allows(bound).await?);
            authority.bounds.push(HeldBound { bound: bound.clone(), allows, used });
        }
        let journal = self.metered(&run.id, authority.bounds.iter().map(|bound| Arc::clone(&bound.used)).collect());
        Ok((authority, journal))
    }

    async fn allows(&self, bound: &Bound) -> Result<Allows, KernelError> {
        Ok(match &bound.limit {
            // What cannot be understood allows nothing.
            Limit::Narrowed { to } => Allows::Patterns(Compiled::of(to, CAPABILITIES).unwrap_or_default()),
            Limit::Grants { hash } => match self.version_of(&bound.plugin, hash).await? {
                Some(plugin) => Allows::Granted(Arc::clone(&plugin.permissions)),
                None => Allows::Nothing,
            },
        })
    }

    /// The run and all above it.
    async fn line_of(&self, run: &Run) -> Result<HashSet<RunId>, KernelError> {
        let (mut line, mut above) = (HashSet::from([run.id.clone()]), run.parent.clone());
        while let Some((id, _)) = above {
            above = self.run(&id).await?.parent;
            line.insert(id);
        }
        Ok(line)
    }

    /// Why a child under these bounds cannot be started for `to`: that is no narrowing, or no pattern.
    pub(super) async fn check_narrowing(&self, parent: &Run, bounds: &[Bound], to: &Patterns) -> Result<Result<(), String>, KernelError> {
        if let Err(error) = Compiled::of(to, CAPABILITIES) {
            return Ok(Err(format!("What the run is narrowed to cannot be understood: {error}.")));
        }
        let at = Circumstances { project: Some(&parent.project), now: self.parts.clock.now() };
        for bound in bounds {
            let allows = self.allows(bound).await?;
            let wider = to.kept(|kind, pattern| !allows.cover(kind, pattern, &at));
            if let Some((kind, [pattern, ..])) = wider.iter().next() {
                return Ok(Err(format!(
                    "A run can be started for less than its ceiling and not for more: `{kind}` of `{pattern}` is beyond what plugin `{}` \
                     was granted. Leave it out.",
                    bound.plugin
                )));
            }
        }
        Ok(Ok(()))
    }
}

impl Allows {
    fn cover(&self, kind: &str, pattern: &str, at: &Circumstances<'_>) -> bool {
        match self {
            Self::Granted(permissions) => permissions.covers(kind, pattern, at),
            Self::Patterns(patterns) if is_amount(CAPABILITIES, kind) => {
                let most = patterns.amount(kind);
                pattern.parse::<Amount>().is_ok_and(|amount| most.is_none_or(|most| amount <= most))
            }
            Self::Patterns(patterns) => patterns.covers(kind, pattern),
            Self::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::grants::{LimitedGrant, Terms};

    struct At(u64);

    impl Clock for At {
        fn now(&self) -> u64 {
            self.0
        }
    }

    fn patterns(kinds: &[(&str, &[&str])]) -> Patterns {
        kinds.iter().map(|(kind, list)| ((*kind).to_owned(), list.iter().map(ToString::to_string).collect())).collect()
    }

    fn permissions(plugin: &str, needs: &Patterns, granted: &Patterns) -> Arc<Permissions> {
        Arc::new(Permissions::new(plugin, CAPABILITIES, needs, granted).unwrap())
    }

    /// An agent that may write everything and ask every model.
    fn agent(bounds: Vec<HeldBound>) -> RunAuthority {
        let all = patterns(&[("write", &["**"]), ("models", &["*"]), ("dollars", &["9"])]);
        RunAuthority { permissions: permissions("amelia", &all, &all), project: "shop".to_owned(), clock: Arc::new(At(1_000)), bounds }
    }

    fn granted(permissions: Arc<Permissions>, used: Option<f64>) -> HeldBound {
        let bound = Bound { run: RunId::from_text("the-run"), plugin: "scribe".to_owned(), limit: Limit::Grants { hash: String::new() } };
        HeldBound { bound, allows: Allows::Granted(permissions), used: Meter::new(used).into() }
    }

    fn narrowed(to: &Patterns, used: Option<f64>) -> HeldBound {
        let bound = Bound { run: RunId::from_text("the-run"), plugin: "scribe".to_owned(), limit: Limit::Narrowed { to: to.clone() } };
        HeldBound { bound, allows: Allows::Patterns(Compiled::of(to, CAPABILITIES).unwrap()), used: Meter::new(used).into() }
    }

    fn reason(authority: &RunAuthority, kind: &'static str, value: &str) -> Option<String> {
        authority.decide(&Capability::new(kind, value)).err().map(|denial| denial.reason)
    }

    #[test]
    fn a_bound_allows_what_its_plugin_may_do_itself_or_others_through_it() {
        let needs = patterns(&[("agents", &["amelia"]), ("write", &["docs/**", "src/**"])]);
        let scribe = permissions("scribe", &needs, &patterns(&[("agents", &["amelia"])]));
        let amelia = agent(vec![granted(Arc::clone(&scribe), Some(0.0))]);
        let denied = reason(&amelia, "write", "docs/a").unwrap();
        assert!(denied.contains("beyond the ceiling of run the-run") && denied.contains("its plugin `scribe`"), "{denied}");
        assert!(denied.ends_with("Grant it with `baton plugin grant scribe 'through.write=docs/a'`."), "{denied}");
        assert!(reason(&amelia, "write", "a; b").unwrap().ends_with("`baton plugin grant scribe through.write`."));
        assert!(!amelia.may_allow_below("write", ""));
        let granted =
            patterns(&[("agents", &["amelia"]), ("write", &["docs/**"]), ("through.write", &["out/**"]), ("through.models", &["a/*"])]);
        scribe.regrant(&granted, &[]).unwrap();
        for (kind, value, allowed) in
            [("write", "docs/a", true), ("write", "out/a", true), ("write", "src/a", false), ("models", "a/b", true)]
        {
            assert_eq!(reason(&amelia, kind, value).is_none(), allowed, "{kind} of {value}");
        }
        assert!(amelia.may_allow_below("write", "out/") && !amelia.may_allow_below("write", "src/"));
    }

    #[test]
    fn every_bound_has_to_allow() {
        let one = permissions("scribe", &Patterns::default(), &patterns(&[("through.write", &["docs/**"])]));
        let amelia = agent(vec![granted(one, Some(0.0)), narrowed(&patterns(&[("write", &["**/*.md"])]), Some(0.0))]);
        assert_eq!(reason(&amelia, "write", "docs/a.md"), None);
        assert!(reason(&amelia, "write", "src/a.md").unwrap().contains("beyond the ceiling"));
        let less = reason(&amelia, "write", "docs/a.rs").unwrap();
        assert!(less.contains("Plugin `scribe` started run the-run for less") && !less.contains("baton plugin grant"), "{less}");
        assert!(reason(&amelia, "models", "a/b").is_some(), "what a narrowing does not name is not allowed");
    }

    #[test]
    fn a_plugin_whose_file_is_gone_lets_nothing_through() {
        let mut bound = granted(permissions("scribe", &Patterns::default(), &Patterns::default()), Some(0.0));
        bound.allows = Allows::Nothing;
        let amelia = agent(vec![bound]);
        assert!(reason(&amelia, "write", "a").unwrap().contains("not installed any more"));
        assert!(reason(&amelia, "dollars", "0").is_some());
    }

    #[test]
    fn an_amount_counts_what_all_below_used() {
        let needs = patterns(&[("dollars", &["1.00"])]);
        let of = |granted_: &Patterns, used| agent(vec![granted(permissions("scribe", &needs, granted_), used)]);
        let own = patterns(&[("dollars", &["1.00"])]);
        assert_eq!(reason(&of(&own, Some(0.99)), "dollars", "0"), None);
        let reached = reason(&of(&own, Some(1.0)), "dollars", "0").unwrap();
        assert!(reached.contains("and those it led to may use 1.00 of `dollars`, and have used 1.000000"), "{reached}");
        assert!(reason(&of(&own, None), "dollars", "0").unwrap().contains("is not known"));
        assert!(reason(&of(&Patterns::default(), Some(0.0)), "dollars", "0").is_some(), "it asks for an amount and has none");
        let through = patterns(&[("dollars", &["1.00"]), ("through.dollars", &["3"])]);
        assert_eq!(reason(&of(&through, Some(2.5)), "dollars", "0"), None, "what is granted through it takes the place");
        let unbounded = agent(vec![granted(permissions("scribe", &Patterns::default(), &Patterns::default()), None)]);
        assert_eq!(reason(&unbounded, "dollars", "0"), None, "nobody stated an amount");
        let narrowed = agent(vec![narrowed(&own, Some(1.5))]);
        assert!(reason(&narrowed, "dollars", "0").unwrap().contains("No grant changes that"));
    }

    #[test]
    fn grants_on_terms_hold_in_their_project_and_until_their_time() {
        let needs = patterns(&[("write", &["docs/**"])]);
        let limited = |project: Option<&str>, until: Option<u64>| LimitedGrant {
            terms: Terms { project: project.map(str::to_owned), until },
            granted: patterns(&[("write", &["docs/**"]), ("through.write", &["out/**"])]),
        };
        let denied = |grant: LimitedGrant| {
            let scribe = permissions("scribe", &needs, &Patterns::default());
            scribe.regrant(&Patterns::default(), &[grant]).unwrap();
            let itself = RunAuthority { permissions: Arc::clone(&scribe), ..agent(Vec::new()) };
            let below = agent(vec![granted(scribe, Some(0.0))]);
            assert_eq!(reason(&itself, "write", "docs/a").is_none(), reason(&below, "write", "out/a").is_none());
            reason(&itself, "write", "docs/a")
        };
        for holds in [limited(Some("shop"), None), limited(None, Some(1_001)), limited(Some("shop"), Some(2_000))] {
            assert_eq!(denied(holds), None);
        }
        assert!(denied(limited(Some("other"), None)).unwrap().contains("was granted it for another project. Grant it with `baton"));
        let passed = denied(limited(None, Some(1_000))).unwrap();
        assert!(passed.contains("was granted it until 1970-01-01T00:00:01Z, which has passed"), "{passed}");
        assert!(denied(limited(Some("other"), Some(2_000))).is_some());
    }
}
