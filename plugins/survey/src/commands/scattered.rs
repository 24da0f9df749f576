//! The command of a repository whose root says nothing of tests: those of the folders in it that do, one after the other.

use std::collections::BTreeSet;

use baton_sdk::{Result, files};

use super::folder::Folder;
use super::nearest::{MANIFESTS, is_plain};
use super::{joined, suggested};

/// Folders with a test of their own, of which one command is made. With more an operator says what is to be run.
const MOST: usize = 12;
/// Folders of what others made, or of what only shows something.
const LEFT_OUT: &[&str] = &["node_modules", "target", "vendor", "dist", "build", "examples", "fixtures", "testdata", "third_party"];

pub(super) fn command() -> Result<Option<String>> {
    let mut commands = Vec::new();
    for folder in folders() {
        if let Some(command) = suggested(&Folder::read(&folder)?) {
            commands.push(format!("cd {folder} && {command}"));
        }
        if commands.len() > MOST {
            return Ok(None);
        }
    }
    Ok((!commands.is_empty()).then(|| joined(&commands)))
}

/// Those with a manifest, one or two levels below the root, and none within another.
fn folders() -> Vec<String> {
    let globs = ["*", "*/*"].map(|depth| format!("{depth}/{{{}}}", MANIFESTS.join(",")));
    let found = globs.iter().filter_map(|glob| files::find(glob).ok()).flatten();
    let mut folders = BTreeSet::new();
    for entry in found {
        let Some((folder, _)) = entry.path.rsplit_once('/') else { continue };
        let outer = folder.split('/').next().unwrap_or_default();
        let is_own = !folder.split('/').any(|part| LEFT_OUT.contains(&part) || part.starts_with('.'));
        if is_own && is_plain(folder) && (outer == folder || !folders.contains(outer)) {
            folders.insert(folder.to_owned());
        }
    }
    folders.into_iter().collect()
}
