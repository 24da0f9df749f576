//! What lies in the folder of a worktree and may stay for the next commit, told from what has to go, which goes. Writes
//! nothing, and follows no link, also where a folder is exchanged for one meanwhile.

use std::{collections::HashSet, io, os::fd::OwnedFd, path::Path};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{
        self, State,
        entry::{
            Mode, Stat,
            stat::{Options, Time},
        },
    },
};
use rayon::prelude::*;
use rustix::fs::{self, AtFlags, FileType, unlinkat};

use super::removing::{entries, is_folder, open, open_below, open_up, remove_from};

/// A file is what it was if nothing of this differs; times to the nanosecond, for a worktree may be given back and filled
/// again within a second.
const ALIKE: Options = Options { trust_ctime: true, check_stat: true, use_nsec: true, use_stdev: false };

/// Tells what lies in a folder and may stay from what has to go.
pub(super) struct Sieve<'a> {
    /// The index that was written when the files were.
    pub(super) before: Option<index::File>,
    pub(super) wanted: &'a State,
    pub(super) folders: &'a HashSet<BString>,
}

/// What lies in one folder and may stay.
#[derive(Default)]
struct Sifted {
    /// Entries by their number, with their files as they are on the disk.
    kept: Vec<(usize, Stat)>,
    folders: Vec<BString>,
}

impl Sieve<'_> {
    /// The wanted entries whose files are there, as they are on the disk. Goes down level by level, for a folder may lie
    /// deeper than a stack reaches.
    pub(super) fn sift(&self, files: &Path) -> io::Result<Vec<(usize, Stat)>> {
        let top = open(files)?;
        let (mut kept, mut level) = (Vec::new(), vec![BString::default()]);
        while !level.is_empty() {
            let sifted: Vec<_> = level.par_iter().map(|folder| self.sift_one(&top, folder.as_bstr())).collect::<io::Result<_>>()?;
            level.clear();
            for Sifted { kept: some, folders } in sifted {
                kept.extend(some);
                level.extend(folders);
            }
        }
        Ok(kept)
    }

    /// One folder, by its path in the commit. What lies in the place of a folder on the way by now is not looked into.
    fn sift_one(&self, top: &OwnedFd, below: &BStr) -> io::Result<Sifted> {
        let (mut sifted, folder) = (Sifted::default(), open_below(top, below)?);
        for (name, found) in entries(&folder)? {
            let path = join_path(below, &name);
            match is_folder(&found) {
                true if self.folders.contains(&path) => {
                    open_up(&folder, &name)?;
                    sifted.folders.push(path);
                }
                true => remove_from(&folder, &name)?,
                false => match self.entry(&found, path.as_bstr()) {
                    Some(entry) => sifted.kept.push(entry),
                    None => unlinkat(&folder, &name[..], AtFlags::empty())?,
                },
            }
        }
        Ok(sifted)
    }

    /// The entry of a file that is as the commit has it. One that was written in the same moment as the index is not known
    /// to be: it may have changed after the index had been written. An index says nothing of who may do what, nor whether
    /// the file is another one as well.
    fn entry(&self, found: &fs::Stat, path: &BStr) -> Option<(usize, Stat)> {
        let before = self.before.as_ref()?;
        let number = self.wanted.entry_index_by_path(path).ok()?;
        let (was, wanted, is) = (before.entry_by_path(path)?, self.wanted.entry(number), stat(found));
        let unchanged = was.stat.matches(&is, ALIKE) && !is.is_racy(before.timestamp(), ALIKE);
        let is_link = FileType::from_raw_mode(found.st_mode) == FileType::Symlink;
        let usual = found.st_nlink == 1 && (is_link || found.st_mode & 0o7600 == 0o600);
        (unchanged && usual && was.id == wanted.id && was.mode == wanted.mode && mode(found) == Some(wanted.mode)).then_some((number, is))
    }
}

/// What an index calls a file; none for what it knows nothing of.
fn mode(found: &fs::Stat) -> Option<Mode> {
    match (FileType::from_raw_mode(found.st_mode), found.st_mode & 0o100 != 0) {
        (FileType::Symlink, _) => Some(Mode::SYMLINK),
        (FileType::RegularFile, true) => Some(Mode::FILE_EXECUTABLE),
        (FileType::RegularFile, false) => Some(Mode::FILE),
        _ => None,
    }
}

/// As an index notes it, of which 32 bits are kept.
fn stat(found: &fs::Stat) -> Stat {
    Stat {
        mtime: Time { secs: found.st_mtime as u32, nsecs: found.st_mtime_nsec as u32 },
        ctime: Time { secs: found.st_ctime as u32, nsecs: found.st_ctime_nsec as u32 },
        dev: found.st_dev as u32,
        ino: found.st_ino as u32,
        uid: found.st_uid,
        gid: found.st_gid,
        size: found.st_size as u32,
    }
}

fn join_path(below: &BStr, name: &[u8]) -> BString {
    let mut path = below.to_owned();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
