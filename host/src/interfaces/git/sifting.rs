//! What lies in the folder of a worktree and may stay for the next commit, told from what has to go, which goes. Writes
//! nothing, and follows no link.

use std::{
    collections::HashSet,
    fs::{self, Metadata},
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

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

use super::removing::{open_up, remove};

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

/// A folder and its path in the commit.
type Folder = (PathBuf, BString);

/// What lies in one folder and may stay.
#[derive(Default)]
struct Sifted {
    /// Entries by their number, with their files as they are on the disk.
    kept: Vec<(usize, Stat)>,
    folders: Vec<Folder>,
}

impl Sieve<'_> {
    /// The wanted entries whose files are there, as they are on the disk. Goes down level by level, for a folder may lie
    /// deeper than a stack reaches.
    pub(super) fn sift(&self, files: &Path) -> io::Result<Vec<(usize, Stat)>> {
        let (mut kept, mut level) = (Vec::new(), vec![(files.to_owned(), BString::default())]);
        while !level.is_empty() {
            let sifted: Vec<_> = level.par_iter().map(|folder| self.sift_one(folder)).collect::<io::Result<_>>()?;
            level.clear();
            for Sifted { kept: some, folders } in sifted {
                kept.extend(some);
                level.extend(folders);
            }
        }
        Ok(kept)
    }

    fn sift_one(&self, (folder, below): &Folder) -> io::Result<Sifted> {
        let mut sifted = Sifted::default();
        for found in fs::read_dir(folder)? {
            let found = found?;
            let (path, metadata) = (joined(below.as_bstr(), found.file_name().as_bytes()), found.metadata()?);
            match metadata.is_dir() {
                true if self.folders.contains(&path) => {
                    open_up(&found.path(), &metadata)?;
                    sifted.folders.push((found.path(), path));
                }
                true => remove(&found.path())?,
                false => match self.entry(&metadata, path.as_bstr()) {
                    Some(entry) => sifted.kept.push(entry),
                    None => fs::remove_file(found.path())?,
                },
            }
        }
        Ok(sifted)
    }

    /// The entry of a file that is as the commit has it. One that was written in the same moment as the index is not known
    /// to be: it may have changed after the index had been written. An index says nothing of who may do what, nor whether
    /// the file is another one as well.
    fn entry(&self, found: &Metadata, path: &BStr) -> Option<(usize, Stat)> {
        let before = self.before.as_ref()?;
        let number = self.wanted.entry_index_by_path(path).ok()?;
        let (was, wanted, is) = (before.entry_by_path(path)?, self.wanted.entry(number), stat(found));
        let unchanged = was.stat.matches(&is, ALIKE) && !is.is_racy(before.timestamp(), ALIKE);
        let usual = found.nlink() == 1 && (found.is_symlink() || found.mode() & 0o7600 == 0o600);
        (unchanged && usual && was.id == wanted.id && was.mode == wanted.mode && mode(found) == Some(wanted.mode)).then_some((number, is))
    }
}

/// What an index calls a file; none for what it knows nothing of.
fn mode(found: &Metadata) -> Option<Mode> {
    match (found.is_symlink(), found.is_file(), found.mode() & 0o100 != 0) {
        (true, ..) => Some(Mode::SYMLINK),
        (false, true, true) => Some(Mode::FILE_EXECUTABLE),
        (false, true, false) => Some(Mode::FILE),
        (false, false, _) => None,
    }
}

/// As an index notes it, of which 32 bits are kept.
fn stat(found: &Metadata) -> Stat {
    let time = |seconds: i64, nanoseconds: i64| Time { secs: seconds as u32, nsecs: nanoseconds as u32 };
    Stat {
        mtime: time(found.mtime(), found.mtime_nsec()),
        ctime: time(found.ctime(), found.ctime_nsec()),
        dev: found.dev() as u32,
        ino: found.ino() as u32,
        uid: found.uid(),
        gid: found.gid(),
        size: found.len() as u32,
    }
}

fn joined(below: &BStr, name: &[u8]) -> BString {
    let mut path = below.to_owned();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
