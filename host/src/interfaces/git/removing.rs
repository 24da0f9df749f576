//! Folders that go with all that is in them, however deep they are: what lies deep is taken out and put further up, so that
//! no path grows and no stack. Follows no link.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Removes a folder. A failure leaves a part of it, in another order.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    open_up(folder, &fs::symlink_metadata(folder)?)?;
    let (mut left, mut moved) = (vec![folder.to_owned()], 0);
    while let Some(next) = left.pop() {
        for found in fs::read_dir(&next)? {
            let found = found?;
            let (path, metadata) = (found.path(), found.metadata()?);
            if !metadata.is_dir() {
                fs::remove_file(path)?;
                continue;
            }
            // Only whoever may write in a folder may give it another parent.
            open_up(&path, &metadata)?;
            left.push(if next == folder { path } else { up(&path, folder, &mut moved)? });
        }
        if next != folder {
            fs::remove_dir(&next)?;
        }
    }
    fs::remove_dir(folder)
}

/// Gives the owner back what was taken from a folder.
pub(super) fn open_up(folder: &Path, found: &Metadata) -> io::Result<()> {
    const OWNER: u32 = 0o700;
    if found.mode() & OWNER == OWNER {
        return Ok(());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(found.mode() | OWNER))
}

/// Puts a folder at the top of another, where no folder has its new name.
fn up(found: &Path, folder: &Path, moved: &mut u64) -> io::Result<PathBuf> {
    loop {
        *moved += 1;
        let place = folder.join(format!(".{moved}-going"));
        match fs::rename(found, &place) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            done => return done.map(|()| place),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_goes_however_deep_it_is() {
        let home = tempfile::tempdir().unwrap();
        let (folder, outside) = (home.path().join("folder"), home.path().join("outside"));
        for below in [&outside, &folder.join("a/closed/b"), &folder.join(".1-going/c"), &folder.join(".3-going")] {
            fs::create_dir_all(below).unwrap();
            fs::write(below.join("file"), "x").unwrap();
        }
        symlink(&outside, folder.join("a/link")).unwrap();
        fs::set_permissions(folder.join("a/closed"), fs::Permissions::from_mode(0o500)).unwrap();
        // Deeper than a path may be long, from the inside out.
        let mut inner = folder.join("deep");
        fs::create_dir(&inner).unwrap();
        for _ in 0..3_000 {
            let outer = home.path().join("outer");
            fs::create_dir(&outer).unwrap();
            fs::rename(&inner, outer.join("n")).unwrap();
            fs::rename(&outer, &inner).unwrap();
            inner = folder.join("deep");
        }
        remove(&folder).unwrap();
        assert!(!folder.exists());
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "x");
    }
}
