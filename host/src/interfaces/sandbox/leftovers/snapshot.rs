//! What a workspace held before a command: what must not be taken for something that the command left, and what has to be
//! covered while it runs. Changes nothing.

use std::{collections::HashSet, os::fd::OwnedFd, sync::atomic::AtomicBool};

use rustix::io::Errno;

use super::{
    findings::{Mark, bare, findings, is_hosts, repository},
    names::shown,
    walk::{self, Entry, Place, Unseen, Visitor},
};

/// Findings that one snapshot keeps.
const MOST_MARKS: usize = 100_000;

/// What was there.
#[derive(Default)]
pub(super) struct Snapshot {
    pub(super) known: HashSet<Mark>,
    /// What git and Baton go by, by its path.
    pub(super) repositories: Vec<Repository>,
}

/// A folder or file that git or Baton goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    pub(super) path: Vec<u8>,
    pub(super) is_folder: bool,
}

impl Snapshot {
    /// Looks at all that lies below `root`.
    pub(super) fn take(root: OwnedFd, stopped: &AtomicBool) -> Result<Self, Unseen> {
        let mut snapshot = Self::default();
        walk::walk(root, stopped, &mut snapshot)?;
        Ok(snapshot)
    }

    fn keep(&mut self, mark: Mark, path: &[u8]) -> Result<(), Unseen> {
        if self.known.len() >= MOST_MARKS {
            let reason = format!("the workspace holds more than {MOST_MARKS} repositories, devices, sockets, pipes and unreadable files");
            return Err(Unseen::Closed { path: shown(path), reason });
        }
        self.known.insert(mark);
        Ok(())
    }
}

impl Visitor for Snapshot {
    fn folder(&mut self, place: &Place<'_>, entries: Vec<Entry>) -> Result<Vec<Entry>, Unseen> {
        if let Some(mark) = bare(place, &entries) {
            self.keep(mark, place.path)?;
        }
        if let Some(top) = place.top() {
            findings(place, &top).into_iter().try_for_each(|mark| self.keep(mark, place.path))?;
        }
        let mut below = Vec::new();
        for entry in entries {
            if is_hosts(&entry) {
                self.keep(repository(place, &entry), place.path)?;
                if entry.is_folder() || entry.is_file() {
                    self.repositories.push(Repository { path: place.path_of(&entry.name), is_folder: entry.is_folder() });
                }
                continue;
            }
            for mark in findings(place, &entry) {
                self.keep(mark, place.path)?;
            }
            if entry.is_folder() {
                below.push(entry);
            }
        }
        Ok(below)
    }

    /// What the host cannot look into, a command can only by opening it, which changes it.
    fn closed(&mut self, place: &Place<'_>, entry: &Entry, error: Errno) -> Result<(), Unseen> {
        if matches!(error, Errno::ACCESS | Errno::PERM) { Ok(()) } else { Err(place.failure(&entry.name, error)) }
    }
}
