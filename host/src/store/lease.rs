//! The right to work in a data directory. The kernel of the operating system takes it back when the process dies,
//! however it dies. Knows nothing of the database.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use super::{StoreError, database};
use crate::moment::Moment;

/// Held for as long as a host works in a data directory; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lease of `data`, creating the directory, or says who has it. `now`: milliseconds since 1970 UTC.
    pub fn take(data: &Path, now: u64) -> Result<Self, StoreError> {
        database::create_directory(data)?;
        let path = data.join("lock");
        let unusable = |error: std::io::Error| StoreError::Directory { path: path.clone(), reason: error.to_string() };
        // The file is never removed: a second process could lock the removed one while a third makes a new one.
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        #[cfg(unix)]
        if let Ok(no_links) = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()) {
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, no_links);
        }
        let mut file = options.open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Held { path: data.to_owned(), holder: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        write_holder(&mut file, now).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn write_holder(file: &mut File, now: u64) -> std::io::Result<()> {
    let since = Moment(now).timestamp();
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "process {}, since {since:.0}", std::process::id())
}

/// What the holder wrote of itself. It may not have come to it yet.
fn holder(file: &mut File) -> String {
    const MOST: u64 = 200;
    let mut text = String::new();
    match file.take(MOST).read_to_string(&mut text) {
        Ok(read) if read > 0 => text,
        _ => "a process that has just started".to_owned(),
    }
}
