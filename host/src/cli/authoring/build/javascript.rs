//! A module, by the JavaScript interface of componentize-js. `jco componentize` would fetch more than it builds.

use std::path::PathBuf;

use super::{component, world};
use crate::{
    cli::authoring::{Program, Project, failure},
    operations::{Problem, plugins::PluginKind},
};

const SCRIPT: &str = include_str!("componentize.mjs");
/// Imports app.js.
const SOURCE: &str = "baton/component.js";
const PACKAGE: &str = "node_modules/@bytecodealliance/componentize-js";
const MISSING: &str = "Install Node.js 20 or later, run `npm install` in the plugin's folder and try again.";

pub(super) async fn build(project: &Project, kind: PluginKind) -> Result<Vec<u8>, Problem> {
    installed(project)?;
    let (contract, output) = (project.contract()?, tempfile::tempdir());
    let output = output.map_err(|error| failure::unwritable(&std::env::temp_dir(), &error))?;
    let file = output.path().join("component.wasm");
    let node = Program::new("node", &project.folder, MISSING).with(["--input-type=module", "--eval", SCRIPT, "--"]);
    let node = node.with([&project.folder.join(SOURCE)]).with([contract.path()]).with([world(kind)]).with([&file]);
    node.run().await?;
    component(&file)
}

/// The versions of Node.js and of the compiler.
pub(super) async fn version(project: &Project) -> Result<String, Problem> {
    let path = installed(project)?.join("package.json");
    let node = Program::new("node", &project.folder, MISSING).with(["--version"]).output().await?;
    let package = std::fs::read_to_string(&path).map_err(|error| failure::unusable(&path, &error))?;
    let package: serde_json::Value = serde_json::from_str(&package).unwrap_or_default();
    Ok(format!("{} {}", node.trim(), package["version"]))
}

fn installed(project: &Project) -> Result<PathBuf, Problem> {
    let found = project.folder.ancestors().map(|folder| folder.join(PACKAGE)).find(|package| package.is_dir());
    found.ok_or_else(|| failure::no_componentize(&project.folder))
}
