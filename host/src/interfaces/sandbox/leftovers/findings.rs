//! What matters of a file that a command may leave: repositories, data directories of Baton, rights that somebody else would
//! get by it, files that are none, and what its owner cannot read. Finds it, and marks it so that it is known again.

use std::{
    collections::HashSet,
    ffi::{CStr, OsStr},
    os::{fd::AsRawFd as _, unix::ffi::OsStrExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{self, AtFlags, FileType};
use serde::{Deserialize, Serialize};

use super::{
    names,
    walk::{Entry, OpenFolder, device},
};

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// What git or Baton goes by: a folder, a file or a link by one of their names.
    Repository,
    /// A folder that is itself laid out as a repository.
    Bare,
    /// A file that is executed with the rights of its owner or its group.
    Rights,
    /// A file that gets capabilities when it is executed.
    Capability,
    /// A device, a socket or a pipe.
    Special,
    /// A file or folder that its owner cannot read.
    Unreadable,
    /// A folder whose access list takes rights from the owner of what is made in it.
    List,
}

/// Knows a finding again: its kind, whether it lies on another device than the workspace's root, its number, and a stamp that
/// differs once it is another or was changed. The device has no number here, because it may have another after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Mark(pub(super) Kind, bool, u64, u64);

impl Mark {
    fn new(kind: Kind, place: &OpenFolder<'_>, stat: &fs::Stat, stamp: u64) -> Self {
        Self(kind, device(stat) != place.top.device, stat.st_ino, stamp)
    }

    /// The same in a workspace whose root may lie on another device.
    fn anywhere(self) -> Self {
        Self(self.0, false, self.2, self.3)
    }
}

/// What was in a workspace before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct PriorState {
    marks: HashSet<Mark>,
    /// What git and Baton go by at the top, by its name. It stays, whatever became of its mark.
    top: HashSet<Vec<u8>>,
}

impl PriorState {
    pub(super) fn contains(&self, mark: &Mark) -> bool {
        self.marks.contains(mark)
    }

    pub(super) fn has_at_top(&self, place: &OpenFolder<'_>, entry: &Entry) -> bool {
        place.path.is_empty() && self.top.contains(entry.name.to_bytes())
    }

    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn keep(&mut self, mark: Mark) {
        self.marks.insert(mark);
    }

    pub(super) fn keep_at_top(&mut self, entry: &Entry) {
        self.top.insert(entry.name.to_bytes().to_vec());
    }
}

/// What was in a workspace before a command that still runs there.
pub(super) struct Before {
    /// Its path without links.
    root: PathBuf,
    known: PriorState,
    anywhere: HashSet<Mark>,
}

impl Before {
    pub(super) fn new(workspace: &Path, known: PriorState) -> Self {
        let root = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
        let anywhere = known.marks.iter().map(|mark| mark.anywhere()).collect();
        Self { root, known, anywhere }
    }

    /// Whether the command may have left this, at a path that is whole.
    pub(super) fn lacks(&self, mark: &Mark, path: &[u8]) -> bool {
        let Ok(inside) = Path::new(OsStr::from_bytes(path)).strip_prefix(&self.root) else { return false };
        !self.anywhere.contains(&mark.anywhere()) && !self.known.top.contains(inside.as_os_str().as_bytes())
    }
}

/// What is found in an entry that is neither a repository nor a data directory.
pub(super) fn findings(place: &OpenFolder<'_>, entry: &Entry) -> Vec<Mark> {
    let (mut found, mode) = (Vec::new(), entry.mode());
    let mut add = |kind| found.push(Mark::new(kind, place, &entry.stat, read_change_time(entry)));
    match entry.kind() {
        FileType::RegularFile => {
            if mode & 0o6000 != 0 {
                add(Kind::Rights);
            }
            if mode & 0o111 != 0 && attribute(place, &entry.name, CAPABILITY).is_some() {
                add(Kind::Capability);
            }
            if mode & 0o400 == 0 {
                add(Kind::Unreadable);
            }
        }
        FileType::Directory => {
            if mode & 0o500 != 0o500 {
                add(Kind::Unreadable);
            }
            if attribute(place, &entry.name, DEFAULT_LIST).is_some_and(|list| !leaves_owner_all(&list)) {
                add(Kind::List);
            }
        }
        FileType::Symlink => {}
        _ => found.push(Mark::new(Kind::Special, place, &entry.stat, 0)),
    }
    found
}

/// The mark of what git or Baton goes by. One that says by its path where the rest of it lies is another in another place.
pub(super) fn repository(place: &OpenFolder<'_>, entry: &Entry) -> Mark {
    let points = !entry.is_folder() || exists(place, &[entry.name.to_bytes(), b"/commondir"].concat());
    let path = if points { hash(&place.whole_path_of(&entry.name)) } else { 0 };
    Mark::new(Kind::Repository, place, &entry.stat, born(place, &entry.name) ^ path)
}

