//! What became of what a command left, for the caller, for watchers and for the operator.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Traces that are told one by one; of more the number is told.
const MOST: usize = 100;
/// Paths of one kind in the text for the caller.
const MOST_NAMED: usize = 5;

/// What was done with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Deed {
    /// A repository or a data directory, moved out of the workspace.
    Moved,
    /// A repository, renamed where it lies so that git does not find it.
    Renamed,
    /// What a person's git would execute or read settings from, moved out of the workspace or renamed.
    Withheld,
    /// A file that is executed with the rights of its owner, which it is no more.
    Stripped,
    /// A device, a socket or a pipe, removed.
    Removed,
    /// A file or folder that its owner can read again.
    Opened,
}

/// One thing that a command left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Trace {
    /// What was done with it.
    pub(super) deed: Deed,
    /// Where it was in the workspace.
    pub(super) path: String,
    /// Where it is now, if that is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
}

impl Trace {
    /// What was done, where the thing was, and where it is now.
    pub(crate) fn into_parts(self) -> (Deed, String, Option<String>) {
        (self.deed, self.path, self.to)
    }
}

/// All that was done with what a command left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::interfaces::sandbox) struct Swept {
    /// The first of them.
    pub(in crate::interfaces::sandbox) traces: Vec<Trace>,
    /// How many more there are.
    #[serde(default)]
    pub(in crate::interfaces::sandbox) more: usize,
}

impl Swept {
    pub(super) fn add(&mut self, deed: Deed, path: String, to: Option<String>) {
        if self.traces.len() < MOST {
            self.traces.push(Trace { deed, path, to });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn take_in(&mut self, later: Self) {
        self.more += later.more;
        for Trace { deed, path, to } in later.traces {
            self.add(deed, path, to);
        }
    }

    /// Whether the command left nothing that matters.
    pub(in crate::interfaces::sandbox) fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    /// What whoever asked for the command is told.
    pub(in crate::interfaces::sandbox) fn remark(&self) -> Option<String> {
        let kinds = [
            (Deed::Moved, "Baton moved these out of the workspace, because no command may leave a repository or a data directory: "),
            (Deed::Renamed, "Baton renamed these, because no command may leave a repository: "),
            (
                Deed::Withheld,
                "Baton moved these out of the workspace, because git settings of the operator have git execute them or read settings from them: ",
            ),
            (Deed::Stripped, "Baton removed the set-user-id bit, the set-group-id bit or the capabilities of these files: "),
            (Deed::Removed, "Baton removed these devices, sockets and pipes: "),
            (Deed::Opened, "Baton made these readable for their owner: "),
        ];
        let mut text = String::new();
        for (deed, begin) in kinds {
            let paths: Vec<_> = self.traces.iter().filter(|trace| trace.deed == deed).map(|trace| format!("`{}`", trace.path)).collect();
            let Some(more) = paths.len().checked_sub(1).map(|_| paths.len().saturating_sub(MOST_NAMED)) else { continue };
            let separator = if text.is_empty() { "" } else { " " };
            // Writing to a string does not fail.
            let _ = write!(text, "{separator}{begin}{}", paths[..paths.len() - more].join(", "));
            let _ = if more > 0 { write!(text, " and {more} more.") } else { write!(text, ".") };
        }
        if self.more > 0 {
            let _ = write!(text, " {} more of all kinds are not listed.", self.more);
        }
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remark_names_some_of_each_kind_and_counts_the_rest() {
        let mut swept = Swept::default();
        assert_eq!(swept.remark(), None);
        for number in 0..7 {
            swept.add(Deed::Stripped, format!("b{number}"), None);
        }
        swept.add(Deed::Moved, "inner/.git".to_owned(), Some("/data/1".to_owned()));
        assert_eq!(
            swept.remark().unwrap(),
            "Baton moved these out of the workspace, because no command may leave a repository or a data directory: `inner/.git`. Baton removed the set-user-id \
             bit, the set-group-id bit or the capabilities of these files: `b0`, `b1`, `b2`, `b3`, `b4` and 2 more."
        );
        for number in 0..200 {
            swept.add(Deed::Removed, format!("p{number}"), None);
        }
        assert_eq!((swept.traces.len(), swept.more), (100, 108));
        assert!(swept.remark().unwrap().ends_with(" 108 more of all kinds are not listed."));
    }
}
