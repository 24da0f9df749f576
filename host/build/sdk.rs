//! The SDK's Cargo.toml and the versions of what it needs, as they stand outside of this workspace. Chooses no version.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};
use toml::{Table, Value};

const SDK: &str = "baton-sdk";

/// The SDK's Cargo.toml with everything in it that it has from the workspace, and without the workspace's lints.
pub(crate) fn manifest(root: &Path) -> Result<String> {
    let workspace = read(&root.join("Cargo.toml"))?;
    let workspace = workspace.get("workspace").and_then(Value::as_table).context("Cargo.toml has no [workspace]")?;
    let inherited = |section: &str| workspace.get(section).and_then(Value::as_table).cloned().unwrap_or_default();
    let mut manifest = read(&root.join("sdk/Cargo.toml"))?;
    manifest.remove("lints");
    for (section, content) in &mut manifest {
        match (section.as_str(), content.as_table_mut()) {
            ("package", Some(package)) => resolve(package, &inherited("package"))?,
            ("dependencies", Some(dependencies)) => resolve(dependencies, &inherited("dependencies"))?,
            ("target", Some(targets)) => {
                for dependencies in targets.iter_mut().filter_map(|(_, target)| target.get_mut("dependencies")?.as_table_mut()) {
                    resolve(dependencies, &inherited("dependencies"))?;
                }
            }
            _ => {}
        }
    }
    Ok(toml::to_string(&manifest)?)
}

/// The part of Cargo.lock that the SDK needs, so that a plugin is built of what the SDK was tested with.
pub(crate) fn lock(root: &Path) -> Result<String> {
    let mut lock = read(&root.join("Cargo.lock"))?;
    let packages = lock.get("package").and_then(Value::as_array).cloned().context("Cargo.lock lists no packages")?;
    let mut wanted = vec![SDK.to_owned()];
    let mut kept = BTreeSet::new();
    while let Some(reference) = wanted.pop() {
        let fits = |package: &Value| [named(package, false), named(package, true)].contains(&reference);
        for (index, package) in packages.iter().enumerate().filter(|(_, package)| fits(package)) {
            if kept.insert(index) {
                let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
                wanted.extend(dependencies.filter_map(Value::as_str).map(str::to_owned));
            }
        }
    }
    let kept: Vec<_> = packages.into_iter().enumerate().filter(|(index, _)| kept.contains(index)).map(|(_, package)| package).collect();
    lock.insert("package".to_owned(), Value::Array(kept));
    Ok(toml::to_string(&lock)?)
}

/// A package as others name it: with its version where there is more than one of the name.
fn named(package: &Value, with_version: bool) -> String {
    let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if with_version { format!("{} {}", text("name"), text("version")) } else { text("name") }
}

/// Puts what the workspace says in the place of each `workspace = true`.
fn resolve(section: &mut Table, workspace: &Table) -> Result<()> {
    for (name, value) in section.iter_mut() {
        let Some(own) = value.as_table().filter(|own| own.get("workspace").is_some()).cloned() else { continue };
        let mut resolved = workspace.get(name).with_context(|| format!("the workspace does not say `{name}`"))?.clone();
        if let Some(features) = own.get("features").and_then(Value::as_array) {
            if let Value::String(version) = resolved {
                resolved = Value::Table(Table::from_iter([("version".to_owned(), Value::String(version))]));
            }
            let table = resolved.as_table_mut().with_context(|| format!("`{name}` can have no features"))?;
            let present = table.entry("features").or_insert_with(|| Value::Array(Vec::new()));
            present.as_array_mut().with_context(|| format!("`{name}` has features that are no list"))?.extend(features.iter().cloned());
        }
        *value = resolved;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(toml::from_str(&text)?)
}
