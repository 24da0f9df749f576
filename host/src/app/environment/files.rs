//! Reads files of a folder that others wrote, for what they say of its environment: bounded in size, number and depth, one
//! open directory after the other, following no link. Understands none of them.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::Path,
};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions},
};
use sha2::{Digest as _, Sha256};

use super::proposal::LeftOut;

/// Bytes of the longest file that is read. What says which language a project is written in is far shorter.
pub(super) const LONGEST: u64 = 1 << 20;
/// Bytes of all files that are read.
const MOST_BYTES: u64 = 16 << 20;
/// Entries of folders that are looked at, and folders that are looked into.
const MOST_ENTRIES: usize = 20_000;
const MOST_FOLDERS: usize = 500;
/// Folders in folders.
const DEEPEST: usize = 3;
/// Folders whose manifests are not the project's own.
const NOT_OWN: [&str; 22] = [
    "__pycache__",
    "build",
    "deps",
    "dist",
    "doc",
    "docs",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "node_modules",
    "out",
    "sample",
    "samples",
    "site-packages",
    "target",
    "templates",
    "test",
    "testdata",
    "tests",
    "third_party",
    "vendor",
];

/// The files of a folder.
pub(super) struct Files {
    root: Dir,
    left: u64,
    /// What was read, with its hash.
    pub(super) read: BTreeMap<String, String>,
    /// What is there and was not read.
    pub(super) unread: Vec<LeftOut>,
}

impl Files {
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(root, ambient_authority())?;
        Ok(Self { root, left: MOST_BYTES, read: BTreeMap::new(), unread: Vec::new() })
    }

    /// The text of a file, if it is there. One that cannot be read is noted.
    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        let bytes = self.bytes(path)?;
        match String::from_utf8(bytes) {
            Ok(text) => Some(text.trim_start_matches('\u{feff}').to_owned()),
            Err(_) => {
                self.note(path, "it is not text");
                None
            }
        }
    }

    /// The content of a file, if it is there. One that cannot be read is noted.
    pub(super) fn bytes(&mut self, path: &str) -> Option<Vec<u8>> {
        match self.content(path) {
            Ok(content) => {
                self.left = self.left.saturating_sub(content.len() as u64);
                self.read.insert(path.to_owned(), hex::encode(Sha256::digest(&content)));
                Some(content)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::FileTooLarge => "it is too large to be read".to_owned(),
                    io::ErrorKind::InvalidInput => "it is a link or not a file".to_owned(),
                    _ => format!("it cannot be read: {error}"),
                };
                self.note(path, &why);
                None
            }
        }
    }

    /// Whether there is a file or folder of that name, which may be a link.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.parent(path).is_ok_and(|(dir, name)| dir.symlink_metadata(name).is_ok())
    }

    /// Whether there is a folder of that name.
    pub(super) fn holds_folder(&self, path: &str) -> bool {
        self.parent(path).is_ok_and(|(dir, name)| dir.symlink_metadata(name).is_ok_and(|found| found.is_dir()))
    }

    /// The folder itself, as an empty text, and those in it that may hold a part of a monorepo; the less deep first.
    pub(super) fn folders(&self) -> Vec<String> {
        let (mut folders, mut seen) = (vec![String::new()], 0);
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            let depth = if folder.is_empty() { 0 } else { folder.split('/').count() };
            if depth < DEEPEST {
                self.add_folders(&folder, &mut folders, &mut seen);
            }
        }
        folders
    }

    /// The names of the folders in a folder, sorted, at most so many.
    pub(super) fn folders_in(&self, folder: &str, most: usize) -> Vec<String> {
        let Ok(entries) = self.dir(folder).and_then(|dir| dir.entries()) else { return Vec::new() };
        let entries = entries.flatten().take(MOST_ENTRIES).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names.truncate(most);
        names
    }

    fn add_folders(&self, folder: &str, folders: &mut Vec<String>, seen: &mut usize) {
        let Ok(entries) = self.dir(folder).and_then(|dir| dir.entries()) else { return };
        let mut names = Vec::new();
        for entry in entries.flatten() {
            *seen += 1;
            if *seen > MOST_ENTRIES {
                break;
            }
            // The kind of the entry itself, so no link is followed.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let name = entry.file_name().into_string().ok().filter(|name| is_folder && is_own(name));
            names.extend(name);
        }
        names.sort();
        let room = MOST_FOLDERS.saturating_sub(folders.len());
        folders.extend(names.into_iter().take(room).map(|name| join(folder, &name)));
    }

    fn content(&self, path: &str) -> io::Result<Vec<u8>> {
        let most = LONGEST.min(self.left);
        let (dir, name) = self.parent(path)?;
        check(&dir.symlink_metadata(name)?, most)?;
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = dir.open_with(name, &options)?;
        // What was looked at above may have been replaced since; what is open now cannot be.
        check(&file.metadata()?, most)?;
        let mut content = Vec::new();
        file.take(most + 1).read_to_end(&mut content)?;
        if content.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
    }

    fn parent<'a>(&self, path: &'a str) -> io::Result<(Dir, &'a str)> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !is_name(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok((self.dir(folder)?, name))
    }

    fn dir(&self, folder: &str) -> io::Result<Dir> {
        let mut dir = self.root.try_clone()?;
        for name in folder.split('/').filter(|name| !name.is_empty()) {
            if !is_name(name) {
                return Err(io::ErrorKind::NotFound.into());
            }
            dir = dir.open_dir_nofollow(name)?;
        }
        Ok(dir)
    }

    fn note(&mut self, path: &str, why: &str) {
        const MOST: usize = 50;
        if self.unread.len() < MOST {
            self.unread.push(LeftOut { path: path.to_owned(), what: "the file".to_owned(), why: why.to_owned() });
        }
    }
}

/// A path below a folder.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path that a file names, seen from its folder; none for one that leaves the project or is not one.
pub(super) fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\\', '\0', '$']) {
        return None;
    }
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

fn is_own(name: &str) -> bool {
    const LONGEST: usize = 100;
    let is_plain = name.len() <= LONGEST && !name.chars().any(char::is_control);
    is_plain && !name.starts_with('.') && !NOT_OWN.contains(&name.to_lowercase().as_str())
}

fn check(found: &cap_std::fs::Metadata, most: u64) -> io::Result<()> {
    match found.is_file() {
        true if found.len() > most => Err(io::ErrorKind::FileTooLarge.into()),
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidInput.into()),
    }
}
