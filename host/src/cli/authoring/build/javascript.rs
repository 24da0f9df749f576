//! A module, by the JavaScript interface of componentize-js. `jco componentize` would fetch more than it builds.

use super::{BuildError, component, world};
use crate::{
    cli::authoring::{Program, Project},
    kernel::package::Kind,
};

const SCRIPT: &str = include_str!("componentize.mjs");
const SOURCE: &str = "app.js";
const PACKAGE: &str = "node_modules/@bytecodealliance/componentize-js";
const MISSING: &str = "Install Node.js 20 or later, run `npm install` in the plugin's folder and try again.";

pub(super) async fn build(project: &Project, kind: Kind) -> Result<Vec<u8>, BuildError> {
    if !project.folder.ancestors().any(|folder| folder.join(PACKAGE).is_dir()) {
        return Err(BuildError::NoComponentize(project.folder.clone()));
    }
    let (contract, output) = (project.contract()?, tempfile::tempdir());
    let output = output.map_err(|source| BuildError::File { path: std::env::temp_dir(), source })?;
    let file = output.path().join("component.wasm");
    let node = Program::new("node", &project.folder, MISSING).with(["--input-type=module", "--eval", SCRIPT, "--"]);
    let node = node.with([&project.folder.join(SOURCE)]).with([contract.path()]).with([world(kind)]).with([&file]);
    node.run().await?;
    component(file)
}
