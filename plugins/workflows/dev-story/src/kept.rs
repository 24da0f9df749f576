//! What the worktree's files were before others worked in it, and the way back to that. Restores no file that git ignores.

use std::collections::BTreeMap;

use baton_sdk::git::Change;
use baton_sdk::prelude::*;

use crate::guards;

/// Files of a story whose content is kept, and their bytes; of more, what others do to them is told alone.
const MOST_FILES: usize = 300;
const MOST_BYTES: usize = 8 << 20;
/// What says which files git does not show.
const RULES: &str = ".gitignore";
/// Looks at what is left: a file may have hidden others from git.
const LOOKS: u32 = 3;

/// What differs from the last commit, by path: its content, nothing where it is deleted, or none where that is not known.
pub(crate) struct Kept(BTreeMap<String, Option<Content>>);

#[derive(PartialEq)]
enum Content {
    Bytes(Vec<u8>),
    Deleted,
}

impl Kept {
    /// Everything as it is now.
    pub(crate) fn note() -> Result<Self> {
        let (mut left, mut kept) = (MOST_BYTES, BTreeMap::new());
        for (number, change) in git::status()?.into_iter().enumerate() {
            let content = if number < MOST_FILES && left > 0 { content(&change.path) } else { None };
            if let Some(Content::Bytes(bytes)) = &content {
                left = left.saturating_sub(bytes.len());
            }
            kept.insert(change.path, content);
        }
        Ok(Self(kept))
    }

    /// Makes the files that again; gives what was done to them, without files that are new.
    pub(crate) fn put_back(&self) -> Result<Vec<String>> {
        let mut told = Vec::new();
        if !self.0.contains_key(RULES) {
            unhide()?;
        }
        for _ in 0..LOOKS {
            let left: Vec<_> = git::status()?.into_iter().filter(|change| !self.0.contains_key(&change.path)).collect();
            told.extend(left.iter().filter(|change| change.kind != git::ChangeKind::Added).map(|change| change.path.clone()));
            guards::put_back(&left.iter().map(|change| change.path.clone()).collect::<Vec<_>>())?;
            let changed = self.rewritten()?;
            if left.is_empty() && changed.is_empty() {
                break;
            }
            told.extend(changed);
        }
        told.sort();
        told.dedup();
        Ok(told)
    }

    /// Writes what was kept where there is something else now.
    fn rewritten(&self) -> Result<Vec<String>> {
        let known = self.0.iter().filter_map(|(path, kept)| Some((path, kept.as_ref()?)));
        let mut changed = Vec::new();
        for (path, kept) in known.filter(|(path, kept)| content(path).as_ref() != Some(kept)) {
            // A folder or a link may lie where the file was.
            if content(path).is_none() {
                guards::put_back(std::slice::from_ref(path))?;
            }
            match kept {
                Content::Bytes(bytes) => files::write(path, bytes)?,
                Content::Deleted => files::remove(path)?,
            }
            changed.push(path.clone());
        }
        Ok(changed)
    }
}

/// Makes the worktree what is committed.
pub(crate) fn restore_committed() -> Result<Vec<Change>> {
    let mut told: Vec<Change> = Vec::new();
    unhide()?;
    for _ in 0..LOOKS {
        let left = git::status()?;
        if left.is_empty() {
            break;
        }
        guards::put_back(&left.iter().map(|change| change.path.clone()).collect::<Vec<_>>())?;
        told.extend(left);
    }
    Ok(told)
}

/// A file of rules that no commit has can hide itself, with all that is new beside it.
fn unhide() -> Result<()> {
    match git::read(&crate::work::head()?, RULES) {
        Err(Error { kind: ErrorKind::NotFound, .. }) => guards::put_back(&[RULES.to_owned()]),
        read => read.map(drop),
    }
}

fn content(path: &str) -> Option<Content> {
    match files::read(path) {
        Ok(bytes) => Some(Content::Bytes(bytes)),
        Err(Error { kind: ErrorKind::NotFound, .. }) => Some(Content::Deleted),
        Err(_) => None,
    }
}
