//! What this machine has left for a command and for its host: room on the workspace's disk, and files that may be open. What
//! is used up is the operator's to know, and no fault of a command.

use std::{io, path::Path};

/// Files that have to be possible on the workspace's disk beside those that are there.
const FILES: u64 = 1024;

/// What is used up on the disk of a folder, a sentence; none while there is enough. Where it cannot be told there is: this is
/// a guard and no promise.
#[cfg(unix)]
pub(super) fn lacking(folder: &Path, bytes: u64) -> Option<String> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    lacking_of(disk.f_bavail.saturating_mul(disk.f_frsize), (disk.f_files > 0).then_some(disk.f_favail), bytes)
}

#[cfg(not(unix))]
pub(super) fn lacking(_: &Path, _: u64) -> Option<String> {
    None
}

/// The same from what a disk says of itself; some count no files.
fn lacking_of(free: u64, files: Option<u64>, bytes: u64) -> Option<String> {
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
        let mebibytes = |number: u64| number << 20;
        assert_eq!(lacking_of(mebibytes(512), Some(FILES), mebibytes(512)), None);
        assert_eq!(lacking_of(mebibytes(512), None, mebibytes(512)), None, "some disks count no files");
        let full = lacking_of(mebibytes(511), Some(FILES), mebibytes(512)).unwrap();
        assert!(full.contains("511 MiB are free") && full.contains("`sandbox.keep-free-mib` is 512"), "{full}");
        assert!(lacking_of(mebibytes(512), Some(7), mebibytes(512)).unwrap().contains("room for 7 more files"));
    }

    #[test]
    fn no_file_handles_are_told_with_what_to_do() {
        let said = |number| describe(&io::Error::from_raw_os_error(number));
        assert!(said(24).contains("`ulimit -n`"), "{}", said(24));
        assert!(said(23).contains("This machine has no file handle left"), "{}", said(23));
        assert!(!said(2).contains("handle"), "{}", said(2));
    }
}
