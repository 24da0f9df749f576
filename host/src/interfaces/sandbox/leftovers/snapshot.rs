//! What a workspace held before a command: what must not be taken for something that the command left, and what has to be
//! covered while it runs. Changes nothing.

use std::{
    collections::HashSet,
    ffi::{CStr, OsStr},
    fs::File,
    io::{self, Read as _},
    os::{fd::AsFd, unix::ffi::OsStrExt as _},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

use super::{
    findings::{Before, Mark, PriorState, bare, findings, is_empty_folder, is_hosts, repository},
    names::{self, quote_path},
    walk::{self, Entry, OpenFolder, Unseen, Visitor},
};

/// Findings that one snapshot keeps.
const MOST_MARKS: usize = 100_000;

/// What was there.
#[derive(Default)]
pub(super) struct Snapshot {
    /// Where all of it lies, without links.
    root: PathBuf,
    /// What was there before the commands that run here.
    before: Vec<Before>,
    pub(super) known: PriorState,
    /// What git and Baton go by, by its path.
    pub(super) repositories: Vec<Repository>,
}

/// A folder or file that git or Baton goes by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Repository {
    pub(super) path: Vec<u8>,
    pub(super) is_folder: bool,
}

impl Snapshot {
    /// Looks at all that lies below `root`. What a command that still runs may have left was not there before.
    pub(super) fn take(root: &Path, before: Vec<Before>, stopped: &AtomicBool) -> Result<Self, Unseen> {
        let closed = |error: io::Error| Unseen::Closed { path: ".".to_owned(), reason: error.to_string() };
        let mut snapshot = Self { root: root.canonicalize().map_err(closed)?, before, ..Self::default() };
        walk::walk(walk::open(root).map_err(closed)?, root, stopped, &mut snapshot)?;
        snapshot.forget_covered();
        Ok(snapshot)
    }

    /// Each once, and none that lies below another: there is nothing left of it to cover.
    fn forget_covered(&mut self) {
        self.repositories.sort();
        self.repositories.dedup();
        let all: HashSet<_> = self.repositories.iter().map(|found| found.path.clone()).collect();
        let above = |path: &[u8]| {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
            ends.map(|end| path[..end].to_vec()).collect::<Vec<_>>()
        };
        self.repositories.retain(|found| !above(&found.path).iter().any(|folder| all.contains(folder)));
    }

    /// Where the files of a repository lie in the workspace whose `.git` only says where: whoever writes there has commands
    /// executed just as well.
    fn add_pointed_at(&mut self, place: &OpenFolder<'_>, entry: &Entry) {
        let folder = self.root.join(OsStr::from_bytes(place.path));
        let Some(git_dir) = pointer(place, &entry.name).map(|target| folder.join(target)) else { return };
        let common = small(CWD, git_dir.join("commondir")).map(|target| git_dir.join(OsStr::from_bytes(target.trim_ascii_end())));
        for target in [Some(git_dir), common].into_iter().flatten() {
            let Ok(target) = target.canonicalize() else { continue };
            let Ok(path) = target.strip_prefix(&self.root) else { continue };
            // What lies in a folder that is covered anyway needs no cover of its own.
            let is_covered = path.components().any(|name| names::is_hosts(name.as_os_str().as_bytes()));
            if !is_covered && target.is_dir() && path != Path::new("") {
                self.repositories.push(Repository { path: path.as_os_str().as_bytes().to_vec(), is_folder: true });
            }
        }
    }

    fn keep_repository(&mut self, place: &OpenFolder<'_>, entry: &Entry) -> Result<(), Unseen> {
        let (mark, is_top) = (repository(place, entry), place.path.is_empty());
        if is_top && is_empty_folder(place, entry) {
            // It covers the place in a container, and may have been made since the other commands began.
            self.known.keep(mark);
        } else if self.keep(mark, place, &entry.name)? && is_top {
            self.known.keep_at_top(entry);
        }
        Ok(())
    }

    /// Whether it was there before all commands that run here.
    fn keep(&mut self, mark: Mark, place: &OpenFolder<'_>, name: &CStr) -> Result<bool, Unseen> {
        let whole = if name == c"." { place.top.path.clone() } else { place.whole_path_of(name) };
        if self.before.iter().any(|before| before.lacks(&mark, &whole)) {
            return Ok(false);
        }
        if self.known.len() >= MOST_MARKS {
            let reason = format!("the workspace holds more than {MOST_MARKS} repositories, devices, sockets, pipes and unreadable files");
            return Err(Unseen::Closed { path: quote_path(place.path), reason });
        }
        self.known.keep(mark);
        Ok(true)
    }
}

impl Visitor for Snapshot {
    fn folder(&mut self, place: &OpenFolder<'_>, entries: Vec<Entry>) -> Result<Vec<Entry>, Unseen> {
        if let Some(mark) = bare(place, &entries) {
            self.keep(mark, place, c"HEAD")?;
        }
        if let Some(top) = place.top_entry() {
            findings(place, &top).into_iter().try_for_each(|mark| self.keep(mark, place, &top.name).map(drop))?;
        }
        let mut below = Vec::new();
        for entry in entries {
            if is_hosts(&entry) {
                self.keep_repository(place, &entry)?;
                if entry.is_file() {
                    self.add_pointed_at(place, &entry);
                }
                if entry.is_folder() || entry.is_file() {
                    self.repositories.push(Repository { path: place.path_of(&entry.name), is_folder: entry.is_folder() });
                }
                continue;
            }
            for mark in findings(place, &entry) {
                self.keep(mark, place, &entry.name)?;
            }
            if entry.is_folder() {
                below.push(entry);
            }
        }
        Ok(below)
    }

    /// What the host cannot look into, a command can only by opening it, which changes it.
    fn closed(&mut self, place: &OpenFolder<'_>, entry: &Entry, error: Errno) -> Result<(), Unseen> {
        if matches!(error, Errno::ACCESS | Errno::PERM) { Ok(()) } else { Err(place.failure(&entry.name, error)) }
    }
}

/// Where a `.git` file says that its repository lies.
fn pointer(place: &OpenFolder<'_>, name: &CStr) -> Option<PathBuf> {
    let text = small(place.folder, name)?;
    Some(PathBuf::from(OsStr::from_bytes(text.strip_prefix(b"gitdir:")?.trim_ascii())))
}

/// The beginning of a file. Never waits for anything, such as the other end of a pipe.
fn small(folder: impl AsFd, path: impl rustix::path::Arg) -> Option<Vec<u8>> {
    const LONGEST: u64 = 64 << 10;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(folder, path, flags, Mode::empty()).ok()?);
    let mut text = Vec::new();
    file.metadata().ok()?.is_file().then_some(())?;
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    Some(text)
}
