//! To whom a repository belongs. What Baton leaves in it belongs to the user Baton runs as, so one of another user is used
//! only where git itself would: where that user's settings say so.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

use rustix::{
    fs::{Access, access},
    io::Errno,
};

use super::{names::excerpt, program::Program, repository::Repository};
use crate::journal::CallError;

/// Refuses the repository of another user that `safe.directory` does not name.
pub(super) fn check(program: &Program, repository: &Repository) -> Result<(), CallError> {
    let user = rustix::process::geteuid().as_raw();
    let Repository { folder, git_dir, common, .. } = repository;
    let owner = [folder, &folder.join(".git"), git_dir, common, &common.join("objects"), &common.join("refs")]
        .into_iter()
        .filter_map(|part| fs::symlink_metadata(part).ok())
        .map(|found| found.uid())
        .find(|owner| *owner != user);
    match owner {
        Some(owner) if !is_safe(&safe_directories(program), folder) => Err(foreign(folder, owner, user)),
        _ => Ok(()),
    }
}

/// Refuses a repository in which a part of the objects or branches cannot be written, such as after a `sudo git commit`,
/// before anything is begun that would be committed to it.
pub(super) fn check_writable(repository: &Repository) -> Result<(), CallError> {
    let objects = repository.common.join("objects");
    let parts = fs::read_dir(&objects).into_iter().flatten().flatten().map(|part| part.path()).filter(|part| part.is_dir());
    let folders = [objects.clone(), repository.common.join("refs/heads")].into_iter().chain(parts);
    let closed = folders.into_iter().find(|folder| matches!(access(folder, Access::WRITE_OK), Err(Errno::ACCESS | Errno::PERM)));
    closed.map_or(Ok(()), |closed| {
        Err(CallError::conflict(format!(
            "The folder `{}` cannot be written by the user of Baton, so nothing could be committed; give the repository back to its owner, for example by \
             `sudo chown -R \"$USER\" .git` in the project's folder.",
            excerpt(&closed.to_string_lossy())
        )))
    })
}

/// The directories that the user's and the system's settings call safe, in their order.
fn safe_directories(program: &Program) -> Vec<u8> {
    let call = program.call(["config", "-z", "--type=path", "--get-all", "safe.directory"]);
    // No such setting is no failure of git's.
    call.by_the_persons_settings(program).by_the_systems_settings().run().map(|said| said.out).unwrap_or_default()
}

/// As git has it: `*` is every directory, `/*` at the end all below one, and an empty value forgets those before it.
fn is_safe(listed: &[u8], folder: &Path) -> bool {
    let folder = folder.as_os_str().as_bytes();
    let mut safe = false;
    for listed in super::fields::fields(listed) {
        safe = match (listed, listed.strip_suffix(b"/*")) {
            (b"", _) => false,
            (b"*", _) => true,
            (_, Some(above)) => safe || folder.strip_prefix(above).is_some_and(|below| below.starts_with(b"/")),
            (_, None) => safe || listed.strip_suffix(b"/").unwrap_or(listed) == folder,
        };
    }
    safe
}

fn foreign(folder: &Path, owner: u32, user: u32) -> CallError {
    let folder = excerpt(&folder.to_string_lossy());
    CallError::invalid(format!(
        "The repository in `{folder}` belongs to the user with the id {owner}, and Baton runs as the user with the id {user}, whose files the owner \
         could not change. Run Baton as the owner (`sudo -u '#{owner}' baton …`), or run `git config --global --add safe.directory {folder}` to have \
         Baton work in it all the same."
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::journal::ErrorKind;

    #[test]
    fn a_directory_is_safe_as_git_has_it() {
        let folder = Path::new("/home/ada/work");
        for listed in [&b"/home/ada/work\0"[..], b"/x\0/home/ada/work/\0", b"*\0", b"\0*\0", b"/home/ada/*\0", b"/home/*\0/x\0"] {
            assert!(is_safe(listed, folder), "{}", listed.escape_ascii());
        }
        for listed in [&b""[..], b"/home/ada\0", b"/home/ada/work/x\0", b"*\0\0", b"/home/ada/w/*\0", b"/home/ada/work/*\0"] {
            assert!(!is_safe(listed, folder), "{}", listed.escape_ascii());
        }
    }

    #[test]
    fn a_repository_in_parts_of_others_is_refused_before_work_is_begun() {
        let home = tempfile::tempdir().unwrap();
        for folder in ["objects/ab", "objects/pack", "refs/heads"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        let repository = Repository::read(home.path(), home.path().to_owned(), home.path().to_owned()).unwrap();
        assert!(check_writable(&repository).is_ok());
        fs::set_permissions(home.path().join("objects/ab"), fs::Permissions::from_mode(0o555)).unwrap();
        // Root may write everywhere.
        if !rustix::process::geteuid().is_root() {
            let refused = check_writable(&repository).unwrap_err().to_string();
            assert!(refused.contains("objects/ab` cannot be written") && refused.contains("sudo chown"), "{refused}");
        }
    }

    #[test]
    fn the_sentence_says_who_and_what_to_do() {
        let CallError { kind: ErrorKind::Invalid, text: said, .. } = foreign(Path::new("/w"), 1000, 0) else { panic!("another kind") };
        assert!(
            said.contains("`/w` belongs to the user with the id 1000")
                && said.contains("sudo -u '#1000'")
                && said.contains("safe.directory /w")
        );
    }
}
