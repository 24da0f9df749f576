//! Compiled code on disk, keyed by content and engine, and why there is none where the compiler refused. Loading code is
//! running it, so a file is trusted only when it carries the mark this host put on it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use wasmtime::component::Component;

use super::{compiler::CompileLimits, disk::read_bounded};
use crate::{errors::Hint, own_files};

/// Code of the largest component there can be is smaller.
const LARGEST_CODE: u64 = 2 << 30;
/// A refusal is a sentence, or a few.
const LARGEST_REFUSAL: u64 = 1 << 20;

/// Why the cache did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("Cannot {action} the cache of compiled code at `{}`: {source}.", .path.display())]
pub struct CacheError {
    path: PathBuf,
    action: &'static str,
    source: io::Error,
}

impl Hint for CacheError {
    fn hint(&self) -> Option<String> {
        Some("Make the directory writable, or set XDG_CACHE_HOME to another.".to_owned())
    }
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
        let no_key = |source| CacheError { path: key.to_owned(), action: "use the key of", source };
        let engine_folder = folder.join(engine_name(engine));
        fs::create_dir_all(&engine_folder).map_err(fail("create"))?;
        make_private(folder).map_err(fail("protect"))?;
        let key = read_or_make_key(key).map_err(no_key)?;
        Ok(Self { folder: engine_folder, key })
    }

    /// The cache at `folder` as it is; none where nobody opened it yet. Makes nothing.
    pub(super) fn existing(folder: &Path, key: &Path, engine: &wasmtime::Engine) -> Option<Self> {
        let key = read_key(key)?;
        Some(Self { folder: folder.join(engine_name(engine)), key })
    }

    /// The code kept under `hash`, if there is any that bears our mark. What does not is removed.
    pub(super) fn load(&self, engine: &wasmtime::Engine, hash: &str) -> Result<Option<Component>, CacheError> {
        let path = self.path(hash);
        let marked = read_bounded(&path, LARGEST_CODE).ok().zip(read_bounded(&mark_path(&path), blake3::OUT_LEN as u64).ok());
        let Some((code, mark)) = marked else { return Ok(None) };
        if !self.is_ours(hash, &code, &mark) {
            tracing::warn!(path = %path.display(), "compiled code in the cache was not written by this host; it is compiled again");
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
        self.forget_refusal(hash);
        write().map_err(|source| CacheError { path: self.folder.clone(), action: "write", source })
    }

    /// Why what is kept under `hash` was refused, within the same limits and after its file was `changed`.
    pub(super) fn refusal(&self, hash: &str, limits: Option<CompileLimits>, changed: SystemTime) -> Option<String> {
        let path = self.refusal_path(hash);
        let refused = fs::metadata(&path).and_then(|about| about.modified()).ok()?;
        if refused < changed {
            return None;
        }
        let content = read_bounded(&path, LARGEST_REFUSAL).ok()?;
        let (mark, text) = content.split_at_checked(blake3::OUT_LEN)?;
        let reason = std::str::from_utf8(text).ok()?.strip_prefix(&terms(limits))?;
        self.is_ours(&refusal_name(hash), text, mark).then(|| reason.to_owned())
    }

    /// Remembers why what would be kept under `hash` was refused.
    pub(super) fn refuse(&self, hash: &str, limits: Option<CompileLimits>, reason: &str) -> Result<(), CacheError> {
        let text = format!("{}{reason}", terms(limits));
        let content = [self.mark(&refusal_name(hash), text.as_bytes()).as_bytes(), text.as_bytes()].concat();
        let written = replace(&self.refusal_path(hash), &content);
        written.map_err(|source| CacheError { path: self.folder.clone(), action: "write", source })
    }

    /// Has what would be kept under `hash` tried again.
    pub(super) fn forget_refusal(&self, hash: &str) {
        let _ = fs::remove_file(self.refusal_path(hash));
    }

    fn refusal_path(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.refused"))
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

    /// What cannot be removed is compiled again each time and replaced then.
    fn forget(&self, path: &Path) {
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(mark_path(path));
    }
}

/// What a refusal is marked under, so that it passes for no code.
fn refusal_name(hash: &str) -> String {
    format!("refused {hash}")
}

/// The first line of a refusal.
fn terms(limits: Option<CompileLimits>) -> String {
    match limits {
        Some(limits) => format!("{} ms, {} bytes\n", limits.time.as_millis(), limits.memory),
        None => "unlimited\n".to_owned(),
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

    /// The short form is never asked for.
    fn finish(&self) -> u64 {
        0
    }
}

fn read_key(path: &Path) -> Option<[u8; 32]> {
    if fs::metadata(path).is_ok_and(|about| own_files::is_open(&about)) {
        // Whoever knows it can put code there that passes for this host's. Another is made, and the code is compiled again.
        tracing::warn!(path = %path.display(), "the key of the cache can be read or changed by others; it is used no more");
        return None;
    }
    <[u8; 32]>::try_from(read_bounded(path, 32).ok()?.as_slice()).ok()
}

fn read_or_make_key(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(key) = read_key(path) {
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
    let folder = path.parent().ok_or_else(|| io::Error::other("a path without a directory"))?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_could_read_is_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let first = read_or_make_key(&key).unwrap();
        assert_eq!(read_or_make_key(&key).unwrap(), first);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_key(&key), None);
        assert_ne!(read_or_make_key(&key).unwrap(), first);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_refusal_holds_for_its_limits_until_the_file_changes_and_is_believed_when_it_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let (place, key, engine) = (folder.path().join("cache"), folder.path().join("key"), wasmtime::Engine::default());
        assert!(Cache::existing(&place, &key, &engine).is_none() && !place.exists());
        let cache = Cache::open(&place, &key, &engine).unwrap();
        let (limits, before) = (Some(CompileLimits::default()), SystemTime::now() - Duration::from_secs(9));
        assert_eq!(cache.refusal("a", limits, before), None);
        cache.refuse("a", limits, "It is too large.").unwrap();
        let cache = Cache::existing(&place, &key, &engine).unwrap();
        assert_eq!(cache.refusal("a", limits, before).as_deref(), Some("It is too large."));
        assert_eq!(cache.refusal("b", limits, before), None);
        assert_eq!(cache.refusal("a", None, before), None);
        let longer = CompileLimits { time: Duration::from_secs(61), ..CompileLimits::default() };
        assert_eq!(cache.refusal("a", Some(longer), before), None);
        assert_eq!(cache.refusal("a", limits, SystemTime::now() + Duration::from_secs(9)), None, "the file was touched");
        let other = Cache { key: [7; 32], folder: cache.folder.clone() };
        assert_eq!(other.refusal("a", limits, before), None);
        fs::write(cache.refusal_path("a"), "short").unwrap();
        assert_eq!(cache.refusal("a", limits, before), None);
        cache.refuse("a", limits, "Again.").unwrap();
        cache.keep("a", b"code").unwrap();
        assert_eq!(cache.refusal("a", limits, before), None, "there is code");
    }
}
