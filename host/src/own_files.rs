//! Files that belong to this user: replaced as a whole, changed by one process at a time, and known to be closed to others. Knows none
//! of them by name.

use std::{
    fs::{self, File, Metadata, Permissions},
    io::{self, Write as _},
    path::Path,
};

/// Writes a file so that a reader sees the old one or the new one. A temporary file is readable by its owner alone and stays so, unless
/// other permissions are given.
pub fn replace(path: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a path without a directory"))?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    permissions.map(|permissions| file.as_file().set_permissions(permissions)).transpose()?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Waits until no other process holds the lock of this file, which is made where it is missing. The lock is held until it is dropped.
pub fn lock(path: &Path) -> io::Result<File> {
    path.parent().map(fs::create_dir_all).transpose()?;
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.lock()?;
    Ok(file)
}

/// Whether others than its owner may do anything with a file.
#[cfg(unix)]
pub fn is_open(about: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0
}

/// Whether others may do anything with a file; where permissions are of another kind, nothing is known.
#[cfg(not(unix))]
pub fn is_open(_about: &Metadata) -> bool {
    false
}
