//! A repository in memory: commits, branches, and which files each checkout of one holds. Merges whole files: two sides
//! that changed the same one conflict, also where git could join their lines. Knows no renames and no `.gitignore`.

use std::collections::{BTreeMap, BTreeSet};

use super::workspace::Workspace;
use crate::git::{Change, ChangeKind, Merged, Resolution, Revision};
use crate::{Error, Result};

/// The branch of the checkout that belongs to a person.
const PERSONS: &str = "main";

pub(super) type Tree = BTreeMap<String, Vec<u8>>;

pub(super) struct Repository {
    /// In the order in which they were made, so that parents come first.
    commits: Vec<Commit>,
    branches: BTreeMap<String, usize>,
    /// Worktrees by branch, with what they began at.
    worktrees: BTreeMap<String, String>,
    /// The branch that the run's workspace has checked out.
    here: String,
    /// The files of the other checkouts, by branch.
    elsewhere: BTreeMap<String, Workspace>,
}

struct Commit {
    message: String,
    author: String,
    at: u64,
    parents: Vec<usize>,
    tree: Tree,
}

/// Who commits what, and when.
pub(super) struct Signed<'a> {
    pub(super) message: &'a str,
    pub(super) author: &'a str,
    pub(super) at: u64,
}

impl Repository {
    /// A repository whose one commit holds `tree`, on a person's branch `main`.
    pub(super) fn new(tree: Tree, at: u64) -> Self {
        let first = Commit { message: "Begin".to_owned(), author: "person".to_owned(), at, parents: Vec::new(), tree };
        Self {
            commits: vec![first],
            branches: BTreeMap::from([(PERSONS.to_owned(), 0)]),
            worktrees: BTreeMap::new(),
            here: PERSONS.to_owned(),
            elsewhere: BTreeMap::new(),
        }
    }

    pub(super) fn here(&self) -> &str {
        &self.here
    }

    pub(super) fn status(&self, files: &Tree) -> Vec<Change> {
        changes(&self.commits[self.head()].tree, files)
    }

    pub(super) fn log(&self, revision: Option<&str>, limit: usize) -> Result<Vec<Revision>> {
        let from = revision.map_or(Ok(self.head()), |revision| self.find(revision))?;
        Ok(self.ancestors(from).into_iter().rev().take(limit).map(|number| self.told(number)).collect())
    }

    /// What changed between where the workspace left `base` and its files.
    pub(super) fn diff(&self, base: &str, files: &Tree) -> Result<String> {
        let base = self.base(self.head(), self.find(base)?)?;
        let before = &self.commits[base].tree;
        Ok(changes(before, files).iter().map(|change| hunk(&change.path, before.get(&change.path), files.get(&change.path))).collect())
    }

    pub(super) fn read(&self, revision: &str, path: &str) -> Result<Vec<u8>> {
        let found = self.commits[self.find(revision)?].tree.get(path).cloned();
        found.ok_or_else(|| Error::not_found(format!("`{revision}` has no file `{path}`; name another revision or another file.")))
    }

    pub(super) fn merge_base(&self, one: &str, other: &str) -> Result<String> {
        Ok(id(self.base(self.find(one)?, self.find(other)?)?))
    }

    pub(super) fn commit(&mut self, files: Tree, signed: &Signed<'_>) -> Result<Option<String>> {
        self.refuse_persons("commit")?;
        let committed = &self.commits[self.head()].tree;
        if *committed == files {
            return Ok(None);
        }
        if files.get(".gitmodules") != committed.get(".gitmodules") {
            let sentence = "`.gitmodules` makes a repository one with submodules, in which Baton does not work; leave it to a person, and undo the change.";
            return Err(Error::invalid(sentence).about(".gitmodules"));
        }
        Ok(Some(self.add(self.here.clone(), files, Vec::new(), signed)))
    }

    /// Somebody else commits a file to a branch, which begins at `main` where it is new.
    pub(super) fn commit_elsewhere(&mut self, branch: &str, path: &str, content: &[u8], signed: &Signed<'_>) -> Result<()> {
        if branch == self.here || self.elsewhere.contains_key(branch) {
            return Err(Error::invalid(format!("Branch `{branch}` is checked out; commit to another.")));
        }
        let begin = self.branches[PERSONS];
        let head = *self.branches.entry(branch.to_owned()).or_insert(begin);
        let mut tree = self.commits[head].tree.clone();
        tree.insert(path.to_owned(), content.to_vec());
        self.add(branch.to_owned(), tree, Vec::new(), signed);
        Ok(())
    }

    /// Merges into the workspace's branch; gives its new files where nothing was in the way.
    pub(super) fn merge(
        &mut self,
        revision: &str,
        files: &Tree,
        resolved: &[Resolution],
        signed: &Signed<'_>,
    ) -> Result<(Merged, Option<Tree>)> {
        self.refuse_persons("merge")?;
        if !self.status(files).is_empty() {
            return Err(Error::conflict("The workspace has changes that are not committed; commit them before merging."));
        }
        let (ours, theirs) = (self.head(), self.find(revision)?);
        let base = self.base(ours, theirs)?;
        if base == theirs {
            return Ok((Merged::Clean(id(ours)), None));
        }
        let (tree, conflicts) = self.joined(base, ours, theirs, resolved);
        if !conflicts.is_empty() {
            return Ok((Merged::Conflicts(conflicts), None));
        }
        let commit = self.add(self.here.clone(), tree.clone(), vec![theirs], signed);
        Ok((Merged::Clean(commit), Some(tree)))
    }

