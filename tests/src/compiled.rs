//! One cache of compiled code for all tests, so that each plugin is compiled once and not once a test. A test that looks at
//! compiling itself asks for a cache of its own.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, path::PathBuf};

/// The key of the shared cache. Any will do: the files are made by the tests themselves.
const KEY: [u8; 32] = [7; 32];

/// The folder that stands in for the user's cache folder, beside the programs of the build.
pub fn shared() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // The test is <target>/<profile>/deps/<test>.
    test.ancestors().nth(3).unwrap().join("tmp/compiled")
}

/// Puts the key of the shared cache at `path`, unless a key is there.
pub fn lay_key(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if let Ok(mut file) = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        file.write_all(&KEY).unwrap();
    }
}

/// The folder that stands in for the user's cache folder in `home`: the shared one, unless [`keep_apart`] was called.
pub(crate) fn of(home: &Path) -> PathBuf {
    let own = own(home);
    if own.is_dir() {
        return own;
    }
    lay_key(&home.join(".local/state/baton/cache.key"));
    shared()
}

/// Gives `home` a cache of its own, and tells where its compiled code lies. Call it before the first command.
pub fn keep_apart(home: &Path) -> PathBuf {
    fs::create_dir_all(own(home)).unwrap();
    own(home).join("baton/compiled")
}

fn own(home: &Path) -> PathBuf {
    home.join(".cache")
}
