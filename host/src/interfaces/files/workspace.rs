//! A folder as guests see it: every step goes through an open directory, one name at a time, and no symbolic link is
//! followed, so that a path means what the grant for it says. Decides nothing about grants.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, Metadata, MetadataExt, OpenOptions, Permissions, PermissionsExt},
};

use super::{
    guarding::{Guarding, Unreadable, repository_around},
    path::RelativePath,
};
use crate::{
    interfaces::{
        repository_layout::{Layout, Rejected, is_part, is_setting},
        used_by_git::UsedByGit,
    },
    journal::{Attempt, CallError},
};

/// The folder a run works in, open for as long as the run is executed.
#[derive(Debug)]
pub struct Workspace {
    dir: Dir,
    root: PathBuf,
    /// Paths of the workspace that no guest reaches, nor what lies below them.
    hosts_own: Vec<String>,
    /// None for an operator's own commands, which change what they like.
    guarding: Option<Guarding>,
}

impl Workspace {
    /// Bytes of the largest file that fits into one answer, whatever it holds.
    const LARGEST: u64 = 5 << 20;
    const NEW_FILE_MODE: u32 = 0o644;

    /// Opens the folder at `root`.
    pub fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { dir: Dir::open_ambient_dir(root, ambient_authority())?, root: root.to_owned(), hosts_own: Vec::new(), guarding: None })
    }

    /// Opens it for a plugin, which changes nothing that git on this machine executes or reads settings from, and reaches nothing
    /// that the host keeps for itself, wherever that lies inside; `own` are absolute paths without links. Fails where the
    /// workspace is such a place, or lies in a repository's own files.
    pub fn open_guarded(root: &Path, own: &[PathBuf], git: Arc<dyn UsedByGit>) -> io::Result<Self> {
        let workspace = Self::open(root)?;
        let root = root.canonicalize()?;
        let inside = own.iter().filter_map(|own| own.strip_prefix(&root).ok());
        let hosts_own: Vec<_> = inside.map(|inside| inside.to_string_lossy().into_owned()).collect();
        if hosts_own.iter().any(String::is_empty) {
            return Err(io::Error::other("it is where Baton keeps its own; work in a folder of a project"));
        }
        if let Some(repository) = repository_around(&root) {
            let reason = format!("it lies in the git repository {}, in its own files; work in a checkout", repository.display());
            return Err(io::Error::other(reason));
        }
        Ok(Self { hosts_own, guarding: Some(Guarding::new(root, git)), ..workspace })
    }

    /// Whether the host keeps this for itself. Some file systems ignore case.
    pub(super) fn is_hosts_own(&self, path: &str) -> bool {
        self.hosts_own.iter().any(|own| {
            let begins = path.get(..own.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(own));
            begins && path[own.len()..].chars().next().is_none_or(|next| next == '/')
        })
    }

    /// Where the folder lies, for people.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The whole content of a regular file of at most 5 MiB.
    pub(in crate::interfaces) fn read(&self, path: &RelativePath) -> Result<Vec<u8>, CallError> {
        self.parent(path).and_then(|dir| read_file(&dir, path.split().1, Self::LARGEST)).map_err(|error| self.explain(path, error))
    }

    /// What is known of a regular file without opening it.
    pub(in crate::interfaces) fn metadata(&self, path: &RelativePath) -> Option<Metadata> {
        let dir = self.parent(path).ok()?;
        dir.symlink_metadata(path.split().1).ok().filter(Metadata::is_file)
    }

    /// Replaces the file in one step and returns once it is on disk.
    pub(in crate::interfaces) fn write(&self, path: &RelativePath, content: &[u8], attempt: &Attempt) -> Result<(), CallError> {
        self.replace(path, content, attempt).map_err(|error| self.explain(path, error))
    }

    /// Removes a file, a link or an empty directory. A repeated try finds its work done.
    pub(super) fn remove(&self, path: &RelativePath, attempt: &Attempt) -> Result<(), CallError> {
        match self.unlink(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempt.again => Ok(()),
            result => result.map_err(|error| self.explain(path, error)),
        }
    }

    fn replace(&self, path: &RelativePath, content: &[u8], attempt: &Attempt) -> io::Result<()> {
        self.check_guarded(path)?;
        let (dir, _locks) = self.parent_to_write(path)?;
        let name = path.split().1;
        let (mode, owner) = match dir.symlink_metadata(name) {
            Ok(old) if old.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(old) if old.is_file() => (old.permissions().mode() & 0o777, old),
            Ok(_) => (Self::NEW_FILE_MODE, dir.dir_metadata()?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Self::NEW_FILE_MODE, dir.dir_metadata()?),
            Err(error) => return Err(error),
        };
        // The name derives from the call, so that what a crash left behind is found again and replaced.
        let temporary = format!(".baton-write-{}", &blake3::hash(attempt.key.as_bytes()).to_hex()[..16]);
        let written = write_new(&dir, &temporary, content, (mode, &owner)).and_then(|()| dir.rename(&temporary, &dir, name));
        if written.is_err() {
            // The first failure is the one to tell; a leftover is harmless.
            let _ = dir.remove_file(&temporary);
        }
        written?;
        dir.open(".")?.sync_all()
    }

    fn check_guarded(&self, path: &RelativePath) -> io::Result<()> {
        self.guarding.as_ref().map_or(Ok(()), |guarding| guarding.check(&self.dir, path))
    }

    fn unlink(&self, path: &RelativePath) -> io::Result<()> {
        self.check_guarded(path)?;
        let dir = self.parent(path)?;
        let name = path.split().1;
        match dir.symlink_metadata(name)?.is_dir() {
            true => dir.remove_dir(name),
            false => dir.remove_file(name),
        }
    }

    /// The open directory that holds the path's last name.
    fn parent(&self, path: &RelativePath) -> io::Result<Dir> {
        if self.is_hosts_own(path.as_str()) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut dir = self.dir.try_clone()?;
        for name in path.split().0 {
            dir = dir.open_dir_nofollow(name)?;
        }
        Ok(dir)
    }

    /// The same, made on the way where it is missing, once no directory becomes a repository by the write. The locks keep two
    /// writes at the same time from making one together.
    fn parent_to_write(&self, path: &RelativePath) -> io::Result<(Dir, Vec<File>)> {
        if self.is_hosts_own(path.as_str()) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (mut dir, mut locks) = (self.dir.try_clone()?, Vec::new());
        let (parents, last) = path.split();
        for name in parents {
            locks.extend(check_layout(&dir, name, path)?);
            dir = match dir.open_dir_nofollow(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => make_dir(&dir, name)?,
                opened => opened?,
            };
        }
        locks.extend(check_layout(&dir, last, path)?);
        Ok((dir, locks))
    }

    pub(super) fn explain(&self, path: &RelativePath, error: io::Error) -> CallError {
        if let Some(rejected) = error.get_ref().and_then(|error| error.downcast_ref::<Rejected>()) {
            return CallError::invalid(rejected.to_string());
        }
        if let Some(unreadable) = error.get_ref().and_then(|error| error.downcast_ref::<Unreadable>()) {
            return CallError::unavailable(format!("{unreadable} Correct the git settings."));
        }
        if self.is_hosts_own(path.as_str()) {
            return CallError::invalid(format!(
                "`{}` is where Baton keeps its own, which no plugin reaches; choose another path.",
                path.as_str()
            ));
        }
        match self.link_on(path) {
            // A removal or a replacement concerns the link itself, so only a failure beyond it is put down to it.
            Some(link) => self.explain_link(path, &link),
            None => explain(path, &error),
        }
    }

    /// The first symbolic link on the path, if there is one.
    fn link_on(&self, path: &RelativePath) -> Option<String> {
        let text = path.as_str();
        let ends = text.match_indices('/').map(|(end, _)| end).chain([text.len()]);
        let mut prefixes = ends.map(|end| &text[..end]);
        prefixes.find(|prefix| self.dir.symlink_metadata(prefix).is_ok_and(|found| found.is_symlink())).map(str::to_owned)
    }

    fn explain_link(&self, path: &RelativePath, link: &str) -> CallError {
        let rest = path.as_str()[link.len()..].trim_start_matches('/');
        match self.dir.canonicalize(link) {
            Ok(target) => {
                let target = target.join(rest);
                CallError::invalid(format!(
                    "`{link}` is a symbolic link, which is not followed; name the path it leads to, `{}`.",
                    target.display()
                ))
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                CallError::invalid(format!("`{link}` is a symbolic link that leads out of the workspace; put the file itself there."))
            }
            Err(_) => {
                CallError::not_found(format!("`{link}` is a symbolic link that leads nowhere; remove it, or make what it points to."))
            }
        }
    }
}

