//! Commits in worktrees of Baton's, recognised by the call that made them, so that none is made twice.

use std::{thread, time::Duration};

use super::{
    checkout::{Checkout, Whose},
    names,
    program::Invocation,
};
use crate::journal::CallError;

/// Commits back from the last one among which that of a call is looked for.
const LOOKED_AT: &str = "--max-count=50";

/// Who commits, for which call, and when.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub(super) author: String,
    pub(super) message: String,
    pub(super) run: String,
    /// `run:seq`.
    pub(super) call: String,
    /// The call may have been made before.
    pub(super) again: bool,
    /// Milliseconds since 1970 UTC.
    pub(super) at: u64,
}

/// What came of a commit.
#[derive(Clone, Debug)]
pub(super) struct Committed {
    /// None when nothing changed.
    pub(super) commit: Option<String>,
    /// Names that no commit can have or no run can be told, whose files stay where they are.
    pub(super) left_out: Vec<String>,
}

impl Signature {
    /// The message with the lines by which a commit is known again.
    fn text(&self) -> String {
        format!("{}\n\nBaton-Run: {}\nBaton-Call: {}\n", self.message.trim_end(), self.run, self.call)
    }

    fn sign(&self, call: Invocation) -> Invocation {
        let slug: String =
            self.author.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }).collect();
        let date = format!("@{} +0000", self.at / 1000);
        let call = call.env("GIT_AUTHOR_NAME", &self.author).env("GIT_AUTHOR_EMAIL", format!("{slug}@baton.invalid"));
        let call = call.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        call.committed_by_baton()
    }
}

impl Checkout {
    /// Commits everything that can be committed; no commit when nothing changed.
    pub(super) fn commit(&self, signature: &Signature) -> Result<Committed, CallError> {
        self.refuse_persons("commit")?;
        let head = self.head()?;
        if let Some(made) = self.made_before(signature)? {
            return Ok(Committed { commit: Some(made), left_out: Vec::new() });
        }
        self.await_index();
        let left_out = match self.stage(&head) {
            Ok(left_out) => left_out,
            Err(refusal) => {
                // The files stay; only the index forgets what may not be committed.
                self.git(["read-tree", &head]).done()?;
                return Err(refusal);
            }
        };
        let tree = self.git(["write-tree"]).text()?;
        if tree == self.git(["rev-parse", "--verify", &format!("{head}^{{tree}}")]).text()? {
            return Ok(Committed { commit: None, left_out });
        }
        let commit = self.seal(&tree, &[&head], signature)?;
        self.move_head(&commit, &head)?;
        Ok(Committed { commit: Some(commit), left_out })
    }

    /// Moves to an earlier commit, or to one that follows, and the files with it; what is ignored stays.
    pub(super) fn reset(&self, revision: &str) -> Result<(), CallError> {
        self.refuse_persons("reset")?;
        let (head, target) = (self.head()?, self.resolve(revision)?);
        if !self.is_ancestor(&target, &head)? && !self.is_ancestor(&head, &target)? {
            return Err(CallError::invalid(format!(
                "`{}` is no commit of branch `{}` and does not follow its last one; name one that `git.log` shows.",
                names::excerpt(revision),
                self.branch()?
            )));
        }
        self.await_index();
        self.git(["read-tree", "--reset", "-u", &target]).done()?;
        self.git(["clean", "-ffdq"]).done()?;
        self.move_head(&target, &head)
    }

    pub(super) fn refuse_persons(&self, function: &str) -> Result<(), CallError> {
        match self.whose {
            Whose::Baton => Ok(()),
            Whose::Person(_) => Err(CallError::denied(format!(
                "`git.{function}` works in a worktree that Baton made, and this workspace is a person's checkout. Add one with `git.worktree-add` and \
                 start the work in it."
            ))),
        }
    }

    /// The commit that this call made before it was cut off.
    pub(super) fn made_before(&self, signature: &Signature) -> Result<Option<String>, CallError> {
        if !signature.again {
            return Ok(None);
        }
        let format = "--format=tformat:%H %(trailers:key=Baton-Call,valueonly,separator=%x20)";
        let said = self.git(["log", LOOKED_AT, "--no-show-signature", format, "HEAD", "--"]).text()?;
        let mut commits = said.lines().filter_map(|line| line.split_once(' '));
        Ok(commits.find(|(_, calls)| calls.split(' ').any(|call| call == signature.call)).map(|(commit, _)| commit.to_owned()))
    }

    /// Makes a commit that no branch has yet.
    pub(super) fn seal(&self, tree: &str, parents: &[&str], signature: &Signature) -> Result<String, CallError> {
        let call = match parents {
            [one] => self.git(["commit-tree", tree, "-p", one, "-F", "-"]),
            [one, other, ..] => self.git(["commit-tree", tree, "-p", one, "-p", other, "-F", "-"]),
            [] => self.git(["commit-tree", tree, "-F", "-"]),
        };
        signature.sign(call).reading(signature.text()).text()
    }

    /// Moves the branch that is checked out, if it is still where it was.
    pub(super) fn move_head(&self, to: &str, from: &str) -> Result<(), CallError> {
        self.refuse_linked(&self.branch()?)?;
        let call = self.git(["update-ref", "-m", "baton", "HEAD", to, from]);
        call.committed_by_baton().done().map(drop)
    }

    /// A host that was killed leaves its git behind, which ends by itself; a machine that was switched off leaves its lock.
    pub(super) fn await_index(&self) {
        const LOOKS: u32 = 200;
        let lock = self.git_dir.join("index.lock");
        for _ in 0..LOOKS {
            if !lock.exists() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        // Ten seconds later nobody is at work in what belongs to Baton alone.
        let _ = std::fs::remove_file(lock);
    }
}
