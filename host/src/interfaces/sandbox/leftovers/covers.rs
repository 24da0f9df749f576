//! What a container may not see of a workspace, whether it is there or not: `.git` and `.baton` at its top, and repositories
//! below. Where nothing is to be covered at the top, an empty folder is made for it, and taken away again after the last
//! container that needs it.

use std::{
    collections::HashMap,
    fs, io,
    io::Write as _,
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use rustix::{
    fs::{CWD, Mode, OFlags},
    io::Errno,
};

use super::{
    copies::{Substitute, copied},
    guards::Guards,
    names::{HOSTS_OWN, REPOSITORY, quote_path, spellings},
    records::{create_own, read_own},
    snapshot::Repository,
};
use crate::interfaces::sandbox::room::describe;

/// Repositories below one workspace that a container covers.
const MOST: usize = 256;

/// A folder or file that a container must not see.
#[derive(Debug)]
pub struct Covered {
    /// Its path in the workspace.
    pub path: String,
    /// It is a folder, and not a file.
    pub is_folder: bool,
    /// What is seen in its place, and cannot be changed; none where nothing is seen.
    pub shown: Option<PathBuf>,
    /// Device and number.
    identity: (u64, u64),
    /// As long as it is open, no other gets its number. What is shown goes by its content.
    _held: Option<OwnedFd>,
}

impl PartialEq for Covered {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.is_folder, &self.shown, self.identity) == (&other.path, other.is_folder, &other.shown, other.identity)
    }
}

/// All that a container has to cover.
#[derive(Clone, Debug)]
pub struct Covers {
    /// In the order of their paths.
    pub all: Arc<Vec<Covered>>,
    _places: Arc<Places>,
}

impl PartialEq for Covers {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Covers {
    /// Nothing, for what covers nothing.
    pub fn none() -> Self {
        Self { all: Arc::default(), _places: Arc::default() }
    }

    /// What lies in the workspace and has to be covered. An error is a sentence.
    pub(super) fn new(places: Arc<Places>, repositories: &[Repository], executed: Vec<Covered>) -> Result<Self, String> {
        if repositories.len() > MOST {
            return Err(format!(
                "The workspace holds more than {MOST} repositories, which a container would have to cover. Work in a folder that holds fewer."
            ));
        }
        let mut all = Vec::new();
        for Repository { path, is_folder } in repositories {
            let text = std::str::from_utf8(path).map_err(|_| {
                format!("The path of the repository `{}` is not UTF-8, so no container can cover it. Rename its folder.", quote_path(path))
            })?;
            let whole = places.workspace.join(text);
            let held = match rustix::fs::openat(CWD, &whole, held_flags(), Mode::empty()) {
                Ok(held) => held,
                // It is gone since, and what takes its place is swept.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                Err(error) => return Err(unusable(&whole, &error.into())),
            };
            let stat = rustix::fs::fstat(&held).map_err(|error| unusable(&whole, &error.into()))?;
            let identity = (super::walk::device(&stat), stat.st_ino);
            all.push(Covered { path: text.to_owned(), is_folder: *is_folder, shown: None, identity, _held: Some(held) });
        }
        all.extend(executed);
        for name in [REPOSITORY, HOSTS_OWN] {
            places.cover_spellings(name, &mut all);
        }
        all.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { all: Arc::new(all), _places: places })
    }
}

/// What a person's git executes in a workspace, to be read by a container and not changed. What is too large to be copied is
/// not seen at all.
pub(super) fn executed(workspace: &Path, guards: &Guards, copies: &Path) -> Result<Vec<Covered>, String> {
    let mut covered = Vec::<Covered>::new();
    let mut paths: Vec<_> = guards.all.iter().filter_map(|guard| std::str::from_utf8(&guard.path).ok()).collect();
    paths.sort_unstable();
    let folder = super::walk::open(workspace).map_err(|error| unusable(workspace, &error))?;
    for path in paths {
        if covered.iter().any(|above| Path::new(path).starts_with(&above.path)) {
            continue;
        }
        let (shown, is_folder) = match copied(&folder, path.as_bytes(), copies) {
            Ok(Some(Substitute { copy, is_folder })) => (Some(copy), is_folder),
            Ok(None) => continue,
            Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                return Err(unusable(copies, &error));
            }
            Err(_) => (None, fs::symlink_metadata(workspace.join(path)).is_ok_and(|found| found.is_dir())),
        };
        covered.push(Covered { path: path.to_owned(), is_folder, shown, identity: (0, 0), _held: None });
    }
    Ok(covered)
}

