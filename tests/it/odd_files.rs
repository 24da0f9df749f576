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
    process::Command,
};

use baton_tests::{HELLO, PROBE, compiled, program};
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
        assert!(changed.stderr.contains("is not UTF-8; rename it"), "{}", changed.stderr);
    }
    let listed: Value = serde_json::from_str(&baton(&home, &words("plugin list -o json")).exits(0).stdout).unwrap();
    let refused: Vec<_> = listed["rejected"].as_array().unwrap().iter().map(|refused| refused["file"].as_str().unwrap()).collect();
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
        told("plugin new pers --kind agent --in", &[odd.as_os_str()])["folder"].as_str().map(|folder| folder.ends_with(r"odd\xff/pers")),
        Some(true)
    );
    let (key, wasm) = (inside("key.pem"), inside("pers.wasm"));
    for document in [
        told("plugin key new --to", &[&key])["private_key"].clone(),
        told("plugin build", &[&persona])["file"].clone(),
        told("plugin pack", &[&persona, OsStr::new("--to"), &wasm])["file"].clone(),
        told("plugin sign", &[&wasm, OsStr::new("--key"), &key])["file"].clone(),
        told("plugin check", &[&wasm])["file"].clone(),
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
        assert!(refused.stderr.contains("is a link, a directory or a pipe"), "{}", refused.stderr);
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
        let refused = baton(&home, &words(&format!("plugin {command} pers"))).exits(2);
        assert!(refused.stderr.contains("does not follow links"), "{}", refused.stderr);
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
    let _failed = program::output(command).exits(1);
    let seen = fs::read_to_string(home.path().join("snake/seen")).unwrap();
    let has = |name: &str| seen.lines().any(|line| line.starts_with(&format!("{name}=")));
    assert!(["PATH", "HOME", "CARGO_HOME", "LANG"].into_iter().all(has), "{seen}");
    assert!(!seen.contains("KEY") && !seen.contains("BATON_"), "{seen}");
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let folder = persona(&home);
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    for name in ["out", "key.pem"] {
        pipe(&home.path().join(name));
    }
    let _packed = baton(&home, &words("plugin pack pers --to pers.wasm")).exits(0);
    let _signed = baton(&home, &words("plugin sign pers.wasm --key key.pem")).exits(2);
    let _packed = baton(&home, &words("plugin pack pers --to out")).exits(2);
    fs::remove_file(folder.join("plugin.toml")).unwrap();
    pipe(&folder.join("plugin.toml"));
    for command in ["pack pers --to again.wasm", "install pers"] {
        let refused = baton(&home, &words(&format!("plugin {command}"))).exits(1);
        assert!(refused.stderr.contains("plugin.toml"), "{}", refused.stderr);
    }
}

