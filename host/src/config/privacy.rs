//! Who else of this machine can get at the user's data. Changes no permission: a folder that was there may be shared on
//! purpose.

use std::path::Path;

/// What others can do with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Look into it.
    ToRead,
    /// Put files there and take them away.
    ToWrite,
}

impl Open {
    /// As a sentence has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToRead => "look into",
            Self::ToWrite => "change",
        }
    }
}

/// What others can do with a folder; nothing where it is the user's alone, or is not there.
#[cfg(unix)]
pub fn open_to_others(folder: &Path) -> Option<Open> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(folder).ok()?.permissions());
    match (mode & 0o022, mode & 0o055) {
        (0, 0) => None,
        (0, _) => Some(Open::ToRead),
        _ => Some(Open::ToWrite),
    }
}

/// What others can do with a folder; where permissions are of another kind, nothing is known.
#[cfg(not(unix))]
pub fn open_to_others(_folder: &Path) -> Option<Open> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn what_others_can_do_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, open) in [(0o700, None), (0o755, Some(Open::ToRead)), (0o710, Some(Open::ToRead)), (0o777, Some(Open::ToWrite))] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(open_to_others(folder.path()), open, "{mode:o}");
        }
        assert_eq!(open_to_others(&folder.path().join("none")), None);
    }
}
