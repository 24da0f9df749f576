//! The folder in which a setup works: the files that it reads as they are in the workspace, and all others by their names
//! alone, empty. So what it leaves depends on nothing but what its hash covers, no source leaves this machine, and what it
//! writes over is not the workspace's. Follows no link.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use ignore::{DirEntry, WalkBuilder};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::interfaces::{blocking::Deadline, sandbox::approvals::Approvable as _};

/// Files and folders of a workspace.
const MOST_ENTRIES: usize = 1_000_000;
/// Folders in folders.
const DEEPEST: usize = 128;
/// Bytes of a `.gitignore`. A folder that has a longer one is left out.
const LONGEST_LIST: u64 = 256 << 10;
/// Bytes of all files that a setup reads.
const MOST_BYTES: u64 = 512 << 20;
/// Entries that a setup may leave which are in no folder that it left.
const MOST_INSTALLED: usize = 2_000;

/// The files that a setup reads, by path, with the hash of each.
pub(super) type Inputs = BTreeMap<String, String>;

/// What was put into a staging folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staged {
    /// What the setup reads.
    pub(super) inputs: Inputs,
    /// All files and folders.
    pub(super) paths: BTreeSet<String>,
}

/// What a setup made of a staging folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetupOutput {
    /// Files and folders that were not there before, without what lies in them.
    pub(super) installed: Vec<String>,
    /// Files that it read and wrote over or removed.
    pub(super) changed: Vec<String>,
}

/// The files of a workspace that a setup reads.
pub(super) fn read(workspace: &Path, plan: &Plan, deadline: &Deadline) -> Result<Inputs, String> {
    let (matching, mut inputs, mut bytes) = (plan.matching()?, Inputs::new(), 0);
    for found in entries(workspace, deadline)? {
        let (path, entry) = found?;
        if is_file(&entry) && matching.is_match(&path) {
            let content = content(workspace, &path, &mut bytes)?;
            inputs.insert(path, blake3::hash(&content).to_hex().to_string());
        }
    }
    Ok(inputs)
}

/// Names what a setup leaves: by the command, the image and what it reads.
pub(super) fn key(plan: &Plan, image: &str, inputs: &Inputs) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    [plan.hash().as_str(), image].into_iter().for_each(&mut add);
    inputs.iter().flat_map(|(path, hash)| [path, hash]).for_each(|text| add(text));
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Fills a folder that is empty. A folder without files is not made: git knows none, and it may be what a setup left before.
pub(super) fn stage(workspace: &Path, into: &Path, plan: &Plan, deadline: &Deadline) -> Result<Staged, String> {
    let (matching, mut staged, mut bytes) = (plan.matching()?, Staged::default(), 0);
    for found in entries(workspace, deadline)? {
        let (path, entry) = found?;
        if !is_file(&entry) {
            continue;
        }
        let content = if matching.is_match(&path) { Some(content(workspace, &path, &mut bytes)?) } else { None };
        let place = (workspace.join(&path), into.join(&path));
        write(place, content.as_deref()).map_err(|error| format!("`{}` cannot be prepared for the setup: {error}.", escape_path(&path)))?;
        if let Some(content) = content {
            staged.inputs.insert(path.clone(), blake3::hash(&content).to_hex().to_string());
        }
        let above = Path::new(&path).ancestors().filter_map(Path::to_str).filter(|above| !above.is_empty());
        staged.paths.extend(above.map(str::to_owned));
    }
    Ok(staged)
}

fn write((from, to): (PathBuf, PathBuf), content: Option<&[u8]>) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&to, content.unwrap_or_default())?;
    match content {
        Some(_) => super::copying::set_mode(&to, &fs::symlink_metadata(from)?.permissions()),
        None => Ok(()),
    }
}

