//! `assets`, from memory. As in a run, reading one is no call: it needs no grant and no journal.

use super::Contract;
use crate::Error;
use crate::testing::installed;

pub(crate) fn read(path: &str) -> Contract<Vec<u8>> {
    let found = installed::world("assets.read").assets.borrow().get(path).cloned();
    let missing = || Error::not_found(format!("The plugin carries no file `{}`; `assets.paths` lists those it does.", path.escape_debug()));
    Ok(found.ok_or_else(missing)?)
}

pub(crate) fn paths() -> Vec<String> {
    installed::world("assets.paths").assets.borrow().keys().cloned().collect()
}
