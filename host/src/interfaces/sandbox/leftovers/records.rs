//! What a host writes down before a command, so that one that comes after it knows what the command may have left.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::{MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::{fs::OFlags, io::Errno};
use serde::{Deserialize, Serialize};

use super::{findings::PriorState, guards::Guards, swept::Swept};
use crate::interfaces::sandbox::engine::Key;

/// One command.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    workspace: Vec<u8>,
    /// What was there before.
    pub(super) known: PriorState,
    /// What a person's git executes, and was there before.
    #[serde(default)]
    pub(super) guards: Guards,
    /// What was swept so far.
    pub(super) swept: Swept,
    /// The engine went away while the command ran.
    pub(super) lost: bool,
}

impl Record {
    pub(super) fn new(workspace: &Path, known: PriorState, guards: Guards) -> Self {
        Self { workspace: workspace.as_os_str().as_bytes().to_vec(), known, guards, swept: Swept::default(), lost: false }
    }

    pub(super) fn workspace(&self) -> PathBuf {
        PathBuf::from(std::ffi::OsString::from_vec(self.workspace.clone()))
    }

    /// Writes it as a whole or not at all.
    pub(super) fn write(&self, folder: &Path, key: &Key) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let (path, beside) = (path(folder, key), folder.join(format!("{key}.new")));
        let mut file = create_own(&beside)?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.sync_data()?;
        fs::rename(beside, path)
    }

    /// The record of a command; none where there is none, or none that the host wrote.
    pub(super) fn read(folder: &Path, key: &Key) -> io::Result<Option<Self>> {
        match read_own(&path(folder, key))? {
            Some(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            None => Ok(None),
        }
    }

    pub(super) fn remove(folder: &Path, key: &Key) {
        // What stays is swept once more and removed by the next host.
        let _ = fs::remove_file(path(folder, key));
    }
}

/// Makes a file that nobody else reads or writes, in the place of whatever has its name.
pub(super) fn create_own(path: &Path) -> io::Result<fs::File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// What such a file holds. None where there is none, or another thing, such as a link, a pipe, or a file of somebody else's: it
/// came with the data directory. Never waits for the other end of a pipe.
pub(super) fn read_own(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut file = match fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        // None is there, or a link, or a socket.
        Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::NOENT | Errno::LOOP | Errno::NXIO)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    let is_ours = found.uid() == rustix::process::geteuid().as_raw() || found.uid() == 0;
    if !found.is_file() || !is_ours || found.mode() & 0o022 != 0 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The commands that have a record.
pub(super) fn keys(folder: &Path) -> Vec<Key> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Key::from_text(entry.file_name().to_str()?.strip_suffix(".json")?)).collect()
}

fn path(folder: &Path, key: &Key) -> PathBuf {
    folder.join(format!("{key}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RunId;

    #[test]
    fn what_no_host_wrote_is_no_record_and_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key { run: RunId::from_text("r-1"), seq: 3 };
        let record = Record::new(Path::new("/w"), PriorState::default(), Guards::default());
        let at = path(folder.path(), &key);
        let pipe = |path: &Path| rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        pipe(&folder.path().join("r-1-3.new"));
        record.write(folder.path(), &key).unwrap();
        assert_eq!(fs::metadata(&at).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
        assert!(Record::read(folder.path(), &key).unwrap().is_none(), "others could have written it");
        fs::rename(&at, folder.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &at).unwrap();
        assert!(Record::read(folder.path(), &key).unwrap().is_none());
        fs::remove_file(&at).unwrap();
        pipe(&at);
        assert!(Record::read(folder.path(), &key).unwrap().is_none());
        record.write(folder.path(), &key).unwrap();
        assert!(Record::read(folder.path(), &key).unwrap().is_some());
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key { run: RunId::from_text("r-1"), seq: 3 };
        assert!(Record::read(folder.path(), &key).unwrap().is_none());
        let mut record = Record::new(Path::new(std::ffi::OsStr::from_bytes(b"/w\xff")), PriorState::default(), Guards::default());
        record.lost = true;
        record.write(folder.path(), &key).unwrap();
        fs::write(folder.path().join("r-1-4.new"), "{").unwrap();
        let read = Record::read(folder.path(), &key).unwrap().unwrap();
        assert_eq!((read.workspace(), read.lost, keys(folder.path())), (record.workspace(), true, vec![key.clone()]));
        Record::remove(folder.path(), &key);
        assert_eq!(keys(folder.path()), []);
    }
}
