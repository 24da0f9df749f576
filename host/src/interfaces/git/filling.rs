//! The files of a worktree: exactly those of a commit, whatever lay there before. What is as the commit has it stays, all
//! else goes, and what is missing is written by several threads. Runs no filter. What is missing is written by paths, so whoever
//! calls this holds the lock of the folder, by which no command of the sandbox runs in it: see docs/security.md.

use std::{
    collections::HashSet,
    fs,
    io::{self, BufWriter, Write},
    path::PathBuf,
    sync::atomic::AtomicBool,
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{
        self, State,
        entry::{Flags, Mode},
    },
    progress::Discard,
    worktree::{stack::state::attributes::Source, state::checkout},
};

use rayon::prelude::*;

use super::{
    checkout::Checkout,
    names,
    objects::unreadable,
    obstacles::Terms,
    own,
    place::{too_long, unwritable},
    removing::{open, remove_any},
    sifting::Sieve,
    sweeping::temporary,
};
use crate::journal::CallError;

/// Threads that write files. More than there are cores, for a file system makes them wait for each other.
const WRITERS: usize = 4;

/// Bytes of a file that is held in memory. Each writer holds one, so that a host with four of them keeps within 1 GiB; git
/// writes what is larger piece by piece.
const LARGEST: u64 = if cfg!(test) { 1 << 20 } else { 256 << 20 };

/// Files whose size is looked up by one thread at a time.
const AT_ONCE: usize = 256;

/// Attributes whose files gix writes otherwise than git: without the space that ends `$Id: … $`, and in UTF-8 where UTF-16
/// is asked for.
const ODD_ATTRIBUTES: [&str; 2] = ["ident", "working-tree-encoding"];

/// Bytes of a list of attributes that is read.
const LONGEST_LIST: u64 = 1 << 20;

/// Bytes of a line of attributes that git ignores for its length, and gix does not.
const LONGEST_LINE: usize = 2048;

impl Checkout {
    /// Gives the folder exactly the files of a commit. `invalid` where the commit has what Baton does not check out.
    pub(super) fn fill(&self, commit: &str, terms: &Terms) -> Result<(), CallError> {
        self.await_index();
        // Names are refused as git refuses them here, not on every system there is.
        let options = self.repository()?.checkout_options(Source::IdMapping).map_err(unreadable)?;
        let wanted = self.files_of(commit, terms)?;
        let rules = self.rules(&wanted)?;
        // What cannot be read is of no use, nor what was written by other rules; all is written anew.
        let before = index::File::at(&self.index, wanted.object_hash(), true, Default::default()).ok();
        let before = before.filter(|before| {
            // What a run commits changes the rules as well.
            let noted = fs::read_to_string(self.noted()).is_ok_and(|noted| noted == rules.name());
            noted && !rules.odd && lists(before).eq(lists(&wanted))
        });
        if before.is_none() {
            own::remove(&self.index).map_err(|error| unwritable(&error))?;
        }
        own::write(&self.noted(), rules.name().as_bytes()).map_err(|error| unwritable(&error))?;
        if rules.odd { self.fill_by_git(commit) } else { self.fill_by_gix(commit, wanted, before, options) }
    }

    fn fill_by_gix(
        &self,
        commit: &str,
        mut wanted: State,
        before: Option<index::File>,
        options: checkout::Options,
    ) -> Result<(), CallError> {
        let folders = folders(&wanted)?;
        let sieve = Sieve { before, wanted: &wanted, folders: &folders };
        let kept = sieve.sift(&self.files).map_err(|error| unwritable(&error))?;
        for (number, stat) in kept {
            let entry = &mut wanted.entries_mut()[number];
            entry.stat = stat;
            entry.flags.insert(Flags::SKIP_WORKTREE);
        }
        if self.needs_git(&wanted)? {
            return self.fill_by_git(commit);
        }
        self.write_missing(&mut wanted, options)?;
        for entry in wanted.entries_mut() {
            entry.flags.remove(Flags::SKIP_WORKTREE);
        }
        self.note(wanted).map_err(|error| unwritable(&error))
    }

