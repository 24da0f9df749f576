//! What lies in a project's root. A file that cannot be read suggests nothing.

use std::collections::BTreeSet;

use baton_sdk::{Result, files};

/// Packages of a workspace that are looked at for a test.
const MOST_PACKAGES: usize = 50;

pub(crate) struct Root {
    names: BTreeSet<String>,
}

impl Root {
    pub(crate) fn read() -> Result<Self> {
        let names = files::find("*")?.into_iter().map(|entry| entry.path).filter(|path| !path.contains('/')).collect();
        Ok(Self { names })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    pub(crate) fn has_ending(&self, endings: &[&str]) -> bool {
        self.names.iter().any(|name| endings.iter().any(|ending| name.ends_with(ending)))
    }

    /// A file's content; of a file in the root, only where the root has it.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        if !path.contains('/') && !self.has(path) {
            return None;
        }
        files::read_text(path).ok()
    }

    /// Whether a file is there and one of its lines begins with the text.
    pub(crate) fn has_line(&self, path: &str, beginning: &str) -> bool {
        self.text(path).is_some_and(|text| text.lines().any(|line| line.starts_with(beginning)))
    }

    /// The contents of the files of this name in the folders of a workspace, as its globs name them.
    pub(crate) fn in_packages(&self, globs: &[String], name: &str) -> Vec<String> {
        let wanted = globs.iter().filter(|glob| !glob.starts_with('!'));
        let found = wanted.filter_map(|glob| files::find(&format!("{}/{name}", glob.trim_end_matches('/'))).ok()).flatten();
        found.take(MOST_PACKAGES).filter_map(|entry| files::read_text(&entry.path).ok()).collect()
    }
}