#[test]
fn what_is_written_is_for_its_owner() {
    let home = tempfile::tempdir().unwrap();
    let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
    let set = |path: &str, mode: u32| fs::set_permissions(home.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    fs::write(home.path().join("hello.wasm"), HELLO).unwrap();
    fs::create_dir(home.path().join("data")).unwrap();
    set("data", 0o777);
    let line = format!("umask 0; '{}' plugin install hello.wasm --data-dir data", program::path().display());
    let mut shell = Command::new("sh");
    let installed = program::output(shell.args(["-c", &line]).env("HOME", home.path()).current_dir(home.path())).exits(0);
    assert!(installed.stderr.contains("Other users of this machine can change data"), "{}", installed.stderr);
    for (path, wanted) in [("data", 0o777), ("data/plugins", 0o700), ("data/plugins/hello.wasm", 0o600), ("data/lock", 0o600)] {
        assert_eq!(mode(path), wanted, "{path}: {:o}", mode(path));
    }
    let doctor = baton(&home, &words("doctor"));
    assert!(doctor.stdout.contains("others can change"), "{}", doctor.stdout);
    let ran = baton(&home, &words("run hello -o json --input {}")).exits(0);
    let run: Value = serde_json::from_str(&ran.stdout).unwrap();
    fs::write(home.path().join("kept.json"), "").unwrap();
    let _recorded = baton(&home, &words(&format!("runs record {} kept.json", run["id"].as_str().unwrap()))).exits(0);
    let _key = baton(&home, &words("plugin key new --to key.pem")).exits(0);
    set("hello.wasm", 0o600);
    let _signed = baton(&home, &words("plugin sign hello.wasm --key key.pem")).exits(0);
    assert_eq!((mode("kept.json"), mode("hello.wasm")), (0o600, 0o600));
}

#[test]
fn a_fault_of_the_host_pauses_the_run_until_it_is_mended() {
    let home = tempfile::tempdir().unwrap();
    let cache = compiled::keep_apart(home.path());
    fs::write(home.path().join("hello.wasm"), HELLO).unwrap();
    let _installed = baton(&home, &words("plugin install hello.wasm")).exits(0);
    fs::remove_dir_all(&cache).unwrap();
    fs::write(&cache, "in the way").unwrap();
    let paused = baton(&home, &words("run hello -o json --input {}")).exits(3);
    let told: Value = serde_json::from_str(&paused.stdout).unwrap();
    assert!(told.to_string().contains("The plugin is not at fault"), "{told}");
    fs::remove_file(&cache).unwrap();
    let _resumed = baton(&home, &words(&format!("runs resume {}", told["id"].as_str().unwrap()))).exits(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_without_memory_is_no_failure_of_the_plugin() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("hello.wasm"), HELLO).unwrap();
    let _installed = baton(&home, &words("plugin install hello.wasm")).exits(0);
    let line = format!("ulimit -Sv 4000000; exec '{}' run hello --input '{{}}' -o json --data-dir data", program::path().display());
    let mut shell = Command::new("sh");
    let paused = program::output(shell.args(["-c", &line]).env("HOME", home.path()).current_dir(home.path())).exits(3);
    assert!(paused.stdout.contains("The plugin is not at fault"), "{}\n{}", paused.stdout, paused.stderr);
}

#[test]
fn a_place_that_cannot_be_used_is_told_as_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let (long, odd) = ("n".repeat(300), named(Path::new(""), b"odd\xff"));
    fs::create_dir(home.path().join(&odd)).unwrap();
    let said = |arguments: &[&OsStr], place: &OsStr| program::run(home.path(), &[arguments, &[place]].concat()).exits(2).stderr;
    for (place, reason) in
        [(OsStr::new("file"), "is not a directory"), (OsStr::new(&long), "File name too long"), (odd.as_os_str(), "not UTF-8")]
    {
        let told = said(&words("plugin list --data-dir"), place);
        assert!(told.contains(reason) && told.lines().count() == 2, "{told}");
    }
    for command in ["run plan --data-dir data --workspace", "backlog list --data-dir data --workspace"] {
        for (place, reason) in
            [(OsStr::new("file"), "is not a directory"), (OsStr::new(&long), "File name too long"), (odd.as_os_str(), "not UTF-8")]
        {
            let told = said(&words(command), place);
            assert!(told.contains(reason), "{command}: {told}");
        }
    }
    let mut listed = program::command(home.path(), &["plugin", "list"]);
    let told = program::output(listed.env("BATON_DATA_DIR", "")).exits(2).stderr;
    assert!(told.contains("The name of the data directory is empty") && told.contains("unset it"), "{told}");
    assert!(said(&words("plugin list --data-dir"), OsStr::new("")).contains("--data-dir <DIR>"));
}

#[test]
fn a_rejected_file_is_removed_by_the_name_that_is_shown() {
    let home = tempfile::tempdir().unwrap();
    let plugins = home.path().join("data/plugins");
    fs::create_dir_all(plugins.join("dir.wasm")).unwrap();
    fs::write(named(&plugins, b"junk\xff.wasm"), "junk").unwrap();
    let listed = baton(&home, &words("plugin list")).exits(0);
    assert!(
        listed.stdout.contains(r"junk\xff") && listed.stderr.contains(r"data/plugins/junk\xff.wasm"),
        "{}{}",
        listed.stdout,
        listed.stderr
    );
    let removed = baton(&home, &words(r"plugin remove junk\xff -o json")).exits(0);
    let document: Value = serde_json::from_str(&removed.stdout).unwrap();
    assert_eq!((&document["file"], named(&plugins, b"junk\xff.wasm").exists()), (&Value::from(r"data/plugins/junk\xff.wasm"), false));
    let left = baton(&home, &words("plugin remove dir")).exits(1);
    assert!(left.stderr.contains("`data/plugins/dir.wasm` is a directory, and Baton removes only files"), "{}", left.stderr);
}