#[cfg(target_os = "linux")]
fn held_flags() -> OFlags {
    OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

#[cfg(not(target_os = "linux"))]
fn held_flags() -> OFlags {
    OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Empty folders in one workspace, there for as long as somebody holds this.
#[derive(Debug, Default)]
pub(super) struct Places {
    workspace: PathBuf,
    /// Says that they were made, for a host that comes after one that was killed.
    note: PathBuf,
    made: Vec<&'static str>,
}

impl Places {
    /// Makes what is missing at the top of a workspace. An error is a sentence.
    fn make(workspace: &Path, notes: &Path) -> Result<Self, String> {
        let note = notes.join(&blake3::hash(workspace.as_os_str().as_bytes()).to_hex()[..32]);
        let mut places = Self { workspace: workspace.to_owned(), note, made: Vec::new() };
        let was_noted = read_own(&places.note).is_ok_and(|note| note.is_some());
        for name in [REPOSITORY, HOSTS_OWN] {
            let place = workspace.join(name);
            match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => {
                    return Err(format!(
                        "`{name}` in {} is a link, which a container could turn elsewhere. Make it a folder or a file.",
                        workspace.display()
                    ));
                }
                Ok(found) if found.is_dir() || found.is_file() => {
                    if was_noted && found.is_dir() {
                        places.made.push(name);
                    }
                }
                Ok(_) => return Err(format!("`{name}` in {} is neither a folder nor a file. Remove it.", workspace.display())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    places.note().map_err(|error| unusable(&places.note, &error))?;
                    match make_folder(workspace, &place) {
                        Ok(()) => places.made.push(name),
                        // No command can make it either.
                        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {}
                        Err(error) => return Err(unusable(&place, &error)),
                    }
                }
                Err(error) => return Err(unusable(&place, &error)),
            }
        }
        Ok(places)
    }

    fn note(&self) -> io::Result<()> {
        if let Some(folder) = self.note.parent() {
            fs::create_dir_all(folder)?;
        }
        create_own(&self.note)?.write_all(self.workspace.as_os_str().as_bytes())
    }

    /// Where the file system takes `.GIT` for `.git`, a container may still tell them apart.
    fn cover_spellings(&self, name: &str, all: &mut Vec<Covered>) {
        let Some(plain) = all.iter().find(|covered| covered.path == name).map(|covered| (covered.identity, covered.is_folder)) else {
            return;
        };
        for spelling in spellings(name).into_iter().filter(|spelling| spelling != name) {
            let Ok(held) = rustix::fs::openat(CWD, self.workspace.join(&spelling), held_flags(), Mode::empty()) else { return };
            let identity = rustix::fs::fstat(&held).map(|stat| (super::walk::device(&stat), stat.st_ino));
            if identity == Ok(plain.0) && all.iter().all(|covered| covered.path != spelling) {
                all.push(Covered { path: spelling, is_folder: plain.1, shown: None, identity: plain.0, _held: Some(held) });
            }
        }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        for name in &self.made {
            // What a person has put into it meanwhile is theirs.
            let _ = fs::remove_dir(self.workspace.join(name));
        }
        if !self.made.is_empty() {
            let _ = fs::remove_file(&self.note);
        }
    }
}

/// The folder belongs to whom the workspace does.
fn make_folder(workspace: &Path, place: &Path) -> io::Result<()> {
    fs::create_dir(place)?;
    let owner = fs::metadata(workspace)?;
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(place, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// The workspaces where something was made.
#[derive(Default)]
pub(super) struct Held(Mutex<HashMap<PathBuf, Weak<Places>>>);

impl Held {
    /// The places of a workspace, made where they are missing.
    pub(super) fn of(&self, workspace: &Path, notes: &Path) -> Result<Arc<Places>, String> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, places| places.strong_count() > 0);
        if let Some(places) = held.get(workspace).and_then(Weak::upgrade)
            && [REPOSITORY, HOSTS_OWN].iter().all(|name| fs::symlink_metadata(workspace.join(name)).is_ok_and(|found| !found.is_symlink()))
        {
            return Ok(places);
        }
        let places = Arc::new(Places::make(workspace, notes)?);
        held.insert(workspace.to_owned(), Arc::downgrade(&places));
        Ok(places)
    }
}

/// Removes what a host that was killed has made, but for the workspaces in `needed`.
pub(super) fn remove_left(notes: &Path, needed: &[PathBuf]) {
    for note in fs::read_dir(notes).into_iter().flatten().flatten() {
        let Ok(Some(bytes)) = read_own(&note.path()) else { continue };
        let workspace = PathBuf::from(std::ffi::OsStr::from_bytes(&bytes));
        if !needed.contains(&workspace) {
            drop(Places { workspace, note: note.path(), made: vec![REPOSITORY, HOSTS_OWN] });
        }
    }
}

fn unusable(place: &Path, error: &io::Error) -> String {
    let (place, error) = (place.display(), describe(error));
    format!("{place} cannot be prepared for a container: {error}. Make it writable for the user who runs Baton.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_made_goes_with_the_last_who_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, notes) = (folder.path().join("w"), folder.path().join("notes"));
        fs::create_dir(&workspace).unwrap();
        let held = Held::default();
        let first = held.of(&workspace, &notes).unwrap();
        let second = held.of(&workspace, &notes).unwrap();
        drop(first);
        assert_eq!((names(&workspace), names(&notes).len()), (vec![".baton".to_owned(), ".git".to_owned()], 1));
        fs::write(workspace.join(".git/config"), "a person's").unwrap();
        drop(second);
        assert_eq!((names(&workspace), names(&notes).len()), (vec![".git".to_owned()], 0), "what holds something stays");
        drop(held.of(&workspace, &notes).unwrap());
        assert_eq!(names(&workspace), [".git"]);
    }

    #[test]
    fn what_a_killed_host_has_made_is_removed_where_nothing_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, notes) = (folder.path().join("w"), folder.path().join("notes"));
        fs::create_dir(&workspace).unwrap();
        std::mem::forget(Held::default().of(&workspace, &notes).unwrap());
        remove_left(&notes, std::slice::from_ref(&workspace));
        assert_eq!(names(&workspace).len(), 2);
        // A host that finds it in use takes it over.
        drop(Held::default().of(&workspace, &notes).unwrap());
        assert_eq!((names(&workspace).len(), names(&notes).len()), (0, 0));
        std::mem::forget(Held::default().of(&workspace, &notes).unwrap());
        remove_left(&notes, &[]);
        assert_eq!((names(&workspace).len(), names(&notes).len()), (0, 0));
    }

    #[test]
    fn links_and_pipes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in [REPOSITORY, HOSTS_OWN] {
            std::os::unix::fs::symlink("/", folder.path().join(name)).unwrap();
            let error = Held::default().of(folder.path(), &folder.path().join("notes")).unwrap_err();
            assert!(error.contains(name) && error.contains("is a link"), "{error}");
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
}
