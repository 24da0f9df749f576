//! Real workflow folders in the real program. They are not part of the project; without them these tests say so and check nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use baton::operations::plugins::{PluginFile, plan_folder};
use baton_tests::{folder, sweep::Sweep};
use serde_json::json;

use super::gardener::Gardener;

/// Where real folders lie, if they do.
pub(super) fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("BATON_BMAD_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bmad");
    let found = named.into_iter().chain([beside]).map(|path| path.join("corpus")).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no corpus of workflow folders. Set BATON_BMAD_CORPUS to a folder with `corpus/`.");
    }
    found
}

fn workflows_below(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("workflow.yaml").is_file() {
        found.push(folder.to_owned());
    }
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    entries.sort();
    entries.iter().for_each(|entry| workflows_below(entry, found));
}

#[test]
fn real_folders_are_packed_to_the_same_bytes_or_rejected_with_the_reason() {
    let Some(corpus) = corpus() else { return };
    let project = tempfile::tempdir().unwrap();
    folder::copy(&corpus, &project.path().join("bmad"));
    let mut folders = Vec::new();
    workflows_below(&project.path().join("bmad"), &mut folders);
    let (mut hashes, mut rejected, mut packed) = (BTreeMap::new(), Vec::new(), 0);
    for path in &folders {
        let plan = plan_folder(path, project.path()).unwrap();
        match PluginFile::pack_unsigned(path) {
            Ok(file) => {
                assert!(plan.runnable && !plan.needs.is_empty(), "{}", path.display());
                assert_eq!(file.wasm(), PluginFile::pack_unsigned(path).unwrap().wasm(), "{}", path.display());
                if let Some(other) = hashes.insert(file.view().hash, path) {
                    panic!("{} and {} are the same", path.display(), other.display());
                }
                packed += 1;
            }
            Err(problem) => {
                assert!(!plan.runnable, "{}: {problem}", path.display());
                rejected.push(problem.to_string());
            }
        }
    }
    assert!(packed >= 43, "{packed} packed, {rejected:?}");
    assert!(matches!(&rejected[..], [one] if one.contains("scaffold")), "{rejected:?}");
}

/// Every folder that can be packed, in the component, to its end. An ordinary run takes a sample.
#[test]
fn real_folders_run_to_their_end_and_ask_nobody() {
    let Some(corpus) = corpus() else { return };
    let mut folders = Vec::new();
    workflows_below(&corpus, &mut folders);
    folders.retain(|path| PluginFile::pack_unsigned(path).is_ok());
    let named: Vec<_> = folders.iter().map(|path| format!("./bmad/{}", path.strip_prefix(&corpus).unwrap().display())).collect();
    let work = Mutex::new(Sweep::new(6).sample(named).into_iter());
    let ended = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let gardener = Gardener::new();
                folder::copy(&corpus, &gardener.work().join("bmad"));
                let next = || work.lock().unwrap().next();
                while let Some(folder) = next() {
                    let run = gardener.runs(&folder);
                    let reason = run["output"]["reason"].as_str().unwrap_or_default();
                    assert!(!reason.contains("jumps were made"), "{folder}: {reason}");
                    *ended.lock().unwrap().entry(run["output"]["status"].as_str().unwrap_or("none").to_owned()).or_insert(0) += 1;
                    assert!(run["output"]["status"].is_string(), "{folder}: {run}");
                    assert_eq!(gardener.document(&["questions", "list"])["items"], json!([]), "{folder} asks nobody");
                }
            });
        }
    });
    eprintln!("how real folders ended: {:?}", ended.lock().unwrap());
}