    /// Moves the workspace's branch back or forward; gives its files from then on.
    pub(super) fn reset(&mut self, revision: &str) -> Result<Tree> {
        self.refuse_persons("reset")?;
        let (head, target) = (self.head(), self.find(revision)?);
        if !self.ancestors(head).contains(&target) && !self.ancestors(target).contains(&head) {
            return Err(Error::invalid(format!(
                "`{revision}` is no commit of branch `{}` and does not follow its last one; name one that `git.log` shows.",
                self.here
            )));
        }
        self.branches.insert(self.here.clone(), target);
        Ok(self.commits[target].tree.clone())
    }

    /// The workspace's files with these as its last commit has them.
    pub(super) fn restored(&self, paths: &[String], mut files: Tree) -> Result<Tree> {
        self.refuse_persons("restore")?;
        let committed = &self.commits[self.head()].tree;
        for path in paths {
            match committed.get(path) {
                Some(content) => files.insert(path.clone(), content.clone()),
                None => files.remove(path),
            };
        }
        Ok(files)
    }

    pub(super) fn advance(&mut self, branch: &str, expected: &str) -> Result<()> {
        let (from, to) = (self.branch(branch)?, self.head());
        if id(from) != expected {
            return Err(Error::conflict(format!(
                "Branch `{branch}` is at {} and not at {expected}; merge what it has and try again.",
                id(from)
            )));
        }
        if !self.ancestors(to).contains(&from) {
            return Err(Error::conflict(format!("Branch `{branch}` has commits that the workspace's has not; merge them first.")));
        }
        if let Some(files) = self.elsewhere.get_mut(branch) {
            move_files(files, branch, &self.commits[from].tree, &self.commits[to].tree)?;
        }
        self.branches.insert(branch.to_owned(), to);
        Ok(())
    }

    pub(super) fn worktree_add(&mut self, branch: &str, base: &str) -> Result<String> {
        let start = self.find(base)?;
        if branch == base && !self.has_checkout(branch) {
            self.elsewhere.insert(branch.to_owned(), Workspace::of(&self.commits[start].tree));
            self.worktrees.insert(branch.to_owned(), PERSONS.to_owned());
            return Ok(branch.to_owned());
        }
        if self.branches.contains_key(branch) {
            return Err(Error::conflict(format!(
                "There is a branch `{branch}` already; choose another name, or have its owner delete it."
            )));
        }
        let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        if let Some(other) = self.branches.keys().find(|other| below(branch, other) || below(other, branch)) {
            return Err(Error::conflict(format!(
                "A branch `{branch}` cannot be made beside the branch `{other}`; rename that one (`git branch -m {other} NEW`) or delete it."
            )));
        }
        self.branches.insert(branch.to_owned(), start);
        self.elsewhere.insert(branch.to_owned(), Workspace::of(&self.commits[start].tree));
        self.worktrees.insert(branch.to_owned(), base.to_owned());
        Ok(branch.to_owned())
    }

    pub(super) fn worktree_remove(&mut self, worktree: &str) -> Result<()> {
        if worktree == self.here && self.worktrees.contains_key(worktree) {
            return Err(Error::invalid("A run cannot remove the worktree it works in; let the run that added it do so."));
        }
        let base = self.worktrees.remove(worktree).ok_or_else(|| no_worktree(worktree))?;
        self.elsewhere.remove(worktree);
        let head = self.branches[worktree];
        if self.find(&base).is_ok_and(|base| self.ancestors(base).contains(&head)) {
            self.branches.remove(worktree);
        }
        Ok(())
    }

    pub(super) fn branch(&self, name: &str) -> Result<usize> {
        let found = self.branches.get(name).copied();
        found.ok_or_else(|| Error::not_found(format!("Branch `{}` does not exist; name one that the repository has.", name.escape_debug())))
    }

    /// Checks another worktree out in the workspace: gives its files, takes those of the present one.
    pub(super) fn enter(&mut self, worktree: &str, files: Workspace) -> Workspace {
        let left = std::mem::replace(&mut self.here, worktree.to_owned());
        self.elsewhere.insert(left, files);
        self.elsewhere.remove(worktree).unwrap_or_default()
    }

    /// Whether a workspace has this branch checked out.
    pub(super) fn has_checkout(&self, branch: &str) -> bool {
        self.here == branch || branch == PERSONS || self.worktrees.contains_key(branch)
    }

    pub(super) fn has_worktree(&self, name: &str) -> bool {
        self.worktrees.contains_key(name)
    }

    fn head(&self) -> usize {
        self.branches[&self.here]
    }

