//! Folders that go with all that is in them, however deep they are: what lies deep is taken out and put further up, so that
//! no path grows and no stack. Each step goes through a folder that is open, so that no link is followed, whatever takes the
//! place of a folder meanwhile.

use std::{
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
};

use rustix::{
    fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat},
    io::Errno,
};

/// What the owner of a folder needs to empty it.
const OWNERS: fs::RawMode = 0o700;

/// Opens a folder, which is no link.
pub(super) fn open(folder: &Path) -> io::Result<OwnedFd> {
    Ok(fs::openat(CWD, folder, folder_flags(), Mode::empty())?)
}

/// Opens a folder below another, on the way to which there is no link.
pub(super) fn open_below(folder: &OwnedFd, path: &[u8]) -> io::Result<OwnedFd> {
    let mut current = folder.try_clone()?;
    for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        current = fs::openat(&current, name, folder_flags(), Mode::empty())?;
    }
    Ok(current)
}

/// What a folder holds, each with what is known of it.
pub(super) fn entries(folder: &OwnedFd) -> io::Result<Vec<(Vec<u8>, Stat)>> {
    let mut entries = Vec::new();
    for found in Dir::read_from(folder)? {
        let found = found?;
        let name = found.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => entries.push((name.to_vec(), stat)),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(entries)
}

pub(super) fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

/// Removes a folder by its path, of which all but the last name is Baton's own. A failure leaves a part of it, in another order.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else { return Err(io::ErrorKind::InvalidInput.into()) };
    remove_from(&open(above)?, name.as_bytes())
}

/// Removes what a folder holds by a name: a folder with all that is in it, or a file.
pub(super) fn remove_any(above: &OwnedFd, name: &[u8]) -> io::Result<()> {
    match fs::unlinkat(above, name, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) => remove_from(above, name),
        done => Ok(done?),
    }
}

/// Removes a folder in another.
pub(super) fn remove_from(above: &OwnedFd, name: &[u8]) -> io::Result<()> {
    let folder = open_up(above, name)?;
    let (mut left, mut moved) = (empty(&folder, None, &mut 0)?, 0);
    while let Some(name) = left.pop() {
        let next = open_up(&folder, &name)?;
        left.extend(empty(&next, Some(&folder), &mut moved)?);
        fs::unlinkat(&folder, &name[..], AtFlags::REMOVEDIR)?;
    }
    Ok(fs::unlinkat(above, name, AtFlags::REMOVEDIR)?)
}

/// Removes the files of a folder, and gives the names of the folders in it; those of another folder where they are moved to one.
fn empty(folder: &OwnedFd, to: Option<&OwnedFd>, moved: &mut u64) -> io::Result<Vec<Vec<u8>>> {
    let mut folders = Vec::new();
    for (name, stat) in entries(folder)? {
        match (is_folder(&stat), to) {
            (false, _) => fs::unlinkat(folder, &name[..], AtFlags::empty())?,
            (true, None) => folders.push(name),
            (true, Some(to)) => {
                // Only whoever may write in a folder may give it another parent.
                open_up(folder, &name)?;
                folders.push(up(folder, &name, to, moved)?);
            }
        }
    }
    Ok(folders)
}

/// Opens a folder in another, once its owner has got back what was taken from it.
pub(super) fn open_up(above: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
    let stat = fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if is_folder(&stat) && stat.st_mode & OWNERS != OWNERS {
        allow(above, name, &stat)?;
    }
    Ok(fs::openat(above, name, folder_flags(), Mode::empty())?)
}

/// Gives the owner back what was taken from a folder, and of nothing that has taken its name since.
#[cfg(target_os = "linux")]
fn allow(above: &OwnedFd, name: &[u8], stat: &Stat) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = fs::openat(above, name, flags, Mode::empty())?;
    if fs::fstat(&opened)?.st_ino == stat.st_ino {
        fs::chmod(format!("/proc/self/fd/{}", opened.as_raw_fd()), Mode::from_raw_mode(stat.st_mode & 0o7777 | OWNERS))?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn allow(above: &OwnedFd, name: &[u8], stat: &Stat) -> io::Result<()> {
    Ok(fs::chmodat(above, name, Mode::from_raw_mode(stat.st_mode & 0o7777 | OWNERS), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Puts a folder at the top of another, where no folder has its new name.
fn up(folder: &OwnedFd, name: &[u8], to: &OwnedFd, moved: &mut u64) -> io::Result<Vec<u8>> {
    loop {
        *moved += 1;
        let place = format!(".{moved}-going").into_bytes();
        if matches!(fs::statat(to, &place[..], AtFlags::SYMLINK_NOFOLLOW), Err(Errno::NOENT)) {
            return Ok(fs::renameat(folder, name, to, &place[..]).map(|()| place)?);
        }
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
        sync::atomic::{AtomicBool, Ordering},
    };

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
        fs::create_dir(folder.join(".2-going")).unwrap();
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

    #[test]
    fn what_takes_the_place_of_a_folder_meanwhile_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let outside = home.path().join("outside");
        fs::create_dir_all(outside.join("inner")).unwrap();
        fs::write(outside.join("file"), "x").unwrap();
        let (swapped, is_over) = (home.path().join("work/swapped"), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Ends with the test, whatever becomes of each step.
                while !is_over.load(Ordering::Relaxed) {
                    let _ = fs::rename(&swapped, home.path().join("aside"));
                    let _ = symlink(&outside, &swapped);
                    let _ = fs::remove_file(&swapped);
                    let _ = fs::rename(home.path().join("aside"), &swapped);
                }
            });
            for _ in 0..500 {
                let _ = fs::create_dir_all(swapped.join("inner"));
                let _ = remove(&home.path().join("work"));
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(outside.join("file").exists() && outside.join("inner").exists());
    }

    #[test]
    fn a_link_on_the_way_is_not_opened() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("a/b")).unwrap();
        symlink("a", home.path().join("link")).unwrap();
        let top = open(home.path()).unwrap();
        assert!(open_below(&top, b"a/b").is_ok() && open_below(&top, b"").is_ok());
        assert!(open_below(&top, b"link/b").is_err() && open_below(&top, b"link").is_err());
        assert!(remove_from(&top, b"link").is_err(), "nor is it removed as a folder");
        remove_any(&top, b"link").unwrap();
        remove_any(&top, b"a").unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
