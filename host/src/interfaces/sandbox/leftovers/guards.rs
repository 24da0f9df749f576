//! The places in a workspace that a person's own git executes or reads settings from: where they are, what lies there before
//! a command, and what of it is another afterwards. Follows no link by itself; a link on the way is a place of its own.

use std::{
    collections::HashSet,
    ffi::{CStr, CString},
    io::Read as _,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use rustix::fs::{self, Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::{
    names,
    walk::{self, Entry, OpenFolder, Top, Unseen, device, entries, folder_flags},
};
use crate::interfaces::{
    guarded_places::{Guard, MOST_ENTRIES, guarded_places},
    used_by_git::Used,
};

/// Bytes of a file that are compared. Of a larger one it is compared when it was changed.
const LONGEST: u64 = 16 << 20;
/// Folders in folders of hooks.
const DEEPEST: usize = 64;

/// The places in one workspace, and what lay there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Guards {
    /// The workspace without links.
    root: PathBuf,
    pub(super) all: Vec<Guard>,
    known: HashSet<u64>,
}

impl Guards {
    /// The places in a workspace, and what lies there. What a command that still runs may have left, whose guards are among
    /// `others`, does not count.
    pub(super) fn note(root: &Path, used: Vec<Used>, others: &[Guards], stopped: &AtomicBool) -> Result<Self, Unseen> {
        let root = root.canonicalize().map_err(|error| Unseen::Closed { path: ".".to_owned(), reason: error.to_string() })?;
        let mut guards = Self { root, ..Self::default() };
        if used.is_empty() {
            return Ok(guards);
        }
        let folder = walk::open(&guards.root).map_err(|error| Unseen::Closed { path: ".".to_owned(), reason: error.to_string() })?;
        guards.all = guarded_places(&guards.root, folder.as_fd(), used, |path| is_large(&folder, &guards.root, path, stopped))?;
        let mut known = HashSet::new();
        for guard in &guards.all {
            let whole = guards.whole(&guard.path);
            let others: Vec<_> = others.iter().filter(|other| other.has(&whole)).collect();
            look(&folder, &guards.root, &guard.path, stopped, &mut |place, entry, _| {
                let seen = trait_of(place, entry);
                if others.iter().all(|other| other.known.contains(&seen)) {
                    known.insert(seen);
                }
                Ok(true)
            })?;
        }
        guards.known = known;
        Ok(guards)
    }

    /// Goes over all places, and has `take` take away what was not there before.
    pub(super) fn sweep(
        &self,
        folder: &OwnedFd,
        stopped: &AtomicBool,
        take: &mut dyn FnMut(&OpenFolder<'_>, &Entry) -> Result<(), Unseen>,
    ) -> Result<(), Unseen> {
        for guard in &self.all {
            look(folder, &self.root, &guard.path, stopped, &mut |place, entry, is_on_the_way| {
                let is_known = self.known.contains(&trait_of(place, entry));
                if is_on_the_way {
                    // A folder on the way is judged by what lies in it.
                    if !entry.is_folder() && !entry.is_file() && !is_known {
                        take(place, entry)?;
                    }
                    return Ok(entry.is_folder());
                }
                let path = place.path_of(&entry.name);
                if is_known || names::is_put_aside(entry.name.to_bytes()) || may_change(guard, entry, &path) {
                    return Ok(entry.is_folder());
                }
                take(place, entry)?;
                Ok(false)
            })?;
        }
        Ok(())
    }

    fn has(&self, whole: &[u8]) -> bool {
        self.all.iter().any(|guard| self.whole(&guard.path) == whole)
    }

    fn whole(&self, path: &[u8]) -> Vec<u8> {
        [self.root.as_os_str().as_bytes(), b"/", path].concat()
    }
}

/// Whether this is a file whose change is reviewed, or a folder that holds some.
fn may_change(guard: &Guard, entry: &Entry, path: &[u8]) -> bool {
    let lies_below = |file: &Vec<u8>| file.strip_prefix(path).is_some_and(|below| below.starts_with(b"/"));
    if entry.is_folder() { guard.reviewed.iter().any(lies_below) } else { entry.is_file() && guard.reviewed.contains(path) }
}

/// Whether a folder holds more than hooks do.
fn is_large(folder: &OwnedFd, root: &Path, path: &[u8], stopped: &AtomicBool) -> Result<bool, Unseen> {
    let mut left = MOST_ENTRIES;
    look(folder, root, path, stopped, &mut |_, _, _| {
        left = left.saturating_sub(1);
        Ok(left > 0)
    })?;
    Ok(left == 0)
}

/// Sees an entry, on the way to a place or at or below it, and says whether to go into it.
type Look<'a> = dyn FnMut(&OpenFolder<'_>, &Entry, bool) -> Result<bool, Unseen> + 'a;

/// Shows all that has the path, in whatever letters, and all below it, each before what lies in it.
fn look(folder: &OwnedFd, root: &Path, path: &[u8], stopped: &AtomicBool, see: &mut Look<'_>) -> Result<(), Unseen> {
    let stat = fs::fstat(folder).map_err(|_| Unseen::Moving)?;
    let top = Top { path: root.as_os_str().as_bytes().to_vec(), device: device(&stat) };
    let parts: Vec<_> = path.split(|byte| *byte == b'/').collect();
    Looking { left: walk::MOST_ENTRIES, stopped, see }.below(&OpenFolder { folder, path: b"", top: &top }, &parts, 0)
}

/// A look at one place.
struct Looking<'a, 'b> {
    left: usize,
    stopped: &'a AtomicBool,
    see: &'a mut Look<'b>,
}

impl Looking<'_, '_> {
    fn below(&mut self, place: &OpenFolder<'_>, parts: &[&[u8]], depth: usize) -> Result<(), Unseen> {
        for entry in entries(place, &mut self.left, self.stopped)? {
            let is_meant = parts.first().is_none_or(|part| entry.name.to_bytes().eq_ignore_ascii_case(part));
            if !is_meant || !(self.see)(place, &entry, parts.len() > 1)? || !entry.is_folder() || depth == DEEPEST {
                continue;
            }
            // What is gone or another thing by now is for whoever changed it.
            let Ok(opened) = fs::openat(place.folder, &entry.name, folder_flags(), Mode::empty()) else { continue };
            let path = place.path_of(&entry.name);
            self.below(&OpenFolder { folder: &opened, path: &path, top: place.top }, parts.get(1..).unwrap_or_default(), depth + 1)?;
        }
        Ok(())
    }
}

/// What an entry is, by which it is known again: its path and its content.
fn trait_of(place: &OpenFolder<'_>, entry: &Entry) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&place.whole_path_of(&entry.name)).update(&[0]);
    if entry.is_folder() {
        hasher.update(b"folder");
    } else if entry.is_file() {
        hasher.update(if entry.mode() & 0o111 == 0 { b"file" } else { b"program" });
        match content(place, &entry.name) {
            Some(content) => hasher.update(&content),
            None => hasher.update(&entry.stat.st_ino.to_le_bytes()).update(&entry.stat.st_ctime.to_le_bytes()),
        };
    } else {
        let target = fs::readlinkat(place.folder, &entry.name, Vec::new()).map(CString::into_bytes).unwrap_or_default();
        hasher.update(&entry.stat.st_mode.to_le_bytes()).update(&target);
    }
    let mut number = [0; 8];
    number.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(number)
}

/// What a file holds; none where that is much, or cannot be read.
fn content(place: &OpenFolder<'_>, name: &CStr) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = std::fs::File::from(fs::openat(place.folder, name, flags, Mode::empty()).ok()?);
    let found = file.metadata().ok().filter(|found| found.is_file() && found.len() <= LONGEST)?;
    let mut content = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= LONGEST || found.len() > LONGEST).then_some(content)
}
