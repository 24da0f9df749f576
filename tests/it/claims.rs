//! A name belongs to the file that held it, with the real program: another file neither takes it nor what was granted to it.

use std::{fs, path::PathBuf};

use baton_tests::{PROBE, changed_probe, program};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user who installed the probe and granted it all that it asks for.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let user = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(user.0.path().join("work/out")).unwrap();
        fs::write(user.0.path().join("probe.wasm"), PROBE).unwrap();
        let _installed = user.baton(&["plugin", "install", "probe.wasm", "--grant"]).exits(0);
        user
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("data/plugins/{name}.wasm"))
    }

    /// Somebody puts another plugin of the same name beside it.
    fn with_stranger(self) -> Self {
        fs::write(self.file("aaa"), version("9.0.0")).unwrap();
        self
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let mut command = program::command(self.0.path(), arguments);
        program::output(command.env("BATON_DATA_DIR", self.0.path().join("data")))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// Version and status of the probe.
    fn probe(&self) -> (String, String) {
        let shown = self.json(&["plugin", "show", "probe"]);
        let word = |key: &str| shown[key].as_str().unwrap().to_owned();
        (word("version"), word("status"))
    }

    fn refused(&self) -> Vec<(String, String)> {
        let listed = self.json(&["plugin", "list"]);
        let word = |refused: &Value, key: &str| refused[key].as_str().unwrap().to_owned();
        listed["rejected"].as_array().unwrap().iter().map(|refused| (word(refused, "file"), word(refused, "reason"))).collect()
    }

    fn writes(&self) -> bool {
        let input = json!({ "do": "write", "path": "out/a.txt", "content": "x" }).to_string();
        self.baton(&["run", "probe", "--workspace", "work", "--input", &input]).code == Some(0)
    }
}

fn version(number: &str) -> Vec<u8> {
    changed_probe(|manifest| manifest.replacen("0.1.0", number, 1))
}

fn is(version: &str, status: &str) -> (String, String) {
    (version.to_owned(), status.to_owned())
}

#[test]
fn a_second_file_of_a_name_is_refused_also_when_it_sorts_first() {
    let user = User::new().with_stranger();
    for _ in 0..2 {
        assert_eq!(user.probe(), is("0.1.0", "ready"));
        let refused = user.refused();
        assert!(refused[0].0.ends_with("aaa.wasm") && refused[0].1.contains("probe.wasm"), "both are named: {refused:?}");
        assert!(user.writes());
    }
    let _removed = user.baton(&["plugin", "remove", "probe"]).exits(0);
    assert!(user.file("aaa").exists() && !user.file("probe").exists(), "the right file is removed");
    assert_eq!(user.probe(), is("9.0.0", "needs_approval"));
    assert!(!user.writes());
}

#[test]
fn who_takes_a_name_while_its_file_is_away_gets_no_grants_and_gives_it_back() {
    let user = User::new().with_stranger();
    let away = user.0.path().join("away");
    fs::rename(user.file("probe"), &away).unwrap();
    assert!(!user.writes());
    assert_eq!(user.probe(), is("9.0.0", "needs_approval"));
    assert_eq!(user.json(&["plugin", "show", "probe"])["grants"], json!({}));
    fs::rename(&away, user.file("probe")).unwrap();
    assert_eq!(user.probe(), is("0.1.0", "ready"));
    assert!(user.refused()[0].0.ends_with("aaa.wasm") && user.writes());

    fs::rename(user.file("probe"), &away).unwrap();
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    assert!(user.writes(), "an operator says that it is to have the name");
    fs::rename(&away, user.file("probe")).unwrap();
    assert_eq!(user.probe(), is("9.0.0", "ready"));
    assert!(user.refused()[0].0.ends_with("probe.wasm"));
}

#[test]
fn a_file_keeps_its_name_when_it_is_called_otherwise_or_written_anew() {
    let user = User::new();
    fs::rename(user.file("probe"), user.file("other")).unwrap();
    assert!(user.writes());
    fs::write(user.file("aaa"), version("9.0.0")).unwrap();
    assert_eq!(user.probe(), is("0.1.0", "ready"));
    fs::write(user.file("other"), version("0.2.0")).unwrap();
    assert!(user.writes());
    assert_eq!(user.probe(), is("0.2.0", "ready"), "a version that is not wider keeps its grants");
    let _installed = user.baton(&["plugin", "install", "probe.wasm"]).exits(0);
    assert!(!user.file("probe").exists(), "it is installed in the place of the other");
    assert_eq!(user.probe(), is("0.1.0", "ready"));
}

#[test]
fn what_begins_with_a_dot_is_no_plugin() {
    let user = User::new();
    fs::rename(user.file("probe"), user.file(".probe.swp")).unwrap();
    let listed = user.json(&["plugin", "list"]);
    assert!(listed["items"].as_array().unwrap().iter().all(|plugin| plugin["name"] != "probe") && user.refused().is_empty());
}

#[test]
fn what_somebody_else_signed_gets_none_of_the_grants_of_what_it_replaces() {
    let user = User(tempfile::tempdir().unwrap());
    let home = user.0.path();
    fs::create_dir_all(home.join("work/out")).unwrap();
    fs::write(home.join("probe.wasm"), PROBE).unwrap();
    fs::write(home.join("other.wasm"), version("0.0.1")).unwrap();
    let key = user.json(&["plugin", "key", "new", "--to", "vendor.key"])["public_key"].as_str().unwrap().to_owned();
    let _signed = user.baton(&["plugin", "sign", "probe.wasm", "--key", "vendor.key"]).exits(0);
    fs::create_dir_all(home.join(".config/baton")).unwrap();
    fs::write(home.join(".config/baton/baton.toml"), format!("[signatures.keys]\nvendor = \"{key}\"\n")).unwrap();
    let _installed = user.baton(&["plugin", "install", "probe.wasm", "--grant"]).exits(0);
    for arguments in [["plugin", "install", "other.wasm", "--dry-run"].as_slice(), &["plugin", "install", "other.wasm"]] {
        let told = user.baton(arguments).exits(0).stderr;
        assert!(told.contains("in the place of version 0.1.0, which is newer"), "{told}");
        assert!(told.contains("was signed by vendor, and this file is signed by no key"), "{told}");
    }
    assert_eq!(user.probe(), is("0.0.1", "needs_approval"));
    assert!(!user.writes());
    let _installed = user.baton(&["plugin", "install", "probe.wasm"]).exits(0);
    assert!(user.writes(), "what was granted to the one that is signed is still granted to it");
}
