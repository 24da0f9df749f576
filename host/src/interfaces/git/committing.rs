//! Commits in worktrees of Baton's, recognised by the call that made them, so that none is made twice.

use std::{thread, time::Duration};

use super::{
    checkout::{Checkout, Whose},
    fields::{Difference, differences, fields},
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
    /// Commits everything; none when nothing changed.
    pub(super) fn commit(&self, signature: &Signature) -> Result<Option<String>, CallError> {
        self.refuse_persons("commit")?;
        let head = self.head()?;
        if let Some(made) = self.made_before(signature)? {
            return Ok(Some(made));
        }
        self.await_index();
        self.git(["add", "--all"]).done().map_err(Self::explain_add)?;
        if let Err(refusal) = self.check_staged(&head) {
            // The files stay; only the index forgets what may not be committed.
            self.git(["read-tree", &head]).done()?;
            return Err(refusal);
        }
        let tree = self.git(["write-tree"]).text()?;
        if tree == self.git(["rev-parse", "--verify", &format!("{head}^{{tree}}")]).text()? {
            return Ok(None);
        }
        let commit = self.seal(&tree, &[&head], signature)?;
        self.move_head(&commit, &head)?;
        Ok(Some(commit))
    }

    /// Moves back to an earlier commit, and the files with it; what is ignored stays.
    pub(super) fn reset(&self, revision: &str) -> Result<(), CallError> {
        self.refuse_persons("reset")?;
        let (head, target) = (self.head()?, self.resolve(revision)?);
        if !self.is_ancestor(&target, &head)? {
            return Err(CallError::Invalid(format!(
                "`{}` is no earlier commit of branch `{}`; name one that `git.log` shows.",
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
            Whose::Person(_) => Err(CallError::Denied(format!(
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

    /// Refuses what must not get into a person's repository, with the path.
    fn check_staged(&self, head: &str) -> Result<(), CallError> {
        let out = self.git(["diff-index", "--cached", "--raw", "-z", "--no-renames", head, "--"]).done()?.out;
        let mut changed = Vec::new();
        for Difference { path, mode, blob, .. } in differences(&out) {
            let path = names::text(path)?;
            match mode {
                "160000" => {
                    return Err(CallError::Invalid(format!(
                        "`{path}` is a repository of its own, which is not committed; remove its `.git`, or the folder."
                    )));
                }
                "100644" | "100755" | "120000" if path.eq_ignore_ascii_case(".gitmodules") => {
                    return Err(CallError::Invalid(
                        "`.gitmodules` makes a repository one with submodules, in which Baton does not work; leave it to a person, and undo the change."
                            .to_owned(),
                    ));
                }
                "120000" if leaves(&path, &self.git(["cat-file", "blob", blob]).text()?) => {
                    return Err(CallError::Invalid(format!(
                        "`{path}` is a symbolic link that leads out of the repository, which is not committed; put the file itself there."
                    )));
                }
                _ => {}
            }
            // What is deleted needs no filter.
            if mode != "000000" {
                changed.extend([path.as_bytes(), b"\0"].concat());
            }
        }
        self.refuse_filtered(changed)
    }

    /// What a filter would have changed is committed by nobody but who can run it: it may be there to keep a secret.
    fn refuse_filtered(&self, paths: Vec<u8>) -> Result<(), CallError> {
        if paths.is_empty() {
            return Ok(());
        }
        let out = self.git(["check-attr", "-z", "--stdin", "filter"]).reading(paths).done()?.out;
        let fields: Vec<_> = fields(&out).collect();
        let filtered = fields.chunks_exact(3).find(|of| !matches!(of[2], b"unspecified" | b"unset" | b"set" | b""));
        let Some([path, _, filter]) = filtered else { return Ok(()) };
        Err(CallError::Invalid(format!(
            "`{}` goes through the filter `{}` of the repository's attributes, such as those of Git LFS and git-crypt. Baton runs no filter and would \
             commit the file without it; leave that file to a person, and undo the change.",
            names::shown(path),
            names::shown(filter)
        )))
    }

    /// Git does not add a repository that has no commit.
    pub(super) fn explain_add(error: CallError) -> CallError {
        match error {
            CallError::Other(reason)
                if ["in submodule", "cannot run status", "does not have a commit"].iter().any(|word| reason.contains(word)) =>
            {
                let quoted = reason.replace("\\'", "'");
                let folder = quoted.split('\'').nth(1).unwrap_or("a folder").trim_end_matches('/');
                CallError::Invalid(format!(
                    "`{folder}` is a repository of its own, which is not committed; remove its `.git`, or the folder."
                ))
            }
            other => other,
        }
    }
}

/// Whether a link at `path` leads out of the repository, or into what the host keeps there.
fn leaves(path: &str, target: &str) -> bool {
    if target.starts_with('/') {
        return true;
    }
    let names: Vec<_> = target.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    let up = names.iter().take_while(|name| **name == "..").count();
    // Behind a name that is a link itself, `..` leads anywhere.
    up > path.matches('/').count() || names[up..].iter().any(|name| *name == ".." || name.eq_ignore_ascii_case(".git"))
}
