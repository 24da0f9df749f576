//! Goes over what a command left in a workspace before anybody else looks at it, and disarms what it finds. What was there
//! before is left alone; contents are kept; no link is followed.

use std::{
    ffi::{CStr, OsStr},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use rustix::{
    fs::{self, AtFlags, CWD, Mode},
    io::Errno,
};

use super::{
    findings::{DEFAULT_LIST, Kind, Mark, PriorState, attribute_path, bare, findings, is_hosts, repository},
    guards::Guards,
    names::quote_path,
    swept::{Deed, Swept},
    walk::{self, Entry, OpenFolder, Unseen, Visitor},
};

/// Times that a walk begins again where folders move under it.
const TRIES: usize = 3;

/// Goes over a workspace.
pub(super) struct Sweep<'a> {
    /// What was there before.
    known: &'a PriorState,
    /// Where repositories are moved to, made when there is one.
    away: &'a Path,
    root: &'a Path,
    /// The folder is one that was moved away.
    is_away: bool,
    moved: Vec<PathBuf>,
    /// The last number that something was moved to.
    number: usize,
    swept: Swept,
}

/// Why something is taken away.
#[derive(Clone, Copy)]
enum Reason {
    /// It is a repository or a data directory.
    Repository,
    /// A person's git executes it, or reads settings from it.
    Executed,
}

impl Reason {
    fn moved(self) -> Deed {
        match self {
            Self::Repository => Deed::Moved,
            Self::Executed => Deed::Withheld,
        }
    }

    fn renamed(self) -> Deed {
        match self {
            Self::Repository => Deed::Renamed,
            Self::Executed => Deed::Withheld,
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Executed => "disarmed",
        }
    }
}

/// Sweeps all that lies below `root`, and says what that came to.
pub(super) fn sweep(root: &Path, known: &PriorState, guards: &Guards, away: &Path, stopped: &AtomicBool) -> Result<Swept, Unseen> {
    let mut sweep = Sweep { known, away, root, is_away: false, moved: Vec::new(), number: 0, swept: Swept::default() };
    let swept = sweep.all(stopped).and_then(|()| sweep.guarded(guards, stopped));
    for folder in std::mem::take(&mut sweep.moved) {
        Sweep { known: &PriorState::default(), away, root: &folder, is_away: true, moved: Vec::new(), number: 0, swept: Swept::default() }
            .all(stopped)?;
    }
    swept.map(|()| sweep.swept)
}

