//! Files and folders that somebody prepared, or that only turned out so: names that are no text, links, pipes. With the
//! real program, which neither breaks down over them nor writes where they lead.

#![cfg(unix)]

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
};

use baton_tests::{HELLO, program};
use serde_json::Value;
use tempfile::TempDir;

fn baton(home: &TempDir, arguments: &[&OsStr]) -> program::Ended {
    let data = ["--data-dir", "data"].map(OsStr::new);
    program::run(home.path(), &[arguments, &data].concat())
}

fn words(line: &str) -> Vec<&OsStr> {
    line.split(' ').map(OsStr::new).collect()
}

/// A name that is no text.
fn named(place: &Path, name: &[u8]) -> PathBuf {
    place.join(OsStr::from_bytes(name))
}

#[test]
fn a_name_that_is_no_text_is_refused_and_ends_nothing() {
    let home = tempfile::tempdir().unwrap();
    let plugins = home.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    fs::write(named(&plugins, b"junk\xff.wasm"), "junk").unwrap();
    fs::write(named(&plugins, b"hello\xff.wasm"), HELLO).unwrap();
    for _ in 0..2 {
        let changed = baton(&home, &words("plugin disable plan")).exits(0);
        assert!(changed.stderr.contains("is not Unicode; rename it"), "{}", changed.stderr);
    }
    let listed: Value = serde_json::from_str(&baton(&home, &words("plugin list -o json")).exits(0).stdout).unwrap();
    let refused: Vec<_> = listed["refused"].as_array().unwrap().iter().map(|refused| refused["file"].as_str().unwrap()).collect();
    assert_eq!(refused, [r"data/plugins/hello\xff.wasm", r"data/plugins/junk\xff.wasm"]);
}

#[test]
fn a_host_that_serves_outlives_a_name_that_is_no_text() {
    let home = tempfile::tempdir().unwrap();
    let plugins = home.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    let mut command = program::command(home.path(), &["serve", "--data-dir", "data", "-o", "json"]);
    let mut host = command.stdout(fs::File::create(home.path().join("told")).unwrap()).spawn().unwrap();
    let told = || fs::read_to_string(home.path().join("told")).unwrap();
    assert!(program::wait_until(&mut host, || told().contains("\"ready\"")));
    fs::write(named(&plugins, b"junk\xff.wasm"), "junk").unwrap();
    fs::write(plugins.join("hello.wasm"), HELLO).unwrap();
    let both = || told().contains(r"junk\\xff.wasm") && told().contains("published");
    let outlived = program::wait_until(&mut host, both);
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(outlived, "{}", told());
}

#[test]
fn documents_name_files_whose_names_are_no_text() {
    let home = tempfile::tempdir().unwrap();
    let odd = named(home.path(), b"odd\xff");
    fs::create_dir(&odd).unwrap();
    let inside = |name: &str| odd.join(name).into_os_string();
    let persona = inside("pers");
    let told = |line: &str, more: &[&OsStr]| -> Value {
        let ended = baton(&home, &[&words(line), more, &words("-o json")].concat()).exits(0);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    assert_eq!(
        told("plugin new pers --kind agent --in", &[&odd])["folder"].as_str().map(|folder| folder.ends_with(r"odd\xff/pers")),
        Some(true)
    );
    let (key, wasm) = (inside("key.pem"), inside("pers.wasm"));
    for document in [
        told("plugin key new --to", &[&key])["private-key"].clone(),
        told("plugin build", &[&persona])["file"].clone(),
        told("plugin pack", &[&persona, OsStr::new("--to"), &wasm])["file"].clone(),
        told("plugin sign", &[&wasm, OsStr::new("--key"), &key])["file"].clone(),
        told("plugin check", &[&wasm])["origin"].clone(),
    ] {
        assert!(document.as_str().is_some_and(|file| file.contains(r"odd\xff/")), "{document}");
    }
    told("plugin install --dry-run", &[&wasm]);
    told("plugin install", &[&wasm]);
    told("plugin test", &[&persona]);
}

/// The folder of a persona, ready to be built.
fn persona(home: &TempDir) -> PathBuf {
    let _begun = baton(home, &words("plugin new pers --kind agent")).exits(0);
    home.path().join("pers")
}

#[test]
fn what_is_built_is_written_where_no_link_leads() {
    let home = tempfile::tempdir().unwrap();
    let (folder, precious) = (persona(&home), home.path().join("precious.txt"));
    fs::write(&precious, "mine").unwrap();
    fs::create_dir(folder.join("target")).unwrap();
    symlink(&precious, folder.join("target/pers.wasm")).unwrap();
    for command in ["build", "test"] {
        let refused = baton(&home, &words(&format!("plugin {command} pers"))).exits(2);
        assert!(refused.stderr.contains("no file but a link"), "{}", refused.stderr);
    }
    let _checked = baton(&home, &words("plugin check pers")).exits(0);
    let _packed = baton(&home, &words("plugin pack pers --to pers/target/pers.wasm")).exits(2);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
}

#[test]
fn a_linked_folder_of_what_is_built_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (folder, other) = (persona(&home), home.path().join("other"));
    fs::create_dir(&other).unwrap();
    symlink(&other, folder.join("target")).unwrap();
    for command in ["build", "check", "test"] {
        let refused = baton(&home, &words(&format!("plugin {command} pers"))).exits(1);
        assert!(refused.stderr.contains("a link is not followed"), "{}", refused.stderr);
    }
    assert_eq!(fs::read_dir(&other).unwrap().count(), 0);
}

#[test]
fn a_check_writes_nothing_into_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = persona(&home);
    let _checked = baton(&home, &words("plugin check pers")).exits(0);
    assert!(!folder.join("target").exists());
}

#[test]
fn a_folders_own_tools_see_no_key() {
    let home = tempfile::tempdir().unwrap();
    let _begun = baton(&home, &words("plugin new snake --language python")).exits(0);
    let tools = home.path().join("snake/.venv/bin");
    fs::create_dir_all(&tools).unwrap();
    fs::write(tools.join("componentize-py"), "#!/bin/sh\nenv > seen\nexit 1\n").unwrap();
    fs::set_permissions(tools.join("componentize-py"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = program::command(home.path(), &["plugin", "check", "snake", "--data-dir", "data"]);
    command.env("ANTHROPIC_API_KEY", "k").env("BATON_SECRET_KEY", "s".repeat(44)).env("CARGO_HOME", "c").env("LANG", "C");
    let _failed = program::ended(command.output().unwrap()).exits(1);
    let seen = fs::read_to_string(home.path().join("snake/seen")).unwrap();
    let has = |name: &str| seen.lines().any(|line| line.starts_with(&format!("{name}=")));
    assert!(["PATH", "HOME", "CARGO_HOME", "LANG"].into_iter().all(has), "{seen}");
    assert!(!seen.contains("KEY") && !seen.contains("BATON_"), "{seen}");
}
