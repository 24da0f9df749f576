//! Files of the data directory that the store makes, for this user alone. Writes nothing into them.

use std::path::Path;

use super::StoreError;

/// An empty file for this user alone; the database gives its companions the same permissions.
pub(super) fn create_file(file: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|error| unusable(file, &error))
}

pub(super) fn unusable(path: &Path, error: &std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Directory { path: path.to_owned(), reason: error.to_string() },
    }
}
