//! Serves the files that the host's own tools work on from a run's workspace: the one place that knows both interfaces.

use baton_sdk::{files::LineMatch, tools::text::Found};

use super::{
    blocking::Deadline,
    files::{self, Kind, Pattern, RelativePath, Search, Walk, Workspace},
    tools::{Files, SearchQuery},
};
use crate::journal::{Attempt, Authority, CallError, Capability};

impl Files for Workspace {
    fn reading(&self, path: &str) -> Option<Capability<'static>> {
        Some(Capability::new(files::READ.word, RelativePath::parse(path).ok()?.as_str().to_owned()))
    }

    fn writing(&self, path: &str) -> Option<Capability<'static>> {
        Some(Capability::new(files::WRITE.word, RelativePath::parse(path).ok()?.as_str().to_owned()))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, CallError> {
        self.read(&RelativePath::parse(path)?)
    }

    fn write(&self, path: &str, content: &[u8], attempt: &Attempt) -> Result<(), CallError> {
        self.write(&RelativePath::parse(path)?, content, attempt)
    }

    fn find(&self, glob: &str, authority: &dyn Authority, deadline: &Deadline) -> Result<Vec<Found>, CallError> {
        let pattern = Pattern::parse(glob)?;
        let allowed = |path: &str| files::may_read(authority, path);
        let walk = Walk { pattern: Some(&pattern), allowed: &allowed, most: files::MOST_ENTRIES, deadline };
        let found = walk.run(self)?.into_iter().map(|found| {
            let (size, kind) = match found.kind {
                Kind::File => (Some(found.size), "file"),
                Kind::Directory => (None, "directory"),
                Kind::Symlink => (None, "symlink"),
            };
            Found { path: found.path, size, kind }
        });
        Ok(found.collect())
    }

    fn search(&self, wanted: &SearchQuery<'_>, authority: &dyn Authority, deadline: &Deadline) -> Result<Vec<LineMatch>, CallError> {
        let search = Search::new(wanted.pattern, wanted.glob, wanted.limit)?.with_context(wanted.context)?;
        let matches = search.run(self, &|path| files::may_read(authority, path), deadline)?;
        let line = |found: files::Match| LineMatch {
            path: found.path,
            line: found.line,
            text: found.text,
            before: found.before,
            after: found.after,
        };
        Ok(matches.into_iter().map(line).collect())
    }
}
