//! Names of files and globs, accepted and refused as the host does, in its words.

use globset::{GlobBuilder, GlobMatcher};

use crate::{Error, Result};

const LONGEST: usize = 4096;
const LONGEST_NAME: usize = 255;
const LONGEST_GLOB: usize = 1024;

/// The plain form of a path of the workspace: relative, no `.`, no `..`, nothing that belongs to the host.
pub(super) fn plain(text: &str) -> Result<String> {
    let refuse = |why: &str| Err(Error::invalid(format!("`{}` is not a path of the workspace: {why}.", excerpt(text))));
    if text.len() > LONGEST {
        return refuse("it has more than 4096 bytes; use a shorter one");
    }
    if text.chars().any(char::is_control) {
        return refuse("it holds a control character; leave it out");
    }
    if text.contains('\\') {
        return refuse("it holds a backslash; put `/` between names");
    }
    if text.starts_with('/') || has_drive(text) {
        return refuse("it is absolute; give it relative to the workspace");
    }
    let names: Vec<_> = text.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    if names.is_empty() {
        return refuse("it names no file; give a name");
    }
    if names.contains(&"..") {
        return refuse("`..` is not followed; give the path from the workspace's root");
    }
    if names.iter().any(|name| name.len() > LONGEST_NAME) {
        return refuse("one of its names has more than 255 bytes; use a shorter one");
    }
    if names.iter().any(|name| name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case(".baton")) {
        return refuse("`.git` and `.baton` belong to the host; use the interface that serves what they hold");
    }
    Ok(names.join("/"))
}

/// A glob such as `docs/**/*.md`; `*` stays between two `/`.
pub(super) fn glob(text: &str) -> Result<GlobMatcher> {
    let refuse = |why: &str| Error::invalid(format!("The glob is not accepted: {why}. Write one such as `docs/**/*.md`."));
    if text.is_empty() || text.len() > LONGEST_GLOB || text.chars().any(char::is_control) {
        return Err(refuse("it has to have 1 to 1024 bytes and no control characters"));
    }
    if text.starts_with('/') || text.contains('\\') || text.split('/').any(|name| name == "..") {
        return Err(refuse("it has to be relative, with `/` between names and without `..`"));
    }
    let glob = GlobBuilder::new(text.trim_start_matches("./")).literal_separator(true).backslash_escape(false).build();
    Ok(glob.map_err(|error| refuse(&error.kind().to_string()))?.compile_matcher())
}

/// The directories above a plain path, outermost first.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

fn has_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

fn excerpt(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}
