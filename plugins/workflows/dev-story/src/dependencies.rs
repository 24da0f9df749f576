//! What a story's lockfiles have fetched: whether the project's settings allow it, before anything is fetched, and what the
//! review is told of it. Reads lockfiles; whether a package is good, a review judges.

use baton_dependencies::{Changes, File, Licences, MOST_CHANGES, is_read};
use baton_sdk::prelude::*;
use baton_slots::dependency::Dependency;
use serde::Deserialize;

use crate::diff;

/// Lockfiles that are read of one change.
const MOST_FILES: usize = 50;
/// Packages that the developer is told of.
const MOST_TOLD: usize = 30;
/// Milliseconds that looking for licences may take.
const PATIENCE: u32 = 120_000;

/// The setting `story.dependencies`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Allowed {
    All(bool),
    /// By name, with `*` for any characters.
    Named(Vec<String>),
}

impl Default for Allowed {
    fn default() -> Self {
        Self::All(true)
    }
}

impl Allowed {
    pub(crate) fn find() -> Result<Self> {
        Ok(settings::get("story.dependencies")?.unwrap_or_default())
    }

    /// For the developer, a line of a list.
    pub(crate) fn rule(&self) -> String {
        let alone = "- Commands have no network. Name a new dependency in the manifest. Baton renews the lockfile where the project has a command for that; otherwise write the entry there yourself. What the lockfile names is fetched before the tests, and shown to the review.";
        match self {
            Self::All(true) => format!("{alone}\n"),
            Self::All(false) => "- Lockfiles may gain no package and no other version: do without new dependencies.\n".to_owned(),
            Self::Named(names) => format!("{alone} Lockfiles may gain these packages and no others: `{}`.\n", names.join("`, `")),
        }
    }

    /// What is not allowed, in words for the developer; none where all is.
    pub(crate) fn refuse(&self, changes: &Changes) -> Option<String> {
        let patterns: &[String] = match self {
            Self::All(true) => return None,
            Self::All(false) => &[],
            Self::Named(names) => names,
        };
        let is_allowed = |change: &&Dependency| change.note.is_empty() && patterns.iter().any(|pattern| matches(pattern, &change.name));
        let refused: Vec<_> = changes.dependencies.iter().filter(|change| change.is_fetched() && !is_allowed(change)).collect();
        if refused.is_empty() && changes.unclear.is_empty() {
            return None;
        }
        let more = refused.len().saturating_sub(MOST_TOLD);
        let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
        let told: String = refused
            .iter()
            .take(MOST_TOLD)
            .map(|change| format!("- The change {}, in `{}`.\n", change.in_words(), change.files.join("`, `")))
            .collect();
        let unclear: String = changes.unclear.iter().map(|path| format!("- `{path}` changed in a way that is not understood.\n")).collect();
        Some(format!(
            "The project's settings do not allow these dependencies, so nothing of them was fetched:\n{told}{more}{unclear}{}",
            self.rule().trim_start_matches("- ")
        ))
    }
}

/// What the lockfiles of a change gain and lose, compared with the commit where it began.
pub(crate) fn of(difference: &str, began: impl FnOnce() -> Result<String>) -> Result<Changes> {
    let files = diff::files(difference).into_iter().filter(|file| is_read(&file.path) && file.link.is_none());
    let paths: Vec<_> = files.take(MOST_FILES).map(|file| file.path).collect();
    if paths.is_empty() {
        return Ok(Changes::default());
    }
    let began = began()?;
    let mut texts = Vec::new();
    for path in &paths {
        let before = git::read(&began, path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        texts.push((present(before)?, present(files::read_text(path))?));
    }
    let files: Vec<_> =
        paths.iter().zip(&texts).map(|(path, (before, after))| File { path, before: before.as_deref(), after: after.as_deref() }).collect();
    Ok(baton_dependencies::changes(&files))
}

/// A text that is not there is none, and one that no text is, is one that no reader understands.
fn present(read: Result<String>) -> Result<Option<String>> {
    match read {
        Ok(text) => Ok(Some(text)),
        Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(None),
        Err(Error { kind: ErrorKind::Invalid, .. }) => Ok(Some("\0".to_owned())),
        Err(error) => Err(error),
    }
}

/// The changes with the licences that the fetched packages name. That they are not found is no reason to stop.
pub(crate) fn with_licences(mut changes: Vec<Dependency>) -> Vec<Dependency> {
    changes.truncate(MOST_CHANGES);
    let Some(question) = Licences::question(&changes) else { return changes };
    match look(&question.command) {
        Ok(said) => question.answer(&said, &mut changes),
        Err(error) => run::warn(&format!("The licences of new dependencies are not known: {error}")),
    }
    changes
}

fn look(command: &str) -> Result<String> {
    let outcome = sandbox::execute(&Job::shell(command).in_image_of_tests()?.with_timeout_ms(PATIENCE))?;
    Ok(outcome.stdout)
}

/// Whether a name is one that a pattern means.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), manager: "npm".to_owned(), after: vec!["1.0.0".to_owned()], ..Dependency::default() }
    }

    #[test]
    fn the_setting_says_what_may_be_new() {
        let changes = |names: &[&str]| Changes { dependencies: names.iter().map(|name| change(name)).collect(), unclear: Vec::new() };
        let named = Allowed::Named(vec!["@types/*".to_owned(), "ms".to_owned()]);
        assert_eq!(Allowed::All(true).refuse(&changes(&["x"])), None);
        assert_eq!(named.refuse(&changes(&["@types/node", "ms"])), None);
        let refused = named.refuse(&changes(&["ms", "left-pad"])).unwrap_or_default();
        assert!(refused.contains("adds `left-pad` 1.0.0") && !refused.contains("adds `ms`"), "{refused}");
        assert!(Allowed::All(false).refuse(&changes(&["ms"])).is_some_and(|refused| refused.contains("do without")));
        let removed = Dependency { before: vec!["1.0.0".to_owned()], after: Vec::new(), ..change("ms") };
        assert_eq!(Allowed::All(false).refuse(&Changes { dependencies: vec![removed], unclear: Vec::new() }), None);
        let tampered = Dependency { note: "the same version with another checksum".to_owned(), ..change("ms") };
        assert!(named.refuse(&Changes { dependencies: vec![tampered], unclear: Vec::new() }).is_some());
        let unclear = Changes { dependencies: Vec::new(), unclear: vec!["Cargo.lock".to_owned()] };
        assert!(named.refuse(&unclear).is_some_and(|refused| refused.contains("`Cargo.lock` changed")));
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name) in [("serde", "serde"), ("serde*", "serde_json"), ("*-types", "a-types"), ("a*b*c", "axxbyyc"), ("*", "x")] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("serde", "serde_json"), ("a*b*c", "axxc"), ("*-types", "types"), ("", "x"), ("ab*ba", "aba")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
