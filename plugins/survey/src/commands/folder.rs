//! What lies in a folder of the workspace, of which paths are told from there. A file that cannot be read suggests nothing.

use std::collections::BTreeSet;

use baton_sdk::{Error, ErrorKind, Result, files};

/// Packages of a workspace that are looked at for a test.
const MOST_PACKAGES: usize = 50;

pub(super) struct Folder {
    /// With `/` at its end, or empty for the root.
    prefix: String,
    names: BTreeSet<String>,
}

impl Folder {
    /// A folder by its path, which holds no wildcard; the root's is empty.
    pub(super) fn read(path: &str) -> Result<Self> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let found = match files::find(&format!("{prefix}*")) {
            // Too many for one call, or not to be looked at.
            Err(Error { kind: ErrorKind::Invalid, .. }) if !path.is_empty() => Vec::new(),
            found => found?,
        };
        let names = found.into_iter().filter_map(|entry| entry.path.strip_prefix(&prefix).map(str::to_owned));
        Ok(Self { names: names.filter(|name| !name.contains('/')).collect(), prefix })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    pub(super) fn has_ending(&self, endings: &[&str]) -> bool {
        self.names.iter().any(|name| endings.iter().any(|ending| name.ends_with(ending)))
    }

    /// A file's content; of a file in the folder itself, only where the folder has it.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        if !path.contains('/') && !self.has(path) {
            return None;
        }
        files::read_text(&format!("{}{path}", self.prefix)).ok()
    }

    /// Whether a file is there and one of its lines begins with the text.
    pub(super) fn has_line(&self, path: &str, beginning: &str) -> bool {
        self.text(path).is_some_and(|text| text.lines().any(|line| line.starts_with(beginning)))
    }

    /// Whether one of these files is there and holds the word.
    pub(super) fn mentions(&self, names: &[&str], word: &str) -> bool {
        names.iter().any(|name| self.text(name).is_some_and(|text| text.contains(word)))
    }

    /// Whether files are there that a glob finds.
    pub(super) fn finds(&self, glob: &str) -> bool {
        files::find(&format!("{}{glob}", self.prefix)).is_ok_and(|found| !found.is_empty())
    }

    /// Whether a line of a file that a glob finds fits an expression.
    pub(super) fn has_match(&self, pattern: &str, glob: &str) -> bool {
        files::search(pattern, Some(&format!("{}{glob}", self.prefix)), 1).is_ok_and(|found| !found.is_empty())
    }

    /// The contents of the files of this name in the folders of a workspace, as its globs name them.
    pub(super) fn in_packages(&self, globs: &[String], name: &str) -> Vec<String> {
        let wanted = globs.iter().filter(|glob| !glob.starts_with('!'));
        let found = wanted.filter_map(|glob| files::find(&format!("{}{}/{name}", self.prefix, glob.trim_end_matches('/'))).ok()).flatten();
        found.take(MOST_PACKAGES).filter_map(|entry| files::read_text(&entry.path).ok()).collect()
    }
}
