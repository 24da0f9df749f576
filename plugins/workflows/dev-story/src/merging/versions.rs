//! What each side has of a file that both changed, and what can be done about it: joined line by line, kept or removed, or
//! one version chosen. Writes nothing.

use baton_sdk::git::Resolution;
use baton_sdk::prelude::*;

use super::diff3::{self, Labels, Part};

/// A file that conflicts.
pub(super) struct Version {
    pub(super) path: String,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// Text that both have, or that both added.
    Text(Vec<Part>),
    /// One side changed it, or added it under this name, and the other removed it.
    OneSided(Vec<u8>, Side),
    /// No text, so that one of both has to be taken.
    Binary { ours: Vec<u8>, theirs: Vec<u8> },
    /// Neither side has it under this name.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Story,
    Base,
}

/// The commits that are merged, and where they parted.
pub(super) struct Commits {
    pub(super) ours: String,
    pub(super) before: String,
    pub(super) theirs: String,
}

impl Version {
    pub(super) fn read(path: &str, commits: &Commits) -> Result<Self> {
        if is_link(path)? {
            return Err(by_hand(path, "is a symbolic link on one side"));
        }
        let [ours, before, theirs] = [side(&commits.ours, path)?, side(&commits.before, path)?, side(&commits.theirs, path)?];
        let kind = match (ours, theirs) {
            (Some(ours), Some(theirs)) => both(before.unwrap_or_default(), ours, theirs),
            (Some(ours), None) => Kind::OneSided(ours, Side::Story),
            (None, Some(theirs)) => Kind::OneSided(theirs, Side::Base),
            (None, None) if before.is_some() => Kind::Gone,
            (None, None) => return Err(by_hand(path, "is a file on one side and a folder on the other")),
        };
        Ok(Self { path: path.to_owned(), kind })
    }

    /// What the file is to hold, where no developer has to say so.
    pub(super) fn settled(&self) -> Option<Resolution> {
        match &self.kind {
            Kind::Text(parts) => {
                let text: String = parts.iter().map(text_of).collect::<Option<_>>()?;
                Some(Resolution::keep(&self.path, text))
            }
            Kind::Gone => Some(Resolution::remove(&self.path)),
            Kind::OneSided(..) | Kind::Binary { .. } => None,
        }
    }

    /// What the developer finds in the worktree, where that is not what the story has.
    pub(super) fn shown(&self, labels: &Labels) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Text(parts) => Some(diff3::marked(parts, labels).into_bytes()),
            Kind::OneSided(content, Side::Base) => Some(content.clone()),
            Kind::OneSided(_, Side::Story) | Kind::Binary { .. } | Kind::Gone => None,
        }
    }
}

fn both(before: Vec<u8>, ours: Vec<u8>, theirs: Vec<u8>) -> Kind {
    match (text(&before), text(&ours), text(&theirs)) {
        (Some(before), Some(ours), Some(theirs)) => Kind::Text(diff3::joined(before, ours, theirs)),
        _ => Kind::Binary { ours, theirs },
    }
}

fn text_of(part: &Part) -> Option<&str> {
    match part {
        Part::Settled(text) => Some(text),
        Part::Conflict(_) => None,
    }
}

fn text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content).ok().filter(|text| !text.contains('\0'))
}

fn side(revision: &str, path: &str) -> Result<Option<Vec<u8>>> {
    match git::read(revision, path) {
        Ok(content) => Ok(Some(content)),
        Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_link(path: &str) -> Result<bool> {
    let found = files::find(&crate::guards::literal(path))?;
    Ok(found.iter().any(|entry| entry.path == path && entry.kind == files::Kind::Symlink))
}

fn by_hand(path: &str, why: &str) -> Error {
    Error::conflict(format!("`{path}` conflicts and {why}, so only a person can say what becomes of it; merge it by hand and start again."))
}
