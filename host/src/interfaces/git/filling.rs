//! The files of a worktree: exactly those of a commit, whatever lay there before. What is as the commit has it stays, all
//! else goes, and what is missing is written by several threads. Runs no filter and follows no link.

use std::{
    collections::HashSet,
    fs::{self, Metadata},
    io::{self, BufWriter, Write},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
    sync::atomic::AtomicBool,
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{
        self, State,
        entry::{
            Flags, Mode, Stat,
            stat::{Options, Time},
        },
    },
    progress::Discard,
    worktree::{stack::state::attributes::Source, state::checkout},
};
use rayon::prelude::*;

use super::{checkout::Checkout, names, objects::unreadable, place::unwritable, sweeping::temporary};
use crate::journal::CallError;

/// Threads that write files. More than there are cores, for a file system makes them wait for each other.
const WRITERS: usize = 4;

/// Attributes whose files gix writes otherwise than git: without the space that ends `$Id: … $`, and in UTF-8 where UTF-16
/// is asked for.
const ODD_ATTRIBUTES: [&str; 2] = ["ident", "working-tree-encoding"];

/// A file is what it was if nothing of this differs; times to the nanosecond, for a worktree may be given back and filled
/// again within a second.
const ALIKE: Options = Options { trust_ctime: true, check_stat: true, use_nsec: true, use_stdev: false };

impl Checkout {
    /// Gives the folder exactly the files of a commit. `invalid` for a repository with submodules.
    pub(super) fn fill(&self, commit: &str) -> Result<(), CallError> {
        self.await_index();
        // Names are refused as git refuses them here, not on every system there is.
        let options = self.repository()?.checkout_options(Source::IdMapping).map_err(|error| unreadable(&error))?;
        let mut wanted = self.files_of(commit, &options)?;
        if self.has_odd_attributes(&wanted)? {
            return self.fill_by_git(commit);
        }
        let folders = folders(&wanted)?;
        // What cannot be read is of no use, and written anew.
        let before = index::File::at(&self.index, wanted.object_hash(), true, Default::default()).ok();
        let sieve = Sieve { before, wanted: &wanted, folders: &folders };
        let kept = sieve.sift(&self.files, BStr::new("")).map_err(|error| unwritable(&error))?;
        for (number, stat) in kept {
            let entry = &mut wanted.entries_mut()[number];
            entry.stat = stat;
            entry.flags.insert(Flags::SKIP_WORKTREE);
        }
        self.write_missing(&mut wanted, options)?;
        for entry in wanted.entries_mut() {
            entry.flags.remove(Flags::SKIP_WORKTREE);
        }
        self.note(wanted).map_err(|error| unwritable(&error))
    }

    fn files_of(&self, commit: &str, options: &checkout::Options) -> Result<State, CallError> {
        let repository = self.repository()?;
        let id = gix::ObjectId::from_hex(commit.as_bytes()).map_err(|error| unreadable(&error))?;
        let tree =
            repository.find_commit(id).and_then(|commit| commit.tree_id().map(gix::Id::detach)).map_err(|error| unreadable(&error))?;
        let wanted = State::from_tree(&tree, &repository.objects, options.validate).map_err(|error| unreadable(&error))?;
        if wanted.entries().iter().any(|entry| entry.mode == Mode::COMMIT) || wanted.entry_by_path(BStr::new(".gitmodules")).is_some() {
            return Err(CallError::Invalid(
                "The repository has submodules, whose files Baton does not check out; have the work done in a repository without them."
                    .to_owned(),
            ));
        }
        Ok(wanted)
    }

