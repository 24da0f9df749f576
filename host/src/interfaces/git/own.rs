//! Git directories of Baton's own over the objects and branches of a person's repository. Git reads their configuration
//! and not the repository's, so that no command that stands there is ever run.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use super::{program::NOWHERE, repository::Repository, sweeping::temporary};
use crate::journal::CallError;

/// What the host keeps in a workspace, which is nobody's change, and what interpreters and tools leave wherever they are
/// run, also where a project does not say that it is to be ignored. Files that are committed already are not concerned.
const IGNORED: &str = "/.baton/\n__pycache__/\n*.pyc\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\n.hypothesis/\n.DS_Store\n";

/// Bytes of a person's list of ignored files or of attributes.
const LONGEST_GIVEN: u64 = 1 << 20;

/// Whether a diff shows lines is for the content to say, whatever the files in the checkout say of themselves: nobody is to
/// hide a change from who reviews it.
const ATTRIBUTES: &str = "\n* !diff\n";

/// What `HEAD` and the index of a git directory are.
pub(super) enum Of {
    /// Those of the person's checkout.
    Person {
        /// Patterns of files that the person ignores everywhere.
        ignored: String,
    },
    /// Those of a worktree of Baton's.
    Worktree,
}

/// Makes the git directory at `own`, or puts one right that is there.
pub(super) fn prepare(own: &Path, repository: &Repository, of: &Of) -> Result<(), CallError> {
    lay_out(own, repository, of).map_err(|error| {
        CallError::unavailable(format!(
            "Baton's part of the repository cannot be written: {error}. Make room in the data directory, make it writable, and look at what is named."
        ))
    })
}

fn lay_out(own: &Path, repository: &Repository, of: &Of) -> io::Result<()> {
    let common = absolute(&repository.common)?;
    fs::create_dir_all(own.join("info"))?;
    // Where the history of a shallow clone ends, `shallow` says; a link to none says that it does not.
    for part in ["objects", "refs", "packed-refs", "shallow"] {
        point(&own.join(part), &common.join(part))?;
    }
    let everywhere = if let Of::Person { ignored } = of { ignored.as_str() } else { "" };
    // What comes later outdoes what came before, as git has it.
    write(&own.join("info/exclude"), &[everywhere.as_bytes(), IGNORED.as_bytes(), &read_given(&common.join("info/exclude"))?].concat())?;
    write(&own.join("info/attributes"), &[&read_given(&common.join("info/attributes"))?, ATTRIBUTES.as_bytes()].concat())?;
    let sparse = repository.sparse().filter(|_| matches!(of, Of::Person { .. }));
    if let Some((list, _)) = &sparse {
        write(&own.join("info/sparse-checkout"), &read_given(list)?)?;
    }
    let logs = match of {
        Of::Person { .. } => {
            let person = absolute(&repository.git_dir)?;
            // A copy, for git takes a link of this name for another thing; it is made anew whenever the checkout is looked at.
            write(&own.join("HEAD"), &fs::read(person.join("HEAD"))?)?;
            let logs = person.join("logs");
            point(&own.join("logs"), &logs)?;
            logs
        }
        Of::Worktree => {
            fs::create_dir_all(own.join("logs"))?;
            let logs = common.join("logs/refs");
            point(&own.join("logs/refs"), &logs)?;
            logs
        }
    };
    let sparse = sparse.map_or_else(String::new, |(_, folders)| format!("\tsparseCheckout = true\n\tsparseCheckoutCone = {folders}\n"));
    write(&own.join("config"), configuration(repository, logs.is_dir(), &sparse).as_bytes())
}

/// What a person's file says; nothing where there is none. What cannot be read is not passed over: it may keep a secret.
fn read_given(file: &Path) -> io::Result<Vec<u8>> {
    match fs::metadata(file) {
        Ok(found) if !found.is_file() || found.len() > LONGEST_GIVEN => {
            Err(io::Error::other(format!("`{}` is not a file, or one of more than 1 MiB", file.display())))
        }
        Ok(_) => fs::read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Git makes no logs where a person keeps none. `sparse` are lines of `core`.
fn configuration(repository: &Repository, logged: bool, sparse: &str) -> String {
    let (version, extensions) = match repository.object_format() {
        Some(format) => (1, format!("[extensions]\n\tobjectFormat = {format}\n")),
        None => (0, String::new()),
    };
    format!(
        "[core]\n\trepositoryFormatVersion = {version}\n\tbare = false\n\thooksPath = {NOWHERE}\n\tfsmonitor = false\n\tuntrackedCache = false\n\
         \tlogAllRefUpdates = {logged}\n\tuseReplaceRefs = false\n\tbigFileThreshold = 8m\n\tquotePath = false\n\tprotectHFS = true\n\tprotectNTFS = true\n\tattributesFile = {NOWHERE}\n\texcludesFile = {NOWHERE}\n{sparse}{harmless}{extensions}\
         [submodule]\n\trecurse = false\n[diff]\n\tignoreSubmodules = all\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n",
        harmless = repository.harmless_settings(),
    )
}

/// A link that is put in place in one step.
fn point(link: &Path, target: &Path) -> io::Result<()> {
    if fs::read_link(link).is_ok_and(|found| found == target) {
        return Ok(());
    }
    let new = temporary(link, "new");
    remove(&new)?;
    symlink(target, &new)?;
    fs::rename(new, link)
}

/// A file that is put in place in one step, where it is not there already.
pub(super) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(file).is_ok_and(|found| found == content) {
        return Ok(());
    }
    let new = temporary(file, "new");
    remove(&new)?;
    fs::write(&new, content)?;
    fs::rename(new, file)
}

/// Removes a file, if it is there.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn absolute(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}
