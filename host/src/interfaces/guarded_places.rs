//! Where in a workspace the places lie that git settings lead to, with the links on the way to them, for all who keep others
//! from changing these: the sandbox, and `files`. Follows no link by itself, and changes nothing.

use std::{
    collections::{HashSet, VecDeque},
    ffi::OsStr,
    os::{fd::BorrowedFd, unix::ffi::OsStrExt as _},
    path::{Component, Path, PathBuf},
};

use rustix::fs::{self, Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::{
    repository_layout::{is_hosts, plain_name},
    used_by_git::{Used, UsedBy},
};

/// Entries of a folder of hooks. A larger one is a folder of other things, of which only the hooks matter.
pub(in crate::interfaces) const MOST_ENTRIES: usize = 1000;
/// Links on the way to one place, as the kernel has it.
const MOST_LINKS: usize = 40;
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The names by which git executes hooks.
const HOOKS: [&str; 28] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];
/// The hook that git executes also to show what has changed.
const EXECUTED_BY_STATUS: &[u8] = b"post-index-change";

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::interfaces) struct Guard {
    /// In the workspace, without a link on the way.
    pub(in crate::interfaces) path: Vec<u8>,
    /// Files at or below it whose change a person sees before git executes them, by their paths in the workspace.
    pub(in crate::interfaces) reviewed: HashSet<Vec<u8>>,
}

impl Guard {
    /// Whether a path is the place or lies below it, in any spelling that some file system takes for the same, and is not a
    /// file whose change is reviewed.
    pub(in crate::interfaces) fn forbids(&self, path: &str) -> bool {
        if self.reviewed.contains(path.as_bytes()) {
            return false;
        }
        let guarded = String::from_utf8_lossy(&self.path);
        let mut names = path.split('/');
        guarded.split('/').all(|guarded| names.next().is_some_and(|name| plain_name(name).eq_ignore_ascii_case(&plain_name(guarded))))
    }
}

/// The places in the workspace at `root`, which is open as `folder`, each once. `is_large` tells whether a folder holds more
/// than hooks do.
pub(in crate::interfaces) fn guarded_places<E>(
    root: &Path,
    folder: BorrowedFd<'_>,
    used: Vec<Used>,
    mut is_large: impl FnMut(&[u8]) -> Result<bool, E>,
) -> Result<Vec<Guard>, E> {
    let mut places = Vec::<Guard>::new();
    let mut add = |path: Vec<u8>, reviewed: &HashSet<Vec<u8>>| {
        // What belongs to the host is out of reach in any case.
        let is_covered = path.split(|byte| *byte == b'/').any(|name| is_hosts(&String::from_utf8_lossy(name)));
        if !path.is_empty() && !is_covered && places.iter().all(|other| other.path != path) {
            places.push(Guard { path, reviewed: reviewed.clone() });
        }
    };
    for Used { path, by } in used {
        let Some(inside) = inside(root, &path) else { continue };
        let reviewed = match by {
            UsedBy::File => {
                resolve_links(folder, root, &inside).into_iter().for_each(|path| add(path, &HashSet::new()));
                continue;
            }
            UsedBy::Hooks { reviewed } => reviewed_in(root, &reviewed),
        };
        for path in resolve_links(folder, root, &inside) {
            if !path.is_empty() && !is_large(&path)? {
                add(path, &reviewed);
                continue;
            }
            let hooks = HOOKS.iter().flat_map(|hook| resolve_links(folder, root, &[&path[..], b"/", hook.as_bytes()].concat()));
            hooks.for_each(|path| add(path, &reviewed));
        }
    }
    Ok(places)
}

/// The files whose change a person sees before git executes them, by their paths in the workspace.
fn reviewed_in(root: &Path, reviewed: &[PathBuf]) -> HashSet<Vec<u8>> {
    let seen_first = reviewed.iter().filter(|path| path.file_name().is_none_or(|name| name.as_bytes() != EXECUTED_BY_STATUS));
    seen_first.filter_map(|path| Some(path.strip_prefix(root).ok()?.as_os_str().as_bytes().to_vec())).collect()
}

/// The path in the workspace to which an absolute path leads, through links elsewhere as well; none where it leads elsewhere.
fn inside(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let mut path = plain(path);
    for _ in 0..MOST_LINKS {
        if let Ok(inside) = path.strip_prefix(root) {
            return Some(inside.as_os_str().as_bytes().to_vec());
        }
        let ancestors: Vec<_> = path.ancestors().collect();
        let (link, target) = ancestors.iter().rev().find_map(|above| Some((above, above.read_link().ok()?)))?;
        path = plain(&link.parent()?.join(target).join(path.strip_prefix(link).ok()?));
    }
    None
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain
    })
}

/// The places that a path leads to: each link on the way, and its end, whether it is there or not. The workspace itself is the
/// empty path.
fn resolve_links(folder: BorrowedFd<'_>, root: &Path, path: &[u8]) -> Vec<Vec<u8>> {
    let parts = |path: &[u8]| {
        path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).map(<[u8]>::to_vec).collect::<VecDeque<_>>()
    };
    let (mut left, mut at, mut places) = (parts(path), Vec::<Vec<u8>>::new(), Vec::new());
    while let Some(part) = left.pop_front() {
        if part == b".." {
            if at.pop().is_none() {
                return places;
            }
            continue;
        }
        at.push(part);
        let Some(target) = target(folder, &at) else { continue };
        places.push(at.join(&b'/'));
        at.pop();
        if places.len() > MOST_LINKS {
            return places;
        }
        let mut next = match target.strip_prefix(b"/") {
            None => parts(&target),
            Some(_) => {
                at.clear();
                let Some(inside) = inside(root, Path::new(OsStr::from_bytes(&target))) else { return places };
                parts(&inside)
            }
        };
        next.append(&mut left);
        left = next;
    }
    places.push(at.join(&b'/'));
    places
}

/// Where a link leads; none where there is another thing, or nothing. No name before the last is a link.
fn target(folder: BorrowedFd<'_>, path: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (name, above) = path.split_last()?;
    let mut current = folder.try_clone_to_owned().ok()?;
    for part in above {
        current = fs::openat(&current, &part[..], FOLDER, Mode::empty()).ok()?;
    }
    Some(fs::readlinkat(&current, &name[..], Vec::new()).ok()?.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_in_every_spelling_and_what_is_reviewed_may_change() {
        let reviewed = HashSet::from([b".husky/pre-commit".to_vec()]);
        let guard = Guard { path: b".husky".to_vec(), reviewed };
        for path in [
            ".husky",
            ".husky/_/pre-commit",
            ".HUSKY/x",
            ".husky./x",
            ".husky /x",
            ".hus\u{200c}ky/x",
            ".husky::$DATA/x",
            ".Husky/pre-commit",
        ] {
            assert!(guard.forbids(path), "{path:?}");
        }
        for path in [".husky/pre-commit", ".huskyx", "a/.husky", "husky", "a"] {
            assert!(!guard.forbids(path), "{path:?}");
        }
    }
}
