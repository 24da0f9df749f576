//! Merges, made in memory first: what conflicts is known before a file is touched. Always with a merge commit.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{checkout::Checkout, committing::Signature, fields::fields, names};
use crate::journal::CallError;

/// What came of a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Merged {
    Clean(String),
    Conflicts(Vec<String>),
}

/// What becomes of a file that conflicts.
#[derive(Clone, Debug)]
pub(super) struct Resolution {
    pub(super) path: String,
    pub(super) content: Option<Vec<u8>>,
}

impl Checkout {
    /// Merges a revision into the branch that is checked out. With conflicts that nothing resolves, nothing changes.
    pub(super) fn merge(&self, revision: &str, resolved: &[Resolution], signature: &Signature) -> Result<Merged, CallError> {
        self.refuse_persons("merge")?;
        self.await_index();
        if let Some(made) = self.made_before(signature)? {
            // The branch may have moved before its files did.
            self.move_files(&format!("{made}^1"), &made)?;
            return Ok(Merged::Clean(made));
        }
        if !self.status()?.is_empty() {
            return Err(CallError::conflict("The workspace has changes that are not committed; commit them before merging."));
        }
        let (ours, theirs) = (self.head()?, self.resolve(revision)?);
        if self.is_ancestor(&theirs, &ours)? {
            return Ok(Merged::Clean(ours));
        }
        let (tree, conflicts) = self.merge_trees(&ours, &theirs)?;
        let unresolved: Vec<_> = conflicts.iter().filter(|path| !resolved.iter().any(|known| known.path == **path)).cloned().collect();
        if !unresolved.is_empty() {
            return Ok(Merged::Conflicts(unresolved));
        }
        let wanted: Vec<_> = resolved.iter().filter(|known| conflicts.contains(&known.path)).collect();
        let tree = if wanted.is_empty() { tree } else { self.with(&tree, &wanted)? };
        let commit = self.seal(&tree, &[&ours, &theirs], signature)?;
        // A file that was written again as it was, or whose owner changed, has not changed: the index has to know it as it is now.
        self.git(["update-index", "-q", "--refresh"]).run()?;
        self.git(["read-tree", "-n", "-m", "-u", &ours, &commit]).done()?;
        self.move_head(&commit, &ours)?;
        self.move_files(&ours, &commit)?;
        Ok(Merged::Clean(commit))
    }

    /// Takes the files and the index from one commit to another; where they have gone already, nothing happens.
    fn move_files(&self, from: &str, to: &str) -> Result<(), CallError> {
        self.git(["read-tree", "-m", "-u", from, to]).done().map(drop)
    }

    /// The tree of both sides together, and the paths that neither side alone decides.
    pub(super) fn merge_trees(&self, ours: &str, theirs: &str) -> Result<(String, BTreeSet<String>), CallError> {
        let said = self.git(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs]).run()?;
        if said.complaint.contains("unrelated histories") {
            return Err(CallError::invalid("The two revisions share no history and are not merged; name another."));
        }
        if !matches!(said.code, 0 | 1) {
            return Err(said.failure());
        }
        let mut fields = fields(&said.out);
        let tree = fields.next().map(|tree| String::from_utf8_lossy(tree).into_owned()).ok_or_else(|| said.failure())?;
        let conflicts = if said.code == 1 { fields.map(names::text).collect::<Result<_, _>>()? } else { BTreeSet::new() };
        Ok((tree, conflicts))
    }

    /// A tree with these files in it, or gone from it.
    fn with(&self, tree: &str, resolved: &[&Resolution]) -> Result<String, CallError> {
        let index = self.scratch("merge")?;
        let changed = self.git(["read-tree", tree]).env("GIT_INDEX_FILE", &index).done().and_then(|_| {
            let lines = resolved.iter().map(|resolution| self.line(tree, resolution)).collect::<Result<Vec<_>, _>>()?;
            self.git(["update-index", "-z", "--index-info"]).env("GIT_INDEX_FILE", &index).reading(lines.concat()).done()?;
            self.git(["write-tree"]).env("GIT_INDEX_FILE", &index).text()
        });
        self.forget(&index);
        changed
    }

    /// What `update-index` is told of a file: its mode, its content, its path.
    fn line(&self, tree: &str, resolution: &Resolution) -> Result<String, CallError> {
        let Resolution { path, content } = resolution;
        let Some(content) = content else { return Ok(format!("0 {}\t{path}\0", "0".repeat(tree.len()))) };
        let blob = self.git(["hash-object", "-w", "--stdin", "--no-filters"]).reading(content.clone()).text()?;
        let present = self.git(["ls-tree", "-z", tree, "--", path]).text()?;
        let mode = if present.starts_with("100755") { "100755" } else { "100644" };
        Ok(format!("{mode} {blob}\t{path}\0"))
    }
}