impl Sweep<'_> {
    fn all(&mut self, stopped: &AtomicBool) -> Result<(), Unseen> {
        let mut tries = 0;
        loop {
            let opened = match open_folder(self.root) {
                // Whoever removed the workspace removed what was left in it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(Unseen::Closed { path: ".".to_owned(), reason: error.to_string() }),
                Ok(opened) => opened,
            };
            tries += 1;
            match walk::walk(opened, self.root, stopped, self) {
                Err(Unseen::Moving) if tries < TRIES => {}
                done => return done,
            }
        }
    }

    /// What a person's git executes, once folders that were closed are open again.
    fn guarded(&mut self, guards: &Guards, stopped: &AtomicBool) -> Result<(), Unseen> {
        if guards.all.is_empty() {
            return Ok(());
        }
        let Ok(folder) = walk::open(self.root) else { return Ok(()) };
        guards.sweep(&folder, stopped, &mut |place, entry| self.take_away(place, entry, Reason::Executed))
    }

    /// Moves what git or Baton would go by out of their sight, with all that it holds.
    fn take_away(&mut self, place: &OpenFolder<'_>, entry: &Entry, reason: Reason) -> Result<(), Unseen> {
        let name = entry.name.as_c_str();
        // An empty one is nothing to keep; the engine makes some.
        if fs::unlinkat(place.folder, name, AtFlags::REMOVEDIR).is_ok() {
            return Ok(());
        }
        let path = quote_path(&place.path_of(name));
        if !self.is_away
            && let Ok(to) = self.move_away(place, name)
        {
            self.warn(&path, &to.display().to_string());
            self.swept.add(reason.moved(), path, Some(to.display().to_string()));
            self.moved.extend(entry.is_folder().then_some(to));
            return Ok(());
        }
        let to = writing(place.folder, || renamed(place, name, reason.ending())).map_err(|error| place.failure(name, error))?;
        self.moved.extend(entry.is_folder().then(|| self.root.join(OsStr::from_bytes(&to))));
        let to = quote_path(&to);
        self.warn(&path, &to);
        self.swept.add(reason.renamed(), path, Some(to));
        Ok(())
    }

    /// Not across file systems, where contents would have to be copied.
    fn move_away(&mut self, place: &OpenFolder<'_>, name: &CStr) -> io::Result<PathBuf> {
        std::fs::create_dir_all(self.away)?;
        let folder = walk::open(self.away)?;
        loop {
            self.number += 1;
            let to = self.number.to_string();
            match fs::statat(&folder, to.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => {
                    writing(place.folder, || Ok(fs::renameat(place.folder, name, &folder, to.as_str())?))?;
                    return Ok(self.away.join(to));
                }
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
        }
    }

    /// Tells the operator of one of the first; of the others the event does.
    fn warn(&self, path: &str, to: &str) {
        const MOST: usize = 10;
        if self.swept.traces.len() < MOST {
            tracing::warn!(path, to, "a command left a repository, a data directory, or what git executes, which was moved or renamed");
        }
    }

    /// A folder that is laid out as a repository is none without its `HEAD`.
    fn behead(&mut self, place: &OpenFolder<'_>, entries: &[Entry]) -> Result<(), Unseen> {
        for entry in entries.iter().filter(|entry| entry.name.to_bytes().eq_ignore_ascii_case(b"head")) {
            let to =
                writing(place.folder, || renamed(place, &entry.name, "disarmed")).map_err(|error| place.failure(&entry.name, error))?;
            if !self.is_away {
                let (path, to) = (quote_path(&place.path_of(&entry.name)), quote_path(&to));
                self.warn(&path, &to);
                self.swept.add(Deed::Renamed, path, Some(to));
            }
        }
        Ok(())
    }

    fn look_at(&mut self, place: &OpenFolder<'_>, entry: &mut Entry) -> Result<(), Unseen> {
        for mark in findings(place, entry) {
            if !self.known.contains(&mark) {
                self.disarm(place, entry, mark)?;
            }
        }
        Ok(())
    }

    fn disarm(&mut self, place: &OpenFolder<'_>, entry: &mut Entry, mark: Mark) -> Result<(), Unseen> {
        let (deed, done) = match mark.0 {
            Kind::Special => (Deed::Removed, writing(place.folder, || Ok(fs::unlinkat(place.folder, &entry.name, AtFlags::empty())?))),
            Kind::Rights => (Deed::Stripped, allow(place, entry, entry.mode() & !0o6000)),
            Kind::Capability => (Deed::Stripped, take_capability(place, entry)),
            Kind::Unreadable => {
                let wanted = entry.mode() | if entry.is_folder() { 0o500 } else { 0o400 };
                (Deed::Opened, allow(place, entry, wanted))
            }
            Kind::List => (Deed::Opened, remove_attribute(place, &entry.name, DEFAULT_LIST)),
            Kind::Repository | Kind::Bare => return Ok(()),
        };
        match done {
            Ok(()) => self.swept.add(deed, quote_path(&place.path_of(&entry.name)), None),
            // It is gone by now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(place.failure(&entry.name, error)),
        }
        Ok(())
    }
}

impl Visitor for Sweep<'_> {
    fn folder(&mut self, place: &OpenFolder<'_>, entries: Vec<Entry>) -> Result<Vec<Entry>, Unseen> {
        if bare(place, &entries).is_some_and(|mark| !self.known.contains(&mark)) {
            self.behead(place, &entries)?;
        }
        if let Some(mut top) = place.top_entry() {
            self.look_at(place, &mut top)?;
        }
        let mut below = Vec::new();
        for mut entry in entries {
            if is_hosts(&entry) {
                if !self.known.contains(&repository(place, &entry)) && !self.known.has_at_top(place, &entry) {
                    self.take_away(place, &entry, Reason::Repository)?;
                }
                continue;
            }
            self.look_at(place, &mut entry)?;
            if entry.is_folder() {
                below.push(entry);
            }
        }
        Ok(below)
    }

    /// A command cannot open what belongs to another user either; and what was closed before was opened by nobody.
    fn closed(&mut self, place: &OpenFolder<'_>, entry: &Entry, error: Errno) -> Result<(), Unseen> {
        let is_others = entry.stat.st_uid != rustix::process::geteuid().as_raw();
        let was_closed = findings(place, entry).iter().any(|mark| self.known.contains(mark));
        if matches!(error, Errno::ACCESS | Errno::PERM) && (is_others || was_closed) {
            return Ok(());
        }
        Err(place.failure(&entry.name, error))
    }
}

