//! Files put back as the last commit has them, in worktrees of Baton's. Knows nothing of why.

use std::collections::HashSet;

use super::{checkout::Checkout, fields::fields, names};
use crate::journal::CallError;

/// Paths in one command line.
const AT_ONCE: usize = 100;

impl Checkout {
    /// Makes files what the last commit has at their paths, with their modes, whatever stands in the way; or nothing.
    pub(super) fn restore(&self, paths: &[String]) -> Result<(), CallError> {
        self.refuse_persons("restore")?;
        let head = self.head()?;
        self.await_index();
        for some in paths.chunks(AT_ONCE) {
            let committed = self.committed(&head, some)?;
            let (back, gone): (Vec<_>, Vec<_>) = some.iter().map(String::as_str).partition(|path| committed.contains(*path));
            // What was never committed goes first, for it may stand where a folder has to be.
            if !gone.is_empty() {
                self.git_over(&["clean", "-ffdxq", "--"], &gone).done()?;
            }
            if !back.is_empty() {
                self.git_over(&["checkout", "--force", "--quiet", &head, "--"], &back).done()?;
            }
        }
        Ok(())
    }

    /// Those of the paths at which a commit has files.
    fn committed(&self, commit: &str, paths: &[String]) -> Result<HashSet<String>, CallError> {
        let paths: Vec<_> = paths.iter().map(String::as_str).collect();
        let said = self.git_over(&["ls-tree", "-z", "--full-tree", commit, "--"], &paths).done()?;
        let entries = fields(&said.out).map(|entry| entry.splitn(2, |byte| *byte == b'\t').collect::<Vec<_>>());
        let file = |entry: Vec<&[u8]>| match entry.as_slice() {
            [about, path] if !about.windows(6).any(|word| word == b" tree ") => Some(names::text(path)),
            _ => None,
        };
        entries.filter_map(file).collect()
    }
}
