//! One checkout of a repository, a person's or a worktree of Baton's, and what is read of it. Reading changes nothing,
//! not even an index.

use std::{
    cell::{OnceCell, RefCell},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    fields::fields,
    names,
    program::{Invocation, Program},
    repository::Repository,
    sweeping::{temporary, with_ending},
};
use crate::{interfaces::blocking::Deadline, journal::CallError};

/// Bytes of the largest file that fits into one answer, whatever it holds.
const LARGEST: u64 = 5 << 20;
/// Bytes of a diff.
const LONGEST_DIFF: usize = 1 << 20;
/// Bytes of the names that stand in the place of what a diff leaves out.
const LONGEST_LIST: usize = 128 << 10;

/// A checkout as git is told of it: never found by git itself.
pub(super) struct Checkout {
    pub(super) program: Arc<Program>,
    /// Baton's own.
    pub(super) git_dir: PathBuf,
    pub(super) files: PathBuf,
    pub(super) index: PathBuf,
    /// The same repository as it is read in this process, once somebody has asked for it.
    pub(super) repository: OnceCell<gix::Repository>,
    /// Until when whoever asks waits for what is read; none for what is changed, which is not cut off.
    pub(super) deadline: Option<Deadline>,
    /// Known where something of Baton's own is changed, which is begun again when the call is made again. Nothing of a
    /// person's checkout is left half changed.
    pub(super) abandoned: Option<Deadline>,
    pub(super) whose: Whose,
    /// Folders inside the worktree that were repositories until now.
    pub(super) disarmed: RefCell<Vec<String>>,
}

