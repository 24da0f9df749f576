//! What lies below a folder of the workspace, of whatever kind it is. Follows no link and reads no file; leaves out what
//! begins with a dot.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::{Workspace, path::RelativePath};
use crate::{interfaces::repository_layout::is_hosts, journal::CallError};

/// What something in a folder is, other than a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::interfaces) enum Lying {
    File,
    Symlink,
    /// A pipe, a socket or a device.
    Special,
    /// A folder that cannot be opened, or lies too deep.
    Closed,
}

impl Workspace {
    const DEEPEST: usize = 64;

    /// All that lies below a folder, sorted by path; at most `most`.
    pub(in crate::interfaces) fn below(&self, folder: &RelativePath, most: usize) -> Result<Vec<(PathBuf, Lying)>, CallError> {
        let mut found = Vec::new();
        let mut ahead = vec![PathBuf::from(folder.as_str())];
        while let Some(directory) = ahead.pop() {
            let entries = match self.open_below(&directory).and_then(|dir| dir.entries()) {
                Ok(entries) => entries,
                Err(error) if found.is_empty() && directory == Path::new(folder.as_str()) => return Err(self.explain(folder, error)),
                Err(_) => {
                    found.push((directory, Lying::Closed));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let (name, path) = (entry.file_name(), directory.join(entry.file_name()));
                if is_left_out(&name) || self.is_hosts_own(&path.to_string_lossy()) {
                    continue;
                }
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && path.components().count() < Self::DEEPEST => ahead.push(path),
                    Ok(kind) if kind.is_dir() => found.push((path, Lying::Closed)),
                    Ok(kind) if kind.is_file() => found.push((path, Lying::File)),
                    Ok(kind) if kind.is_symlink() => found.push((path, Lying::Symlink)),
                    _ => found.push((path, Lying::Special)),
                }
            }
            if found.len() + ahead.len() > most {
                return Err(CallError::invalid(format!("`{}` holds more than {most} files; move some elsewhere.", folder.as_str())));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// One name at a time, for a name that was a directory may be a link by now.
    fn open_below(&self, directory: &Path) -> io::Result<Dir> {
        directory.iter().try_fold(self.dir().try_clone()?, |dir, name| dir.open_dir_nofollow(name))
    }
}

fn is_left_out(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || name.to_str().is_some_and(is_hosts)
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;
    use crate::journal::ErrorKind;

    #[test]
    fn everything_below_a_folder_is_listed_and_no_link_followed() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("docs/stories/epic-1/.obsidian")).unwrap();
        for file in ["docs/stories/a.md", "docs/stories/epic-1/b.MD", "docs/stories/epic-1/.c.md", "docs/stories/epic-1/.obsidian/d.md"] {
            fs::write(at(file), "").unwrap();
        }
        fs::create_dir(at("elsewhere")).unwrap();
        fs::write(at("elsewhere/e.md"), "").unwrap();
        symlink("a.md", at("docs/stories/link.md")).unwrap();
        symlink("../../elsewhere", at("docs/stories/folder")).unwrap();
        symlink("../elsewhere", at("docs/linked")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("docs/stories/s.md")).unwrap();
        let workspace = Workspace::open(root.path()).unwrap();
        let below = |folder: &str, most| workspace.below(&RelativePath::parse(folder).unwrap(), most);
        let found: Vec<_> = below("docs/stories", 6).unwrap();
        let expected = [
            ("docs/stories/a.md", Lying::File),
            ("docs/stories/epic-1/b.MD", Lying::File),
            ("docs/stories/folder", Lying::Symlink),
            ("docs/stories/link.md", Lying::Symlink),
            ("docs/stories/s.md", Lying::Special),
        ];
        assert_eq!(found, expected.map(|(path, lying)| (PathBuf::from(path), lying)));
        assert!(below("docs/stories", 3).unwrap_err().to_string().contains("more than 3"));
        assert!(matches!(below("docs/none", 9), Err(CallError { kind: ErrorKind::NotFound, .. })));
        assert!(below("docs/linked", 9).unwrap_err().to_string().contains("`docs/linked` is a symbolic link"));
    }
}