/// The mark of a folder that is laid out as a repository, by what of it has commands executed; none for another folder.
pub(super) fn bare(place: &OpenFolder<'_>, entries: &[Entry]) -> Option<Mark> {
    let named = |name: &[u8]| entries.iter().find(|entry| entry.name.to_bytes().eq_ignore_ascii_case(name));
    named(b"head")?;
    if !(named(b"objects").is_some() && named(b"refs").is_some() || named(b"commondir").is_some()) {
        return None;
    }
    let stat = fs::fstat(place.folder).ok()?;
    let mut hasher = blake3::Hasher::new();
    for name in [&b"config"[..], b"config.worktree", b"commondir", b"hooks"] {
        let Some(entry) = named(name) else { continue };
        if name == b"commondir" {
            hasher.update(&place.whole_path_of(&entry.name));
        }
        hasher.update(name).update(&entry.stat.st_ino.to_le_bytes()).update(&read_change_time(entry).to_le_bytes());
        if entry.is_folder() {
            hasher.update(&hooks(place, &entry.name));
        }
    }
    Some(Mark::new(Kind::Bare, place, &stat, first(&hasher)))
}

/// Whether an entry is a folder with nothing in it, such as one that Baton makes for a container.
pub(super) fn is_empty_folder(place: &OpenFolder<'_>, entry: &Entry) -> bool {
    let opened = fs::openat(place.folder, &entry.name, super::walk::folder_flags(), fs::Mode::empty()).and_then(fs::Dir::new);
    entry.is_folder() && opened.is_ok_and(|entries| entries.flatten().all(|found| matches!(found.file_name().to_bytes(), b"." | b"..")))
}

/// What the files of a folder are, in one number.
fn hooks(place: &OpenFolder<'_>, name: &CStr) -> [u8; 8] {
    const MOST: usize = 1000;
    let mut sum = 0_u64;
    let entries = fs::openat(place.folder, name, super::walk::folder_flags(), fs::Mode::empty()).and_then(fs::Dir::new);
    for entry in entries.into_iter().flatten().flatten().take(MOST) {
        let dot = matches!(entry.file_name().to_bytes(), b"." | b"..");
        let path = [name.to_bytes(), b"/", entry.file_name().to_bytes()].concat();
        if let (false, Ok(stat)) = (dot, fs::statat(place.folder, path, AtFlags::SYMLINK_NOFOLLOW)) {
            let found = Entry { name: entry.file_name().to_owned(), stat };
            sum = sum.wrapping_add(hash(
                &[entry.file_name().to_bytes(), &found.stat.st_ino.to_le_bytes(), &read_change_time(&found).to_le_bytes()].concat(),
            ));
        }
    }
    sum.to_le_bytes()
}

/// Where git and Baton look first.
pub(super) fn is_hosts(entry: &Entry) -> bool {
    names::is_hosts(entry.name.to_bytes())
}

const CAPABILITY: &str = "security.capability";
/// The access list that new entries of a folder begin with.
pub(super) const DEFAULT_LIST: &str = "system.posix_acl_default";

/// The path by which an attribute is reached. The folder is the open one, whatever its name is by now.
pub(super) fn attribute_path(place: &OpenFolder<'_>, name: &CStr) -> Vec<u8> {
    let mut path = format!("/proc/self/fd/{}/", place.folder.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    path
}

/// An attribute of a file; nothing where the file system knows none.
#[cfg(target_os = "linux")]
fn attribute(place: &OpenFolder<'_>, name: &CStr, attribute: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 4096];
    let length = fs::lgetxattr(attribute_path(place, name), attribute, &mut value[..]).ok()?;
    value.truncate(length);
    Some(value)
}

#[cfg(not(target_os = "linux"))]
fn attribute(_: &OpenFolder<'_>, _: &CStr, _: &str) -> Option<Vec<u8>> {
    None
}

/// Whether an access list of the kernel's leaves the owner all rights.
fn leaves_owner_all(list: &[u8]) -> bool {
    const OWNER: [u8; 2] = [1, 0];
    let entries = list.get(4..).unwrap_or_default().chunks_exact(8);
    entries.filter(|entry| entry[..2] == OWNER).all(|entry| entry[2] & 7 == 7)
}

fn exists(place: &OpenFolder<'_>, name: &[u8]) -> bool {
    fs::statat(place.folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

/// When the file or its rights were changed last, to the nanosecond. No command can choose it.
#[cfg_attr(target_os = "linux", expect(clippy::unnecessary_cast, reason = "elsewhere they are other types"))]
fn read_change_time(entry: &Entry) -> u64 {
    (entry.stat.st_ctime as u64).wrapping_mul(1_000_000_000).wrapping_add(entry.stat.st_ctime_nsec as u64)
}

/// When the file was made, where the file system knows.
#[cfg(target_os = "linux")]
fn born(place: &OpenFolder<'_>, name: &CStr) -> u64 {
    let found = fs::statx(place.folder, name, AtFlags::SYMLINK_NOFOLLOW, fs::StatxFlags::BTIME);
    let time = found.ok().filter(|found| found.stx_mask & fs::StatxFlags::BTIME.bits() != 0).map(|found| found.stx_btime);
    time.map_or(0, |time| time.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec.into()))
}

#[cfg(not(target_os = "linux"))]
fn born(_: &OpenFolder<'_>, _: &CStr) -> u64 {
    0
}

fn hash(bytes: &[u8]) -> u64 {
    first(blake3::Hasher::new().update(bytes))
}

fn first(hasher: &blake3::Hasher) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(number)
}
