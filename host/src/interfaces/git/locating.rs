//! Where the repository of a folder is: in the folder's own `.git`, or where a `.git` file says, if what is there says the
//! same of the folder. Follows no link and believes nothing that leads to somebody else's repository.

use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io::ErrorKind,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use super::{names::excerpt, repository::Repository};
use crate::journal::CallError;

/// Bytes of a file that says where a repository lies.
const LONGEST_POINTER: u64 = 64 << 10;

/// What git writes into or finds branches by, in what all checkouts share and in what belongs to one. As a link it would
/// have Baton write into whatever it leads to.
const SHARED: [&str; 9] =
    ["objects", "objects/info", "objects/pack", "refs", "refs/heads", "packed-refs", "logs", "logs/refs", "logs/refs/heads"];
const OWN: [&str; 4] = ["HEAD", "index", "logs", "logs/HEAD"];

impl Repository {
    /// The repository whose checkout is `folder`, whatever is in it.
    pub(super) fn locate(folder: &Path) -> Result<Self, CallError> {
        let place = folder.join(".git");
        let repository = match place.symlink_metadata() {
            Ok(found) if is_nothing(&place, &found) => return Err(none(folder)),
            Ok(found) if found.is_dir() => whole(folder, place)?,
            Ok(found) if found.is_file() => pointed(folder, &place)?,
            Ok(_) => {
                return Err(invalid(
                    "The `.git` of the workspace is a symbolic link or a device, which Baton does not follow; put the repository itself there, or work in a clone.",
                ));
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Err(none(folder)),
            Err(error) => {
                return Err(CallError::invalid(format!(
                    "The `.git` of the workspace cannot be read: {error}. Make it readable for the user of Baton."
                )));
            }
        };
        refuse_links(&repository.common, &SHARED)?;
        refuse_links(&repository.git_dir, &OWN)?;
        Ok(repository)
    }
}

/// A repository in its checkout.
fn whole(folder: &Path, git_dir: PathBuf) -> Result<Repository, CallError> {
    if git_dir.join("commondir").symlink_metadata().is_ok() {
        return Err(invalid(
            "The `.git` of the workspace is a folder with a `commondir`, which leads to another repository and which git does not make; look at it, and \
             remove the file `commondir` if it is not yours.",
        ));
    }
    let repository = open_repository(folder, git_dir.clone(), git_dir)?;
    match repository.files() {
        Some(files) if !same(&files, folder) => Err(CallError::invalid(format!(
            "The repository of the workspace says that its files are in `{}` (`core.worktree`); name that folder as the workspace, or run \
             `git config --unset core.worktree` in it.",
            excerpt(&files.to_string_lossy())
        ))),
        _ => Ok(repository),
    }
}

/// A repository that lies elsewhere: that of a linked worktree, of a submodule, or one with a separate git directory. Each
/// says of which folder it is.
fn pointed(folder: &Path, place: &Path) -> Result<Repository, CallError> {
    let names_none = || invalid("The `.git` of the workspace is a file that names no repository; look at what `git status` says.");
    let text = pointer(place).ok_or_else(names_none)?.into_os_string().into_vec();
    let target = text.strip_prefix(b"gitdir:").map(<[u8]>::trim_ascii).filter(|target| !target.is_empty()).ok_or_else(names_none)?;
    let git_dir = folder.join(OsString::from_vec(target.to_vec()));
    let git_dir = git_dir.canonicalize().ok().filter(|git_dir| git_dir.is_dir()).ok_or_else(|| {
        CallError::invalid(format!(
            "The `.git` of the workspace is a file that names `{}`, where no repository is; look at what `git status` says.",
            excerpt(&git_dir.to_string_lossy())
        ))
    })?;
    match pointer(&git_dir.join("commondir")) {
        Some(common) => linked(folder, place, git_dir, &common),
        None => {
            let repository = open_repository(folder, git_dir.clone(), git_dir)?;
            let points_back = repository.files().is_some_and(|files| same(&files, folder));
            if points_back { Ok(repository) } else { Err(one_sided(&repository.git_dir, folder)) }
        }
    }
}

/// Git keeps what belongs to a linked worktree in `worktrees/NAME` of the repository, with the way back.
fn linked(folder: &Path, place: &Path, git_dir: PathBuf, common: &Path) -> Result<Repository, CallError> {
    let back = pointer(&git_dir.join("gitdir")).map(|back| git_dir.join(back));
    let points_back = back.as_deref().is_some_and(|back| same_file(back, place));
    let common = git_dir.join(common).canonicalize().ok();
    let is_inside = common.as_deref().is_some_and(|common| git_dir.parent() == Some(&common.join("worktrees")));
    match common.filter(|_| points_back && is_inside) {
        Some(common) => open_repository(folder, git_dir, common),
        None => Err(one_sided(&git_dir, folder)),
    }
}

fn open_repository(folder: &Path, git_dir: PathBuf, common: PathBuf) -> Result<Repository, CallError> {
    let is_folder = |path: PathBuf| path.symlink_metadata().is_ok_and(|found| found.is_dir() || found.is_symlink());
    if !(is_folder(common.join("objects"))
        && is_folder(common.join("refs"))
        && fs::metadata(git_dir.join("HEAD")).is_ok_and(|found| found.is_file()))
    {
        return Err(invalid("The `.git` of the workspace is not a repository, or a damaged one; look at what `git status` says in it."));
    }
    Repository::read(folder, git_dir, common)
}

/// The repository says nothing of this folder, so anybody can have written the file.
fn one_sided(git_dir: &Path, folder: &Path) -> CallError {
    let (git_dir, folder) = (excerpt(&git_dir.to_string_lossy()), excerpt(&folder.to_string_lossy()));
    CallError::invalid(format!(
        "The `.git` of the workspace names the repository `{git_dir}`, which does not name the workspace as its own, so Baton does not use it. If it is \
         yours, run `git worktree repair {folder}` in the repository, or `git config --file {git_dir}/config core.worktree {folder}` for a separate git \
         directory; otherwise remove the file `.git`."
    ))
}

fn refuse_links(git_dir: &Path, parts: &[&str]) -> Result<(), CallError> {
    let link = parts.iter().find(|part| git_dir.join(part).is_symlink());
    link.map_or(Ok(()), |link| {
        Err(CallError::invalid(format!(
            "`{link}` in the repository `{}` is a symbolic link, which Baton does not follow; put what it leads to in its place, or work in a clone.",
            excerpt(&git_dir.to_string_lossy())
        )))
    })
}

/// Whether what has the name `.git` is empty, such as where a container covered it.
pub(super) fn is_nothing(place: &Path, found: &Metadata) -> bool {
    let is_empty = |folder: &Path| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if found.is_dir() { is_empty(place) } else { found.is_file() && found.len() == 0 }
}

fn none(folder: &Path) -> CallError {
    if folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir() {
        return invalid("The workspace is a bare repository, without files to work on; start the run in a clone of it.");
    }
    match repository_above(folder) {
        Some(above) => CallError::invalid(format!(
            "The workspace is not the root of its git repository. Start the run with `--workspace {}`, or create a repository in it with `git init`.",
            excerpt(&above.to_string_lossy())
        )),
        None => invalid("The workspace is not a git repository; run `git init` in it and make a first commit."),
    }
}

/// The folder above this one that is a repository.
fn repository_above(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    folder.ancestors().skip(1).find(|above| above.join(".git").exists()).map(Path::to_owned)
}

/// The one line of a small file that names a place.
pub(super) fn pointer(file: &Path) -> Option<PathBuf> {
    let found = fs::symlink_metadata(file).ok()?;
    if !found.is_file() || found.len() > LONGEST_POINTER {
        return None;
    }
    let mut text = fs::read(file).ok()?;
    text.truncate(text.trim_ascii_end().len());
    Some(PathBuf::from(OsString::from_vec(text)))
}

pub(super) fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Whether two paths are the same file, the last name of neither a link.
fn same_file(one: &Path, other: &Path) -> bool {
    one.file_name() == other.file_name() && one.parent().zip(other.parent()).is_some_and(|(one, other)| same(one, other))
}

pub(super) fn invalid(sentence: &str) -> CallError {
    CallError::invalid(sentence.to_owned())
}
