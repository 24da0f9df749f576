use std::collections::BTreeSet;

use super::*;
use crate::operations::plugins::FolderManifest;

fn scaffold(kind: PluginKind, language: Language) -> Scaffold {
    Scaffold::new("my-plugin", kind, language).unwrap()
}

fn all() -> Vec<Scaffold> {
    let kinds = [PluginKind::Workflow, PluginKind::Agent, PluginKind::Toolbox];
    let languages = [Language::Rust, Language::Python, Language::JavaScript];
    let code = kinds.into_iter().flat_map(|kind| languages.into_iter().map(move |language| scaffold(kind, language)));
    code.chain([scaffold(PluginKind::Agent, Language::Persona), scaffold(PluginKind::Workflow, Language::Folder)]).collect()
}

#[test]
fn every_scaffold_is_a_folder_that_the_build_understands() {
    for scaffold in all() {
        let place = tempfile::tempdir().unwrap();
        let folder = scaffold.write(place.path()).unwrap();
        assert_eq!(Project::at(&folder).unwrap().language, scaffold.language);
        let files = scaffold.files();
        let paths: BTreeSet<_> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths.len(), files.len(), "{scaffold:?}");
        assert!(paths.contains(".gitignore") && paths.contains("README.md"), "{scaffold:?}: {paths:?}");
        let own = files.iter().filter(|(path, _)| !path.starts_with("vendor/"));
        if scaffold.language == Language::Folder {
            assert!(own.into_iter().all(|(_, text)| !text.contains("{{name}}") && !text.contains("{{next}}")), "{scaffold:?}");
            continue;
        }
        assert!(own.into_iter().all(|(_, text)| !text.contains("{{")), "{scaffold:?}");
        let manifest = FolderManifest::read(&folder).unwrap();
        assert_eq!((manifest.name.as_str(), manifest.kind), ("my-plugin", scaffold.kind));
    }
}

#[test]
fn names_that_no_plugin_can_have_are_refused_with_a_sentence() {
    for bad in ["", "Hello", "my_plugin", "a--b", "-a", "a-", "1a", "../a", "a b", "\u{1b}[2J", &"a".repeat(65)] {
        let error = Scaffold::new(bad, PluginKind::Workflow, Language::Rust).unwrap_err().to_string();
        assert!(error.contains("lower-case") && !error.contains('\u{1b}'), "{bad:?}: {error}");
    }
    let error = Scaffold::new("plan", PluginKind::Workflow, Language::Rust).unwrap_err().to_string();
    assert!(error.contains("part of Baton"), "{error}");
}

#[test]
fn a_workflow_folder_begins_without_a_defect() {
    let place = tempfile::tempdir().unwrap();
    let folder = scaffold(PluginKind::Workflow, Language::Folder).write(place.path()).unwrap();
    let plan = crate::operations::plugins::plan_folder(&folder, place.path()).unwrap();
    assert!(plan.runnable && plan.findings.is_empty(), "{:?}", plan.findings);
    assert!(plan.decisions.judge > 0 && plan.decisions.evaluator > 0 && plan.checklist.is_some(), "it shows what a folder can do");
    let packed = crate::operations::plugins::PluginFile::pack_unsigned(&folder).unwrap().view();
    assert_eq!((packed.name.as_str(), packed.kind), ("my-plugin", PluginKind::Workflow));
    let error = Scaffold::new("a", PluginKind::Agent, Language::Folder).unwrap_err().to_string();
    assert!(error.contains("and not an agent"), "{error}");
}

#[test]
fn somebodys_files_are_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let scaffold = scaffold(PluginKind::Agent, Language::Persona);
    fs::create_dir(place.path().join("my-plugin")).unwrap();
    scaffold.write(place.path()).unwrap();
    let before = fs::read(place.path().join("my-plugin/persona.md")).unwrap();
    fs::write(place.path().join("my-plugin/persona.md"), "mine").unwrap();
    assert_eq!(scaffold.write(place.path()).unwrap_err().code, "folder_taken");
    assert_ne!(before, b"mine");
    assert_eq!(fs::read(place.path().join("my-plugin/persona.md")).unwrap(), b"mine");
    fs::write(place.path().join("file"), "").unwrap();
    let code = |place: &Path| scaffold.write(place).unwrap_err().code;
    assert_eq!(code(&place.path().join("file")), "file_unwritable");
    assert_eq!(code(&place.path().join("n".repeat(300))), "file_unwritable", "the name is too long");
}

#[test]
fn the_vendored_sdk_stands_without_its_workspace() {
    let manifest: toml::Table = toml::from_str(SDK_MANIFEST).unwrap();
    assert!(!SDK_MANIFEST.contains("workspace"), "{SDK_MANIFEST}");
    assert_eq!(manifest["package"]["name"].as_str(), Some("baton-sdk"));
    let lock: toml::Table = toml::from_str(SDK_LOCK).unwrap();
    let names: Vec<_> = lock["package"].as_array().unwrap().iter().filter_map(|package| package["name"].as_str()).collect();
    assert!(names.contains(&"wit-bindgen") && !names.contains(&"wasmtime") && !names.contains(&"baton"), "{names:?}");
}

#[test]
fn the_page_on_writing_plugins_shows_what_new_makes() {
    let page = include_str!("../../../../../docs/writing-plugins.md");
    let files = scaffold(PluginKind::Workflow, Language::Rust).files();
    let source = &files.iter().find(|(path, _)| path == "src/lib.rs").unwrap().1;
    let (start, end) = (source.find("struct Greeter;").unwrap(), source.find("\n\n#[cfg(test)]").unwrap());
    assert!(page.contains(&source[start..end]), "{}", &source[start..end]);
}

#[test]
fn the_examples_are_what_new_makes() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for (name, language) in [("hello-python", Language::Python), ("hello-javascript", Language::JavaScript)] {
        let files = Scaffold::new(name, PluginKind::Workflow, language).unwrap().files();
        // The SDK is written by the build, and there is one copy of it.
        for (path, text) in files.iter().filter(|(path, _)| !path.starts_with("baton/")) {
            let present = fs::read_to_string(examples.join(name).join(path)).unwrap_or_default();
            assert_eq!(&present, text, "examples/{name}/{path}; make it again with `baton plugin new {name}`");
        }
    }
}
