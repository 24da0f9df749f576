//! Test suites that want what no command gets: an hour, other files, a terminal, a browser. Each is stopped or told, by the
//! real program, and leaves nothing on this machine.

use std::{fs, time::Instant};

use baton_tests::{
    docker::{self, IMAGE},
    program,
};
use serde_json::{Value, json};

/// What `run-tests` says of a command line, in a project of its own.
fn tested(line: &str) -> (Value, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("workspace")).unwrap();
    fs::write(home.path().join("workspace/baton.toml"), format!("[test]\ncommand = {line:?}\ntimeout = 2\n")).unwrap();
    let settings = format!("[sandbox.images.default]\nimage = \"{IMAGE}\"\nmemory-mib = 64\nready = false\n");
    fs::write(home.path().join("user.toml"), settings).unwrap();
    let arguments = ["run", "run-tests", "--workspace", "workspace", "--data-dir", "data", "-o", "json"];
    let mut command = program::command(home.path(), &arguments);
    let said = program::output(command.env("BATON_CONFIG", home.path().join("user.toml"))).exits(0).stdout;
    let document: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    (document["output"].clone(), home)
}

#[test]
fn a_suite_that_wants_too_much_is_stopped_or_told_and_never_on_the_host() {
    if !docker::ready() {
        return;
    }
    let begun = Instant::now();
    let cases = [
        ("echo begun; sleep 3600", "timed-out", "begun"),
        ("echo x > /etc/passwd", "failed", "Read-only file system"),
        ("echo x > ../outside", "failed", "Read-only file system"),
        ("read answer && echo never", "failed", ""),
        ("echo x > /dev/tty", "failed", "/dev/tty"),
        ("test -t 0 && test -t 1 || { echo not a terminal; exit 1; }", "failed", "not a terminal"),
        ("chromium --headless --screenshot", "not-started", "chromium"),
        ("nc 127.0.0.1 5432 </dev/null", "failed", ""),
    ];
    for (line, outcome, word) in cases {
        let (output, home) = tested(line);
        assert_eq!((&output["outcome"], &output["passed"]), (&json!(outcome), &json!(false)), "{line}: {output}");
        assert!(output["report"].as_str().unwrap().contains(word), "{line}: {output}");
        assert!(!home.path().join("outside").exists(), "{line}");
    }
    assert!(begun.elapsed().as_secs() < 600, "nothing waits for an hour");
}