/// Rejects a write below `name` that makes the directory a repository to git, or changes what git executes in one. Gives what
/// keeps others from completing one meanwhile.
fn check_layout(dir: &Dir, name: &str, path: &RelativePath) -> io::Result<Option<File>> {
    if !is_part(name) && !is_setting(name) {
        return Ok(None);
    }
    let lock = is_part(name).then(|| locked(dir)).transpose()?;
    let mut layout = Layout::default();
    for entry in dir.entries()? {
        layout = layout.with(&entry?.file_name().to_string_lossy());
    }
    let path = || path.as_str().to_owned();
    match layout.is_repository() {
        true if is_setting(name) => Err(io::Error::other(Rejected::Setting(path()))),
        false if layout.with(name).is_repository() => Err(io::Error::other(Rejected::Completes(path()))),
        _ => Ok(lock),
    }
}

/// The directory opened once more, which nobody else has locked. Does not wait for ever, because commands may lock it as well.
fn locked(dir: &Dir) -> io::Result<File> {
    const TRIES: usize = 500;
    const PAUSE: Duration = Duration::from_millis(10);
    // A directory that is opened as one cannot be locked.
    let lock = dir.open(".")?;
    for _ in 0..TRIES {
        match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            // Some file systems have no locks.
            _ => return Ok(lock),
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Reads a regular file of at most `most` bytes. Never waits: a pipe is opened without blocking, looked at and refused.
pub(super) fn read_file(dir: &Dir, name: &str, most: u64) -> io::Result<Vec<u8>> {
    check(&dir.symlink_metadata(name)?, most)?;
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = dir.open_with(name, &options)?;
    // What was looked at above may have been replaced since; what is open now cannot be.
    check(&file.metadata()?, most)?;
    read_whole(file, most)
}

fn read_whole(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

fn check(found: &Metadata, most: u64) -> io::Result<()> {
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    if found.len() > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(())
}

fn make_dir(dir: &Dir, name: &str) -> io::Result<Dir> {
    match dir.create_dir(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => dir.open_dir_nofollow(name),
        made => {
            made?;
            let made = dir.open_dir_nofollow(name)?;
            // A directory that is opened as one cannot be given away.
            give_to_owner(&made.open(".")?, &dir.dir_metadata()?)?;
            Ok(made)
        }
    }
}

/// What root makes in a folder of another user belongs to that user, who could not change it otherwise.
fn give_to_owner(made: &File, owner: &Metadata) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = (rustix::fs::Uid::from_raw(owner.uid()), rustix::fs::Gid::from_raw(owner.gid()));
    Ok(rustix::fs::fchown(made, Some(user), Some(group))?)
}

fn write_new(dir: &Dir, name: &str, content: &[u8], (mode, owner): (u32, &Metadata)) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = match dir.open_with(name, &options) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            dir.remove_file(name)?;
            dir.open_with(name, &options)?
        }
        opened => opened?,
    };
    file.write_all(content)?;
    give_to_owner(&file, owner)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

