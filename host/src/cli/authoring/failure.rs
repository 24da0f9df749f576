//! Why a plugin's folder does not become a component, as problems with what to do about each. Decides nothing.

use std::{io, path::Path, process::ExitStatus};

use crate::{
    cli::text,
    operations::{Problem, ProblemKind, ProblemSource, code, named_files},
};

/// The field of every command here that names a plugin's directory.
pub(super) const FOLDER: &str = "folder";

/// A file or directory of the plugin that the system does not let Baton use.
pub(super) fn unusable(path: &Path, error: &io::Error) -> Problem {
    named_files::unreadable(FOLDER, path, error).advise("Make it readable and writable for this user.")
}

/// A file or directory that Baton cannot write.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Problem {
    named_files::unwritable(FOLDER, path, error).advise("Make it readable and writable for this user.")
}

/// Something other than a directory is where the build goes.
pub(super) fn not_a_directory(path: &Path) -> Problem {
    let message = format!("`{}` is a link or not a directory. The build goes there, and Baton does not follow links.", shown(path));
    Problem::invalid(code::FILE_UNWRITABLE, FOLDER, message).advise("Remove it and build again.")
}

/// The toolchain cannot build components.
pub(super) fn no_target() -> Problem {
    let problem = missing("Rust plugins are built for wasm32-wasip2, which is not installed.".to_owned());
    problem.advise("Run `rustup target add wasm32-wasip2` and build again.")
}

/// The crate builds nothing that could be a plugin.
pub(super) fn no_component() -> Problem {
    let problem = Problem::new(ProblemKind::Conflict, "plugin_not_built", "The crate does not build a component.", ProblemSource::Plugin);
    problem.of_field(FOLDER).advise("Put `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml and build again.")
}

/// The compiler for JavaScript is not there.
pub(super) fn no_componentize(folder: &Path) -> Problem {
    let problem = missing("componentize-js is not installed here.".to_owned());
    problem.advise(format!("Run `npm install` in `{}` and build again.", shown(folder)))
}

/// Something else is where the SDK goes.
pub(super) fn foreign_sdk(path: &Path) -> Problem {
    let message = format!("`{}` is not Baton's SDK, which is written there.", shown(path));
    Problem::conflict("sdk_in_the_way", message).of_field(FOLDER).advise("Give your directory another name and build again.")
}

/// A program is not installed. `hint` says how to get it.
pub(super) fn no_program(name: &str, hint: &str) -> Problem {
    missing(format!("`{name}` is not installed.")).advise(hint)
}

/// A program does not start.
pub(super) fn not_started(name: &str, hint: &str, error: &io::Error) -> Problem {
    missing(format!("`{name}` does not start: {error}.")).advise(hint)
}

/// A program ended with a failure, of which it has told itself.
pub(super) fn program_failed(name: &str, status: ExitStatus) -> Problem {
    let message = format!("`{name}` has failed ({status}). Its last words above say why.");
    Problem::new(ProblemKind::Conflict, "program_failed", message, ProblemSource::Plugin).of_field(FOLDER)
}

fn missing(message: String) -> Problem {
    Problem::new(ProblemKind::Unavailable, "program_missing", message, ProblemSource::Host)
}

fn shown(path: &Path) -> String {
    text::path(path)
}
