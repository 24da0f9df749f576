//! JavaScript: which package manager runs the test script, in one package or in a workspace of several.

use baton_sdk::serde_json::{self, Value};

use super::root::Root;

/// What `npm init` writes where there is no test.
const PLACEHOLDER: &str = "no test specified";

#[derive(Clone, Copy, PartialEq)]
enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

pub(super) fn suggested(root: &Root) -> Option<String> {
    let Some(package) = root.text("package.json").and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
        return root.has_any(&["deno.json", "deno.jsonc"]).then(|| "deno test".to_owned());
    };
    let manager = manager(root, &package);
    if has_test(&package) {
        return Some(alone(manager).to_owned());
    }
    if workspace_has_test(root, &package) {
        return Some(in_workspace(manager, root).to_owned());
    }
    // Bun finds tests by their names and needs no script.
    (manager == Manager::Bun).then(|| "bun test".to_owned())
}

fn manager(root: &Root, package: &Value) -> Manager {
    let named = package["packageManager"].as_str().unwrap_or_default();
    if named.starts_with("pnpm") || root.has_any(&["pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
        Manager::Pnpm
    } else if named.starts_with("yarn") || root.has("yarn.lock") {
        Manager::Yarn
    } else if named.starts_with("bun") || root.has_any(&["bun.lock", "bun.lockb"]) {
        Manager::Bun
    } else {
        Manager::Npm
    }
}

fn has_test(package: &Value) -> bool {
    package["scripts"]["test"].as_str().is_some_and(|script| !script.trim().is_empty() && !script.contains(PLACEHOLDER))
}

/// Without a test in any package a run of all of them would be green and say nothing.
fn workspace_has_test(root: &Root, package: &Value) -> bool {
    let packages = root.in_packages(&globs(root, package), "package.json");
    packages.iter().filter_map(|text| serde_json::from_str(text).ok()).any(|package| has_test(&package))
}

fn globs(root: &Root, package: &Value) -> Vec<String> {
    let listed = package["workspaces"].as_array().or_else(|| package["workspaces"]["packages"].as_array());
    let listed = listed.into_iter().flatten().filter_map(Value::as_str).map(|glob| glob.trim_start_matches("./").to_owned());
    let of_pnpm = root.text("pnpm-workspace.yaml").unwrap_or_default();
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

fn in_workspace(manager: Manager, root: &Root) -> &'static str {
    match manager {
        Manager::Npm => "npm test --workspaces --if-present",
        Manager::Pnpm => "pnpm --recursive test",
        Manager::Yarn if root.has(".yarnrc.yml") => "yarn workspaces foreach --all run test",
        Manager::Yarn => "yarn workspaces run test",
        Manager::Bun => "bun run --filter '*' test",
    }
}
