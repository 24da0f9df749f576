//! A module `app`, by componentize-py.

use std::path::{Path, PathBuf};

use super::{BuildError, component, world};
use crate::{
    cli::authoring::{Program, Project},
    kernel::package::Kind,
};

/// Its own virtual environment, where Debian and Homebrew want what pip installs.
const ENVIRONMENT: &str = ".venv/bin";
const MISSING: &str = "Run `python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1` in the plugin's folder and try again.";

pub(super) async fn build(project: &Project, kind: Kind) -> Result<Vec<u8>, BuildError> {
    let (contract, output) = (project.contract()?, tempfile::tempdir());
    let output = output.map_err(|source| BuildError::File { path: std::env::temp_dir(), source })?;
    let file = output.path().join("component.wasm");
    let program = componentize(&project.folder, contract.path(), kind).with(["componentize", "app", "-o"]).with([&file]);
    program.run().await?;
    component(file)
}

impl Project {
    /// What stands in for `wit_world` outside of a component, for tests: its types, and functions that do nothing.
    /// Gone once they are dropped.
    pub(in crate::cli) async fn python_stubs(&self, kind: Kind) -> Result<tempfile::TempDir, BuildError> {
        let (contract, stubs) = (self.contract()?, tempfile::tempdir());
        let stubs = stubs.map_err(|source| BuildError::File { path: std::env::temp_dir(), source })?;
        componentize(&self.folder, contract.path(), kind).with(["bindings"]).with([stubs.path().join("stubs")]).run().await?;
        Ok(stubs)
    }

    /// The Python that belongs to the folder.
    pub(in crate::cli) fn python(&self) -> PathBuf {
        installed(&self.folder, "python3")
    }
}

fn componentize(folder: &Path, contract: &Path, kind: Kind) -> Program {
    let program = Program::new(installed(folder, "componentize-py"), folder, MISSING);
    program.with(["-q", "-d"]).with([contract]).with(["-w", world(kind)])
}

/// A program of the folder's own environment, else of whoever calls.
fn installed(folder: &Path, name: &str) -> PathBuf {
    let own = folder.join(ENVIRONMENT).join(name);
    if own.is_file() { own } else { PathBuf::from(name) }
}
