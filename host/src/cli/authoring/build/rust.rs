//! A crate, by cargo. Its macro has put the manifest into the component.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::component;
use crate::{
    cli::authoring::{Program, Project, failure},
    operations::Problem,
};

const TARGET: &str = "wasm32-wasip2";
const MISSING: &str = "Install Rust as https://rustup.rs says and try again.";

pub(super) async fn build(project: &Project) -> Result<Vec<u8>, Problem> {
    ensure_target(&project.folder).await?;
    let cargo = Program::new("cargo", &project.folder, MISSING);
    let told = cargo.with(["build", "--release", "--lib", "--target", TARGET, "--message-format=json-render-diagnostics"]).output().await?;
    component(&find_component(&told, &project.folder).ok_or_else(failure::no_component)?)
}

/// rustc alone knows where its libraries lie.
async fn ensure_target(folder: &Path) -> Result<(), Problem> {
    let rustc = Program::new("rustc", folder, MISSING);
    let libraries = rustc.with(["--print", "target-libdir", "--target", TARGET]).output().await?;
    if Path::new(libraries.trim()).is_dir() { Ok(()) } else { Err(failure::no_target()) }
}

/// The component of the folder's own crate, by what cargo tells of each.
fn find_component(told: &str, folder: &Path) -> Option<PathBuf> {
    let manifest = folder.join("Cargo.toml");
    let messages = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let own = messages
        .filter(|message| message["reason"] == "compiler-artifact" && message["manifest_path"].as_str().map(Path::new) == Some(&manifest));
    let files: Vec<_> = own.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default()).collect();
    files.iter().filter_map(Value::as_str).map(PathBuf::from).find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
}
