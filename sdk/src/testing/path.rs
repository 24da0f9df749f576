//! Names of files and globs, by the rules of the host and in its words.

use globset::{GlobBuilder, GlobMatcher};

use crate::rules::paths;
use crate::{Error, Result};

/// The plain form of a path of the workspace: relative, no `.`, no `..`, nothing that belongs to the host.
pub(super) fn plain(text: &str) -> Result<String> {
    paths::plain(text).map_err(Error::invalid)
}

/// A glob such as `docs/**/*.md`; `*` stays between two `/`.
pub(super) fn glob(text: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(paths::glob(text).map_err(Error::invalid)?).literal_separator(true).backslash_escape(false).build();
    Ok(glob.map_err(|error| Error::invalid(paths::reject_glob(&error.kind().to_string())))?.compile_matcher())
}

/// The directories above a plain path, outermost first.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}