    /// Whether something in an attributes file may ask for what gix does not do as git does.
    fn has_odd_attributes(&self, wanted: &State) -> Result<bool, CallError> {
        let names_one = |text: &[u8]| ODD_ATTRIBUTES.iter().any(|name| text.contains_str(name));
        if fs::read(self.git_dir.join("info/attributes")).is_ok_and(|text| names_one(&text)) {
            return Ok(true);
        }
        let is_list = |path: &BStr| path.rsplit_str("/").next() == Some(b".gitattributes");
        for list in wanted.entries().iter().filter(|entry| is_list(entry.path(wanted))) {
            let text = self.repository()?.find_object(list.id).map_err(|error| unreadable(&error))?;
            if names_one(&text.data) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn fill_by_git(&self, commit: &str) -> Result<(), CallError> {
        let planted = self.files.join(".git");
        if planted.symlink_metadata().is_ok() {
            // What cannot be removed makes the first of the calls below fail.
            let _ = fs::remove_dir_all(&planted).or_else(|_| fs::remove_file(&planted));
        }
        self.git(["read-tree", "--reset", "-u", commit]).done()?;
        self.git(["clean", "-ffdxq"]).done().map(drop)
    }

    fn write_missing(&self, wanted: &mut State, mut options: checkout::Options) -> Result<(), CallError> {
        options.thread_limit = Some(WRITERS);
        // Whatever is in the way was removed, so nothing is written over.
        options.destination_is_initially_empty = true;
        let objects = self.repository()?.objects.clone().into_arc().map_err(|error| unwritable(&error))?;
        let written = gix::worktree::state::checkout(wanted, &self.files, objects, &Discard, &Discard, &AtomicBool::new(false), options)
            .map_err(|error| unfilled(&error.to_string()))?;
        let collided = written.collisions.first().map(|found| format!("something came to lie at `{}` meanwhile", found.path));
        let failed = written.errors.first().map(|found| format!("{}: {}", found.path, found.error));
        collided.or(failed).map_or(Ok(()), |reason| Err(unfilled(&reason)))
    }

    /// Writes the index, put in place in one step.
    fn note(&self, files: State) -> io::Result<()> {
        let new = temporary(&self.index, "new");
        let mut out = BufWriter::new(fs::File::create(&new)?);
        index::File::from_state(files, &new).write_to(&mut out, index::write::Options::default()).map_err(io::Error::other)?;
        out.flush()?;
        fs::rename(new, &self.index)
    }
}

/// Every folder that the files need. Refuses a file that lies where another needs a folder, which git never makes.
fn folders(wanted: &State) -> Result<HashSet<BString>, CallError> {
    let mut folders = HashSet::new();
    for entry in wanted.entries() {
        let mut path = entry.path(wanted);
        while let Some(end) = path.rfind_byte(b'/') {
            path = path[..end].as_bstr();
            if !folders.insert(path.to_owned()) {
                break;
            }
        }
    }
    let double = wanted.entries().iter().map(|entry| entry.path(wanted)).find(|path| folders.contains(*path));
    double.map_or(Ok(folders), |path| {
        Err(CallError::Other(format!(
            "The commit has `{}` as a file and as a folder. Let the operator look what `git fsck` says in the repository.",
            names::shown(path)
        )))
    })
}

/// Tells what lies in a folder and may stay from what has to go.
struct Sieve<'a> {
    /// The index that was written when the files were.
    before: Option<index::File>,
    wanted: &'a State,
    folders: &'a HashSet<BString>,
}

impl Sieve<'_> {
    /// The wanted entries whose files are there, as they are on the disk.
    fn sift(&self, folder: &Path, below: &BStr) -> io::Result<Vec<(usize, Stat)>> {
        let (mut kept, mut folders) = (Vec::new(), Vec::new());
        for found in fs::read_dir(folder)? {
            let found = found?;
            let path = joined(below, found.file_name().as_bytes());
            match found.file_type()?.is_dir() {
                true if self.folders.contains(&path) => folders.push((found.path(), path)),
                true => fs::remove_dir_all(found.path())?,
                false => match self.entry(&found.metadata()?, path.as_bstr()) {
                    Some(entry) => kept.push(entry),
                    None => fs::remove_file(found.path())?,
                },
            }
        }
        let deeper: Vec<_> = folders.par_iter().map(|(folder, path)| self.sift(folder, path.as_bstr())).collect::<io::Result<_>>()?;
        kept.extend(deeper.into_iter().flatten());
        Ok(kept)
    }

    /// The entry of a file that is as the commit has it. One that was written in the same moment as the index is not known
    /// to be: it may have changed after the index had been written.
    fn entry(&self, found: &Metadata, path: &BStr) -> Option<(usize, Stat)> {
        let before = self.before.as_ref()?;
        let number = self.wanted.entry_index_by_path(path).ok()?;
        let (was, wanted, is) = (before.entry_by_path(path)?, self.wanted.entry(number), stat(found));
        let unchanged = was.stat.matches(&is, ALIKE) && !is.is_racy(before.timestamp(), ALIKE);
        (unchanged && was.id == wanted.id && was.mode == wanted.mode && mode(found) == wanted.mode).then_some((number, is))
    }
}

fn mode(found: &Metadata) -> Mode {
    match (found.is_symlink(), found.is_file(), found.mode() & 0o100 != 0) {
        (true, ..) => Mode::SYMLINK,
        (false, true, true) => Mode::FILE_EXECUTABLE,
        (false, true, false) => Mode::FILE,
        // No entry of a file has this one.
        (false, false, _) => Mode::COMMIT,
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

fn unfilled(reason: &str) -> CallError {
    CallError::Unavailable(format!(
        "The files of the worktree cannot be written: {}. Make room in the data directory, and make it writable.",
        names::excerpt(reason)
    ))
}
