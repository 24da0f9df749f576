//! Serves the documents of the backlog from a run's workspace: the one place that knows both interfaces.

use std::path::PathBuf;

use super::{
    backlog::{
        Documents,
        documents::{Entry, Form},
    },
    files::{Lying, RelativePath, Workspace},
};
use crate::{
    events::path_text,
    journal::{Attempt, CallError, ErrorKind},
};

/// Files of one folder that are looked at.
const MOST_FILES: usize = 20_000;

impl Documents for Workspace {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CallError> {
        match Workspace::read(self, &RelativePath::parse(path)?) {
            Ok(content) => Ok(Some(content)),
            Err(CallError { kind: ErrorKind::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, path: &str, content: &str, attempt: &Attempt) -> Result<(), CallError> {
        Workspace::write(self, &RelativePath::parse(path)?, content.as_bytes(), attempt)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, CallError> {
        match self.below(&RelativePath::parse(folder)?, MOST_FILES) {
            Ok(found) => Ok(found.into_iter().map(entry).collect()),
            Err(CallError { kind: ErrorKind::NotFound, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn entry((path, lying): (PathBuf, Lying)) -> Entry {
    let form = match lying {
        _ if path.to_str().is_none() => Form::NotUtf8,
        Lying::File => Form::File,
        Lying::Symlink => Form::Link,
        Lying::Special => Form::Special,
        Lying::Closed => Form::Closed,
    };
    Entry { path: path_text(&path), form }
}
