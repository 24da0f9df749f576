//! Names of files as guests give them, made plain before anything is decided or looked at. Touches no disk.

use crate::{interfaces::repository_layout::is_hosts, journal::CallError};

/// A path inside the workspace: relative, `/` between names, no `.`, no `..`, nothing hidden.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::interfaces) struct RelativePath(String);

impl RelativePath {
    const LONGEST: usize = 4096;
    const LONGEST_NAME: usize = 255;

    /// The plain form of what a guest wrote, or why it is none.
    pub(in crate::interfaces) fn parse(text: &str) -> Result<Self, CallError> {
        let refuse = |why: &str| Err(CallError::invalid(format!("`{}` is not a path of the workspace: {why}.", excerpt(text))));
        if text.len() > Self::LONGEST {
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
        if names.iter().any(|name| name.len() > Self::LONGEST_NAME) {
            return refuse("one of its names has more than 255 bytes; use a shorter one");
        }
        if names.iter().any(|name| is_hosts(name)) {
            return refuse("`.git` and `.baton` belong to the host; use the interface that serves what they hold");
        }
        Ok(Self(names.join("/")))
    }

    /// The whole path.
    pub(in crate::interfaces) fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of the directories above, outermost first, and the last name.
    pub(super) fn split(&self) -> (impl Iterator<Item = &str>, &str) {
        let (parents, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        (parents.split('/').filter(|name| !name.is_empty()), name)
    }
}

fn has_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

/// Enough of a hostile text to recognise it, harmless to a terminal.
fn excerpt(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}
