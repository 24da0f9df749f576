//! Copies of what a container may read and not change: a mount of the file itself would lead wherever another command puts a
//! link on the way. Each copy lies below the data directory, by the name of its content.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read as _, Write as _},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, readlinkat, statat};

use super::walk::folder_flags;

/// Bytes and entries of one copy.
const MOST_BYTES: u64 = 16 << 20;
const MOST_ENTRIES: usize = 1000;

/// What a container is shown in the place of a file or folder.
pub(super) struct Substitute {
    pub(super) copy: PathBuf,
    pub(super) is_folder: bool,
}

/// A copy in the making.
struct Copying {
    bytes: u64,
    entries: usize,
    hasher: blake3::Hasher,
}

/// A copy of what lies at a path of a workspace, by which no link leads; none where nothing that can be copied is there.
/// A failure means that it is too large, or that it changed meanwhile.
pub(super) fn copied(workspace: &OwnedFd, path: &[u8], copies: &Path) -> io::Result<Option<Substitute>> {
    let mut parts: Vec<_> = path.split(|byte| *byte == b'/').collect();
    let Some(name) = parts.pop() else { return Ok(None) };
    let mut folder = workspace.try_clone()?;
    for part in parts {
        match openat(&folder, part, folder_flags(), Mode::empty()) {
            Ok(opened) => folder = opened,
            Err(_) => return Ok(None),
        }
    }
    let Ok(found) = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else { return Ok(None) };
    let is_folder = match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => true,
        FileType::RegularFile => false,
        _ => return Ok(None),
    };
    fs::create_dir_all(copies)?;
    let new = tempfile::Builder::new().prefix("new-").tempdir_in(copies)?;
    let mut copying = Copying { bytes: MOST_BYTES, entries: MOST_ENTRIES, hasher: blake3::Hasher::new() };
    let to = new.path().join("copy");
    copying.entry(&folder, name, &to)?;
    let copy = copies.join(copying.hasher.finalize().to_hex().as_str());
    if copy.symlink_metadata().is_err() {
        match fs::rename(&to, &copy) {
            // Another command has just made the same.
            Err(_) if copy.symlink_metadata().is_ok() => {}
            done => done?,
        }
    }
    Ok(Some(Substitute { copy, is_folder }))
}

impl Copying {
    fn entry(&mut self, folder: &OwnedFd, name: &[u8], to: &Path) -> io::Result<()> {
        self.entries = self.entries.checked_sub(1).ok_or(io::ErrorKind::FileTooLarge)?;
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        self.hasher.update(&(name.len() as u64).to_le_bytes()).update(name);
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => self.folder(&openat(folder, name, folder_flags(), Mode::empty())?, to),
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                self.file(File::from(openat(folder, name, flags, Mode::empty())?), found.st_mode & 0o111 != 0, to)
            }
            FileType::Symlink => {
                let target = readlinkat(folder, name, Vec::new())?;
                self.hasher.update(b"link").update(&(target.to_bytes().len() as u64).to_le_bytes()).update(target.to_bytes());
                std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target.to_bytes()), to)
            }
            // Nobody can read a pipe that is not there.
            _ => Ok(()),
        }
    }

    fn folder(&mut self, folder: &OwnedFd, to: &Path) -> io::Result<()> {
        fs::create_dir(to)?;
        fs::set_permissions(to, Permissions::from_mode(0o755))?;
        let mut names: Vec<_> =
            Dir::read_from(folder)?.map(|entry| entry.map(|entry| entry.file_name().to_bytes().to_vec())).collect::<Result<_, _>>()?;
        names.retain(|name| !matches!(&name[..], b"." | b".."));
        names.sort();
        self.hasher.update(b"folder").update(&(names.len() as u64).to_le_bytes());
        names.iter().try_for_each(|name| self.entry(folder, name, &to.join(std::ffi::OsStr::from_bytes(name))))
    }

    fn file(&mut self, file: File, is_program: bool, to: &Path) -> io::Result<()> {
        let mut content = Vec::new();
        file.take(self.bytes + 1).read_to_end(&mut content)?;
        self.bytes = self.bytes.checked_sub(content.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.hasher.update(if is_program { b"program" } else { b"file" }).update(&(content.len() as u64).to_le_bytes()).update(&content);
        File::create_new(to)?.write_all(&content)?;
        fs::set_permissions(to, Permissions::from_mode(if is_program { 0o755 } else { 0o644 }))
    }
}
