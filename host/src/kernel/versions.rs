//! The versions of plugins that outlive the file they came from, and the port of the tables that remember them. Decides
//! nothing about which is current.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::{
    disk::{private_folder, read_bounded},
    package::Package,
};
use crate::{errors::StorageError, events::Draft};

/// What was published from a file in the plugin folder: the last good version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name of the file.
    pub file: String,
    /// Name of the plugin in it.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// When, in milliseconds since 1970 UTC.
    pub published_at: u64,
}

/// Which file of the plugin folder a name belongs to. It belongs to it also while the file is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of what was in it last, in hexadecimal: the same under another name is the file that was given it.
    pub hash: String,
}

impl Claim {
    /// Whether it is the claim of a file with this name and content.
    pub fn is_of(&self, file: &str, hash: &str) -> bool {
        self.file == file || self.hash == hash
    }
}

/// A version whose file is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// Name of the plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// It was part of this program, and so was granted what it needs.
    pub bundled: bool,
    /// When it was needed last, as far as that was written down, in milliseconds since 1970 UTC.
    pub kept_at: u64,
}

/// A version that runs need which have not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Name of the plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// How many runs.
    pub runs: u64,
}

/// Remembers which file held what, and which versions are kept.
#[async_trait]
pub trait Versions: Send + Sync {
    /// What was published last from each file, the oldest first.
    async fn published(&self) -> Result<Vec<Published>, StorageError>;
    /// Remembers a publication in the place of what its file and its plugin had before. The name is the file's from then
    /// on, unless it belongs to another.
    async fn publish(&self, published: &Published, events: Vec<Draft>) -> Result<(), StorageError>;
    /// Forgets what a file held. Returns false, and keeps no event, when nothing was known of it.
    async fn withdraw(&self, file: &str, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Which names belong to which files.
    async fn claims(&self) -> Result<Vec<Claim>, StorageError>;
    /// Gives a name to a file, whoever had it.
    async fn claim(&self, claim: &Claim) -> Result<(), StorageError>;
    /// Gives a name up.
    async fn unclaim(&self, plugin: &str) -> Result<(), StorageError>;
    /// The versions that are kept.
    async fn kept(&self) -> Result<Vec<Version>, StorageError>;
    /// Remembers that a version is kept, and when it was needed.
    async fn keep(&self, version: &Version) -> Result<(), StorageError>;
    /// Forgets a version, unless a run that has not ended needs it, a file held it last, or it was needed after `before`.
    /// Returns whether it did; no event is kept when it did not.
    async fn forget(&self, hash: &str, before: u64, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// The versions that runs need which have not ended.
    async fn needed(&self) -> Result<Vec<Need>, StorageError>;
}

/// The folder of kept files, each named by its hash and believed only when it has it.
#[derive(Clone, Debug)]
pub struct Shelf(PathBuf);

impl Shelf {
    /// That of this data directory, whether it is there or not.
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("versions"))
    }

    /// Where a version lies, if it is kept.
    pub fn path(&self, hash: &str) -> PathBuf {
        self.0.join(format!("{hash}.wasm"))
    }

    /// Puts a file there, whole and on the disk.
    pub(super) fn put(&self, hash: &str, wasm: &[u8]) -> io::Result<()> {
        let path = self.path(hash);
        if self.read(hash).is_some() {
            return Ok(());
        }
        private_folder(&self.0)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(wasm)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        fs::File::open(&self.0)?.sync_all()
    }

    /// The file of a version, if it is there and is that file.
    pub fn read(&self, hash: &str) -> Option<Vec<u8>> {
        // Whatever stands for a hash in a table, no other place than the folder is read.
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let wasm = read_bounded(&self.path(hash), Package::LARGEST as u64).ok()?;
        let is_it = hex::encode(Sha256::digest(&wasm)) == hash;
        if !is_it {
            tracing::warn!(%hash, "a kept version of a plugin is not the file it was; it is not used");
        }
        is_it.then_some(wasm)
    }

    /// Takes a file away. One that cannot be taken away is replaced by the next of its hash.
    pub(super) fn remove(&self, hash: &str) {
        if let Err(error) = fs::remove_file(self.path(hash)) {
            tracing::warn!(%hash, %error, "a version of a plugin that no run needs stays on the disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_believed_only_when_it_has_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(folder.path());
        let hash = hex::encode(Sha256::digest(b"wasm"));
        assert_eq!(shelf.read(&hash), None);
        shelf.put(&hash, b"wasm").unwrap();
        assert_eq!(shelf.read(&hash).as_deref(), Some(b"wasm".as_slice()));
        fs::write(shelf.path(&hash), b"other").unwrap();
        assert_eq!(shelf.read(&hash), None);
        shelf.put(&hash, b"wasm").unwrap();
        assert_eq!(shelf.read(&hash).as_deref(), Some(b"wasm".as_slice()), "what was damaged is replaced");
        shelf.remove(&hash);
        assert!(!shelf.path(&hash).exists());
    }

    #[test]
    fn no_hash_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret.wasm"), b"x").unwrap();
        let shelf = Shelf::of(folder.path());
        fs::create_dir(folder.path().join("versions")).unwrap();
        for hash in ["../secret", "", "/etc/passwd", &"z".repeat(64)] {
            assert_eq!(shelf.read(hash), None, "{hash}");
        }
    }
}
