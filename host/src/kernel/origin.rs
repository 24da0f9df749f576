//! Where plugins come from. Reads none.

use std::{fmt, path::PathBuf};

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is part of this program.
    Bundled,
    /// Somebody put this file into the plugin folder.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => formatter.write_str("bundled"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}
