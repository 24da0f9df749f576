//! The workflow folders that come with Baton: each is understood without a defect, and runs to its end without a question.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use baton_folder_format::finding::Severity;
use baton_folder_format::folder::MemoryFiles;
use baton_folder_format::plan::{Options, plan};
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::Folder;

const STATUS: &str = "# Kept by hand\ndevelopment_status:\n  epic-1: backlog\n  1-1-beds: backlog # first\n  1-2-paths: backlog\n  epic-1-retrospective: optional\n";

/// The document of each folder, in which nothing is left open.
const DOCUMENTS: [(&str, &str); 11] = [
    ("architecture", "docs/architecture.md"),
    ("correct-course", "docs/change-2026-11-30.md"),
    ("create-story", "docs/stories/1-1-beds.md"),
    ("document-project", "docs/project-overview.md"),
    ("epics-and-stories", "docs/epics.md"),
    ("prd", "docs/PRD.md"),
    ("product-brief", "docs/product-brief.md"),
    ("readiness-check", "docs/readiness.md"),
    ("retrospective", "docs/retrospectives/epic-1.md"),
    ("sprint-planning", ""),
    ("ux-design", "docs/ux-design.md"),
];

fn folders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../folders")
}

fn files(name: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folders().join(name)).expect("a folder").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name().into_string().expect("a name"), fs::read(entry.path()).expect("a file"))).collect()
}

#[test]
fn bundled_folders_have_no_defects() {
    let mut names: Vec<_> =
        fs::read_dir(folders()).expect("the folders").map(|entry| entry.expect("one").file_name().into_string().expect("a name")).collect();
    names.sort();
    assert_eq!(names, DOCUMENTS.map(|(name, _)| name));
    for name in names {
        let plan = plan(&MemoryFiles { folder: files(&name), project: Some(BTreeMap::new()) }, &Options::default());
        let defects: Vec<_> = plan.findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
        assert!(plan.runnable && defects.is_empty() && plan.name == name, "{name}: {defects:?}");
        let unset: Vec<_> = plan.unset.iter().filter(|unset| !unset.by_agent).collect();
        assert!(unset.is_empty(), "{name}: {unset:?}");
        assert!(plan.sheets[0].steps.iter().all(|step| !step.title.is_empty()), "{name}: every step says what it is for");
    }
}

#[test]
fn bundled_folders_run_to_their_end() {
    for (name, document) in DOCUMENTS {
        let host = files(name).into_iter().fold(Host::new().at(1_796_000_000_000), |host, (path, bytes)| host.with_asset(&path, bytes));
        let agents = ["analyst", "scrum-master", "test-architect"];
        let host = agents.into_iter().fold(host, |host, agent| host.with_agent(agent, super::agent));
        let host = host.with_file("docs/sprint-status.yaml", STATUS);
        let input = json!({ "yolo": true, "inputs": { "idea": "A garden", "change": "It rains", "epic_number": "1" } });
        let output = host.run(<Folder as Workflow<_, _>>::run, input).expect(name);
        assert_eq!(output["status"], "completed", "{name}: {output}");
        assert!(host.questions().is_empty() && output.get("unfilled").is_none(), "{name}: {output}");
        if !document.is_empty() {
            let text = host.file(document).unwrap_or_else(|| panic!("{name} writes {document}: {output}"));
            assert!(text.contains("!\n") && !text.contains("{{"), "{name}: {text}");
        }
        let status = host.file("docs/sprint-status.yaml").unwrap_or_default();
        let expected = match name {
            "create-story" => STATUS.replace("1-1-beds: backlog", "1-1-beds: drafted"),
            "retrospective" => STATUS.replace("optional", "completed"),
            _ => STATUS.to_owned(),
        };
        assert_eq!(status, expected, "{name}");
        let people = host.file("docs/workflow-status.md").unwrap_or_default();
        assert!(people.contains("completed on 2026-11-30."), "{name}: {people}");
    }
}
