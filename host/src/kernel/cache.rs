//! Compiled code on disk, keyed by content and engine. Loading it is running it, so a file is trusted only when it
//! carries the mark this host put on it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use wasmtime::component::Component;

/// Why the cache did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("The cache of compiled code at `{}` could not be {action}: {source}. Make the folder writable, or use another --data-dir.", .path.display())]
pub struct CacheError {
    path: PathBuf,
    action: &'static str,
    source: io::Error,
}

/// Compiled code of one engine.
pub(super) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
}

impl Cache {
    /// Opens the cache at `folder`, which becomes readable by its owner alone. The key lies elsewhere, at `key`: a
    /// folder that came from somebody else must not bring along the key to its own code.
    pub(super) fn open(folder: &Path, key: &Path, engine: &wasmtime::Engine) -> Result<Self, CacheError> {
        let fail = |action| move |source| CacheError { path: folder.to_owned(), action, source };
        let no_key = |source| CacheError { path: key.to_owned(), action: "given its key", source };
        let engine_folder = folder.join(engine_name(engine));
        fs::create_dir_all(&engine_folder).map_err(fail("made"))?;
        make_private(folder).map_err(fail("made private"))?;
        let key = read_or_make_key(key).map_err(no_key)?;
        Ok(Self { folder: engine_folder, key })
    }

    /// The code kept under `hash`, if there is any that bears our mark. What does not is removed.
    pub(super) fn load(&self, engine: &wasmtime::Engine, hash: &str) -> Result<Option<Component>, CacheError> {
        let path = self.path(hash);
        let marked = fs::read(&path).ok().zip(fs::read(mark_path(&path)).ok());
        let Some((code, mark)) = marked else { return Ok(None) };
        if !self.is_ours(hash, &code, &mark) {
            tracing::warn!(path = %path.display(), "compiled code in the cache does not bear this host's mark; it is compiled anew");
            self.forget(&path);
            return Ok(None);
        }
        #[expect(unsafe_code, reason = "deserialising runs what is in the file")]
        // SAFETY: the bytes were written by this host's compiler for this engine: their keyed hash says so, and the key
        // lies in a folder that only the owner can read or write, as does the file between the check and its mapping.
        let component = unsafe { Component::deserialize_file(engine, &path) };
        if component.is_err() {
            self.forget(&path);
        }
        Ok(component.ok())
    }

    /// Keeps code under `hash`. A reader sees all of it or none.
    pub(super) fn keep(&self, hash: &str, code: &[u8]) -> Result<(), CacheError> {
        let path = self.path(hash);
        let write = || {
            replace(&path, code)?;
            replace(&mark_path(&path), self.mark(hash, code).as_bytes())
        };
        write().map_err(|source| CacheError { path: self.folder.clone(), action: "written", source })
    }

    fn path(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.cwasm"))
    }

    fn mark(&self, hash: &str, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(hash.as_bytes()).update(&[0]).update(code);
        hasher.finalize()
    }

    fn is_ours(&self, hash: &str, code: &[u8], mark: &[u8]) -> bool {
        // Comparing hashes of this type takes the same time whatever they are.
        <[u8; 32]>::try_from(mark).is_ok_and(|mark| self.mark(hash, code) == blake3::Hash::from_bytes(mark))
    }

    /// What cannot be removed is compiled anew each time and replaced then.
    fn forget(&self, path: &Path) {
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(mark_path(path));
    }
}

fn mark_path(path: &Path) -> PathBuf {
    path.with_extension("mark")
}

fn engine_name(engine: &wasmtime::Engine) -> String {
    let mut hasher = HashOf(blake3::Hasher::new());
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
    hasher.0.finalize().to_hex()[..16].to_owned()
}

/// A hasher whose result is the same in every process.
struct HashOf(blake3::Hasher);

impl std::hash::Hasher for HashOf {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for the short form.
    fn finish(&self) -> u64 {
        0
    }
}

fn read_or_make_key(path: &Path) -> io::Result<[u8; 32]> {
    if let Ok(key) = <[u8; 32]>::try_from(fs::read(path).unwrap_or_default().as_slice()) {
        return Ok(key);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let key: [u8; 32] = rand::random();
    replace(path, &key)?;
    Ok(key)
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a path without a folder"))?;
    // A temporary file is readable by its owner alone and stays so.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(_folder: &Path) -> io::Result<()> {
    Ok(())
}
