//! What a host writes down before a command, so that one that comes after it knows what the command may have left.

use std::{
    fs, io,
    io::Write as _,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{findings::Known, swept::Swept};
use crate::interfaces::sandbox::engine::Key;

/// One command.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    workspace: Vec<u8>,
    /// What was there before.
    pub(super) known: Known,
    /// What was swept so far.
    pub(super) swept: Swept,
    /// The engine went away while the command ran.
    pub(super) lost: bool,
}

impl Record {
    pub(super) fn new(workspace: &Path, known: Known) -> Self {
        Self { workspace: workspace.as_os_str().as_bytes().to_vec(), known, swept: Swept::default(), lost: false }
    }

    pub(super) fn workspace(&self) -> PathBuf {
        PathBuf::from(std::ffi::OsString::from_vec(self.workspace.clone()))
    }

    /// Writes it as a whole or not at all.
    pub(super) fn write(&self, folder: &Path, key: &Key) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let (path, beside) = (path(folder, key), folder.join(format!("{key}.new")));
        let mut file = fs::File::create(&beside)?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.sync_data()?;
        fs::rename(beside, path)
    }

    /// The record of a command; none where there is none.
    pub(super) fn read(folder: &Path, key: &Key) -> io::Result<Option<Self>> {
        match fs::read(path(folder, key)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn remove(folder: &Path, key: &Key) {
        // What stays is swept once more and removed by the next host.
        let _ = fs::remove_file(path(folder, key));
    }
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
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key { run: RunId::from_text("r-1"), seq: 3 };
        assert!(Record::read(folder.path(), &key).unwrap().is_none());
        let mut record = Record::new(Path::new(std::ffi::OsStr::from_bytes(b"/w\xff")), Known::default());
        record.lost = true;
        record.write(folder.path(), &key).unwrap();
        fs::write(folder.path().join("r-1-4.new"), "{").unwrap();
        let read = Record::read(folder.path(), &key).unwrap().unwrap();
        assert_eq!((read.workspace(), read.lost, keys(folder.path())), (record.workspace(), true, vec![key.clone()]));
        Record::remove(folder.path(), &key);
        assert_eq!(keys(folder.path()), []);
    }
}
