//! A module `app`, by componentize-py. The SDK's module `baton.component` imports it.

use std::path::{Path, PathBuf};

use super::{component, world};
use crate::{
    cli::authoring::{Program, Project, failure},
    operations::{Problem, plugins::PluginKind},
};

/// Its own virtual environment, where Debian and Homebrew want what pip installs.
const ENVIRONMENT: &str = ".venv/bin";
const LIBRARIES: &str = ".venv/lib";
const MISSING: &str = "Run `python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1` in the plugin's folder and try again.";

pub(super) async fn build(project: &Project, kind: PluginKind) -> Result<Vec<u8>, Problem> {
    let (contract, output) = (project.contract()?, tempfile::tempdir());
    let output = output.map_err(|error| failure::unwritable(&std::env::temp_dir(), &error))?;
    let file = output.path().join("component.wasm");
    let program = componentize(&project.folder, contract.path(), kind).with(["componentize", "baton.component", "-o"]).with([&file]);
    program.run().await?;
    component(&file)
}

/// The version of the compiler, and the packages that are installed beside it.
pub(super) async fn version(project: &Project) -> Result<String, Problem> {
    let compiler =
        Program::new(installed(&project.folder, "componentize-py"), &project.folder, MISSING).with(["--version"]).output().await?;
    let libraries = std::fs::read_dir(project.folder.join(LIBRARIES)).into_iter().flatten().flatten();
    let folders = libraries.map(|library| library.path().join("site-packages"));
    let mut packages: Vec<_> =
        folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.file_name()).collect();
    packages.sort();
    Ok(format!("{} {packages:?}", compiler.trim()))
}

impl Project {
    /// The Python that belongs to the folder.
    pub(in crate::cli) fn python(&self) -> PathBuf {
        installed(&self.folder, "python3")
    }
}

fn componentize(folder: &Path, contract: &Path, kind: PluginKind) -> Program {
    let program = Program::new(installed(folder, "componentize-py"), folder, MISSING);
    program.with(["-q", "-d"]).with([contract]).with(["-w", world(kind)])
}

/// A program of the folder's own environment, else of whoever calls.
fn installed(folder: &Path, name: &str) -> PathBuf {
    let own = folder.join(ENVIRONMENT).join(name);
    if own.is_file() { own } else { PathBuf::from(name) }
}
