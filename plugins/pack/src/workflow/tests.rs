//! Folders that are read and packed with the empty component in the place of the engine.

use std::fs;

use super::*;
use crate::tests::{EMPTY, section};
use crate::{ASSETS_SECTION, MANIFEST_SECTION};

const WORKFLOW: &str = "name: Herb Garden\ndescription: Plans\n  a garden\nversion: \"1.4.0\"\nconfig_source: \"{project-root}/bmad/g/config.yaml\"\noutput_folder: \"{config_source}:output_folder\"\ninstalled_path: \"{project-root}/bmad/g/workflows/3-solutioning/garden\"\ninstructions: \"{installed_path}/instructions.md\"\nvalidation: \"{installed_path}/checklist.md\"\ndefault_output_file: \"{output_folder}/garden-{{season}}.md\"\nbeds: \"\"\n";
const STEPS: &str = "<workflow><step n=\"1\"><action>Look.</action><check if=\"plan.md exists\"><invoke-workflow path=\"{project-root}/bmad/g/workflows/land\" /></check>\n<template-output>a</template-output></step></workflow>";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn garden() -> tempfile::TempDir {
    folder(&[("workflow.yaml", WORKFLOW), ("instructions.md", STEPS), ("checklist.md", "- [ ] Has beds\n")])
}

fn read(folder: &tempfile::TempDir) -> Result<Workflow, WorkflowError> {
    Workflow::read(folder.path(), |name| name == "land")
}

#[test]
fn the_manifest_says_what_the_folder_does() {
    let workflow = read(&garden()).expect("a workflow");
    let manifest: toml::Table = toml::from_str(&workflow.manifest).expect("TOML");
    let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
    assert_eq!([text("name"), text("version"), text("kind"), text("description")], ["herb-garden", "1.4.0", "workflow", "Plans a garden"]);
    let list = |kind: &str| {
        let list = manifest["needs"][kind].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(list("agents"), ["architect"]);
    assert_eq!(list("people"), ["important"]);
    assert_eq!(list("workflows"), ["decide", "g-land"], "a name that is taken gets that of the module");
    let written =
        ["**/*workflow-status.yaml", "**/garden-*.md", "**/sprint-status.yaml", "**/validation-report-*.md", "docs/workflow-status.md"];
    assert_eq!(list("write"), written);
    for path in ["bmad/core/config.yaml", "bmad/g/config.yaml", "**/plan.md", "plan.md"] {
        assert!(list("read").iter().any(|pattern| pattern == path), "{path}: {:?}", list("read"));
    }
    let fields = &manifest["input"]["properties"]["inputs"]["properties"];
    assert!(fields.get("output_folder").is_some() && fields.get("beds").is_some() && fields.get("season").is_none(), "{fields:?}");
}

#[test]
fn the_same_folder_gives_the_same_bytes() {
    let (one, other) = (garden(), garden());
    let packed = read(&one).and_then(|workflow| workflow.pack(EMPTY)).expect("packs");
    assert_eq!(read(&other).and_then(|workflow| workflow.pack(EMPTY)).expect("packs"), packed);
    fs::write(other.path().join("instructions.md"), STEPS.replace("Look", "Listen")).expect("a file");
    assert_ne!(read(&other).and_then(|workflow| workflow.pack(EMPTY)).expect("packs"), packed);
    assert!(String::from_utf8_lossy(&section(&packed, MANIFEST_SECTION)).contains("name = \"herb-garden\"\n"));
    assert!(section(&packed, ASSETS_SECTION).starts_with(b"\x1f\x8b"));
}

#[test]
fn what_the_folder_says_itself_goes_over_what_was_derived() {
    let folder = garden();
    fs::write(folder.path().join("plugin.toml"), "name = \"beds\"\n[needs]\nagents = [\"ann\"]\n").expect("a file");
    let manifest: toml::Table = toml::from_str(&read(&folder).expect("a workflow").manifest).expect("TOML");
    assert_eq!(manifest["name"].as_str(), Some("beds"));
    assert_eq!(manifest["needs"]["agents"], toml::Value::from(vec!["ann"]));
    assert!(manifest["needs"]["write"].as_array().is_some_and(|paths| !paths.is_empty()));
    for (text, why) in [("kind = \"agent\"", "another"), ("name = ", "plugin.toml cannot be used")] {
        fs::write(folder.path().join("plugin.toml"), text).expect("a file");
        let error = read(&folder).expect_err("rejected").to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_cannot_be_run_is_not_packed() {
    let scaffold = folder(&[("workflow.yaml", "name: \"{NAME}\"\ninstructions: instructions.md\n"), ("instructions.md", STEPS)]);
    let error = read(&scaffold).expect_err("a scaffold").to_string();
    assert!(error.starts_with("The folder cannot be run: workflow.yaml:1:"), "{error}");
    let empty = folder(&[("workflow.md", "")]);
    assert!(is_workflow(empty.path()) && read(&empty).is_err());
    assert!(!is_workflow(folder(&[("plugin.toml", ""), ("persona.md", "")]).path()));
}

#[test]
fn hostile_folders_ask_for_no_more_than_a_manifest_may() {
    let outputs: String = (0..400).map(|index| format!("<template-output file=\"docs/{index}.md\">a</template-output>\n")).collect();
    let long = format!("<template-output file=\"docs/{}.md\">a</template-output>", "x".repeat(400));
    let steps =
        format!("<workflow><step n=\"1\">{outputs}{long}<template-output file=\"../../etc/x\">a</template-output></step></workflow>");
    let description = "\u{1b}[2J".repeat(300);
    let hostile = folder(&[("workflow.yaml", "name: \"../../x\"\ninstructions: instructions.md\n"), ("instructions.md", &steps)]);
    let workflow = read(&hostile).expect("a workflow");
    let manifest: toml::Table = toml::from_str(&workflow.manifest).expect("TOML");
    assert_eq!(manifest["name"].as_str(), Some("x"));
    assert_eq!(manifest["needs"]["write"], toml::Value::from(vec!["**"]), "an operator sees that it asks for everything");
    assert_eq!(manifest::one_line(&description).chars().filter(|character| character.is_control()).count(), 0);
}
