//! Reads a folder that is to be packed: `plugin.toml` and every other file as an asset. Follows no link, so that nothing
//! comes along that does not lie there, and leaves out what was built.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What a folder holds.
#[derive(Debug)]
pub struct Contents {
    /// The text of `plugin.toml`.
    pub manifest: String,
    /// Path and content of every other file, sorted. Names that begin with a dot are left out, and
    /// so are `target`, where what was built lies, and `recordings`, where recorded runs do.
    pub assets: Vec<(String, Vec<u8>)>,
}

/// Why a folder was not read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// No manifest.
    #[error("`{}` has no plugin.toml that can be read: {source}. `baton plugin new` creates a plugin.", .folder.display())]
    NoManifest {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A link, a pipe or a device.
    #[error("`{}` is neither a file nor a folder. Put the file itself there.", .0.display())]
    NotAFile(PathBuf),
    /// No text.
    #[error("`{}` has a name that is not UTF-8. Give it another one.", .0.display())]
    Name(PathBuf),
    /// More than a plugin may carry.
    #[error("`{}` has more than {} files or {} MiB. Leave out what the plugin does not read.", .0.display(), MOST_FILES, MOST_BYTES >> 20)]
    TooMuch(PathBuf),
    /// The system says no.
    #[error("`{}` cannot be read: {source}.", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Files by their paths below a folder, in order.
pub type Assets = Vec<(String, Vec<u8>)>;

const MANIFEST: &str = "plugin.toml";
/// What lies in a plugin's folder and is not part of the plugin: what was built, and recorded runs, which hold prompts and
/// replies in clear.
const LEFT_OUT: [&str; 2] = ["target", "recordings"];
/// As much as the host reads of one.
const LARGEST_MANIFEST: u64 = 64 << 10;
const MOST_FILES: usize = 4096;
const MOST_BYTES: u64 = 32 << 20;

/// Reads a folder with everything below it.
pub fn read(folder: &Path) -> Result<Contents, FolderError> {
    let manifest = manifest(&folder.join(MANIFEST)).map_err(|source| FolderError::NoManifest { folder: folder.to_owned(), source })?;
    Ok(Contents { manifest, assets: collect(folder)? })
}

/// The same of a folder that needs no manifest of its own: its manifest, if it has one, and its assets.
pub fn read_assets(folder: &Path) -> Result<(Option<String>, Assets), FolderError> {
    let path = folder.join(MANIFEST);
    if fs::symlink_metadata(&path).is_err() {
        return Ok((None, collect(folder)?));
    }
    let contents = read(folder)?;
    Ok((Some(contents.manifest), contents.assets))
}

fn collect(folder: &Path) -> Result<Assets, FolderError> {
    let mut reading = Reading { root: folder, assets: Vec::new(), bytes: 0 };
    reading.collect(folder, "")?;
    let mut assets = reading.assets;
    assets.retain(|(path, _)| path != MANIFEST);
    assets.sort();
    Ok(assets)
}

/// What is no file, such as a pipe, is not opened; who wrote it may never come.
fn manifest(path: &Path) -> io::Result<String> {
    let about = fs::symlink_metadata(path)?;
    if !about.is_file() || about.len() > LARGEST_MANIFEST {
        return Err(io::Error::other(format!("it has to be a file of at most {LARGEST_MANIFEST} bytes")));
    }
    fs::read_to_string(path)
}

struct Reading<'a> {
    root: &'a Path,
    assets: Vec<(String, Vec<u8>)>,
    bytes: u64,
}

impl Reading<'_> {
    fn collect(&mut self, folder: &Path, prefix: &str) -> Result<(), FolderError> {
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let entry = entry.map_err(unreadable(folder))?;
            let path = entry.path();
            let name = entry.file_name().to_str().map(str::to_owned).ok_or_else(|| FolderError::Name(path.clone()))?;
            if name.starts_with('.') || (prefix.is_empty() && LEFT_OUT.contains(&name.as_str())) {
                continue;
            }
            let about = fs::symlink_metadata(&path).map_err(unreadable(&path))?;
            let place = format!("{prefix}{name}");
            if about.is_dir() {
                self.collect(&path, &format!("{place}/"))?;
            } else if about.is_file() {
                self.keep(&path, place, about.len())?;
            } else {
                return Err(FolderError::NotAFile(path));
            }
        }
        Ok(())
    }

    fn keep(&mut self, path: &Path, place: String, bytes: u64) -> Result<(), FolderError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.assets.len() >= MOST_FILES || self.bytes > MOST_BYTES {
            return Err(FolderError::TooMuch(self.root.to_owned()));
        }
        self.assets.push((place, fs::read(path).map_err(unreadable(path))?));
        Ok(())
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |source| FolderError::Unreadable { path: path.to_owned(), source }
}
