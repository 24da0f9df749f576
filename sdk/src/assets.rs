//! Files packed into this plugin. They never change during a run.

use crate::imports::assets as host;
use crate::{Error, Result};

/// The bytes of an asset; `not-found` when the plugin carries none of that path.
pub fn read(path: &str) -> Result<Vec<u8>> {
    Ok(host::read(path)?)
}

/// The text of an asset; `invalid` when it is not UTF-8.
pub fn read_text(path: &str) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Error::Invalid(format!("The asset `{path}` is not UTF-8 text. Pack the plugin again with a text file.")))
}

/// Every asset's path, sorted.
pub fn paths() -> Vec<String> {
    host::paths()
}
