//! Real folders in a row, from the plan of a sprint to a story that is done: what the status files say after each, and that a
//! kill anywhere changes nothing of it. Without the corpus these tests say so and check nothing.

use std::{collections::BTreeMap, fs, path::Path};

use baton_tests::{folder, sweep::Sweep};
use serde_json::{Value, json};

use super::{
    corpus::corpus,
    gardener::{Gardener, agree, goal_of},
};

/// What the agent writes when it plans the sprint of two epics.
const SPRINT: &str = "# generated: 2026-12-01\n# STATUS DEFINITIONS:\n#   - backlog: only in the epics\n\ngenerated: 2026-12-01\nproject: garden\nstory_location: \"{project-root}/docs/stories\"\n\ndevelopment_status:\n  # The garden\n  epic-1: backlog\n  1-1-beds: backlog # first\n  1-2-paths: backlog\n  epic-1-retrospective: optional\n\n  epic-2: backlog\n  2-1-pond: backlog\n  epic-2-retrospective: optional\n";
const EPICS: &str =
    "# Epics\n\n## Epic 1: Garden\n\n### Story 1.1: Beds\n\n### Story 1.2: Paths\n\n## Epic 2: Water\n\n### Story 2.1: Pond\n";

/// What holds, of what only a judge can decide. Everything else does not.
const HOLDS: [&str; 5] =
    ["ad_hoc_review_mode != true", "section does NOT exist", "no tasks remain", "update successful", "context file exists"];

/// The agents of the sprint. The review blocks the first story, so that a person decides, and approves the others.
fn answer(task: &str) -> Value {
    let goal = goal_of(task);
    if goal.contains("Write the complete sprint status YAML") {
        json!({ "report": "Planned.", "verdict": "continue", "files": [{ "name": "docs/sprint-status.yaml", "text": SPRINT }] })
    } else if goal.contains("Determine target status based on review outcome") {
        let target = if task.contains("- story_key: 1-1-beds") { "review" } else { "done" };
        json!({ "report": "Reviewed.", "verdict": "continue", "set": [{ "name": "target_status", "text": target }] })
    } else if goal.starts_with("Say whether") {
        json!({ "answer": if HOLDS.iter().any(|text| goal.contains(text)) { "true" } else { "false" } })
    } else {
        agree(goal).unwrap_or_else(|| json!({ "answer": "y" }))
    }
}

fn project() -> Option<Gardener> {
    let corpus = corpus()?;
    let gardener = Gardener::with(answer);
    folder::copy(&corpus, &gardener.work().join("bmad"));
    fs::remove_file(gardener.work().join("docs/sprint-status.yaml")).unwrap();
    fs::write(gardener.work().join("docs/epics.md"), EPICS).unwrap();
    Some(gardener)
}

fn folder_of(workflow: &str) -> String {
    format!("./bmad/bmm/workflows/4-implementation/{workflow}")
}

/// The statuses, `key: value` each, in the order of the file.
fn statuses(gardener: &Gardener) -> Vec<String> {
    let text = gardener.file("docs/sprint-status.yaml");
    let keys = text.lines().skip_while(|line| !line.starts_with("development_status")).skip(1);
    keys.filter_map(|line| Some(line.split('#').next()?.trim().to_owned())).filter(|line| !line.is_empty()).collect()
}

/// The value of a key in the status file.
fn status(gardener: &Gardener, key: &str) -> String {
    let wanted = format!("{key}: ");
    statuses(gardener).iter().find_map(|line| line.strip_prefix(&wanted).map(str::to_owned)).unwrap_or_default()
}

#[test]
fn a_sprint_of_real_folders_leaves_the_right_statuses() {
    let Some(gardener) = project() else { return };
    let run = |workflow: &str, expected: &str| {
        let ended = gardener.runs(&folder_of(workflow));
        assert_eq!(ended["output"]["status"], expected, "{workflow}: {ended}");
    };
    let story = |key: &str| gardener.file(&format!("docs/stories/{key}.md"));
    run("sprint-planning", "completed");
    assert_eq!(gardener.file("docs/sprint-status.yaml"), SPRINT);
    for (workflow, of_story, of_epic) in [
        ("create-story", "drafted", "backlog"),
        ("story-context", "ready-for-dev", "backlog"),
        ("dev-story", "review", "in-progress"),
        ("code-review", "review", "in-progress"),
        ("story-done", "done", "in-progress"),
    ] {
        run(workflow, "completed");
        assert_eq!((status(&gardener, "1-1-beds").as_str(), status(&gardener, "epic-1").as_str()), (of_story, of_epic), "{workflow}");
        assert!(story("1-1-beds").contains(&format!("\nStatus: {of_story}\n")), "{workflow}: {}", story("1-1-beds"));
        let people = gardener.file("docs/workflow-status.md");
        assert!(people.contains(workflow) && people.contains("Phase: implementation.") && people.contains("completed on"), "{people}");
    }
    for workflow in ["create-story", "story-context", "dev-story", "code-review"] {
        run(workflow, "completed");
    }
    let expected = "epic-1: done|1-1-beds: done|1-2-paths: done|epic-1-retrospective: optional|epic-2: backlog|2-1-pond: backlog";
    assert!(statuses(&gardener).join("|").starts_with(expected), "{:?}", statuses(&gardener));
    run("story-done", "halted");
    let text = gardener.file("docs/sprint-status.yaml");
    let kept =
        text.lines().zip(SPRINT.lines()).filter(|(now, before)| before.contains('#') && before.split('#').nth(1) != now.split('#').nth(1));
    assert_eq!(kept.count(), 0, "comments stay:\n{text}");
    assert!(text.contains("story_location: \"{project-root}/docs/stories\""), "{text}");
    assert!(story("1-2-paths").starts_with("# Story 1.2: "), "{}", story("1-2-paths"));
}

fn files_of(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files.extend(files_of(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            files.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    files
}

/// The folders of a sprint, and after how many writes of its journal each is killed at least once.
const SEQUENCE: [&str; 6] = ["sprint-planning", "create-story", "story-context", "dev-story", "code-review", "story-done"];

#[test]
fn killed_anywhere_a_sprint_of_real_folders_comes_to_the_same_files() {
    let Some(undisturbed) = project() else { return };
    let mut furthest = 0;
    for workflow in SEQUENCE {
        let before = tempfile::tempdir().unwrap();
        folder::copy(&undisturbed.work().join("docs"), before.path());
        undisturbed.runs(&folder_of(workflow));
        let expected = files_of(&undisturbed.work().join("docs"));
        let folder = folder_of(workflow);
        let arguments = ["run", folder.as_str(), "--grant", "--input", r#"{"yolo": true}"#];
        let last = Sweep::new(41).run(2, |writes| {
            let gardener = project().unwrap();
            folder::copy(before.path(), &gardener.work().join("docs"));
            let Some(ended) = gardener.killed(&arguments, writes) else { return false };
            assert_eq!(ended["output"]["status"], "completed", "{workflow}, killed after write {writes}: {ended}");
            let files = files_of(&gardener.work().join("docs"));
            let differ: Vec<_> = expected.iter().filter(|(path, text)| files.get(*path) != Some(text)).map(|(path, _)| path).collect();
            assert!(differ.is_empty() && files.len() == expected.len(), "{workflow}, killed after write {writes}: {differ:?}");
            true
        });
        furthest = last.max(furthest);
    }
    assert!(furthest > 41, "a folder makes more writes than {furthest}");
}
