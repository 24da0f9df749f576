//! As whom a container runs: as the owner of the workspace, and never as root. Where that leaves a container unable to
//! write, because the host is root, the files let it in by an entry in their access lists; whoever else may do what stays.

use std::path::Path;

use crate::interfaces::sandbox::engine::User;

/// Nobody in particular.
const NOBODY: User = User { uid: 65_534, gid: 65_534 };

/// Who a container of this workspace runs as, once it may write there. An error says why it may not.
pub(super) async fn admit_workspace(workspace: &Path) -> Result<User, String> {
    let workspace = workspace.to_owned();
    let work = move || admit(&workspace);
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(format!("The host failed at the workspace: {error}. Report it.")))
}

#[cfg(unix)]
fn admit(workspace: &Path) -> Result<User, String> {
    use std::os::unix::fs::MetadataExt as _;

    let found = std::fs::metadata(workspace).map_err(|error| format!("The workspace cannot be read: {error}."))?;
    let other_than_root = |id, nobody| if id == 0 { nobody } else { id };
    let user = User { uid: other_than_root(found.uid(), NOBODY.uid), gid: other_than_root(found.gid(), NOBODY.gid) };
    if rustix::process::geteuid().is_root() {
        lists::admit(workspace, user.uid).map_err(|error| {
            format!(
                "The file system of the workspace {} cannot let the container's user {} in: {error}. Run Baton as the user who owns the workspace, and not as root.",
                workspace.display(),
                user.uid
            )
        })?;
    } else {
        check_owner(workspace, found.uid(), rustix::process::geteuid().as_raw())?;
    }
    Ok(user)
}

