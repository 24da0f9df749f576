//! What of a worktree of Baton's is committed: everything but what must not get into a person's repository, and what has a
//! name that no commit can have. Changes the index and no file.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsStr,
    fmt::Display,
    fs::File,
    os::unix::ffi::OsStrExt,
    path::Path,
};

use super::{
    checkout::Checkout,
    fields::{Difference, differences, fields},
    names,
    program::Invocation,
    sweeping::with_ending,
};
use crate::{
    interfaces::{
        blocking::Deadline,
        repository_layout::{Layout, is_part},
    },
    journal::CallError,
};

/// Bytes of the largest file that is committed. Git would read and compress it whole.
const HUGE: u64 = 1 << 30;

impl Checkout {
    /// Notes all files in the index; gives the names of those that cannot be committed because of their names. Refuses what
    /// must not be committed, with its path.
    pub(super) fn stage(&self, head: &str) -> Result<Vec<String>, CallError> {
        self.disarm()?;
        let mut left_out = self.add(&[], &self.index)?;
        let out = self.git(["diff-index", "--cached", "--raw", "-z", "--no-renames", head, "--"]).done()?.out;
        let (named, odd): (Vec<_>, Vec<_>) = differences(&out).partition(|changed| std::str::from_utf8(changed.path).is_ok());
        left_out.extend(odd.iter().map(|changed| names::quote_path(changed.path)));
        self.take_back(&odd)?;
        self.check_staged(&named)?;
        Ok(left_out)
    }

    /// Adds all files to an index, whatever stops some of them; gives the names that no commit can have.
    pub(super) fn add(&self, how: &[&str], index: &Path) -> Result<Vec<String>, CallError> {
        let huge = self.huge(index)?;
        let said = self.adding(how, &huge).env("GIT_INDEX_FILE", index).run()?;
        if self.until().is_some_and(|until| until.is_over()) {
            // Git was ended with its lock, which lies beside an index of Baton's own.
            let _ = std::fs::remove_file(with_ending(index, ".lock"));
        }
        let mut left_out: Vec<_> = huge.iter().map(|path| names::quote_path(path)).collect();
        if said.code == 0 {
            return Ok(left_out);
        }
        let mut unadded = self.unknown(index)?;
        if how.is_empty() {
            unadded.extend(self.listed_by(&["--modified"], index)?);
        }
        let stopped_by = left_out.len();
        for path in &unadded {
            match path.strip_suffix(b"/") {
                _ if huge.contains(path) => {}
                _ if names::is_of_git(path) => left_out.push(names::quote_path(path)),
                Some(folder) => return Err(own_repository(folder)),
                None => {
                    if let Err(error) = File::open(self.files.join(OsStr::from_bytes(path))) {
                        return Err(reject_path(path, format_args!("cannot be read: {error}. Make it readable, or remove it.")));
                    }
                    return Err(said.failure());
                }
            }
        }
        // What stopped git is none of the files.
        if left_out.len() == stopped_by { Err(said.failure()) } else { Ok(left_out) }
    }

    /// Adds all but these.
    fn adding(&self, how: &[&str], huge: &[Vec<u8>]) -> Invocation {
        let arguments = [&["add", "--all", "--ignore-errors"], how].concat();
        if huge.is_empty() {
            return self.git_over(&arguments, &[]);
        }
        let but = huge.iter().flat_map(|path| [b":(top,exclude,literal)", &path[..], b"\0"].concat());
        let paths = b":(top)\0".iter().copied().chain(but).collect::<Vec<_>>();
        let from_input = ["--pathspec-from-file=-", "--pathspec-file-nul"];
        self.git_over(&[&arguments[..], &from_input].concat(), &[]).env("GIT_LITERAL_PATHSPECS", "0").reading(paths)
    }

    /// Files that would be added and are larger than [`HUGE`].
    fn huge(&self, index: &Path) -> Result<Vec<Vec<u8>>, CallError> {
        let mut paths = self.unknown(index)?;
        paths.extend(self.listed_by(&["--modified"], index)?);
        paths.retain(|path| self.is_huge(path));
        Ok(paths)
    }

    /// Whether a file is too large to be committed.
    pub(super) fn is_huge(&self, path: &[u8]) -> bool {
        let found = self.files.join(OsStr::from_bytes(path)).symlink_metadata();
        found.is_ok_and(|found| found.is_file() && found.len() > HUGE)
    }

    /// Until when an operation may go on.
    pub(super) fn until(&self) -> Option<Deadline> {
        self.deadline.clone().or_else(|| self.abandoned.clone())
    }

    /// Files that an index does not know and nobody ignores; a repository inside is one name that ends with `/`.
    pub(super) fn unknown(&self, index: &Path) -> Result<Vec<Vec<u8>>, CallError> {
        self.listed_by(&["--others", "--exclude-standard"], index)
    }

