//! Why a file or a directory that a request names cannot be used: of one kind, with one code and with its field, whichever
//! operation or command reads it. Reads no content.

use std::{io, path::Path};

use super::{Problem, ProblemKind, ProblemSource, code, path_text};
use crate::escape::escaped;

/// A file or directory that was to be read and cannot be. `field` is the field of the request, or the argument, that names it.
pub fn unreadable(field: &str, path: &Path, error: &io::Error) -> Problem {
    let shown = escaped(&path_text(path));
    match error.kind() {
        io::ErrorKind::NotFound => Problem::not_found(code::FILE_NOT_FOUND, format!("`{shown}` does not exist.")).of_field(field),
        _ => Problem::invalid(code::FILE_UNREADABLE, field, format!("`{shown}` cannot be read: {}.", describe(error))),
    }
}

/// A file or directory that was to be written and cannot be.
pub fn unwritable(field: &str, path: &Path, error: &io::Error) -> Problem {
    let message = format!("`{}` cannot be written: {}.", escaped(&path_text(path)), describe(error));
    match error.kind() {
        // Another place would not help.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Problem::new(ProblemKind::Unavailable, code::FILE_UNWRITABLE, message, ProblemSource::Host).of_field(field)
        }
        _ => Problem::invalid(code::FILE_UNWRITABLE, field, message),
    }
}

/// Checks that a path leads to a file.
pub fn require_file(field: &str, path: &Path) -> Result<(), Problem> {
    match path.metadata() {
        Err(error) => Err(unreadable(field, path, &error)),
        Ok(about) if about.is_file() => Ok(()),
        Ok(about) => {
            let what = if about.is_dir() { "a directory" } else { "a pipe, a socket or a device" };
            let message = format!("`{}` is {what}, not a file.", escaped(&path_text(path)));
            Err(Problem::invalid(code::FILE_UNREADABLE, field, message))
        }
    }
}

/// Checks that a path leads to a directory.
pub fn require_directory(field: &str, path: &Path) -> Result<(), Problem> {
    match path.metadata() {
        Err(error) => Err(unreadable(field, path, &error)),
        Ok(about) if about.is_dir() => Ok(()),
        Ok(_) => {
            let message = format!("`{}` is not a directory.", escaped(&path_text(path)));
            Err(Problem::invalid(code::FILE_UNREADABLE, field, message))
        }
    }
}

/// What the system says, without its number.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    words.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_not_found_and_what_is_unusable_is_invalid() {
        let folder = tempfile::tempdir().unwrap();
        let (file, none) = (folder.path().join("a\u{1b}.wasm"), folder.path().join("none"));
        std::fs::write(&file, "").unwrap();
        let missing = require_file("file", &none).unwrap_err();
        assert_eq!((missing.kind, &*missing.code, missing.field.as_deref()), (ProblemKind::NotFound, "file_not_found", Some("file")));
        assert!(missing.message.ends_with("/none` does not exist."), "{}", missing.message);
        assert_eq!(require_directory("folder", &none).unwrap_err().kind, ProblemKind::NotFound);
        assert_eq!((require_file("file", &file), require_directory("folder", folder.path())), (Ok(()), Ok(())));
        let is_folder = require_file("file", folder.path()).unwrap_err();
        assert_eq!((is_folder.kind, &*is_folder.code), (ProblemKind::Invalid, "file_unreadable"));
        assert!(is_folder.message.ends_with("is a directory, not a file."), "{}", is_folder.message);
        let is_file = require_directory("folder", &file).unwrap_err().message;
        assert!(is_file.ends_with(r"a\u{1b}.wasm` is not a directory."), "{is_file}");
        let below = require_file("file", &file.join("below")).unwrap_err();
        assert_eq!((below.kind, below.message.contains("os error")), (ProblemKind::Invalid, false), "{}", below.message);
    }

    #[test]
    fn a_full_disk_is_not_a_mistake_of_the_request() {
        let kind = |error: io::ErrorKind| unwritable("to", Path::new("a"), &io::Error::from(error)).kind;
        assert_eq!(kind(io::ErrorKind::StorageFull), ProblemKind::Unavailable);
        assert_eq!(kind(io::ErrorKind::PermissionDenied), ProblemKind::Invalid);
        assert_eq!(kind(io::ErrorKind::NotFound), ProblemKind::Invalid);
    }
}
