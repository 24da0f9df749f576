//! What the run under test may do. All, until a manifest or a grant is given; then what both allow, and nothing else.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};

use crate::{Error, Result};

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
}

fn allow(patterns: Option<&Patterns>, kind: &str, value: &str) -> bool {
    patterns.is_none_or(|patterns| patterns.get(kind).is_some_and(|globs| globs.iter().any(|glob| glob.is_match(value))))
}

#[expect(clippy::panic, reason = "a test fails by panicking, and this one is written wrongly")]
fn glob(kind: &str, pattern: &str) -> GlobMatcher {
    let path = matches!(kind, "read" | "write" | "knowledge" | "remember" | "branches");
    match GlobBuilder::new(pattern).literal_separator(path).backslash_escape(false).build() {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => panic!("`{pattern}` of `{kind}` is not a pattern: {}. Write one such as `docs/**`.", error.kind()),
    }
}
