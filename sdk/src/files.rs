//! Files of the run's workspace. Paths are relative, with `/` between names; none leaves the workspace.

use crate::imports::files as host;
use crate::{Error, Result};

pub use host::{Entry, Kind, LineMatch};

/// The bytes of a file. `denied` without a read grant, `not-found` when nothing is there.
pub fn read(path: &str) -> Result<Vec<u8>> {
    Ok(host::read(path)?)
}

/// The text of a file; `invalid` when it is not UTF-8.
pub fn read_text(path: &str) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Error::Invalid(format!("`{path}` is not UTF-8 text. Name a text file, or read it as bytes.")))
}

/// Replaces the file in one step and creates the directories above it.
pub fn write(path: &str, content: impl AsRef<[u8]>) -> Result<()> {
    Ok(host::write(path, content.as_ref())?)
}

/// Removes a file or an empty directory.
pub fn remove(path: &str) -> Result<()> {
    Ok(host::remove(path)?)
}

/// Entries below a glob such as `docs/**/*.md`, sorted by path. Ignored files and paths without a grant are left out.
pub fn find(glob: &str) -> Result<Vec<Entry>> {
    Ok(host::find(glob)?)
}

/// Lines of text files that a regular expression matches, in order of path and line; at most `limit`.
pub fn search(pattern: &str, glob: Option<&str>, limit: u32) -> Result<Vec<LineMatch>> {
    Ok(host::search(pattern, glob, limit)?)
}
