//! Walks a workspace through open directories: skips what git ignores and what the host keeps, follows no link.

use std::{io, sync::Arc};

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, DirEntry};
use globset::{GlobBuilder, GlobMatcher};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::{Deserialize, Serialize};

use super::{Workspace, workspace};
use crate::{
    interfaces::{blocking::Deadline, repository_layout::is_hosts},
    journal::CallError,
    rules::paths,
};

const HINT: &str = "Narrow the glob.";

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::interfaces) enum Kind {
    File,
    Directory,
    Symlink,
}

/// Something the walk came by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::interfaces) struct FileEntry {
    pub(in crate::interfaces) path: String,
    pub(in crate::interfaces) kind: Kind,
    /// Bytes; 0 for anything but a file.
    pub(in crate::interfaces) size: u64,
}

/// A glob such as `docs/**/*.md`; `*` stays between two `/`.
pub(in crate::interfaces) struct Pattern {
    glob: GlobMatcher,
    /// The directories that every match lies below: all before the first name with a wildcard.
    prefix: String,
}

impl Pattern {
    pub(in crate::interfaces) fn parse(text: &str) -> Result<Self, CallError> {
        let text = paths::glob(text).map_err(CallError::invalid)?;
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(false).build();
        let glob = glob.map_err(|error| CallError::invalid(paths::reject_glob(&error.kind().to_string())))?.compile_matcher();
        let literal = text.find(['*', '?', '[', '{']).map_or(text, |wildcard| &text[..wildcard]);
        let prefix = literal.rsplit_once('/').map_or("", |(directories, _)| directories).to_owned();
        Ok(Self { glob, prefix })
    }

    fn is_match(&self, path: &str) -> bool {
        self.glob.is_match(path)
    }

    /// Whether a match can lie below the directory.
    fn may_lie_below(&self, directory: &str) -> bool {
        lies_in(directory, &self.prefix) || lies_in(&self.prefix, directory)
    }
}

fn lies_in(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One walk.
pub(in crate::interfaces) struct Walk<'a> {
    /// What to find; everything when none.
    pub(in crate::interfaces) pattern: Option<&'a Pattern>,
    /// What the run may know of.
    pub(in crate::interfaces) allowed: &'a dyn Fn(&str) -> bool,
    /// How much to find before giving up.
    pub(in crate::interfaces) most: usize,
    /// When to give up.
    pub(in crate::interfaces) deadline: &'a Deadline,
}

/// A directory on the way: what it ignores, and what its parents do.
struct Level {
    ignore: Gitignore,
    directory: String,
    above: Option<Arc<Level>>,
}

impl Walk<'_> {
    /// Entries looked at before the walk gives up, and the deepest directory it looks into.
    const MOST_SEEN: usize = 500_000;
    const DEEPEST: usize = 64;
    const LARGEST_IGNORE_FILE: u64 = 1 << 20;
    /// Rules of one directory that count, the first in its files; each path below is matched against all of them.
    const MOST_RULES: usize = 1_000;
    const LONGEST_RULE: usize = 256;

    /// All that was found, sorted by path.
    pub(in crate::interfaces) fn run(&self, workspace: &Workspace) -> Result<Vec<FileEntry>, CallError> {
        let mut found = Vec::new();
        let mut seen = 0;
        let mut ahead = vec![(String::new(), None)];
        while let Some((directory, above)) = ahead.pop() {
            // What cannot be opened is left out: it went away, or the host's user may not see it.
            let Ok(dir) = open(workspace.dir(), &directory) else { continue };
            let Ok(entries) = dir.entries() else { continue };
            let level = Arc::new(Level { ignore: ignored_in(&dir), directory, above });
            for entry in entries.flatten() {
                self.deadline.check(HINT)?;
                seen += 1;
                if seen > Self::MOST_SEEN {
                    return Err(too_much(&format!("The walk came by more than {} entries", Self::MOST_SEEN)));
                }
                let Some(next) = self.look(&entry, &level).filter(|next| !workspace.is_hosts_own(&next.path)) else { continue };
                if next.kind == Kind::Directory && self.descends(&next.path) {
                    ahead.push((next.path.clone(), Some(Arc::clone(&level))));
                }
                if self.wants(&next.path) {
                    found.push(next);
                }
                if found.len() > self.most {
                    return Err(too_much(&format!("More than {} paths match", self.most)));
                }
            }
        }
        found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    fn look(&self, entry: &DirEntry, level: &Level) -> Option<FileEntry> {
        let name = entry.file_name().into_string().ok().filter(|name| !is_hosts(name))?;
        let path = if level.directory.is_empty() { name } else { format!("{}/{name}", level.directory) };
        let file_type = entry.file_type().ok()?;
        let kind = match file_type {
            _ if file_type.is_dir() => Kind::Directory,
            _ if file_type.is_file() => Kind::File,
            _ if file_type.is_symlink() => Kind::Symlink,
            _ => return None,
        };
        if level.ignores(&path, kind == Kind::Directory) {
            return None;
        }
        let size = if kind == Kind::File && self.wants(&path) { entry.metadata().ok()?.len() } else { 0 };
        Some(FileEntry { path, kind, size })
    }

    fn wants(&self, path: &str) -> bool {
        self.pattern.is_none_or(|pattern| pattern.is_match(path)) && (self.allowed)(path)
    }

    fn descends(&self, directory: &str) -> bool {
        directory.split('/').count() < Self::DEEPEST && self.pattern.is_none_or(|pattern| pattern.may_lie_below(directory))
    }
}

impl Level {
    /// The rules nearest to the path decide.
    fn ignores(&self, path: &str, is_directory: bool) -> bool {
        let mut level = Some(self);
        while let Some(current) = level {
            let below = path[current.directory.len()..].trim_start_matches('/');
            let decided = current.ignore.matched(below, is_directory);
            if !decided.is_none() {
                return decided.is_ignore();
            }
            level = current.above.as_deref();
        }
        false
    }
}

/// Opens one name at a time, for a name that was a directory may be a link by now.
fn open(root: &Dir, directory: &str) -> io::Result<Dir> {
    directory.split('/').filter(|name| !name.is_empty()).try_fold(root.try_clone()?, |dir, name| dir.open_dir_nofollow(name))
}

fn ignored_in(dir: &Dir) -> Gitignore {
    let (mut builder, mut left) = (GitignoreBuilder::new(""), Walk::MOST_RULES);
    for name in [".gitignore", ".ignore"] {
        let Ok(rules) = workspace::read_file(dir, name, Walk::LARGEST_IGNORE_FILE) else { continue };
        let rules = String::from_utf8_lossy(&rules);
        let is_rule = |line: &&str| !line.trim().is_empty() && !line.starts_with('#') && line.len() <= Walk::LONGEST_RULE;
        for line in rules.lines().filter(is_rule).take(left) {
            left -= 1;
            // A line that is no rule ignores nothing; git takes it the same way.
            let _ = builder.add_line(None, line);
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn too_much(what: &str) -> CallError {
    CallError::invalid(format!("{what}, which is the most for one call; narrow the glob."))
}
