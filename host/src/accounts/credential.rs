//! The credential file: what lets the command line and SDKs of the same user in as the operator of a serving host. Made anew by
//! each host that serves, readable by its owner alone, and gone when the host ends.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{Secret, SecretKind};
use crate::own_files::is_open;

/// Its name in the data directory.
const FILE: &str = "credential";

/// Where it is.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Makes the file with a new secret. What was there before, a link too, is replaced and not followed.
pub fn create(data_dir: &Path) -> io::Result<Secret> {
    let secret = Secret::generate(SecretKind::Operator);
    // A temporary file is readable by its owner alone, and stays so.
    let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
    writeln!(file, "{}", secret.reveal())?;
    file.persist(path(data_dir))?;
    Ok(secret)
}

/// The secret in the file; none where no host serves. A file that others can read is an error.
pub fn read(data_dir: &Path) -> io::Result<Option<Secret>> {
    const LARGEST: u64 = 256;
    let path = path(data_dir);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(found) if !found.is_file() || found.len() > LARGEST || is_open(&found) => {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others than its owner can read it, or it is not such a file"));
        }
        Ok(_) => {}
    }
    let text = fs::read_to_string(&path)?;
    let secret = Secret::read(SecretKind::Operator, text.trim_end());
    secret.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it does not hold a credential"))
}

/// Removes the file, where it still holds this secret.
pub fn remove(data_dir: &Path, secret: &Secret) -> io::Result<()> {
    match read(data_dir) {
        Ok(Some(held)) if held.is_same(secret) => fs::remove_file(path(data_dir)),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn the_file_is_its_owners_alone_and_goes_with_the_host() {
        let data = tempfile::tempdir().unwrap();
        assert!(read(data.path()).unwrap().is_none());
        let secret = create(data.path()).unwrap();
        assert_eq!(fs::metadata(path(data.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(read(data.path()).unwrap().unwrap().is_same(&secret));
        let next = create(data.path()).unwrap();
        assert!(!next.is_same(&secret), "each host has its own");
        remove(data.path(), &secret).unwrap();
        assert!(read(data.path()).unwrap().unwrap().is_same(&next), "that of another host stays");
        remove(data.path(), &next).unwrap();
        assert!(read(data.path()).unwrap().is_none());
    }

    #[test]
    fn a_file_that_others_could_have_made_or_read_is_not_used() {
        let data = tempfile::tempdir().unwrap();
        create(data.path()).unwrap();
        for mode in [0o644, 0o640, 0o602] {
            fs::set_permissions(path(data.path()), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(data.path()).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
        fs::remove_file(path(data.path())).unwrap();
        let elsewhere = data.path().join("elsewhere");
        fs::write(&elsewhere, "kept").unwrap();
        symlink(&elsewhere, path(data.path())).unwrap();
        assert!(read(data.path()).is_err(), "a link is not followed");
        create(data.path()).unwrap();
        assert!(read(data.path()).unwrap().is_some() && fs::read_to_string(&elsewhere).unwrap() == "kept");
        fs::write(path(data.path()), "baton_operator_short\n").unwrap();
        assert_eq!(read(data.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
