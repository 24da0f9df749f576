//! Names of files as guests give them, made plain before anything is decided or looked at. Touches no disk.

use crate::{journal::CallError, rules::paths};

/// A path inside the workspace: relative, `/` between names, no `.`, no `..`, nothing hidden.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::interfaces) struct RelativePath(String);

impl RelativePath {
    /// The plain form of what a guest wrote, or why it is none.
    pub(in crate::interfaces) fn parse(text: &str) -> Result<Self, CallError> {
        paths::plain(text).map(Self).map_err(CallError::invalid)
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