/// A container acts as the owner of the workspace, who is nobody to act as for a user who is not root.
#[cfg(unix)]
fn check_owner(workspace: &Path, owner: u32, host: u32) -> Result<(), String> {
    match owner {
        owner if owner == host => Ok(()),
        0 => Err(format!(
            "The workspace {} belongs to root, and containers never run as root. Give it to the user who runs Baton.",
            workspace.display()
        )),
        owner => Err(format!(
            "The workspace {} belongs to user {owner}, and Baton runs as user {host}, so a container would act as another user. Run Baton as the user who owns the workspace.",
            workspace.display()
        )),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn no_container_acts_as_another_user_than_the_one_who_runs_the_host() {
        let check = |owner| check_owner(Path::new("/w"), owner, 1000);
        assert_eq!(check(1000), Ok(()));
        assert!(check(0).unwrap_err().contains("belongs to root"));
        for owner in [1001, 65_534] {
            assert!(check(owner).unwrap_err().contains(&format!("belongs to user {owner}, and Baton runs as user 1000")));
        }
    }
}

/// Elsewhere the engine maps the users itself.
#[cfg(not(unix))]
fn admit(_: &Path) -> Result<User, String> {
    Ok(NOBODY)
}

#[cfg(all(unix, not(target_os = "linux")))]
mod lists {
    use std::{io, path::Path};

    pub(super) fn admit(_: &Path, _: u32) -> io::Result<()> {
        Err(io::Error::other("there are no access lists that Baton knows"))
    }
}

/// Access lists of Linux, POSIX 1003.1e as the kernel keeps them.
#[cfg(target_os = "linux")]
mod lists {
    use std::{
        collections::BTreeMap,
        io,
        os::fd::{AsFd, OwnedFd},
        path::Path,
    };

    use rustix::fs::{self, CWD, FileType, Mode, OFlags, XattrFlags};

    const VERSION: u32 = 2;
    const OWNER: u16 = 0x01;
    const NAMED_USER: u16 = 0x02;
    const GROUP: u16 = 0x04;
    const MASK: u16 = 0x10;
    const OTHERS: u16 = 0x20;
    /// The id of an entry that names nobody.
    const NO_ID: u32 = u32::MAX;
    /// Folders in folders; whoever nests deeper wants to wear the host out.
    const DEEPEST: usize = 128;

    /// Lets the user read and write all of the folder, and what will be made in it. Follows no link, and leaves what a
    /// container covers alone: `.git` and `.baton`. Whoever changes the folder meanwhile leads nowhere: each step goes through the folder that is open.
    pub(super) fn admit(folder: &Path, uid: u32) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = fs::openat(CWD, folder, flags, Mode::empty())?;
        inside(&folder, uid, 0)
    }

    fn inside(folder: &OwnedFd, uid: u32, depth: usize) -> io::Result<()> {
        let_in(folder, uid, true)?;
        if depth == DEEPEST {
            return Ok(());
        }
        for entry in fs::Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_covered = matches!(name.to_bytes(), b".git" | b".baton");
            if matches!(name.to_bytes(), b"." | b"..")
                || is_covered
                || !matches!(entry.file_type(), FileType::RegularFile | FileType::Directory)
            {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            // What is gone or another thing by now is for whoever changed it.
            let Ok(opened) = fs::openat(folder, name, flags, Mode::empty()) else { continue };
            match FileType::from_raw_mode(fs::fstat(&opened)?.st_mode) {
                FileType::Directory => inside(&opened, uid, depth + 1)?,
                FileType::RegularFile => let_in(&opened, uid, false)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn let_in(file: &OwnedFd, uid: u32, is_folder: bool) -> io::Result<()> {
        let found = fs::fstat(file)?;
        if found.st_uid != uid {
            let rights = if is_folder { 7 } else { 6 | (found.st_mode >> 6 & 1) };
            give(file.as_fd(), "system.posix_acl_access", found.st_mode, uid, rights)?;
        }
        if is_folder {
            give(file.as_fd(), "system.posix_acl_default", found.st_mode, uid, 7)?;
        }
        Ok(())
    }

    fn give(file: rustix::fd::BorrowedFd<'_>, name: &str, mode: u32, uid: u32, rights: u32) -> io::Result<()> {
        let mut buffer = [0; 1024];
        let length = fs::fgetxattr(file, name, &mut buffer).unwrap_or_default();
        let mut list = parse_rights(&buffer[..length]);
        let entry = |bits: u32| (bits & 7) as u16;
        list.entry((OWNER, NO_ID)).or_insert_with(|| entry(mode >> 6));
        list.entry((GROUP, NO_ID)).or_insert_with(|| entry(mode >> 3));
        list.entry((OTHERS, NO_ID)).or_insert_with(|| entry(mode));
        let before = list.clone();
        list.insert((NAMED_USER, uid), entry(rights));
        let most = list.iter().filter(|((tag, _), _)| !matches!(*tag, OWNER | OTHERS | MASK)).fold(0, |most, (_, rights)| most | rights);
        list.insert((MASK, NO_ID), most);
        if list != before {
            fs::fsetxattr(file, name, &write_rights(&list), XattrFlags::empty())?;
        }
        Ok(())
    }

    /// The rights by whom they are for; sorted as the kernel wants it.
    fn parse_rights(bytes: &[u8]) -> BTreeMap<(u16, u32), u16> {
        let entries = bytes.get(4..).unwrap_or_default().chunks_exact(8);
        let short = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        entries.map(|entry| ((short(entry, 0), u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]])), short(entry, 2))).collect()
    }

    fn write_rights(list: &BTreeMap<(u16, u32), u16>) -> Vec<u8> {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for ((tag, id), rights) in list {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(rights.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_list_is_read_as_it_was_written() {
            let list = BTreeMap::from([
                ((OWNER, NO_ID), 6),
                ((NAMED_USER, 65_534), 6),
                ((GROUP, NO_ID), 4),
                ((MASK, NO_ID), 6),
                ((OTHERS, NO_ID), 4),
            ]);
            assert_eq!(parse_rights(&write_rights(&list)), list);
            assert!(parse_rights(&[]).is_empty() && parse_rights(&[2, 0, 0, 0, 1]).is_empty());
        }
    }
}
