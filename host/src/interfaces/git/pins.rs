//! What the repository of a workspace was when a run began, and whether it still is. Whatever runs in a workspace could have
//! put another repository there, which Baton would then read and change in the run's name.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

use super::{locating::is_nothing, names::excerpt, repository::Repository, service::Trouble};
use crate::{interfaces::pins::Pin, journal::CallError};

/// Bytes of a list of other places for objects; a longer one counts as what it begins with.
const LONGEST_LIST: usize = 64 << 10;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Pinned {
    /// No repository that Baton uses; `held` if there was a `.git` all the same.
    Nothing {
        held: bool,
    },
    Repository(Identity),
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    git_dir: PathBuf,
    common: PathBuf,
    /// The workspace and the folders of the repository.
    folders: Vec<Folder>,
    /// Hash of the list of other places that objects are read from.
    alternates: String,
    /// Hash of the addresses of remotes.
    remotes: String,
}

/// A folder, told from another that takes its place. Not by its device, whose number another start of the system changes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Folder {
    inode: u64,
    /// Nanoseconds since 1970 UTC; none where the file system does not keep it, or changes it.
    born: Option<u64>,
}

/// What the workspace is now.
pub(super) fn pin(workspace: &Path) -> Option<Pin> {
    let pinned = Repository::locate(workspace).ok().and_then(|repository| identity(&repository));
    let pinned = pinned.map_or_else(|| Pinned::Nothing { held: is_held(workspace) }, Pinned::Repository);
    serde_json::to_string(&pinned).ok().map(Pin)
}

/// The repository of a workspace, if it is the pinned one. Without a pin it is what the folder says.
pub(super) fn bound(workspace: &Path, pin: Option<&Pin>) -> Result<Repository, Trouble> {
    let pinned = pin.map(read).transpose()?;
    let located = Repository::locate(workspace);
    let repository = match (pinned, located) {
        (None, located) | (Some(Pinned::Nothing { held: true }), located @ Err(_)) => located?,
        (Some(Pinned::Nothing { held: false }), Err(error)) if !is_held(workspace) => return Err(error.into()),
        (Some(Pinned::Nothing { .. }), _) => return Err(Trouble::Changed(appeared(workspace))),
        (Some(Pinned::Repository(_)), Err(error)) => return Err(Trouble::Changed(describe_change(workspace, &error.to_string()))),
        (Some(Pinned::Repository(was)), Ok(repository)) => {
            match identity(&repository).map_or(Some("a part of it is missing"), |is| was.differs(&is)) {
                None => repository,
                Some(what) => return Err(Trouble::Changed(describe_change(workspace, what))),
            }
        }
    };
    repository.check()?;
    Ok(repository)
}

/// Whether the remotes of a repository have the addresses that they had when the run began.
pub(super) fn has_its_remotes(repository: &Repository, pin: Option<&Pin>) -> Result<bool, CallError> {
    Ok(match pin.map(read).transpose()? {
        Some(Pinned::Repository(was)) => was.remotes == remotes(repository),
        Some(Pinned::Nothing { .. }) | None => true,
    })
}

fn read(pin: &Pin) -> Result<Pinned, CallError> {
    serde_json::from_str(&pin.0)
        .map_err(|error| CallError::other(format!("The run's note of its repository is damaged: {error}. Start the run again.")))
}

/// None where a folder vanished meanwhile.
fn identity(repository: &Repository) -> Option<Identity> {
    let Repository { folder, git_dir, common, .. } = repository;
    let (git_dir, common) = (git_dir.canonicalize().ok()?, common.canonicalize().ok()?);
    let folders = [folder.clone(), git_dir.clone(), common.clone(), common.join("objects"), common.join("refs")];
    let folders = folders.iter().map(|folder| Folder::at(folder)).collect::<Option<_>>()?;
    let alternates = fs::read(common.join("objects/info/alternates")).unwrap_or_default();
    let alternates = hash(&alternates[..alternates.len().min(LONGEST_LIST)]);
    Some(Identity { git_dir, common, folders, alternates, remotes: remotes(repository) })
}

impl Folder {
    fn at(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let born = found.created().ok().filter(|_| !is_overlay(path)).and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Some(Self { inode: found.ino(), born: born.and_then(|born| u64::try_from(born.as_nanos()).ok()) })
    }
}

/// An overlay, such as in a container, gives a folder another age once something is written in it.
#[cfg(target_os = "linux")]
fn is_overlay(path: &Path) -> bool {
    const OVERLAY: u64 = 0x794c_7630;
    rustix::fs::statfs(path).is_ok_and(|disk| u64::try_from(disk.f_type).is_ok_and(|kind| kind == OVERLAY))
}

#[cfg(not(target_os = "linux"))]
fn is_overlay(_: &Path) -> bool {
    false
}

impl Identity {
    /// What is another now. People give a repository other remotes; only a push looks at those.
    fn differs(&self, is: &Self) -> Option<&'static str> {
        let checks = [
            (self.git_dir == is.git_dir && self.common == is.common, "it lies elsewhere"),
            (self.folders == is.folders, "another folder is in its place"),
            (self.alternates == is.alternates, "it reads objects from other places, by `objects/info/alternates`"),
        ];
        checks.into_iter().find(|(same, _)| !same).map(|(_, what)| what)
    }
}

fn remotes(repository: &Repository) -> String {
    let addresses: Vec<_> = repository.remotes().map(|(key, value)| format!("{key}={value}")).collect();
    hash(addresses.join("\n").as_bytes())
}

fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

/// Whether anything is named `.git` that is not empty.
fn is_held(workspace: &Path) -> bool {
    let place = workspace.join(".git");
    match place.symlink_metadata() {
        Ok(found) => !is_nothing(&place, &found),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

fn appeared(workspace: &Path) -> String {
    let folder = excerpt(&workspace.to_string_lossy());
    format!(
        "A repository appeared in the workspace `{folder}` after this run began, and Baton does not use it, because any command of the run could have \
         put it there. If you made it, cancel this run and start it again; otherwise remove `{folder}/.git` and resume the run."
    )
}

fn describe_change(workspace: &Path, what: &str) -> String {
    let folder = excerpt(&workspace.to_string_lossy());
    format!(
        "The repository of the workspace `{folder}` is not the one it was when this run began: {}. Put that repository back and resume the run, or cancel \
         the run and start it again.",
        what.trim_end_matches('.')
    )
}
