//! Texts too large for a row, kept by their hash. Removes nothing: forks share what their source wrote.

use std::path::{Path, PathBuf};

use object_store::{ObjectStoreExt, local::LocalFileSystem, path::Path as Location};

use super::{StoreError, database};
use crate::journal::RunId;

/// A text of at most this many bytes lies in its row.
const LARGEST_IN_ROW: usize = 64 * 1024;

const FOLDER: &str = "blobs";

/// Where a text lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Row(String),
    /// Its reference, `blob:` and the BLAKE3 hash in hexadecimal.
    Blob(String),
}

impl Text {
    /// The columns for the text itself and for its reference.
    pub(super) fn columns(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Row(text) => (Some(text), None),
            Self::Blob(reference) => (None, Some(reference)),
        }
    }

    /// What the two columns say; none when both are null.
    pub(super) fn from_columns(text: Option<String>, reference: Option<String>) -> Option<Self> {
        text.map(Self::Row).or(reference.map(Self::Blob))
    }
}

#[derive(Debug)]
pub(super) struct Blobs {
    /// None where there is no folder and none may be made.
    files: Option<LocalFileSystem>,
}

impl Blobs {
    pub(super) fn open(data: &Path) -> Result<Self, StoreError> {
        let path = data.join(FOLDER);
        database::create_directory(&path)?;
        Self::over(path)
    }

    /// Makes nothing.
    pub(super) fn look(data: &Path) -> Result<Self, StoreError> {
        let path = data.join(FOLDER);
        if path.is_dir() { Self::over(path) } else { Ok(Self::none()) }
    }

    pub(super) fn none() -> Self {
        Self { files: None }
    }

    fn over(path: PathBuf) -> Result<Self, StoreError> {
        let files = LocalFileSystem::new_with_prefix(&path)
            .map_err(|error| StoreError::Directory { path, reason: error.to_string() })?
            .with_fsync(true);
        Ok(Self { files: Some(files) })
    }

    /// Puts a large text on the disk, durable before its row is.
    pub(super) async fn keep(&self, text: String) -> Result<Text, StoreError> {
        if text.len() <= LARGEST_IN_ROW {
            return Ok(Text::Row(text));
        }
        Ok(Text::Blob(self.put(text).await?))
    }

    /// Puts a text on the disk, however long it is, and gives its reference.
    pub(super) async fn put(&self, text: String) -> Result<String, StoreError> {
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        let location = location(&hash);
        let files = self.files.as_ref().ok_or(StoreError::Looking)?;
        // What the disk has damaged since is put right here, at the price of reading it.
        if !is_there(files, &location, &text).await {
            files.put(&location, text.into_bytes().into()).await.map_err(unwritten)?;
        }
        Ok(format!("blob:{hash}"))
    }

    /// The text of a call, checked against its hash.
    pub(super) async fn load(&self, text: Text, run: &RunId, seq: u64) -> Result<String, StoreError> {
        let reference = match text {
            Text::Row(text) => return Ok(text),
            Text::Blob(reference) => reference,
        };
        let Some(hash) = hash_of(&reference) else { return Err(StoreError::row("journal", format!("`{reference}` names no blob"))) };
        self.read(hash, |found| StoreError::Blob { run: run.clone(), seq, hash: hash.to_owned(), found }).await
    }

    /// The text of a reference that a person gave, checked against its hash.
    pub(super) async fn find(&self, reference: &str) -> Result<String, StoreError> {
        let refuse = |found| StoreError::Artifact { name: reference.to_owned(), found };
        match hash_of(reference) {
            Some(hash) => self.read(hash, refuse).await,
            None => Err(refuse("missing")),
        }
    }

    async fn read(&self, hash: &str, refuse: impl Fn(&'static str) -> StoreError) -> Result<String, StoreError> {
        let Some(files) = &self.files else { return Err(refuse("missing")) };
        let bytes = match files.get(&location(hash)).await {
            Ok(found) => found.bytes().await.map_err(unread)?,
            Err(object_store::Error::NotFound { .. }) => return Err(refuse("missing")),
            Err(error) => return Err(unread(error)),
        };
        if blake3::hash(&bytes).to_hex().as_str() != hash {
            return Err(refuse("damaged"));
        }
        String::from_utf8(bytes.into()).map_err(|_| refuse("damaged"))
    }
}

/// The hash that a reference names, if it is one.
fn hash_of(reference: &str) -> Option<&str> {
    reference.strip_prefix("blob:").filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

async fn is_there(files: &LocalFileSystem, location: &Location, text: &str) -> bool {
    let same_length = files.head(location).await.is_ok_and(|found| found.size == text.len() as u64);
    let Ok(found) = files.get(location).await else { return false };
    same_length && found.bytes().await.is_ok_and(|bytes| bytes == text.as_bytes())
}

/// Spread over 256 folders, because a folder of very many files is slow.
fn location(hash: &str) -> Location {
    Location::from_iter([&hash[..2], hash])
}

fn unwritten(error: object_store::Error) -> StoreError {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(next) = cause {
        if next.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull) {
            return StoreError::Full;
        }
        cause = next.source();
    }
    StoreError::Disk(error.to_string())
}

fn unread(error: object_store::Error) -> StoreError {
    StoreError::Disk(error.to_string())
}
