//! What the run under test may do. All, until a manifest or a grant is given; then what both allow, and nothing else.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};

use crate::{Error, Result};

/// The words of `[needs]`, and which of them are amounts.
const KINDS: &[&str] = &[
    "models",
    "dollars",
    "read",
    "write",
    "state",
    "agents",
    "workflows",
    "people",
    "tools",
    "knowledge",
    "remember",
    "git",
    "branches",
    "images",
    "backlog",
    "pull-requests",
    "hosts",
    "secrets",
];
const AMOUNT: &str = "dollars";

/// A manifest's needs and an operator's grants; none of either allows all.
#[derive(Default)]
pub(super) struct Grants {
    needs: Option<Patterns>,
    grants: Option<Patterns>,
}

type Patterns = BTreeMap<String, Vec<GlobMatcher>>;

impl Grants {
    pub(super) fn need(&mut self, needs: BTreeMap<String, Vec<String>>) {
        let compiled = needs.into_iter().map(|(kind, patterns)| {
            let globs = patterns.iter().map(|pattern| glob(&kind, pattern)).collect();
            (kind, globs)
        });
        self.needs = Some(compiled.collect());
    }

    pub(super) fn grant(&mut self, kind: &str, pattern: &str) {
        self.grants.get_or_insert_default().entry(kind.to_owned()).or_default().push(glob(kind, pattern));
    }

    pub(super) fn decide(&self, plugin: &str, kind: &str, value: &str) -> Result<()> {
        if !allow(self.needs.as_ref(), kind, value) {
            return Err(Error::denied(format!(
                "Plugin `{plugin}` does not ask for `{kind}` of `{value}`. Add it to [needs] in its plugin.toml, build it again and grant it with \
                 `baton plugin grant {plugin}`."
            ))
            .about(format!("{kind}={value}")));
        }
        if !allow(self.grants.as_ref(), kind, value) {
            return Err(Error::denied(format!(
                "Plugin `{plugin}` asks for `{kind}` of `{value}` and was not granted it. Grant it with `baton plugin grant {plugin} '{kind}={value}'`."
            ))
            .about(format!("{kind}={value}")));
        }
        Ok(())
    }

    /// Whether all that fits the pattern is allowed, as far as that can be told.
    fn cover(&self, kind: &str, pattern: &str) -> bool {
        let covered = |patterns: &Option<Patterns>| {
            let known = |globs: &Vec<GlobMatcher>| globs.iter().any(|glob| glob.is_match(pattern) || glob.glob().glob() == pattern);
            patterns.as_ref().is_none_or(|patterns| patterns.get(kind).is_some_and(known))
        };
        kind == AMOUNT || covered(&self.needs) && covered(&self.grants)
    }
}

/// What a run narrows a child to.
#[derive(Clone)]
pub(super) struct Narrowing(Patterns);

impl Narrowing {
    /// Refuses what is no narrowing of the grants of `plugin`.
    pub(super) fn of(within: &BTreeMap<String, Vec<String>>, grants: &Grants, plugin: &str) -> Result<Self> {
        let mut patterns = Patterns::new();
        for (kind, texts) in within {
            if !KINDS.contains(&&**kind) {
                let known = KINDS.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
                return Err(not_understood(&format!("`{}` is not a kind of capability; the kinds are {known}", kind.escape_debug())));
            }
            let globs = texts.iter().map(|text| compiled(kind, text).map_err(|reason| not_understood(&reason)));
            let globs = globs.collect::<Result<Vec<_>>>()?;
            patterns.insert(kind.clone(), globs);
        }
        let mut all = within.iter().flat_map(|(kind, texts)| texts.iter().map(move |text| (kind, text)));
        if let Some((kind, pattern)) = all.find(|(kind, text)| !grants.cover(kind, text)) {
            return Err(Error::invalid(format!(
                "A run can be started for less than its ceiling and not for more: `{kind}` of `{pattern}` is beyond what plugin `{plugin}` was \
                 granted. Leave it out."
            ))
            .about("within"));
        }
        Ok(Self(patterns))
    }

    pub(super) fn decide(&self, plugin: &str, kind: &str, value: &str) -> Result<()> {
        if allow(Some(&self.0), kind, value) {
            return Ok(());
        }
        Err(Error::denied(format!(
            "Plugin `{plugin}` started this run for less than `{kind}` of `{value}`, so neither this run nor one below it may do it, whatever is \
             granted."
        ))
        .about(format!("{kind}={value}")))
    }
}

fn not_understood(reason: &str) -> Error {
    Error::invalid(format!("What the run is narrowed to cannot be understood: {reason}.")).about("within")
}

fn allow(patterns: Option<&Patterns>, kind: &str, value: &str) -> bool {
    patterns.is_none_or(|patterns| patterns.get(kind).is_some_and(|globs| globs.iter().any(|glob| glob.is_match(value))))
}

#[expect(clippy::panic, reason = "a test fails by panicking, and this one is written wrongly")]
fn glob(kind: &str, pattern: &str) -> GlobMatcher {
    compiled(kind, pattern).unwrap_or_else(|reason| panic!("{reason}. Write one such as `docs/**`."))
}

fn compiled(kind: &str, pattern: &str) -> std::result::Result<GlobMatcher, String> {
    let path = matches!(kind, "read" | "write" | "knowledge" | "remember" | "branches");
    let glob = GlobBuilder::new(pattern).literal_separator(path).backslash_escape(false).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("`{pattern}` of `{kind}` is not a pattern: {}", error.kind()))
}