pub(super) enum Whose {
    Person(Box<Repository>),
    Baton,
}

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChangeKind {
    Added,
    Modified,
    Deleted,
    Renamed,
    TypeChanged,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileChange {
    pub(super) path: String,
    pub(super) kind: ChangeKind,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Revision {
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) author: String,
    pub(super) at: u64,
}

impl Checkout {
    pub(super) fn git<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        self.git_over(&arguments, &[])
    }

    /// The same over paths, of which there may be many.
    pub(super) fn git_over(&self, arguments: &[&str], paths: &[&str]) -> Invocation {
        let call = self.program.call(arguments.iter().chain(paths)).at(&self.files).within(self.until());
        call.env("GIT_DIR", &self.git_dir).env("GIT_WORK_TREE", &self.files).env("GIT_INDEX_FILE", &self.index)
    }

    pub(super) fn branch(&self) -> Result<String, CallError> {
        let said = self.git(["symbolic-ref", "--quiet", "HEAD"]).run()?;
        let head = std::str::from_utf8(&said.out).map_err(|_| {
            CallError::invalid(
                "The name of the branch that the workspace has checked out is not UTF-8; rename the branch with `git branch -m`."
                    .to_owned(),
            )
        })?;
        let branch = head.trim_end().strip_prefix("refs/heads/").map(str::to_owned);
        branch.filter(|_| said.code == 0).ok_or_else(|| {
            CallError::invalid(
                "The workspace has no branch checked out, but a commit; check a branch out in it with `git switch`.".to_owned(),
            )
        })
    }

    pub(super) fn status(&self) -> Result<Vec<FileChange>, CallError> {
        self.head()?;
        let changes = self.list_changes()?;
        if matches!(self.whose, Whose::Person(_)) || !changes.iter().any(|change| change.path.ends_with('/')) {
            return Ok(changes);
        }
        self.disarm()?;
        self.list_changes()
    }

    fn list_changes(&self) -> Result<Vec<FileChange>, CallError> {
        let call = self.git(["status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-ahead-behind"]);
        let out = call.done()?.out;
        let (mut changes, mut fields) = (Vec::new(), fields(&out));
        while let Some([x, y, _, path @ ..]) = fields.next() {
            if matches!(x, b'R' | b'C') {
                // The name it had.
                fields.next();
            }
            // What cannot be told in a worktree of Baton's is left out of its commits as well.
            if matches!(self.whose, Whose::Person(_)) || names::can_be_committed(path) && !self.is_huge(path) {
                changes.push(FileChange { path: names::text(path)?, kind: kind(*x, *y) });
            }
        }
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(changes)
    }

    pub(super) fn log(&self, revision: Option<&str>, limit: u32) -> Result<Vec<Revision>, CallError> {
        let from = revision.map_or_else(|| self.head(), |revision| self.resolve(revision))?;
        let limit = format!("--max-count={limit}");
        let out =
            self.git(["log", "-z", "--format=tformat:%H%x00%s%x00%an%x00%ct", "--no-show-signature", &limit, &from, "--"]).done()?.out;
        let fields: Vec<_> = fields(&out).map(String::from_utf8_lossy).collect();
        let revision = |fields: &[std::borrow::Cow<'_, str>]| match fields {
            [id, summary, author, seconds] => Some(Revision {
                id: id.to_string(),
                summary: summary.chars().take(1000).collect(),
                author: author.to_string(),
                at: seconds.parse::<u64>().unwrap_or(0).saturating_mul(1000),
            }),
            _ => None,
        };
        Ok(fields.chunks(4).filter_map(revision).collect())
    }

    /// From where this checkout left `base` to its files as they are, those that were never added among them.
    pub(super) fn diff(&self, base: &str) -> Result<String, CallError> {
        let base = self.common_ancestor(&self.head()?, &self.resolve(base)?)?;
        // Files that git does not know are noted in a copy of the index; their content is not read into the repository.
        let copy = self.scratch("diff")?;
        let noted = self.disarm().and_then(|()| self.add(&["--intent-to-add"], &copy));
        let compared = noted.and_then(|_| self.compared(&base, &copy));
        self.forget(&copy);
        compared
    }

    /// From where a commit left another to that commit, whatever is checked out.
    pub(super) fn diff_of(&self, commit: &str, from: &str) -> Result<String, CallError> {
        self.compared(&format!("{from}...{commit}"), &self.index)
    }

    fn compared(&self, what: &str, index: &Path) -> Result<String, CallError> {
        let said = self.differing(&["--find-renames"], what).env("GIT_INDEX_FILE", index).at_most(LONGEST_DIFF).run()?;
        if said.code != 0 && !said.cut {
            return Err(said.failure());
        }
        let text = String::from_utf8_lossy(&said.out).into_owned();
        if !said.cut {
            return Ok(text);
        }
        let names = self.differing(&["--name-only", "--no-renames"], what).env("GIT_INDEX_FILE", index).at_most(LONGEST_LIST).run()?;
        Ok(shorten_diff(&text, &String::from_utf8_lossy(&names.out)))
    }

    fn differing(&self, how: &[&str], what: &str) -> Invocation {
        const PLAIN: [&str; 5] = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all"];
        self.git_over(&[&PLAIN[..], how].concat(), &[what, "--"])
    }

    pub(super) fn read(&self, revision: &str, path: &str) -> Result<Vec<u8>, CallError> {
        let place = format!("{}:{path}", self.resolve(revision)?);
        let absent = || CallError::not_found(format!("`{revision}` has no file `{path}`; name another revision or another file."));
        let said = self.git(["cat-file", "--batch-check=%(objecttype) %(objectsize)"]).reading(format!("{place}\n")).text()?;
        let (kind, size) = said.rsplit_once(' ').ok_or_else(absent)?;
        match (kind, size.parse::<u64>()) {
            ("blob", Ok(size)) if size <= LARGEST => Ok(self.git(["cat-file", "blob", &place]).done()?.out),
            ("blob", Ok(size)) => Err(CallError::invalid(format!(
                "`{path}` has {size} bytes, more than the 5 MiB that one call may carry; name another file."
            ))),
            ("tree" | "commit", Ok(_)) => Err(CallError::invalid(format!("`{path}` is not a file but a folder; name a file in it."))),
            _ => Err(absent()),
        }
    }

    pub(super) fn merge_base(&self, one: &str, other: &str) -> Result<String, CallError> {
        self.common_ancestor(&self.resolve(one)?, &self.resolve(other)?)
    }

    pub(super) fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, CallError> {
        let said = self.git(["merge-base", "--is-ancestor", older, newer]).run()?;
        match said.code {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(said.failure()),
        }
    }

    /// A copy of the index under a name of its own, for what must not touch it.
    pub(super) fn scratch(&self, purpose: &str) -> Result<PathBuf, CallError> {
        let copy = temporary(&self.git_dir.join("index"), purpose);
        self.forget(&copy);
        match fs::copy(&self.index, &copy) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CallError::unavailable(format!(
                "The index of the workspace cannot be copied: {error}. Make room in the data directory."
            ))),
            _ => Ok(copy),
        }
    }

    pub(super) fn forget(&self, scratch: &Path) {
        // What is left of it is found and removed by whoever takes the name next.
        let _ = fs::remove_file(scratch);
        let _ = fs::remove_file(with_ending(scratch, ".lock"));
    }

    fn common_ancestor(&self, one: &str, other: &str) -> Result<String, CallError> {
        let said = self.git(["merge-base", one, other]).run()?;
        match said.code {
            0 => Ok(String::from_utf8_lossy(&said.out).lines().next().unwrap_or_default().to_owned()),
            1 => Err(CallError::not_found("The two revisions share no history; name others.")),
            _ => Err(said.failure()),
        }
    }
}

/// The beginning of a diff that is too long, with the names of all files that differ, so that none of them goes unseen.
fn shorten_diff(text: &str, names: &str) -> String {
    let says = format!("\n(The rest of the diff is left out: it is longer than 1 MiB. All files that differ:)\n{names}");
    let end = text.floor_char_boundary(LONGEST_DIFF - says.len());
    format!("{}{says}", &text[..text[..end].rfind('\n').unwrap_or(end)])
}

/// What the two letters of `git status` come to: against the last commit, and against the index.
fn kind(index: u8, file: u8) -> ChangeKind {
    match (index, file) {
        (b'D', _) | (_, b'D') => ChangeKind::Deleted,
        (b'R', _) => ChangeKind::Renamed,
        (b'?' | b'A' | b'C', _) | (_, b'A') => ChangeKind::Added,
        (b'T', _) | (_, b'T') => ChangeKind::TypeChanged,
        _ => ChangeKind::Modified,
    }
}