#[test]
fn a_run_that_failed_before_its_first_call_says_how_it_continues() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("probe.wasm"), PROBE).unwrap();
    let _installed = baton(&home, &words("plugin install probe.wasm --grant")).exits(0);
    let mut ended = baton(&home, &[&words("run probe --input")[..], &[OsStr::new(r#"{"do":"fail","say":"no"}"#)]].concat()).exits(1);
    let runs: Value = serde_json::from_str(&baton(&home, &words("runs list -o json")).exits(0).stdout).unwrap();
    let run = runs["items"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let told = &ended.stderr;
        assert!(told.contains("It failed before its first call") && told.contains("`baton run probe --data-dir data`"), "{told}");
        assert!(told.contains(" --at 1 --data-dir data`"), "{told}");
        ended = baton(&home, &words(&format!("runs resume {run}"))).exits(1);
    }
    let next = baton(&home, &words(&format!("runs show {run}"))).exits(0).stdout;
    let next = next.lines().find_map(|line| line.strip_prefix("Next       baton ")).unwrap_or_else(|| panic!("{next}"));
    let forked = program::run(home.path(), &words(next)).exits(1);
    assert!(forked.stderr.contains("is forked from"), "{}", forked.stderr);
}

#[test]
fn a_command_that_is_told_works_as_it_is_printed() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("probe.wasm"), PROBE).unwrap();
    let _installed = baton(&home, &words("plugin install probe.wasm")).exits(0);
    let denied = baton(&home, &[&words("run probe --input")[..], &[OsStr::new(r#"{"do":"read","path":"a.txt"}"#)]].concat());
    let listed = baton(&home, &words("plugin show nothing"));
    let texts = [&denied.stderr, &denied.stdout, &listed.stderr];
    let told: Vec<_> = texts.iter().flat_map(|text| text.split("`baton ").skip(1)).map(|rest| rest.split('`').next().unwrap()).collect();
    assert!(told.len() > 1 && told.iter().all(|command| command.ends_with(" --data-dir data")), "{told:#?}\n{}", denied.stderr);
    let grant = told.iter().find(|command| command.starts_with("plugin grant")).unwrap();
    let line = format!("'{}' {grant}", program::path().display());
    let mut shell = Command::new("sh");
    let granted = program::output(shell.args(["-c", &line]).env("HOME", home.path()).current_dir(home.path())).exits(0);
    assert!(granted.stderr.contains("probe"), "{}", granted.stderr);
}

#[test]
fn a_command_in_a_document_or_a_kept_answer_leads_to_the_same_data_where_it_is_printed() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("probe.wasm"), PROBE).unwrap();
    let _installed = baton(&home, &words("plugin install probe.wasm")).exits(0);
    let _declined = baton(&home, &words("plugin grant probe --only write")).exits(0);
    let read = OsStr::new(r#"{"do":"read","path":"a.txt"}"#);
    let denied = baton(&home, &[&words("run probe -o json --input")[..], &[read]].concat()).exits(1).stdout;
    let run = serde_json::from_str::<Value>(&denied).unwrap()["id"].as_str().unwrap().to_owned();
    let looks = ["runs list -o json", "runs show RUN -o json", "runs journal RUN -o json", "runs journal RUN --full"];
    let looks = looks.map(|look| look.replace("RUN", &run));
    let shown = looks.each_ref().map(|look| baton(&home, &words(look)).exits(0).stdout);
    // A document is the view of an operation, which knows no command line.
    for text in shown.iter().chain([&denied]) {
        assert!(text.contains("`baton plugin grant probe 'read=a.txt'"), "{text}");
    }
    assert!(shown[3].contains("`baton plugin grant probe 'read=a.txt' --data-dir data`"), "{}", shown[3]);
    // What is kept knows no place.
    for look in looks {
        let mut command = program::command(home.path(), &words(&look));
        let text = program::output(command.env("BATON_DATA_DIR", home.path().join("data"))).exits(0).stdout;
        assert!(text.contains("`baton plugin grant probe 'read=a.txt'`"), "{text}");
    }
}

#[test]
fn a_misspelt_bound_is_an_error_and_doctor_tells_of_the_rest() {
    let home = tempfile::tempdir().unwrap();
    let settings = home.path().join(".config/baton");
    fs::create_dir_all(&settings).unwrap();
    let doctor = |text: &str| {
        fs::write(settings.join("baton.toml"), text).unwrap();
        baton(&home, &words("doctor"))
    };
    let refused = doctor("[signature]\npolicy = \"require\"\n").exits(1);
    assert!(refused.stdout.contains("did you mean `signatures`?"), "{}", refused.stdout);
    let _refused = baton(&home, &words("plugin list")).exits(1);
    let warned = doctor("[models]\ndefualt = \"a/b\"\n");
    assert!(warned.stdout.contains("models.defualt"), "{}", warned.stdout);
}

#[test]
fn first_uses_at_once_wait_for_each_other() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("hello.wasm"), HELLO).unwrap();
    let arguments = ["plugin", "install", "hello.wasm", "--data-dir", "data"];
    let mut begun: Vec<_> = (0..4).map(|_| program::command(home.path(), &arguments).spawn().unwrap()).collect();
    assert!(begun.iter_mut().all(|child| child.wait().unwrap().success()));
}
