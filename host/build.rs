//! Lists the files that the program carries: the demo, the scaffolds, and what a plugin is built with. Changes none but
//! the SDK's Cargo.toml, which has to stand without its workspace. Encodes the contract, with which plugins are compared.

#[path = "build/forwarder.rs"]
mod forwarder;
#[path = "build/sdk.rs"]
mod sdk;

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let output = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(output.join("demo_files.rs"), listed(&root.join("examples/expense-splitter"))?)?;
    fs::write(output.join("scaffold_files.rs"), listed(&root.join("host/scaffolds"))?)?;
    fs::write(output.join("contract_files.rs"), listed(&root.join("wit"))?)?;
    fs::write(output.join("sdk_files.rs"), listed(&root.join("sdk/src"))?)?;
    fs::write(output.join("sdk_python_files.rs"), listed(&root.join("sdk/python"))?)?;
    fs::write(output.join("sdk_javascript_files.rs"), listed(&root.join("sdk/javascript"))?)?;
    fs::write(output.join("contract.wasm"), encoded(&root.join("wit"))?)?;
    for manifest in ["Cargo.toml", "Cargo.lock", "sdk/Cargo.toml"] {
        println!("cargo:rerun-if-changed={}", root.join(manifest).display());
    }
    fs::write(output.join("sdk_manifest.toml"), sdk::manifest(&root)?)?;
    fs::write(output.join("sdk_lock.toml"), sdk::lock(&root)?)?;
    forwarder::build(&root, &output)?;
    inject_faults();
    Ok(())
}

/// Has the faults that tests inject compiled in, for development or where they are asked for, and into no release.
fn inject_faults() {
    println!("cargo:rustc-check-cfg=cfg(fault_injection)");
    let is_development = env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    if is_development || env::var_os("CARGO_FEATURE_FAULT_INJECTION").is_some() {
        println!("cargo:rustc-cfg=fault_injection");
    }
}

/// The contract as a component, of which each world is a type.
fn encoded(contract: &Path) -> Result<Vec<u8>> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(contract)?;
    wit_component::encode(&resolve, package)
}

/// Every file below a folder, by its path and with its content, as an expression.
fn listed(folder: &Path) -> Result<String> {
    let folder = folder.canonicalize().with_context(|| format!("the folder {} is missing", folder.display()))?;
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut paths = Vec::new();
    collect(&folder, &mut paths)?;
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        let name = path.strip_prefix(&folder)?.to_str().context("a file has a name that is not Unicode")?;
        let path = path.to_str().context("the repository lies under a name that is not Unicode")?;
        writeln!(list, "    ({name:?}, include_str!({path:?})),")?;
    }
    list.push(']');
    Ok(list)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // What Python leaves where it has been.
        if entry.file_name() == "__pycache__" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), paths)?;
        } else {
            paths.push(entry.path());
        }
    }
    Ok(())
}
