//! JavaScript: which package manager runs the test script, in one package or in a workspace of several, and which runner does
//! where there is no script.

use baton_sdk::serde_json::{self, Value};

use super::folder::Folder;

/// What `npm init` writes where there is no test.
const PLACEHOLDER: &str = "no test specified";

#[derive(Clone, Copy, PartialEq)]
enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

pub(super) fn suggested(folder: &Folder) -> Option<String> {
    let Some(package) = manifest(folder) else {
        return folder.has_any(&["deno.json", "deno.jsonc"]).then(|| "deno test".to_owned());
    };
    let manager = manager(folder, &package);
    if has_test(&package) {
        return Some(alone(manager).to_owned());
    }
    if workspace_has_test(folder, &package) {
        return Some(in_workspace(manager, folder).to_owned());
    }
    without_script(folder, &package, manager)
}

/// A package that is run by the root's package manager.
pub(super) fn in_workspace_of(root: &Folder, own: &Folder) -> Option<String> {
    let outer = manifest(root)?;
    let is_tested = manifest(own).is_some_and(|package| has_test(&package));
    is_tested.then(|| alone(manager(root, &outer)).to_owned())
}

fn manifest(folder: &Folder) -> Option<Value> {
    folder.text("package.json").and_then(|text| serde_json::from_str(&text).ok())
}

fn manager(folder: &Folder, package: &Value) -> Manager {
    let named = package["packageManager"].as_str().unwrap_or_default();
    if named.starts_with("pnpm") || folder.has_any(&["pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
        Manager::Pnpm
    } else if named.starts_with("yarn") || folder.has("yarn.lock") {
        Manager::Yarn
    } else if named.starts_with("bun") || folder.has_any(&["bun.lock", "bun.lockb"]) {
        Manager::Bun
    } else {
        Manager::Npm
    }
}

fn has_test(package: &Value) -> bool {
    package["scripts"]["test"].as_str().is_some_and(|script| !script.trim().is_empty() && !script.contains(PLACEHOLDER))
}

/// Without a test in any package a run of all of them would be green and say nothing.
fn workspace_has_test(folder: &Folder, package: &Value) -> bool {
    let packages = folder.in_packages(&globs(folder, package), "package.json");
    packages.iter().filter_map(|text| serde_json::from_str(text).ok()).any(|package| has_test(&package))
}

fn globs(folder: &Folder, package: &Value) -> Vec<String> {
    let listed = package["workspaces"].as_array().or_else(|| package["workspaces"]["packages"].as_array());
    let listed = listed.into_iter().flatten().filter_map(Value::as_str).map(|glob| glob.trim_start_matches("./").to_owned());
    let of_pnpm = folder.text("pnpm-workspace.yaml").unwrap_or_default();
    let of_pnpm =
        of_pnpm.lines().filter_map(|line| line.trim().strip_prefix("- ")).map(|glob| glob.trim().trim_matches(['"', '\'']).to_owned());
    listed.chain(of_pnpm).filter(|glob| !glob.is_empty()).collect()
}

fn alone(manager: Manager) -> &'static str {
    match manager {
        Manager::Npm => "npm test",
        Manager::Pnpm => "pnpm test",
        Manager::Yarn => "yarn test",
        Manager::Bun => "bun run test",
    }
}

fn in_workspace(manager: Manager, folder: &Folder) -> &'static str {
    if folder.has("nx.json") {
        return "npx nx run-many --target=test";
    }
    if folder.has("turbo.json") {
        return "npx turbo run test";
    }
    match manager {
        Manager::Npm => "npm test --workspaces --if-present",
        Manager::Pnpm => "pnpm --recursive test",
        Manager::Yarn if folder.has(".yarnrc.yml") => "yarn workspaces foreach --all run test",
        Manager::Yarn => "yarn workspaces run test",
        Manager::Bun => "bun run --filter '*' test",
    }
}

/// A runner that the package depends on, or that comes with what runs it.
fn without_script(folder: &Folder, package: &Value, manager: Manager) -> Option<String> {
    let depends = |name: &str| ["devDependencies", "dependencies"].iter().any(|list| package[list][name].is_string());
    let known = [("vitest", "npx vitest run"), ("jest", "npx jest"), ("mocha", "npx mocha"), ("ava", "npx ava"), ("tap", "npx tap")];
    if let Some((_, command)) = known.iter().find(|(name, _)| depends(name)) {
        return Some((*command).to_owned());
    }
    // Bun finds tests by their names and needs no script.
    if manager == Manager::Bun {
        return Some("bun test".to_owned());
    }
    folder.has_match("from ['\"]node:test['\"]|require\\(['\"]node:test['\"]\\)", "**/*.{js,mjs,cjs}").then(|| "node --test".to_owned())
}
