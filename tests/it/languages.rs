//! Plugins in Python and JavaScript with Baton's SDK: the same in a component as in a test, and built when something changed.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use baton_tests::{componentize, folder, node, program};
use serde_json::Value;

use crate::author::{Author, CACHE};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const SCRIPT: &str = "rules:\n  - { when: { contains: question }, reply: an answer }\n  - when: { contains: count this }\n    calls:\n      - \
                      { name: count, arguments: { count: 3 } }\n";

/// A language whose compiler is there.
struct Language {
    name: &'static str,
    programs: Option<PathBuf>,
    modules: Option<PathBuf>,
    source: &'static str,
}

impl Language {
    fn python() -> Option<Self> {
        let programs = componentize::python(Path::new(CACHE))?;
        Some(Self { name: "python", programs: Some(programs), modules: None, source: "app.py" })
    }

    fn javascript() -> Option<Self> {
        let modules = node::is_there().then(|| componentize::javascript(Path::new(CACHE))).flatten()?;
        Some(Self { name: "javascript", programs: None, modules: Some(modules), source: "app.js" })
    }

    fn author(&self) -> Author {
        let author = Author::new();
        match &self.programs {
            Some(programs) => author.with_programs(programs.clone()),
            None => author,
        }
    }

    /// A copy of a plugin's folder, with what is installed for its language.
    fn copied(&self, author: &Author, from: &str) -> PathBuf {
        let to = author.home().join(self.name);
        folder::copy(&PathBuf::from(format!("{ROOT}/{from}{}", self.name)), &to);
        if let Some(modules) = &self.modules {
            symlink(modules, to.join("node_modules")).unwrap();
        }
        to
    }

    /// The plugin's tests as their author runs them, without Baton's command.
    fn tests(&self, author: &Author, folder: &Path) -> program::Ended {
        let (program, arguments): (_, &[&str]) =
            if self.name == "python" { ("python3", &["-B", "-m", "unittest"]) } else { ("npm", &["test", "--silent"]) };
        let mut command = Command::new(program);
        program::output(author.set(command.args(arguments), folder).env("BATON", program::path()))
    }
}

#[test]
fn the_python_sdk_does_in_a_component_what_it_does_in_memory() {
    Language::python().iter().for_each(goes_on_the_tour);
}

#[test]
fn the_javascript_sdk_does_in_a_component_what_it_does_in_memory() {
    Language::javascript().iter().for_each(goes_on_the_tour);
}

/// `tests/languages` calls most functions of the contract and says what they give, by the plugin's own test in memory and here in
/// a real host.
fn goes_on_the_tour(language: &Language) {
    let author = language.author();
    let (home, plugin) = (author.home(), language.copied(&author, "tests/languages/"));
    let expected = Path::new(ROOT).join("tests/languages/expected.json");
    fs::copy(&expected, plugin.join("expected.json")).unwrap();
    let _ = author.baton(&plugin, &["plugin", "build"]).exits(0);
    let tested = language.tests(&author, &plugin);
    assert_eq!(tested.code, Some(0), "{}\n{}", tested.stdout, tested.stderr);

    fs::create_dir(home.join("workspace")).unwrap();
    fs::write(home.join("workspace/README.md"), "A tour.\n").unwrap();
    fs::write(home.join("workspace/baton.toml"), "[tour]\ntone = \"dry\"\n").unwrap();
    fs::write(home.join("replies.yaml"), SCRIPT).unwrap();
    let name = format!("tour-{}", language.name);
    let _ = author
        .types(&[
            "cd workspace && git init -q -b main && git add . && git -c user.name=p -c user.email=p@example.org commit -qm Begin && cd .."
                .to_owned(),
            format!("baton plugin install {}/target/{name}.wasm --grant", language.name),
        ])
        .exits(0);
    let order = ["run", &name, "--input", "{}", "--workspace", "workspace", "--model", "script/replies.yaml", "--yes", "-o", "json"];
    let ran = author.baton(&home, &order).exits(0);
    let mut expected: Value = serde_json::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
    // A stand-in for a workflow leaves nothing undone.
    expected["others"][2] = "A child leaves this.".into();
    let output = &serde_json::from_str::<Value>(&ran.stdout).unwrap()["output"];
    for (visited, gave) in expected.as_object().unwrap() {
        assert_eq!(&output[visited], gave, "{visited}");
    }
}

#[test]
fn the_python_example_passes_its_tests_and_is_built_when_it_changed() {
    Language::python().iter().for_each(is_built_and_tested);
}

#[test]
fn the_javascript_example_passes_its_tests_and_is_built_when_it_changed() {
    Language::javascript().iter().for_each(is_built_and_tested);
}

fn is_built_and_tested(language: &Language) {
    let author = language.author();
    let plugin = language.copied(&author, "examples/release-notes-");
    let built = author.baton(&plugin, &["plugin", "build"]).exits(0);
    assert!(built.stderr.contains("Built the workflow"), "{}", built.stderr);
    let again = author.baton(&plugin, &["plugin", "build"]).exits(0);
    assert!(again.stderr.contains("Unchanged since the last build") && !again.stderr.contains("Built"), "{}", again.stderr);
    let tested = language.tests(&author, &plugin);
    assert_eq!(tested.code, Some(0), "{}\n{}", tested.stdout, tested.stderr);

    let manifest = fs::read_to_string(plugin.join("plugin.toml")).unwrap();
    fs::write(plugin.join("plugin.toml"), manifest.replace("people = [\"important\"]\n", "")).unwrap();
    let tested = language.tests(&author, &plugin);
    let told = tested.stdout + &tested.stderr;
    assert!(tested.code != Some(0) && told.contains("does not ask for `people`"), "a forgotten need is found: {told}");

    fs::write(plugin.join(language.source), "this is no program").unwrap();
    let broken = author.baton(&plugin, &["plugin", "build"]).exits(1);
    assert!(!broken.stderr.contains("Unchanged"), "{}", broken.stderr);
}
