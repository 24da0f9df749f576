//! Assets: files that are packed into the plugin. They do not change during a run. Needs no grant.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn template() -> Result<String> {
//!     assets::read_text("template.md")
//! }
//! # let host = baton_sdk::testing::Host::new().with_asset("template.md", "# Title");
//! # assert_eq!(host.inside(template), Ok("# Title".to_owned()));
//! ```

use crate::imports::assets as host;
use crate::{Error, Result};

/// Reads an asset. Error: `not-found` if the plugin has no asset at this path.
pub fn read(path: &str) -> Result<Vec<u8>> {
    Ok(host::read(path)?)
}

/// Reads an asset as text. Error: `invalid` if it is not UTF-8.
pub fn read_text(path: &str) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Error::invalid(format!("The asset `{path}` is not UTF-8 text. Pack the plugin again with a text file.")))
}

/// Lists the paths of all assets, sorted.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn templates() -> Vec<String> {
///     assets::paths().into_iter().filter(|path| path.starts_with("templates/")).collect()
/// }
/// # let host = Host::new().with_asset("templates/a.md", "").with_asset("persona.md", "");
/// # assert_eq!(host.inside(templates), ["templates/a.md"]);
/// ```
pub fn paths() -> Vec<String> {
    host::paths()
}
