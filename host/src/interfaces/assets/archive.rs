//! Reads the tar archive a stranger packed, compressed by gzip or not: takes plain files with plain names and rejects all else.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use crate::errors::Hint;
use flate2::read::GzDecoder;
use tar::{Archive, Entry, EntryType};

const MOST_FILES: usize = 4096;
const MOST_BYTES: u64 = 32 << 20;
const LONGEST_PATH: usize = 1024;
/// Bytes of an archive: its files, and a header, a long path and padding for each of them.
const LARGEST_ARCHIVE: u64 = MOST_BYTES + MOST_FILES as u64 * 4096;
/// What gzip begins with. The archive itself begins with a path, which has no control characters.
const GZIP: &[u8] = b"\x1f\x8b";

/// Why a plugin's assets are rejected.
#[derive(Debug, thiserror::Error)]
pub enum AssetsError {
    #[error("The assets are not a complete tar archive: {}.", .0.to_string().escape_debug())]
    NotAnArchive(#[from] io::Error),
    /// A name that could mean something else than a file below the archive's root.
    #[error("The assets hold the path `{0}`; paths are relative UTF-8 text with `/` between names, without `.` and `..`.")]
    UnsafePath(String),
    /// A link, a device, a directory.
    #[error("The asset `{0}` is not a regular file.")]
    NotAFile(String),
    #[error("The assets hold `{0}` twice.")]
    Duplicate(String),
    #[error("The assets are larger than the limit of {MOST_FILES} files with {} MiB together.", MOST_BYTES >> 20)]
    TooBig,
}

impl Hint for AssetsError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAnArchive(_) => "Pack the plugin again with `baton plugin pack`.",
            Self::UnsafePath(_) => "Rename the file.",
            Self::NotAFile(_) => "Pack only files.",
            Self::Duplicate(_) => "Pack it once.",
            Self::TooBig => "Pack less.",
        };
        Some(hint.to_owned())
    }
}

pub(super) fn read(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, AssetsError> {
    if !archive.starts_with(GZIP) {
        return read_files(archive);
    }
    let mut unpacked = GzDecoder::new(archive).take(LARGEST_ARCHIVE);
    let files = read_files(&mut unpacked)?;
    // The sum that says whether all of it is as it was packed comes last.
    io::copy(&mut unpacked, &mut io::sink())?;
    if unpacked.limit() == 0 { Err(AssetsError::TooBig) } else { Ok(files) }
}

fn read_files(archive: impl Read) -> Result<BTreeMap<String, Vec<u8>>, AssetsError> {
    let mut files = BTreeMap::new();
    let mut room = MOST_BYTES;
    for entry in Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = path(&entry)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(AssetsError::NotAFile(path));
        }
        if files.len() == MOST_FILES || entry.size() > room {
            return Err(AssetsError::TooBig);
        }
        room -= entry.size();
        let content = content(&mut entry)?;
        if files.contains_key(&path) {
            return Err(AssetsError::Duplicate(path));
        }
        files.insert(path, content);
    }
    Ok(files)
}

fn path(entry: &Entry<'_, impl Read>) -> Result<String, AssetsError> {
    let bytes = entry.path_bytes();
    let shown = || AssetsError::UnsafePath(String::from_utf8_lossy(&bytes).chars().take(100).flat_map(char::escape_debug).collect());
    let path = std::str::from_utf8(&bytes).map_err(|_| shown())?;
    let plain = path.len() <= LONGEST_PATH && !path.contains('\\') && !path.contains(':') && !path.chars().any(char::is_control);
    if !plain || path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err(shown());
    }
    Ok(path.to_owned())
}

fn content(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, AssetsError> {
    let size = entry.size();
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    if content.len() as u64 != size {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(content)
}
