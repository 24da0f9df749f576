//! Names by which git and Baton know what is theirs, and folders that are laid out as a git repository without a `.git`: git
//! takes any of them for one and executes what its settings name. Knows them by names alone, and touches no disk.

use crate::rules::paths::is_git;
pub(in crate::interfaces) use crate::rules::paths::{is_hosts, plain_name};

/// What the layout of a repository is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::interfaces) struct Layout {
    head: bool,
    objects: bool,
    refs: bool,
    common_dir: bool,
}

impl Layout {
    /// What a folder is of a layout with one entry more.
    pub(in crate::interfaces) fn with(mut self, name: &str) -> Self {
        match plain_name(name).to_ascii_lowercase().as_str() {
            "head" => self.head = true,
            "objects" => self.objects = true,
            "refs" => self.refs = true,
            "commondir" | "common~1" => self.common_dir = true,
            _ => {}
        }
        self
    }

    /// Whether git takes the folder for a repository.
    pub(in crate::interfaces) fn is_repository(self) -> bool {
        self.head && (self.common_dir || self.objects && self.refs)
    }
}

/// Whether an entry of this name is part of a layout.
pub(in crate::interfaces) fn is_part(name: &str) -> bool {
    Layout::default().with(name) != Layout::default()
}

/// Whether an entry of this name decides what git executes in a repository.
pub(in crate::interfaces) fn is_setting(name: &str) -> bool {
    let name = plain_name(name).to_ascii_lowercase();
    matches!(name.as_str(), "config" | "config.worktree" | "config~1.wor" | "hooks" | "commondir" | "common~1")
}

/// Whether an entry of this name is a repository to git, on this file system or on another.
pub(in crate::interfaces) fn is_repository_name(name: &str) -> bool {
    is_git(&plain_name(name))
}

/// Why a write is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::interfaces) enum Rejected {
    #[error(
        "`{0}` would make its folder a git repository (`HEAD`, `objects` and `refs`, or `HEAD` and `commondir`), and git executes what the settings of one name; use another name."
    )]
    Completes(String),
    #[error("`{0}` belongs to the settings of a git repository, and git executes what they name; leave that file to a person.")]
    Setting(String),
    #[error(
        "Git settings lead to `{0}`, so git on this machine executes that file or reads settings from it. Write another file, or leave this change to a person."
    )]
    UsedByGit(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_repository(names: &[&str]) -> bool {
        names.iter().fold(Layout::default(), |layout, name| layout.with(name)).is_repository()
    }

    #[test]
    fn a_layout_is_known_in_every_spelling_that_some_file_system_takes() {
        for names in [
            &["HEAD", "objects", "refs"][..],
            &["head", "Objects", "REFS", "src"],
            &["HEAD", "commondir"],
            &["HE\u{200c}AD", "objects.", "refs::$INDEX_ALLOCATION"],
            &["HEAD", "COMMON~1"],
        ] {
            assert!(is_repository(names), "{names:?}");
        }
        for names in [&["HEAD", "objects"][..], &["objects", "refs", "commondir"], &["HEADER", "objects", "refs"], &[]] {
            assert!(!is_repository(names), "{names:?}");
        }
        assert!(is_setting("Config") && is_setting("hooks ") && !is_setting("configs") && !is_part("hooks"));
    }
}
