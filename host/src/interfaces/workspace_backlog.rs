//! Serves the documents of the backlog from a run's workspace: the one place that knows both interfaces.

use super::{
    backlog::Documents,
    blocking::Deadline,
    files::{Kind, Pattern, RelativePath, Walk, Workspace},
};
use crate::journal::{Attempt, CallError};

/// Documents of one folder that are looked at.
const MOST_DOCUMENTS: usize = 20_000;

impl Documents for Workspace {
    fn read(&self, path: &str) -> Result<Option<String>, CallError> {
        match Workspace::read(self, &RelativePath::parse(path)?) {
            Ok(content) => String::from_utf8(content).map(Some).map_err(|error| {
                let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = sound.iter().filter(|byte| **byte == b'\n').count() + 1;
                CallError::Invalid(format!("`{path}` is not UTF-8 text in line {line}; save it as UTF-8."))
            }),
            Err(CallError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, path: &str, content: &str, attempt: &Attempt) -> Result<(), CallError> {
        Workspace::write(self, &RelativePath::parse(path)?, content.as_bytes(), attempt)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, CallError> {
        let pattern = Pattern::parse(&format!("{folder}/*.md"))?;
        let walk = Walk { pattern: Some(&pattern), allowed: &|_| true, most: MOST_DOCUMENTS, deadline: &Deadline::new() };
        let mut paths: Vec<_> = walk.run(self)?.into_iter().filter(|found| found.kind == Kind::File).map(|found| found.path).collect();
        paths.sort();
        Ok(paths)
    }
}
