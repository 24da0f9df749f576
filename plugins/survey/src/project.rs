//! The files of a project that are worth naming. Reads none of them.

use baton_sdk::files::{self, Entry, Kind};
use baton_sdk::{Error, ErrorKind, Result};

/// Folders below one another that are looked into in a workspace with very many files.
const DEEPEST: usize = 6;
/// What others made or tools left behind, wherever it lies, and at the root.
const FOREIGN: &[&str] = &["node_modules", "__pycache__", ".venv", "venv", ".baton"];
const FOREIGN_AT_ROOT: &[&str] = &["target", "vendor", "dist", "build"];
/// Endings of files that say nothing as text.
const NO_TEXT: &[&str] = &[
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".pdf", ".zip", ".gz", ".lock", ".wasm", ".ico", ".woff", ".woff2", ".ttf", ".jar",
    ".min.js", ".min.css", ".map",
];
/// What is in a folder before any program is.
const WITHOUT_CODE: &[&str] = &["md", "txt", "rst", "adoc", "json", "yaml", "yml", "toml"];
const NAMES_WITHOUT_CODE: &[&str] = &["license", "copying", "notice", "authors", ".gitignore", ".gitattributes", ".editorconfig"];

/// A project as its files show it.
#[derive(Clone, Debug, Default)]
pub struct Project {
    entries: Vec<Entry>,
}

impl Project {
    /// Looks at the workspace; in one with more paths than one call gives, at those nearest to its root.
    pub fn look() -> Result<Self> {
        Ok(Self::of(entries()?))
    }

    /// A project of these files.
    pub fn of(entries: Vec<Entry>) -> Self {
        let own = |entry: &Entry| entry.kind == Kind::File && !is_foreign(&entry.path);
        Self { entries: entries.into_iter().filter(own).collect() }
    }

    /// Its files, sorted by path, without those of others.
    pub fn files(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether it has a file of this path.
    pub fn has(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry.path == path)
    }

    /// Bytes of a file; none where it has no such file.
    pub fn size(&self, path: &str) -> Option<u64> {
        self.entries.iter().find(|entry| entry.path == path).map(Entry::size)
    }

    /// Whether there is anything but documents and settings.
    pub fn has_code(&self) -> bool {
        self.entries.iter().any(|entry| is_code(&entry.path))
    }
}

/// Whether a path lies in a folder of what others made or tools left behind.
fn is_foreign(path: &str) -> bool {
    let Some((folders, _)) = path.rsplit_once('/') else { return false };
    let mut names = folders.split('/');
    names.next().is_some_and(|first| FOREIGN.contains(&first) || FOREIGN_AT_ROOT.contains(&first))
        || names.any(|name| FOREIGN.contains(&name))
}

fn is_code(path: &str) -> bool {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_document = path.starts_with("docs/") || WITHOUT_CODE.contains(&ending) || NAMES_WITHOUT_CODE.contains(&name);
    !is_document && is_text(&path)
}

/// Whether a file of this path is likely text that a person wrote.
pub fn is_text(path: &str) -> bool {
    let path = path.to_lowercase();
    !NO_TEXT.iter().any(|ending| path.ends_with(ending))
}

fn entries() -> Result<Vec<Entry>> {
    match files::find("**/*") {
        Err(Error { kind: ErrorKind::Invalid, .. }) => {}
        found => return found,
    }
    let mut found = files::find("*")?;
    for depth in 2..=DEEPEST {
        match files::find(&vec!["*"; depth].join("/")) {
            Ok(deeper) => found.extend(deeper),
            Err(Error { kind: ErrorKind::Invalid, .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(paths: &[&str]) -> Project {
        Project::of(paths.iter().map(|path| Entry { path: (*path).to_owned(), kind: Kind::File, size_bytes: 1.0 }).collect())
    }

    #[test]
    fn documents_alone_are_no_code() {
        assert!(!project(&["brief.md", "docs/a.py", "LICENSE", "baton.toml", ".gitignore", "logo.png"]).has_code());
        assert!(project(&["brief.md", "kitty"]).has_code() && project(&["src/a.rs"]).has_code());
    }

    #[test]
    fn what_others_made_is_left_out() {
        let project = project(&["node_modules/a.js", "web/node_modules/b.js", "src/build/a.rs", "target", "target/a.rs"]);
        let paths: Vec<_> = project.files().iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["src/build/a.rs", "target"]);
        assert!(project.has("target") && !project.has("node_modules/a.js"));
    }
}