    fn refuse_persons(&self, function: &str) -> Result<()> {
        match self.worktrees.contains_key(&self.here) {
            true => Ok(()),
            false => Err(Error::denied(format!(
                "`git.{function}` works in a worktree that Baton made, and this workspace is a person's checkout. Add one with \
                 `git.worktree-add` and start the work in it."
            ))),
        }
    }

    fn find(&self, revision: &str) -> Result<usize> {
        let commit = || (0..self.commits.len()).find(|number| id(*number) == revision);
        self.branches.get(revision).copied().or_else(commit).ok_or_else(|| {
            Error::not_found(format!(
                "The repository has no revision `{}`; name a branch or the full hash of a commit.",
                revision.escape_debug()
            ))
        })
    }

    fn add(&mut self, branch: String, tree: Tree, more: Vec<usize>, signed: &Signed<'_>) -> String {
        let parents = std::iter::once(self.branches[&branch]).chain(more).collect();
        let Signed { message, author, at } = *signed;
        self.commits.push(Commit { message: message.to_owned(), author: author.to_owned(), at, parents, tree });
        let made = self.commits.len() - 1;
        self.branches.insert(branch, made);
        id(made)
    }

    fn told(&self, number: usize) -> Revision {
        let commit = &self.commits[number];
        let summary = commit.message.lines().next().unwrap_or_default().to_owned();
        Revision { id: id(number), summary, author: commit.author.clone(), at_ms: crate::numbers::to_contract(commit.at) }
    }

    fn ancestors(&self, from: usize) -> BTreeSet<usize> {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(number) = left.pop() {
            if seen.insert(number) {
                left.extend(&self.commits[number].parents);
            }
        }
        seen
    }

    fn base(&self, one: usize, other: usize) -> Result<usize> {
        let shared = self.ancestors(one).intersection(&self.ancestors(other)).max().copied();
        shared.ok_or_else(|| Error::not_found("The two revisions share no history; name others."))
    }

    fn joined(&self, base: usize, ours: usize, theirs: usize, resolved: &[Resolution]) -> (Tree, Vec<String>) {
        let [base, ours, theirs] = [base, ours, theirs].map(|number| &self.commits[number].tree);
        let (mut tree, mut conflicts) = (Tree::new(), Vec::new());
        for path in base.keys().chain(ours.keys()).chain(theirs.keys()).collect::<BTreeSet<_>>() {
            let (before, our, their) = (base.get(path), ours.get(path), theirs.get(path));
            let content = match resolved.iter().find(|resolution| resolution.path == *path) {
                _ if our == their || before == their => our.cloned(),
                _ if before == our => their.cloned(),
                Some(resolution) => resolution.content.clone(),
                None => {
                    conflicts.push(path.clone());
                    continue;
                }
            };
            tree.extend(content.map(|content| (path.clone(), content)));
        }
        (tree, conflicts)
    }
}

pub(super) fn no_worktree(name: &str) -> Error {
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    Error::not_found(format!("This run has no worktree named `{shown}`; name one that `git.worktree-add` gave.")).about(shown)
}

fn id(number: usize) -> String {
    format!("{:040x}", number + 1)
}

fn changes(before: &Tree, after: &Tree) -> Vec<Change> {
    let paths = before.keys().chain(after.keys()).collect::<BTreeSet<_>>().into_iter();
    let change = |path: &String| {
        let kind = match (before.get(path), after.get(path)) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Deleted,
            (old, new) if old == new => return None,
            _ => ChangeKind::Modified,
        };
        Some(Change { path: path.clone(), kind })
    };
    paths.filter_map(change).collect()
}

/// The whole file as one hunk.
fn hunk(path: &str, before: Option<&Vec<u8>>, after: Option<&Vec<u8>>) -> String {
    let lines = |content: Option<&Vec<u8>>, sign: char| -> Vec<String> {
        let text = String::from_utf8_lossy(content.map_or(&[][..], Vec::as_slice)).into_owned();
        text.lines().map(|line| format!("{sign}{line}\n")).collect()
    };
    let name = |content: Option<&Vec<u8>>, side: &str| content.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{path}"));
    let (old, new) = (lines(before, '-'), lines(after, '+'));
    let range = |count: usize| format!("{},{count}", count.min(1));
    let head = format!("diff --git a/{path} b/{path}\n--- {}\n+++ {}\n", name(before, "a"), name(after, "b"));
    format!("{head}@@ -{} +{} @@\n{}{}", range(old.len()), range(new.len()), old.concat(), new.concat())
}

/// Moves a checkout forward, unless a change in it would be touched.
fn move_files(files: &mut Workspace, branch: &str, from: &Tree, to: &Tree) -> Result<()> {
    let moved = changes(from, to);
    let present = files.tree();
    if let Some(change) = moved.iter().find(|change| present.get(&change.path) != from.get(&change.path)) {
        return Err(Error::conflict(format!(
            "Branch `{branch}` is checked out where `{}` was changed and not committed; commit or undo that change, and try again.",
            change.path
        )));
    }
    let mut present = present;
    for Change { path, .. } in moved {
        match to.get(&path) {
            Some(content) => present.insert(path, content.clone()),
            None => present.remove(&path),
        };
    }
    *files = Workspace::of(&present);
    Ok(())
}