    /// Whether a file that is missing is larger than what is held in memory.
    fn needs_git(&self, wanted: &State) -> Result<bool, CallError> {
        let missing: Vec<_> = wanted.entries().iter().filter(|entry| !entry.flags.contains(Flags::SKIP_WORKTREE)).collect();
        let repository = self.repository()?.clone().into_sync();
        let is_large = |entries: &[&index::Entry]| {
            let repository = repository.to_thread_local();
            // What cannot be found is told by whoever writes it.
            entries.iter().any(|entry| repository.find_header(entry.id).is_ok_and(|found| found.size() > LARGEST))
        };
        Ok(missing.par_chunks(AT_ONCE).any(is_large))
    }

    /// By which rules content becomes that of files.
    fn rules(&self, wanted: &State) -> Result<Rules, CallError> {
        let mut rules = Rules { read: blake3::Hasher::new(), odd: false };
        for file in ["config", "info/attributes"] {
            rules.add(file.as_bytes(), &fs::read(self.git_dir.join(file)).map_err(|error| unwritable(&error))?);
        }
        for (path, id, mode) in lists(wanted) {
            let repository = self.repository()?;
            rules.odd |= mode == Mode::SYMLINK;
            if repository.find_header(id).map_err(unreadable)?.size() > LONGEST_LIST {
                // Git ignores lists of more than 100 MiB. What is not read here is left to git.
                rules.add(path, id.as_slice());
                rules.odd = true;
                continue;
            }
            let text = repository.find_object(id).map_err(unreadable)?;
            rules.add(path, &text.data);
        }
        Ok(rules)
    }

    /// Where it is noted by which rules the files were written.
    fn noted(&self) -> PathBuf {
        self.git_dir.join("conversion")
    }

    fn fill_by_git(&self, commit: &str) -> Result<(), CallError> {
        let removed = open(&self.files).and_then(|files| remove_any(&files, b".git"));
        if let Err(error) = removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }) {
            return Err(unwritable(&error));
        }
        self.git(["read-tree", "--reset", "-u", commit]).done()?;
        self.git(["clean", "-ffdxq"]).done().map(drop)
    }

    fn write_missing(&self, wanted: &mut State, mut options: checkout::Options) -> Result<(), CallError> {
        options.thread_limit = Some(WRITERS);
        // What may be executed is so on this disk, also where a repository has it that a disk elsewhere cannot say so.
        options.fs.executable_bit = true;
        // Whatever is in the way was removed, so nothing is written over.
        options.destination_is_initially_empty = true;
        let objects = self.repository()?.objects.clone().into_arc().map_err(|error| unwritable(&error))?;
        let written = gix::worktree::state::checkout(wanted, &self.files, objects, &Discard, &Discard, &AtomicBool::new(false), options)
            .map_err(|error| unfilled(&error.to_string()))?;
        let collided = written.collisions.first().map(|found| format!("another program put something at `{}` meanwhile", found.path));
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

/// The attributes files of an index.
pub(super) fn lists(index: &State) -> impl Iterator<Item = (&BStr, gix::ObjectId, Mode)> {
    let is_list = |path: &BStr| path.rsplit_str("/").next() == Some(b".gitattributes");
    index.entries().iter().map(|entry| (entry.path(index), entry.id, entry.mode)).filter(move |(path, ..)| is_list(path))
}

/// By which rules content becomes that of files.
struct Rules {
    read: blake3::Hasher,
    /// Whether gix may take one of them otherwise than git.
    odd: bool,
}

impl Rules {
    /// The same for the same rules.
    fn name(&self) -> String {
        self.read.finalize().to_hex().to_string()
    }

    fn add(&mut self, path: &[u8], text: &[u8]) {
        for part in [path, text] {
            self.read.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let names_one = ODD_ATTRIBUTES.iter().any(|name| text.contains_str(name));
        self.odd |= names_one || text.starts_with(b"\xef\xbb\xbf") || text.lines().any(|line| line.len() >= LONGEST_LINE);
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
        Err(CallError::other(format!(
            "The commit has `{}` as a file and as a folder. Ask the operator to run `git fsck` in the repository.",
            names::quote_path(path)
        )))
    })
}

fn unfilled(reason: &str) -> CallError {
    if reason.contains("File name too long") {
        return too_long();
    }
    CallError::unavailable(format!(
        "The files of the worktree cannot be written: {}. Make room in the data directory, and run `git fsck` in the repository.",
        names::excerpt(reason)
    ))
}
