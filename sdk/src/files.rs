//! Files of the run's workspace. Needs `read` and `write`.
//!
//! Paths are relative, with `/` between names, and cannot leave the workspace.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn append(path: &str, line: &str) -> Result<()> {
//!     let text = files::read_text(path)?;
//!     files::write(path, format!("{text}{line}\n"))
//! }
//! # let host = baton_sdk::testing::Host::new().with_file("notes.md", "one\n");
//! # host.inside(|| append("notes.md", "two")).unwrap();
//! # assert_eq!(host.file("notes.md").as_deref(), Some("one\ntwo\n"));
//! ```

use crate::imports::files as host;
use crate::{Error, Result, numbers};

pub use host::{Entry, Excerpt, Kind, LineMatch, TextLine};

impl Entry {
    /// The file's size in bytes; 0 for anything but a file.
    pub fn size(&self) -> u64 {
        numbers::from_contract(self.size_bytes)
    }
}

impl Excerpt {
    /// The size of the whole text in bytes.
    pub fn size(&self) -> u64 {
        numbers::from_contract(self.size_bytes)
    }
}

/// Reads a file. Errors: `denied` without a grant, `not-found` if there is no file.
pub fn read(path: &str) -> Result<Vec<u8>> {
    Ok(host::read(path)?)
}

/// Reads a file as text. Error: `invalid` if it is not UTF-8.
pub fn read_text(path: &str) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Error::invalid(format!("`{path}` is not UTF-8 text. Name a text file, or read it as bytes.")))
}

/// Reads lines of a text file from line `first` (counted from 1) on: at most `count`, and at most `most_bytes` bytes of them.
/// The journal keeps these lines alone, so a large file is read cheaply in parts. Error: `invalid` if it is not UTF-8.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host, tools::text};
/// fn show(path: &str) -> Result<String> {
///     Ok(text::show_excerpt(path, &files::read_lines(path, 2, 100, 10_000)?))
/// }
/// # let host = Host::new().with_file("a.md", "one\ntwo\nthree\n");
/// # assert_eq!(host.inside(|| show("a.md")).unwrap(), "     2\ttwo\n     3\tthree\n[Lines 2 to 3, the last.]");
/// ```
pub fn read_lines(path: &str, first: u32, count: u32, most_bytes: u32) -> Result<Excerpt> {
    Ok(host::read_lines(path, first, count, most_bytes)?)
}

/// Creates or replaces a file atomically, and creates its parent directories.
pub fn write(path: &str, content: impl AsRef<[u8]>) -> Result<()> {
    Ok(host::write(path, content.as_ref())?)
}

/// Removes a file or an empty directory.
pub fn remove(path: &str) -> Result<()> {
    Ok(host::remove(path)?)
}

/// Lists the entries that match a glob such as `docs/**/*.md`, sorted by path. Ignored files, and paths without a grant,
/// are left out.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn size_of_documents() -> Result<u64> {
///     Ok(files::find("docs/**/*.md")?.iter().map(files::Entry::size).sum())
/// }
/// # let host = Host::new().with_file("docs/a.md", "one").with_file("docs/more/b.md", "two").with_file("a.md", "three");
/// # assert_eq!(host.inside(size_of_documents), Ok(6));
/// ```
pub fn find(glob: &str) -> Result<Vec<Entry>> {
    Ok(host::find(glob)?)
}

/// Finds at most `limit` lines of text files that match a regular expression, in the order of path and line.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn headings() -> Result<Vec<String>> {
///     let found = files::search("^# ", Some("**/*.md"), 100)?;
///     Ok(found.into_iter().map(|line| format!("{}:{}: {}", line.path, line.line, line.text)).collect())
/// }
/// # let host = Host::new().with_file("docs/a.md", "# A\ntext").with_file("a.sh", "# not one");
/// # assert_eq!(host.inside(headings), Ok(vec!["docs/a.md:1: # A".to_owned()]));
/// ```
pub fn search(pattern: &str, glob: Option<&str>, limit: u32) -> Result<Vec<LineMatch>> {
    search_around(pattern, glob, limit, 0)
}

/// The same, each line with at most `context` (up to 20) lines before and after it.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host, tools::text};
/// fn show_uses(name: &str) -> Result<String> {
///     Ok(text::show_matches(&files::search_around(name, Some("**/*.rs"), 100, 1)?))
/// }
/// # let host = Host::new().with_file("a.rs", "one\ntwo\nthree\n");
/// # assert_eq!(host.inside(|| show_uses("two")).unwrap(), "a.rs-1- one\na.rs:2: two\na.rs-3- three\n");
/// ```
pub fn search_around(pattern: &str, glob: Option<&str>, limit: u32, context: u32) -> Result<Vec<LineMatch>> {
    Ok(host::search(pattern, glob, limit, context)?)
}
