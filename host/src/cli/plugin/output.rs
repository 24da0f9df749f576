//! Writes the file that a command was asked for: whole, or not at all. Follows no link, so that nothing is written but
//! where the command line says, and opens nothing that is no file.

use std::{fs, io::Write as _, path::Path};

use crate::{
    cli::text,
    operations::{Problem, code, named_files},
};

pub(super) use crate::operations::path_text;

/// What to do where a file cannot be written.
pub(super) const ANOTHER: &str = "Name another file with --to.";

/// Who may read a file that was not there before, less what the user's mask takes away.
#[cfg(unix)]
const MODE: u32 = 0o644;

/// Puts a file there, or replaces one, in one step. One that is replaced keeps who may read it.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Problem> {
    let shown = text::path(path);
    let present = fs::symlink_metadata(path).ok();
    if present.as_ref().is_some_and(|about| !about.is_file()) {
        let message = format!("`{shown}` exists and is a link, a directory or a pipe, not a file.");
        return Err(Problem::invalid(code::FILE_UNWRITABLE, "to", message).advise(ANOTHER));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(MODE));
        let mut file = builder.tempfile_in(folder)?;
        if let Some(present) = present {
            file.as_file().set_permissions(present.permissions())?;
        }
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(std::io::Error::from)
    };
    write().map_err(|error| named_files::unwritable("to", path, &error).advise(ANOTHER))
}
