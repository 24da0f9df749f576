//! Looks at every entry below a folder, each by the folder it lies in: no link is followed, however the tree changes
//! meanwhile, and it may be deeper than a path can say. Changes nothing itself.

use std::{
    ffi::{CStr, CString},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::{self, AtFlags, CWD, FileType, Mode, OFlags, Stat},
    io::Errno,
};

use super::names::quote_path;
use crate::interfaces::sandbox::room::describe;

/// Entries that are looked at below one folder.
pub(super) const MOST_ENTRIES: usize = 4_000_000;

/// Why a workspace could not be looked at as a whole, a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unseen {
    #[error(
        "The workspace holds more than {MOST_ENTRIES} files and folders, so Baton cannot check what a command leaves in it. Remove what is not needed."
    )]
    TooMany,
    #[error("Folders of the workspace were moved while Baton checked it. Stop the program that moves them.")]
    Moving,
    #[error("Baton cannot check `{path}` in the workspace: {reason}. Make it accessible to the user who runs Baton, or remove it.")]
    Closed { path: String, reason: String },
    #[error("The run was stopped.")]
    Stopped,
}

/// One entry of a folder.
pub(super) struct Entry {
    pub(super) name: CString,
    pub(super) stat: Stat,
}

impl Entry {
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind() == FileType::Directory
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind() == FileType::RegularFile
    }

    /// Who may do what with it, as `chmod` counts.
    pub(super) fn mode(&self) -> fs::RawMode {
        self.stat.st_mode & 0o7777
    }
}

/// A folder that is open, and its path below the one where the walk began.
pub(super) struct OpenFolder<'a> {
    pub(super) folder: &'a OwnedFd,
    pub(super) path: &'a [u8],
    /// The folder where the walk began.
    pub(super) top: &'a Top,
}

/// The folder where a walk begins.
pub(super) struct Top {
    /// Its path without links, by which a file below is the same to walks that begin elsewhere.
    pub(super) path: Vec<u8>,
    pub(super) device: u64,
}

impl OpenFolder<'_> {
    /// The path of an entry.
    pub(super) fn path_of(&self, name: &CStr) -> Vec<u8> {
        join_path(self.path, name)
    }

    /// The path of an entry, whole.
    pub(super) fn whole_path_of(&self, name: &CStr) -> Vec<u8> {
        [&self.top.path, &b"/"[..], &self.path_of(name)].concat()
    }

    /// The folder itself as an entry, where the walk begins; below, the folder above has shown it.
    pub(super) fn top_entry(&self) -> Option<Entry> {
        if !self.path.is_empty() {
            return None;
        }
        Some(Entry { name: c".".to_owned(), stat: fs::fstat(self.folder).ok()? })
    }

    pub(super) fn failure(&self, name: &CStr, error: impl Into<io::Error>) -> Unseen {
        Unseen::Closed { path: quote_path(&self.path_of(name)), reason: describe(&error.into()) }
    }
}

/// What is done with what is found.
pub(super) trait Visitor {
    /// Looks at a folder with all that lies in it, and gives the folders to go into.
    fn folder(&mut self, place: &OpenFolder<'_>, entries: Vec<Entry>) -> Result<Vec<Entry>, Unseen>;
    /// A folder that cannot be opened; an error where that must not be.
    fn closed(&mut self, place: &OpenFolder<'_>, entry: &Entry, error: Errno) -> Result<(), Unseen>;
}

/// A folder on the way down.
struct Level {
    identity: (u64, u64),
    pending: Vec<Entry>,
    length: usize,
}

/// Opens a folder that is no link.
pub(super) fn open(folder: &Path) -> io::Result<OwnedFd> {
    Ok(fs::openat(CWD, folder, folder_flags(), Mode::empty())?)
}

/// Shows a visitor all that lies below a folder, until `stopped`.
pub(super) fn walk(root: OwnedFd, path: &Path, stopped: &AtomicBool, visitor: &mut impl Visitor) -> Result<(), Unseen> {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let top = Top { path: whole.as_os_str().as_bytes().to_vec(), device: identity(&root)?.0 };
    let (mut current, mut path, mut levels, mut left) = (root, Vec::new(), Vec::<Level>::new(), MOST_ENTRIES);
    let mut pending = enter(&OpenFolder { folder: &current, path: &path, top: &top }, &mut left, stopped, visitor)?;
    loop {
        let Some(entry) = pending.pop() else {
            let Some(level) = levels.pop() else { return Ok(()) };
            current = back(&current, level.identity)?;
            path.truncate(level.length);
            pending = level.pending;
            continue;
        };
        let place = OpenFolder { folder: &current, path: &path, top: &top };
        match fs::openat(&current, &entry.name, folder_flags(), Mode::empty()) {
            Ok(opened) => {
                levels.push(Level { identity: identity(&current)?, pending, length: path.len() });
                path = place.path_of(&entry.name);
                current = opened;
                pending = enter(&OpenFolder { folder: &current, path: &path, top: &top }, &mut left, stopped, visitor)?;
            }
            // It is gone, or something else by now: whoever did that is looked after as well.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => visitor.closed(&place, &entry, error)?,
        }
    }
}

fn enter(place: &OpenFolder<'_>, left: &mut usize, stopped: &AtomicBool, visitor: &mut impl Visitor) -> Result<Vec<Entry>, Unseen> {
    let entries = entries(place, left, stopped)?;
    visitor.folder(place, entries)
}

/// All that lies in a folder.
pub(super) fn entries(place: &OpenFolder<'_>, left: &mut usize, stopped: &AtomicBool) -> Result<Vec<Entry>, Unseen> {
    let OpenFolder { folder, path, .. } = place;
    if stopped.load(Ordering::Relaxed) {
        return Err(Unseen::Stopped);
    }
    let failed = |error: Errno| Unseen::Closed { path: quote_path(path), reason: describe(&error.into()) };
    let mut entries = Vec::new();
    for found in fs::Dir::read_from(folder).map_err(failed)? {
        let found = found.map_err(failed)?;
        let name = found.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        *left = left.checked_sub(1).ok_or(Unseen::TooMany)?;
        if let Ok(stat) = fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            entries.push(Entry { name: name.to_owned(), stat });
        }
    }
    Ok(entries)
}

/// The folder above, as long as it is the one that the walk came from.
fn back(folder: &OwnedFd, identity_above: (u64, u64)) -> Result<OwnedFd, Unseen> {
    let above = fs::openat(folder, "..", folder_flags(), Mode::empty()).map_err(|_| Unseen::Moving)?;
    if identity(&above)? == identity_above { Ok(above) } else { Err(Unseen::Moving) }
}

fn identity(folder: &OwnedFd) -> Result<(u64, u64), Unseen> {
    let stat = fs::fstat(folder).map_err(|_| Unseen::Moving)?;
    Ok((device(&stat), stat.st_ino))
}

/// The device of a file, which is signed on some systems.
#[cfg_attr(target_os = "linux", expect(clippy::unnecessary_cast, reason = "elsewhere it is another type"))]
pub(super) fn device(stat: &Stat) -> u64 {
    stat.st_dev as u64
}

pub(super) fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn join_path(path: &[u8], name: &CStr) -> Vec<u8> {
    let mut whole = path.to_owned();
    if !whole.is_empty() {
        whole.push(b'/');
    }
    whole.extend_from_slice(name.to_bytes());
    whole
}