    fn listed_by(&self, how: &[&str], index: &Path) -> Result<Vec<Vec<u8>>, CallError> {
        let call = self.git_over(&[&["ls-files", "-z"], how].concat(), &[]).env("GIT_INDEX_FILE", index);
        Ok(fields(&call.done()?.out).map(<[u8]>::to_vec).collect())
    }

    /// The index has these as the last commit has them.
    fn take_back(&self, changed: &[Difference<'_>]) -> Result<(), CallError> {
        let mut lines: Vec<_> = changed
            .iter()
            .map(|Difference { path, before: (mode, blob), .. }| {
                let mode = if *mode == "000000" { "0" } else { *mode };
                [mode.as_bytes(), b" ", blob.as_bytes(), b"\t", path, b"\0"].concat()
            })
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        // What was not there goes first: it may stand where a file was.
        lines.sort();
        self.git(["update-index", "-z", "--index-info"]).reading(lines.concat()).done().map(drop)
    }

    /// Refuses what must not get into a person's repository, with the path.
    fn check_staged(&self, staged: &[Difference<'_>]) -> Result<(), CallError> {
        let mut changed = Vec::new();
        for Difference { path, mode, blob, .. } in staged {
            let path = names::text(path)?;
            match *mode {
                "160000" => return Err(own_repository(path.as_bytes())),
                "100644" | "100755" | "120000" if path.eq_ignore_ascii_case(".gitmodules") => {
                    return Err(reject_path(
                        path.as_bytes(),
                        "makes a repository one with submodules, in which Baton does not work; leave it to a person, and undo the change.",
                    ));
                }
                "120000" if leaves(&path, &self.git(["cat-file", "blob", blob]).text()?) => {
                    return Err(reject_path(
                        path.as_bytes(),
                        "is a symbolic link that leads out of the repository, which is not committed; put the file itself there.",
                    ));
                }
                _ => {}
            }
            // What is deleted needs no filter.
            if *mode != "000000" {
                changed.extend([path.as_bytes(), b"\0"].concat());
            }
        }
        self.refuse_layouts(staged)?;
        self.refuse_filtered(changed)
    }

    /// A folder that becomes a repository to git by the commit would have git execute what its settings name, in every checkout.
    fn refuse_layouts(&self, staged: &[Difference<'_>]) -> Result<(), CallError> {
        let added: HashSet<_> = staged.iter().filter(|changed| changed.before.0 == "000000").map(|changed| changed.path).collect();
        if !added.iter().any(|path| parts(path).next().is_some()) {
            return Ok(());
        }
        let out = self.git(["ls-files", "-z"]).done()?.out;
        let (mut after, mut before) = (HashMap::new(), HashMap::new());
        for path in fields(&out) {
            note_layout(&mut after, path);
            if !added.contains(path) {
                note_layout(&mut before, path);
            }
        }
        staged.iter().filter(|changed| changed.mode == "000000").for_each(|changed| note_layout(&mut before, changed.path));
        let completes = |folder: &&[u8]| {
            let is_repository = |layouts: &HashMap<_, Layout>| layouts.get(*folder).is_some_and(|layout| layout.is_repository());
            is_repository(&after) && !is_repository(&before)
        };
        let Some(path) = staged
            .iter()
            .map(|changed| changed.path)
            .find(|path| added.contains(path) && parts(path).any(|(folder, _)| completes(&folder)))
        else {
            return Ok(());
        };
        Err(reject_path(
            path,
            "makes its folder a git repository (`HEAD`, `objects` and `refs`, or `HEAD` and `commondir`), and git executes what the settings of \
             one name, so it is not committed; remove the file, or rename it.",
        ))
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
        let sentence = format_args!(
            "goes through the filter `{}` of the repository's attributes, such as those of Git LFS and git-crypt. Baton runs no filter and would \
             commit the file without it; leave that file to a person, and undo the change.",
            names::quote_path(filter)
        );
        Err(reject_path(path, sentence))
    }
}

/// The names in a path that are part of a repository's layout, each with the folder it lies in.
fn parts(path: &[u8]) -> impl Iterator<Item = (&[u8], &str)> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end).chain([path.len()]);
    let mut begin = 0;
    ends.filter_map(move |end| {
        let (folder, name) = (&path[..begin], &path[begin..end]);
        begin = end + 1;
        std::str::from_utf8(name).ok().filter(|name| is_part(name)).map(|name| (folder, name))
    })
}

fn note_layout<'a>(layouts: &mut HashMap<&'a [u8], Layout>, path: &'a [u8]) {
    for (folder, name) in parts(path) {
        let layout = layouts.entry(folder).or_default();
        *layout = layout.with(name);
    }
}

/// A path that is not committed. The subject is the whole path: programs find the file by it.
fn reject_path(path: &[u8], sentence: impl Display) -> CallError {
    CallError::invalid(format!("`{}` {sentence}", names::quote_path(path))).about(String::from_utf8_lossy(path))
}

fn own_repository(folder: &[u8]) -> CallError {
    reject_path(folder, "is a repository of its own, which is not committed; remove its `.git`, or the folder.")
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
