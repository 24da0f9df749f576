//! Real workflow folders, executed in place by an agent that answers by rules: each that can be run comes to an end without a
//! question. The corpus is not part of the project; without it this test says so and checks nothing.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Folder;

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("BATON_BMAD_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/bmad");
    let found = named.into_iter().chain([beside]).map(|path| path.join("corpus")).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no corpus of workflow folders. Set BATON_BMAD_CORPUS to a folder with `corpus/`.");
    }
    found
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() { list(&path, &format!("{name}/"), files) } else { files.push(name) }
    }
}

/// A host with the folder as its assets, and with the configurations of the corpus in its project.
fn host(corpus: &Path, folder: &Path) -> Host {
    let asked = RefCell::new(BTreeSet::new());
    // A question that is asked again is answered with no: an agent that always says yes never ends a loop.
    let agent = move |task: &Task| match task.goal.starts_with("Answer for the user") && !asked.borrow_mut().insert(task.goal.clone()) {
        true => Ok(Report::new(json!({ "answer": "n" }).to_string(), "")),
        false => super::agent(task),
    };
    let mut host = Host::new().at(1_796_000_000_000).with_agent("analyst", agent);
    let mut files = Vec::new();
    list(folder, "", &mut files);
    for file in files {
        host = host.with_asset(&file, fs::read(folder.join(&file)).expect("a file of the corpus"));
    }
    for module in ["core", "bmm", "bmb"] {
        let config = fs::read(corpus.join(format!("{module}/config.yaml"))).expect("a configuration");
        host = host.with_file(&format!("bmad/{module}/config.yaml"), config);
    }
    host
}

#[test]
fn every_workflow_that_can_be_run_comes_to_an_end_without_a_question() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    list(&corpus, "", &mut files);
    let folders: Vec<_> = files.iter().filter_map(|file| file.strip_suffix("/workflow.yaml")).collect();
    let (mut ended, mut rejected, mut wrote) = (0, Vec::new(), 0);
    for folder in &folders {
        let host = host(&corpus, &corpus.join(folder));
        match host.run(<Folder as Workflow<_, _>>::run, json!({ "yolo": true })) {
            Ok(output) => {
                ended += 1;
                wrote += usize::from(output["files"].as_array().is_some_and(|files| !files.is_empty()));
                let reason = output["reason"].as_str().unwrap_or_default();
                assert!(!reason.contains("jumps were made"), "{folder}: {reason}");
            }
            Err(error) => rejected.push(format!("{folder}: {error}")),
        }
        assert!(host.questions().is_empty(), "{folder} asks: {:?}", host.questions());
        assert!(host.calls().len() > 1, "{folder} does something");
    }
    assert!(matches!(&rejected[..], [one] if one.starts_with("bmb/workflows/create-workflow/workflow-template")), "{rejected:?}");
    assert_eq!(ended + rejected.len(), folders.len());
    assert!(ended >= 43 && wrote >= 16, "{ended} ended, {wrote} wrote files");
}