fn explain(path: &RelativePath, error: &io::Error) -> CallError {
    let path = path.as_str();
    match error.kind() {
        io::ErrorKind::NotFound => {
            CallError::not_found(format!("`{path}` does not exist in the workspace; `files.find` lists what exists."))
        }
        io::ErrorKind::IsADirectory => CallError::invalid(format!("`{path}` is a directory; name a file, or list it with `files.find`.")),
        io::ErrorKind::NotADirectory => CallError::invalid(format!("A file stands where `{path}` needs a directory; choose another path.")),
        io::ErrorKind::DirectoryNotEmpty => CallError::invalid(format!("The directory `{path}` is not empty; remove what it holds first.")),
        io::ErrorKind::InvalidInput => {
            CallError::invalid(format!("`{path}` is not a regular file, and only those are read; name another."))
        }
        io::ErrorKind::FileTooLarge => {
            CallError::invalid(format!("`{path}` is larger than the 5 MiB that one call may carry; look into it with `files.search`."))
        }
        io::ErrorKind::InvalidFilename => CallError::invalid(format!("`{path}` is longer than the file system takes; use a shorter path.")),
        io::ErrorKind::PermissionDenied => {
            CallError::other(format!("The host's user is not permitted to do this to `{path}`; change the file's owner or permissions."))
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem => {
            CallError::unavailable(format!("`{path}` could not be written: {error}. Make room, or make the folder writable."))
        }
        _ => CallError::other(format!("`{path}` could not be reached: {error}. Let the operator look at the disk.")),
    }
}

#[cfg(test)]
pub(super) fn explained(path: &RelativePath, kind: io::ErrorKind) -> CallError {
    explain(path, &kind.into())
}