/// Looks at what a setup left in the folder.
pub(super) fn look(folder: &Path, staged: &Staged) -> Result<SetupOutput, String> {
    let mut left = SetupOutput::default();
    let mut folders = vec![String::new()];
    while let Some(above) = folders.pop() {
        let listed = fs::read_dir(folder.join(&above)).map_err(|error| format!("What the setup left cannot be read: {error}."))?;
        for entry in listed {
            let entry = entry.map_err(|error| format!("What the setup left cannot be read: {error}."))?;
            // A name that is not text is in no list, and of no package manager.
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
            if is_own(&name) {
                continue;
            }
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match staged.paths.contains(&path) {
                true if is_folder => folders.push(path),
                true => {}
                false => left.installed.push(path),
            }
        }
        if left.installed.len() > MOST_INSTALLED {
            return Err(format!("The setup left more than {MOST_INSTALLED} files and folders in places that the project has."));
        }
    }
    for (path, hash) in &staged.inputs {
        let mut bytes = 0;
        let is_same = content(folder, path, &mut bytes).is_ok_and(|content| blake3::hash(&content).to_hex().as_str() == hash.as_str());
        if !is_same {
            left.changed.push(path.clone());
        }
    }
    left.installed.sort();
    Ok(left)
}

/// All of a workspace that git would take, without links.
fn entries(workspace: &Path, deadline: &Deadline) -> Result<impl Iterator<Item = Result<(String, DirEntry), String>> + use<>, String> {
    if has_long_list(workspace) {
        return Err(format!("The workspace's .gitignore has more than {} KiB.", LONGEST_LIST >> 10));
    }
    let mut walk = WalkBuilder::new(workspace);
    walk.standard_filters(false).git_ignore(true).require_git(false).follow_links(false).max_depth(Some(DEEPEST));
    let is_taken = |entry: &DirEntry| !entry.file_name().to_str().is_none_or(is_own) && !has_long_list(entry.path());
    walk.filter_entry(move |entry| entry.depth() == 0 || is_taken(entry));
    let (root, deadline) = (workspace.to_owned(), deadline.clone());
    let mut count = 0;
    Ok(walk.build().filter_map(move |found| {
        count += 1;
        if count > MOST_ENTRIES || deadline.is_abandoned() {
            return Some(Err(format!("The workspace has more than {MOST_ENTRIES} files, which is too many for a setup.")));
        }
        match found {
            Ok(entry) if entry.depth() == 0 => None,
            Ok(entry) => {
                let path = entry.path().strip_prefix(&root).ok().and_then(Path::to_str).map(str::to_owned)?;
                Some(Ok((path, entry)))
            }
            Err(error) => Some(Err(format!("The workspace cannot be read: {error}."))),
        }
    }))
}

/// Whether a folder has a list of ignored files that would take too long to read.
fn has_long_list(folder: &Path) -> bool {
    folder.join(".gitignore").metadata().is_ok_and(|found| found.len() > LONGEST_LIST || !found.is_file())
}

/// What is git's or Baton's, in any spelling.
fn is_own(name: &str) -> bool {
    [".git", ".baton"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file())
}

/// The content of a regular file; `bytes` counts what was read of all.
fn content(workspace: &Path, path: &str, bytes: &mut u64) -> Result<Vec<u8>, String> {
    let unread = |error: io::Error| format!("`{}`, which the setup reads, cannot be read: {error}.", escape_path(path));
    let file = open(&workspace.join(path)).map_err(unread)?;
    let room = MOST_BYTES.saturating_sub(*bytes);
    let mut content = Vec::new();
    let length = file.take(room + 1).read_to_end(&mut content).map_err(unread)?;
    *bytes += length as u64;
    if *bytes > MOST_BYTES {
        return Err(format!("The files that the setup reads have more than {} MiB; name fewer in `test.setup-files`.", MOST_BYTES >> 20));
    }
    Ok(content)
}

/// Never waits for the other end of a pipe, nor follows a link.
fn open(path: &PathBuf) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

