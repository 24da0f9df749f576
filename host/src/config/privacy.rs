//! Who else of this machine can get at the user's data, and where that lies. Changes no permission: a folder that was there
//! may be shared on purpose.

use std::path::{Path, PathBuf};

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

/// A place as it is named, but for links among the folders it lies in, and where it leads. It need not be there yet.
pub(super) fn resolve_place(place: &Path) -> Vec<PathBuf> {
    let place = &std::path::absolute(place).unwrap_or_else(|_| place.to_owned());
    let named = match (place.parent(), place.file_name()) {
        (Some(parent), Some(name)) => canonical(parent).join(name),
        _ => canonical(place),
    };
    let mut places = vec![canonical(place), named];
    places.dedup();
    places
}

/// Where a path leads, also while its last names do not exist.
fn canonical(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(found), ..) => found,
        (Err(_), Some(parent), Some(name)) => canonical(parent).join(name),
        _ => path.to_owned(),
    }
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

    #[test]
    fn a_place_is_known_where_it_is_named_and_where_that_leads() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().canonicalize().unwrap().join(path);
        fs::create_dir_all(at("dotfiles")).unwrap();
        fs::write(at("dotfiles/baton.toml"), "").unwrap();
        std::os::unix::fs::symlink(at("dotfiles"), at("config")).unwrap();
        std::os::unix::fs::symlink(at("dotfiles/baton.toml"), at("baton.toml")).unwrap();
        assert_eq!(resolve_place(&at("baton.toml")), [at("dotfiles/baton.toml"), at("baton.toml")]);
        assert_eq!(resolve_place(&at("config/baton.toml")), [at("dotfiles/baton.toml")]);
        assert_eq!(resolve_place(&at("config/keys/later")), [at("dotfiles/keys/later")]);
        assert!(resolve_place(Path::new("data")).iter().all(|place| place.is_absolute()));
    }
}