/// Opens a folder, also where a command took that right from its owner.
fn open_folder(root: &Path) -> io::Result<OwnedFd> {
    let mode = fs::statat(CWD, root, AtFlags::SYMLINK_NOFOLLOW)?.st_mode;
    if fs::FileType::from_raw_mode(mode).is_dir() && mode & 0o500 != 0o500 {
        // Where it is another's, opening it says so.
        let _ = fs::chmodat(CWD, root, Mode::from_raw_mode(mode & 0o7777 | 0o700), AtFlags::empty());
    }
    walk::open(root)
}

/// Does something in a folder, also where its owner may not write.
fn writing<T>(folder: &OwnedFd, work: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match work() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let mode = Mode::from_raw_mode(fs::fstat(folder)?.st_mode & 0o7777);
            fs::fchmod(folder, mode | Mode::RWXU)?;
            let done = work();
            fs::fchmod(folder, mode)?;
            done
        }
        done => done,
    }
}

/// Gives an entry a name that nothing has, and says its path.
fn renamed(place: &OpenFolder<'_>, name: &CStr, ending: &str) -> io::Result<Vec<u8>> {
    let bytes = name.to_bytes();
    let plain = bytes.strip_prefix(b".").unwrap_or(bytes);
    for number in 1.. {
        let to = [plain, format!(".{ending}-{number}").as_bytes()].concat();
        if fs::statat(place.folder, &to[..], AtFlags::SYMLINK_NOFOLLOW).is_err() {
            fs::renameat(place.folder, name, place.folder, &to[..])?;
            return Ok([place.path, if place.path.is_empty() { b"" } else { b"/" }, &to].concat());
        }
    }
    Err(io::ErrorKind::Other.into())
}

/// Sets who may do what with an entry, and with nothing that has taken its name since.
#[cfg(target_os = "linux")]
fn allow(place: &OpenFolder<'_>, entry: &mut Entry, mode: fs::RawMode) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    let flags = fs::OFlags::PATH | fs::OFlags::NOFOLLOW | fs::OFlags::CLOEXEC;
    let opened = fs::openat(place.folder, &entry.name, flags, Mode::empty())?;
    if fs::fstat(&opened)?.st_ino == entry.stat.st_ino {
        fs::chmod(format!("/proc/self/fd/{}", opened.as_raw_fd()), Mode::from_raw_mode(mode))?;
        entry.stat.st_mode = entry.stat.st_mode & !0o7777 | mode;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn allow(place: &OpenFolder<'_>, entry: &mut Entry, mode: fs::RawMode) -> io::Result<()> {
    Ok(fs::chmodat(place.folder, &entry.name, Mode::from_raw_mode(mode), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// A user who is not root may not remove them, but a change of the owner does, also one that changes nothing.
fn take_capability(place: &OpenFolder<'_>, entry: &Entry) -> io::Result<()> {
    if remove_attribute(place, &entry.name, "security.capability").is_ok() {
        return Ok(());
    }
    let (user, group) = (fs::Uid::from_raw(entry.stat.st_uid), fs::Gid::from_raw(entry.stat.st_gid));
    Ok(fs::chownat(place.folder, &entry.name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)?)
}

#[cfg(target_os = "linux")]
fn remove_attribute(place: &OpenFolder<'_>, name: &CStr, attribute: &str) -> io::Result<()> {
    Ok(fs::lremovexattr(attribute_path(place, name), attribute)?)
}

#[cfg(not(target_os = "linux"))]
fn remove_attribute(_: &OpenFolder<'_>, _: &CStr, _: &str) -> io::Result<()> {
    Ok(())
}
