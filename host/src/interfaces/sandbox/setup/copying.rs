//! Copies, measures and removes what setups left. A copy shares its blocks with what it was copied from where the file system
//! can do that, and never its files. Follows no link, and keeps no bit that gives rights to whoever executes a file.

use std::{
    fs::{self, File, FileTimes, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Folders in folders.
const DEEPEST: usize = 200;
/// Files and folders of one copy.
const MOST_ENTRIES: u64 = 4_000_000;
/// The bits of a mode that are kept.
const RIGHTS: u32 = 0o777;

/// How much there is of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) entries: u64,
}

/// Copies a file, a link or a folder with all in it to a place where nothing is.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<Size> {
    let mut size = Size::default();
    copy_into(from, to, &mut size, 0)?;
    Ok(size)
}

fn copy_into(from: &Path, to: &Path, size: &mut Size, depth: usize) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    size.entries += 1;
    if depth > DEEPEST || size.entries > MOST_ENTRIES {
        return Err(io::Error::other("there are too many files, or folders in folders"));
    }
    if found.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if found.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_into(&entry.path(), &to.join(entry.file_name()), size, depth + 1)?;
        }
        // Only now: others may not be allowed to write into it.
        return set_mode(to, &found.permissions());
    }
    if !found.is_file() {
        return Ok(());
    }
    size.bytes += found.len();
    let source = OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(from)?;
    let copied = OpenOptions::new().write(true).create_new(true).open(to)?;
    copy_content(&source, &copied)?;
    // Build tools take a file for changed whose time is another.
    copied.set_times(FileTimes::new().set_modified(found.modified()?))?;
    set_mode(to, &found.permissions())
}

fn copy_content(mut source: &File, mut copied: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_ficlone(copied, source).is_ok() {
        return Ok(());
    }
    io::copy(&mut source, &mut copied).map(drop)
}

/// Gives a file or folder these rights, and no more than rights. Its owner can always read and enter it.
pub(super) fn set_mode(path: &Path, permissions: &Permissions) -> io::Result<()> {
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    let own = if is_folder { 0o700 } else { 0o600 };
    fs::set_permissions(path, Permissions::from_mode((permissions.mode() & RIGHTS) | own))
}

/// How much there is of a folder or file. What cannot be read counts as nothing.
pub(super) fn measure(path: &Path) -> Size {
    let (mut size, mut folders) = (Size::default(), vec![path.to_owned()]);
    while let Some(path) = folders.pop() {
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        size.entries += 1;
        if found.is_dir() {
            folders.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        } else {
            size.bytes = size.bytes.saturating_add(found.len());
        }
    }
    size
}

/// Removes a file, a link or a folder with all in it; what is not there is removed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.is_dir() {
        return fs::remove_file(path);
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_folders(path, 0);
            fs::remove_dir_all(path)
        }
        removed => removed,
    }
}

/// Package managers take the right to write from folders of their caches.
fn open_folders(folder: &Path, depth: usize) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    if depth > DEEPEST {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_folders(&entry.path(), depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_as_the_original_and_shares_no_file_with_it() {
        let home = tempfile::tempdir().unwrap();
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        fs::create_dir_all(from.join("bin/closed")).unwrap();
        fs::write(from.join("bin/tool"), "#!/bin/sh\n").unwrap();
        fs::hard_link(from.join("bin/tool"), from.join("again")).unwrap();
        fs::set_permissions(from.join("bin/tool"), Permissions::from_mode(0o4755)).unwrap();
        fs::write(from.join("bin/closed/x"), "x").unwrap();
        fs::set_permissions(from.join("bin/closed"), Permissions::from_mode(0o555)).unwrap();
        std::os::unix::fs::symlink("/usr/bin/python3", from.join("python")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, from.join("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        let size = copy(&from, &to).unwrap();
        assert_eq!((size.bytes, size.entries), (21, 8));
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&to.join("bin/tool")), mode(&to.join("bin/closed"))), (0o755, 0o755));
        assert_eq!(fs::read_link(to.join("python")).unwrap(), Path::new("/usr/bin/python3"));
        let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(modified(&from.join("again")), modified(&to.join("again")));
        assert!(!to.join("pipe").exists());
        fs::write(to.join("again"), "changed").unwrap();
        assert_eq!(fs::read_to_string(to.join("bin/tool")).unwrap(), "#!/bin/sh\n", "what was one file twice is two");
        assert_eq!(fs::read_to_string(from.join("again")).unwrap(), "#!/bin/sh\n");
        assert_eq!(measure(&to).bytes, 34, "a link has the length of what it leads to");
        remove(&from).unwrap();
        remove(&from).unwrap();
        assert!(!from.exists() && copy(&to, &to).is_err());
    }

    #[test]
    fn a_link_is_removed_and_not_what_it_leads_to() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("kept")).unwrap();
        fs::write(home.path().join("kept/x"), "x").unwrap();
        std::os::unix::fs::symlink(home.path().join("kept"), home.path().join("link")).unwrap();
        remove(&home.path().join("link")).unwrap();
        assert!(home.path().join("kept/x").exists() && !home.path().join("link").exists());
    }
}
