//! Builds the guest crates, packs the agent folders with the role engine and lists the results in `bundled.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use baton_pack::guests::Guests;
use baton_pack::workflow::Workflow;

/// Interprets a folder that holds `persona.md`.
const ROLE_ENGINE: &str = "baton-role";
/// Interprets a workflow folder.
const FOLDER_ENGINE: &str = "baton-folder";
/// Workflow folders, each of which is called as its plugin.
const FOLDERS: &str = "folders";
/// Cargo package and plugin name of each workflow that is a crate.
const WORKFLOWS: &[(&str, &str)] = &[
    ("baton-autopilot", "autopilot"),
    ("baton-code-review", "code-review"),
    ("baton-decide", "decide"),
    ("baton-dev-story", "dev-story"),
    ("baton-land", "land"),
    ("baton-plan", "plan"),
    ("baton-run-tests", "run-tests"),
    ("baton-sprint", "sprint"),
    ("baton-story-context", "story-context"),
];

fn main() -> Result<()> {
    let plugins = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let output = PathBuf::from(env::var("OUT_DIR")?);
    for path in [
        "build.rs",
        "agents",
        "engines",
        "folder-format",
        "folders",
        "workflows",
        "survey",
        "results",
        "../sdk",
        "../slots",
        "../wit",
        "../Cargo.toml",
        "../Cargo.lock",
    ] {
        println!("cargo:rerun-if-changed={}", plugins.join(path).display());
    }
    let packages: Vec<_> = WORKFLOWS.iter().map(|(package, _)| *package).chain([ROLE_ENGINE, FOLDER_ENGINE]).collect();
    let guests = Guests::build(&packages)?;
    let mut bundled = Vec::new();
    for (package, name) in WORKFLOWS {
        bundled.push(((*name).to_owned(), guests.component(package)?));
    }
    let engine = guests.component(ROLE_ENGINE)?;
    for folder in folders_with(&plugins.join("agents"), "plugin.toml")? {
        bundled.push(pack_agent(&engine, &folder)?);
    }
    let folder_engine = guests.component(FOLDER_ENGINE)?;
    for folder in folders_with(&plugins.join(FOLDERS), "workflow.yaml")? {
        bundled.push(pack_workflow(&folder_engine, &folder)?);
    }
    fs::write(output.join("role-engine.wasm"), &engine)?;
    fs::write(output.join("folder-engine.wasm"), folder_engine)?;
    bundled.sort();
    write_list(&output, &bundled)
}

fn folders_with(parent: &Path, file: &str) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if path.join(file).is_file() {
            folders.push(path);
        }
    }
    Ok(folders)
}

fn pack_agent(engine: &[u8], folder: &Path) -> Result<(String, Vec<u8>)> {
    let name = folder.file_name().and_then(|name| name.to_str()).context("an agent's folder has a name that is not UTF-8")?.to_owned();
    let contents = baton_pack::folder::read(folder)?;
    ensure!(
        contents.manifest.lines().any(|line| line.trim() == format!("name = \"{name}\"")),
        "{} does not name the agent `{name}`",
        folder.display()
    );
    let packed = baton_pack::pack(engine, &contents.manifest, &contents.assets)
        .with_context(|| format!("{} can not be packed", folder.display()))?;
    Ok((name, packed))
}

fn pack_workflow(engine: &[u8], folder: &Path) -> Result<(String, Vec<u8>)> {
    let name = folder.file_name().and_then(|name| name.to_str()).context("a workflow's folder has a name that is not UTF-8")?.to_owned();
    let workflow = Workflow::read(folder, |_| false).with_context(|| format!("{} can not be read", folder.display()))?;
    ensure!(workflow.plan.name == name, "{} does not name the workflow `{name}`", folder.display());
    let packed = workflow.pack(engine).with_context(|| format!("{} can not be packed", folder.display()))?;
    Ok((name, packed))
}

fn write_list(output: &Path, bundled: &[(String, Vec<u8>)]) -> Result<()> {
    let mut list = String::from("/// Every bundled plugin, sorted by name.\npub const BUNDLED: &[Bundled] = &[\n");
    for (name, wasm) in bundled {
        fs::write(output.join(format!("{name}.wasm")), wasm)?;
        writeln!(list, "    Bundled {{ name: {name:?}, wasm: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.wasm\")) }},")?;
    }
    list.push_str("];\n");
    fs::write(output.join("bundled.rs"), list)?;
    Ok(())
}
