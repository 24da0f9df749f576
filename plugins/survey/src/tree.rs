//! The folders of a project with the names in them, a line each, as deep as a budget allows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::project::Project;
use crate::text::{cut, tokens};

/// Names of one folder; of more their number is told.
const MOST_NAMES: usize = 60;
const DEEPEST: usize = 12;

/// What a line shows of a folder.
#[derive(Default)]
struct Folder<'a> {
    names: Vec<&'a str>,
    /// Files in folders below it that have no line of their own.
    below: usize,
}

/// The tree within so many tokens. Where it does not fit, folders far from the root are counted instead of listed.
///
/// ```
/// # use baton_sdk::testing::Host;
/// # use baton_survey::{Project, tree};
/// let host = Host::new().with_file("README.md", "").with_file("src/lib.rs", "");
/// let host = host.with_file("src/app/mod.rs", "").with_file("src/app/error.rs", "");
/// let project = host.inside(Project::look).unwrap();
/// assert_eq!(tree(&project, 100), "./ README.md\nsrc/ lib.rs\nsrc/app/ error.rs mod.rs");
/// assert_eq!(tree(&project, 11), "./ README.md\nsrc/ lib.rs [2 files below]");
/// ```
pub fn tree(project: &Project, budget: usize) -> String {
    let deepest = project.files().iter().map(|entry| entry.path.matches('/').count()).max().unwrap_or_default().min(DEEPEST);
    for depth in (1..=deepest).rev() {
        let drawn = drawn(project, depth);
        if tokens(&drawn) <= budget {
            return drawn;
        }
    }
    let drawn = drawn(project, deepest.min(1));
    if tokens(&drawn) <= budget { drawn } else { cut(&drawn, budget) }
}

fn drawn(project: &Project, depth: usize) -> String {
    let mut folders = BTreeMap::<String, Folder<'_>>::new();
    for entry in project.files() {
        let (above, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let parts: Vec<_> = above.split('/').filter(|part| !part.is_empty()).collect();
        let folder = folders.entry(parts[..parts.len().min(depth)].join("/")).or_default();
        if parts.len() > depth { folder.below += 1 } else { folder.names.push(name) }
    }
    let lines: Vec<_> = folders.iter().map(|(path, folder)| line(path, folder)).collect();
    lines.join("\n")
}

fn line(path: &str, folder: &Folder<'_>) -> String {
    let mut line = if path.is_empty() { "./".to_owned() } else { format!("{path}/") };
    // Writing to a string does not fail.
    for name in folder.names.iter().take(MOST_NAMES) {
        let _ = write!(line, " {name}");
    }
    if let Some(more) = folder.names.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
        let _ = write!(line, " [{more} more]");
    }
    if folder.below > 0 {
        let _ = write!(line, " [{} {} below]", folder.below, if folder.below == 1 { "file" } else { "files" });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::files::{Entry, Kind};

    fn project(paths: impl IntoIterator<Item = String>) -> Project {
        Project::of(paths.into_iter().map(|path| Entry { path, kind: Kind::File, size_bytes: 1.0 }).collect())
    }

    #[test]
    fn a_large_folder_is_counted_and_a_tight_budget_is_kept() {
        let many = project((0..500).map(|number| format!("data/{number:03}.csv")).chain(["a.rs".to_owned()]));
        assert!(tree(&many, 1000).ends_with("[440 more]"), "{}", tree(&many, 1000));
        let tight = tree(&many, 12);
        assert!(tokens(&tight) <= 12 && tight.ends_with("[cut here]"), "{tight}");
    }

    #[test]
    fn an_empty_project_has_no_tree() {
        assert_eq!(tree(&Project::default(), 100), "");
    }
}
