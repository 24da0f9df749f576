//! Results of single tests, by the real program: read from what commands print and write in the sandbox, with what is named
//! flaky, added and quick.

use std::fs;
use std::path::{Path, PathBuf};

use baton_tests::program;
use serde_json::{Value, json};

/// Prints TAP as Perl does. `waits` fails the first time, and `cents` always while `red` is there.
const RUN: &str = "#!/bin/sh\n\
    failed=0\n\
    echo TAP version 13\n\
    echo 1..3\n\
    echo ok 1 - sums\n\
    if [ -e once ]; then echo ok 2 - waits; else touch once; failed=1; echo not ok 2 - waits; fi\n\
    if [ -e red ]; then failed=1; echo not ok 3 - cents; echo '#   at t/cents.t line 5.'; echo '#   got: 1'; else echo ok 3 - cents; fi\n\
    exit $failed\n";
const REPORT: &str = "mkdir -p out && echo '<testsuite><testcase classname=\"demo.Sums\" name=\"cents\" file=\"src/sums.x\" line=\"7\">\
    <failure message=\"a cent is lost\"/></testcase><testcase name=\"old\"/></testsuite>' > out/junit.xml; exit 1\n";

struct Project {
    home: tempfile::TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { home: tempfile::tempdir().unwrap() };
        fs::create_dir_all(project.work()).unwrap();
        for (path, text) in files {
            let path = project.work().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::write(project.home.path().join("user.toml"), "[sandbox]\nengine = \"process\"\n").unwrap();
        project
    }

    fn work(&self) -> PathBuf {
        self.home.path().join("workspace")
    }

    fn run(&self, input: &Value) -> program::Ended {
        let input = input.to_string();
        let arguments = ["run", "run-tests", "--workspace", "workspace", "--input", &input, "--data-dir", "data", "-o", "json"];
        let mut command = program::command(self.home.path(), &arguments);
        program::output(command.env("BATON_CONFIG", self.home.path().join("user.toml")))
    }

    fn tested(&self, input: &Value) -> Value {
        let said = self.run(input).exits(0).stdout;
        let document: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        document["output"].clone()
    }
}

#[test]
fn failing_and_flaky_tests_are_named_with_their_places() {
    let project = Project::new(&[("tests/run.sh", RUN), ("red", "")]);
    let red = project.tested(&json!({}));
    assert_eq!((&red["outcome"], &red["flaky_tests"]), (&json!("failed"), &json!(["waits"])), "{red}");
    assert_eq!(red["failing"], json!([{ "name": "cents", "file": "t/cents.t", "line": 5, "message": "got: 1" }]));
    let report = red["report"].as_str().unwrap();
    assert!(report.contains("1 passed, 2 failed.\n\nFailed:\n- t/cents.t:5 `cents`: got: 1\n"), "{report}");
    fs::remove_file(project.work().join("red")).unwrap();
    fs::remove_file(project.work().join("once")).unwrap();
    let green = project.tested(&json!({ "names": true }));
    assert_eq!((&green["passed"], &green["flaky"], &green["flaky_tests"]), (&json!(true), &json!(true), &json!(["waits"])), "{green}");
    assert_eq!(
        (&green["names"], &green["counts"]),
        (&json!(["cents", "sums", "waits"]), &json!({ "passed": 3, "failed": 0, "skipped": 0 }))
    );
}

#[test]
fn a_report_that_git_ignores_is_read_and_an_old_one_is_not() {
    let settings = "[test]\ncommand = \"sh write.sh\"\nreports = [\"out/*.xml\"]\n";
    let project = Project::new(&[
        ("write.sh", REPORT),
        ("baton.toml", settings),
        (".gitignore", "out/\n"),
        ("out/a.xml", "<testsuite><testcase name=\"stale\"/></testsuite>"),
    ]);
    age(&project.work().join("out/a.xml"));
    let tested = project.tested(&json!({ "once": true }));
    assert_eq!(
        tested["failing"],
        json!([{ "name": "demo.Sums.cents", "file": "src/sums.x", "line": 7, "message": "a cent is lost" }]),
        "{tested}"
    );
    assert_eq!(tested["counts"], json!({ "passed": 1, "failed": 1, "skipped": 0 }));
}

/// Makes a file an hour older than it is.
fn age(path: &Path) {
    let before = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options().write(true).open(path).unwrap().set_modified(before).unwrap();
}

#[test]
fn a_folder_is_tested_by_its_own_command_and_a_wrong_setting_is_named() {
    let settings = "[test]\ncommand = \"echo whole\"\n[test.folders.\"services/auth\"]\nquick = \"echo auth\"\n";
    let project = Project::new(&[("services/auth/a", ""), ("baton.toml", settings)]);
    let quick = project.tested(&json!({ "changed": ["services/auth/a"] }));
    assert_eq!((&quick["command"], &quick["passed"]), (&json!("echo auth"), &json!(true)));
    let none = project.tested(&json!({ "changed": ["services/other"] }));
    assert_eq!((&none["outcome"], &none["command"]), (&json!("not-run"), &Value::Null));
    assert_eq!(project.tested(&json!({ "find_only": true }))["folders"], json!([{ "folder": "services/auth", "quick": "echo auth" }]));
    fs::write(project.work().join("baton.toml"), "[test.folders.\"services/auth\"]\nslow = \"echo auth\"\n").unwrap();
    let wrong = project.run(&json!({}));
    assert!(wrong.code != Some(0) && wrong.stderr.contains("has `slow`, and may have `command` and `quick`"), "{}", wrong.stderr);
}
