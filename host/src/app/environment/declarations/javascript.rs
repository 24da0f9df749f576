//! `package.json` and what lies beside it.

use serde_json::Value;

use super::Folder;
use crate::app::environment::{json, tools::Tool, versions::plain};

pub(super) fn read(folder: &mut Folder<'_>) {
    let Some(text) = folder.text("package.json") else { return };
    let document = json::parse(&text).unwrap_or(Value::Null);
    let wanted = document["volta"]["node"].as_str().or_else(|| document["engines"]["node"].as_str());
    let manager = manager(folder, &document);
    let is_bun = manager.as_ref().is_some_and(|(name, _)| name == "bun");
    // Bun executes what Node.js does, and its projects seldom need that as well.
    if !is_bun || wanted.is_some() {
        folder.need(Tool::Node, wanted, "package.json");
    }
    let Some((name, version)) = manager else { return };
    let version = version.as_deref();
    match name.as_str() {
        "pnpm" => folder.need(Tool::Pnpm, version, "package.json"),
        "bun" => folder.need(Tool::Bun, version, "package.json"),
        "yarn" => yarn(folder, version),
        _ => {}
    }
}

/// The package manager and its version.
fn manager(folder: &Folder<'_>, document: &Value) -> Option<(String, Option<String>)> {
    if let Some((name, version)) = document["packageManager"].as_str().and_then(|said| said.split_once('@')) {
        // Behind a plus stands the hash of its file.
        return Some((name.to_owned(), version.split('+').next().map(str::to_owned)));
    }
    const LOCKFILES: [(&str, &str); 5] =
        [("pnpm-lock.yaml", "pnpm"), ("bun.lock", "bun"), ("bun.lockb", "bun"), ("yarn.lock", "yarn"), ("package-lock.json", "npm")];
    let (_, name) = LOCKFILES.into_iter().find(|(lockfile, _)| folder.holds(lockfile))?;
    Some((name.to_owned(), document["engines"][name].as_str().map(str::to_owned)))
}

/// Images of Node.js have the first Yarn; those that follow usually lie in the repository.
fn yarn(folder: &mut Folder<'_>, version: Option<&str>) {
    let is_first = version.and_then(plain).is_none_or(|version| version.first() <= Some(&1));
    let lies_here = folder.text(".yarnrc.yml").is_some_and(|text| text.contains("yarnPath:"));
    if !is_first && !lies_here {
        let path = folder.path("package.json");
        folder.miss(format!(
            "{path} wants a Yarn that the image of Node.js lacks. Add it to the repository with `yarn set version --yarn-path`."
        ));
    }
}