fn escape_path(path: &str) -> String {
    path.chars().take(200).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan { command: "npm ci".to_owned(), files: vec!["**/package.json".to_owned(), "a.lock".to_owned()], lock: None }
    }

    fn workspace() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (path, content) in [
            ("a.lock", "1"),
            ("src/secret.rs", "fn secret() {}"),
            ("web/package.json", "{}"),
            ("node_modules/x/package.json", "{}"),
            (".gitignore", "node_modules\n"),
            (".git/config", "[core]"),
            ("web/.baton/x", "x"),
            ("installed/.gitignore", "*\n"),
            ("installed/x", "x"),
        ] {
            fs::create_dir_all(home.path().join(path).parent().unwrap()).unwrap();
            fs::write(home.path().join(path), content).unwrap();
        }
        std::os::unix::fs::symlink("/etc", home.path().join("etc")).unwrap();
        home
    }

    #[test]
    fn a_setup_sees_its_files_and_of_others_the_names() {
        let (workspace, into) = (workspace(), tempfile::tempdir().unwrap());
        let staged = stage(workspace.path(), into.path(), &plan(), &Deadline::new()).unwrap();
        assert_eq!(staged.inputs.keys().collect::<Vec<_>>(), ["a.lock", "web/package.json"]);
        assert_eq!(staged.inputs, read(workspace.path(), &plan(), &Deadline::new()).unwrap());
        let text = |path: &str| fs::read_to_string(into.path().join(path)).ok();
        assert_eq!((text("a.lock").unwrap().as_str(), text("src/secret.rs").unwrap().as_str()), ("1", ""));
        for left_out in ["node_modules", ".git", "web/.baton", "etc", "installed"] {
            assert!(into.path().join(left_out).symlink_metadata().is_err(), "{left_out}");
        }
    }

    #[test]
    fn what_is_new_or_changed_is_found() {
        let (workspace, into) = (workspace(), tempfile::tempdir().unwrap());
        let staged = stage(workspace.path(), into.path(), &plan(), &Deadline::new()).unwrap();
        fs::create_dir_all(into.path().join("node_modules/a")).unwrap();
        fs::create_dir_all(into.path().join("web/node_modules/.git")).unwrap();
        fs::create_dir(into.path().join(".git")).unwrap();
        fs::write(into.path().join("src/secret.rs"), "changed").unwrap();
        fs::write(into.path().join("a.lock"), "2").unwrap();
        fs::remove_file(into.path().join("web/package.json")).unwrap();
        let left = look(into.path(), &staged).unwrap();
        assert_eq!(left.installed, ["node_modules", "web/node_modules"]);
        assert_eq!(left.changed, ["a.lock", "web/package.json"]);
    }

    #[test]
    fn the_key_changes_with_the_command_the_image_and_the_files() {
        let (workspace, plan) = (workspace(), plan());
        let now = |plan: &Plan, image: &str| key(plan, image, &read(workspace.path(), plan, &Deadline::new()).unwrap());
        let first = now(&plan, "node:24");
        assert_eq!(first, now(&plan, "node:24"));
        assert_ne!(first, now(&plan, "node:25"));
        assert_ne!(first, now(&Plan { command: "npm i".to_owned(), ..plan.clone() }, "node:24"));
        fs::write(workspace.path().join("src/secret.rs"), "other").unwrap();
        assert_eq!(first, now(&plan, "node:24"), "a source is not read");
        fs::write(workspace.path().join("a.lock"), "2").unwrap();
        assert_ne!(first, now(&plan, "node:24"));
    }

    #[test]
    fn a_link_in_the_place_of_a_lockfile_is_not_followed() {
        let workspace = workspace();
        fs::remove_file(workspace.path().join("a.lock")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", workspace.path().join("a.lock")).unwrap();
        assert_eq!(read(workspace.path(), &plan(), &Deadline::new()).unwrap().keys().collect::<Vec<_>>(), ["web/package.json"]);
    }
}
