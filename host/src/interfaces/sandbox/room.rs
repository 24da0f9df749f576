//! What this machine has left for a command and for its host: room on the workspace's disk, and files that may be open. What
//! is used up is the operator's to know, and no fault of a command.

use std::{io, path::Path};

/// Files that have to be possible on the workspace's disk beside those that are there.
const FILES: u64 = 1024;

/// What a disk has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes.
    pub bytes: u64,
    /// Files; none where the disk does not count them.
    pub files: Option<u64>,
}

/// What the disk of a folder has left; none where it does not say.
#[cfg(unix)]
pub fn measure_room(folder: &Path) -> Option<Room> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(Room { bytes: disk.f_bavail.saturating_mul(disk.f_frsize), files: (disk.f_files > 0).then_some(disk.f_favail) })
}

/// Not known here.
#[cfg(not(unix))]
pub fn measure_room(_: &Path) -> Option<Room> {
    None
}

/// What is used up on a disk, a sentence; none while there is enough. A disk that does not say what it has left is taken to have
/// enough: this is a guard and not a promise.
pub(super) fn lacking(room: Option<Room>, bytes: u64) -> Option<String> {
    let Room { bytes: free, files } = room?;
    if free < bytes {
        return Some(format!(
            "The disk of the workspace is nearly full: {} MiB are free, and `sandbox.keep-free-mib` is {}. Free some space, or set it lower.",
            free >> 20,
            bytes >> 20
        ));
    }
    let left = files.filter(|left| *left < FILES)?;
    Some(format!("The disk of the workspace has room for {left} more files only. Remove files that are not needed."))
}

/// What the system said, with what to do where the host has no file handle left.
pub(super) fn describe(error: &io::Error) -> String {
    let Some(advice) = out_of_handles(error) else { return error.to_string().trim_end_matches('.').to_owned() };
    format!("{error}. {advice}")
}

/// What to do where an error says that no more files may be open, without the end of a sentence.
pub(super) fn out_of_handles(error: &io::Error) -> Option<&'static str> {
    use rustix::io::Errno;

    match Errno::from_io_error(error)? {
        Errno::MFILE => Some("Baton has no file handle left; raise the limit with `ulimit -n` and start Baton again"),
        Errno::NFILE => Some("This machine has no file handle left; end programs that hold many, or raise `fs.file-max`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_lacks_bytes_or_files() {
        let lacking = |mebibytes: u64, files| lacking(Some(Room { bytes: mebibytes << 20, files }), 512 << 20);
        assert_eq!(lacking(512, Some(FILES)), None);
        assert_eq!(lacking(512, None), None, "some disks count no files");
        let full = lacking(511, Some(FILES)).unwrap();
        assert!(full.contains("511 MiB are free") && full.contains("`sandbox.keep-free-mib` is 512"), "{full}");
        assert!(lacking(512, Some(7)).unwrap().contains("room for 7 more files"));
    }

    #[test]
    fn no_file_handles_are_told_with_what_to_do() {
        let said = |number| describe(&io::Error::from_raw_os_error(number));
        assert!(said(24).contains("`ulimit -n`"), "{}", said(24));
        assert!(said(23).contains("This machine has no file handle left"), "{}", said(23));
        assert!(!said(2).contains("handle"), "{}", said(2));
    }
}
