//! Implements `assets` of the contract.

use super::View;
use crate::{
    bindings::{Fault, assets::Host},
    journal::CallError,
};

impl Host for View<'_> {
    async fn read(&mut self, path: String) -> Result<Vec<u8>, Fault> {
        let missing =
            || CallError::not_found(format!("The plugin carries no file `{}`; `assets.paths` lists those it does.", path.escape_debug()));
        Ok(self.assets.get(&path).ok_or_else(missing)?.to_vec())
    }

    async fn paths(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.assets.paths().map(str::to_owned).collect())
    }
}
