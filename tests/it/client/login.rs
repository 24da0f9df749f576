//! Logging in to a server and out of it: what is kept, for whom, and when it is over.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, process::Stdio, thread};

use baton_tests::program::{self, Ended};
use serde_json::{Value, json};

use super::{PASSWORD, Served};

const KEPT: &str = ".local/state/baton/credentials.json";

/// Runs a command with a line on standard input.
fn typed(served: &Served, arguments: &[&str], line: &str) -> Ended {
    let mut command = served.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end before it reads.
    let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
    program::end(child)
}

fn log_in(served: &Served) {
    let told = typed(served, &["login", "Ada", "--stdin"], &format!("{PASSWORD}\n")).exits(0).stderr;
    assert!(told.contains("as ada (admin)"), "{told}");
}

fn kept(served: &Served) -> Value {
    serde_json::from_slice(&fs::read(served.host.home().join(KEPT)).unwrap()).unwrap()
}

/// Changes the access token that is kept, as if it had expired.
fn spoil_access(served: &Served) {
    let mut document = kept(served);
    let server = document["servers"].as_object_mut().unwrap().values_mut().next().unwrap();
    server["access_token"] = json!("expired");
    fs::write(served.host.home().join(KEPT), document.to_string()).unwrap();
}

fn listed(served: &Served) -> Ended {
    program::output(&mut served.command(&["runs", "list"]))
}

#[test]
fn a_session_is_kept_for_its_server_and_ends_with_a_logout() {
    let served = Served::start();
    let told = listed(&served).exits(1).stderr;
    assert!(told.contains("This needs a credential.") && told.contains("Log in with `baton login`"), "{told}");
    let wrong = typed(&served, &["login", "ada", "--stdin"], "wrong horse battery").exits(1).stderr;
    assert!(wrong.contains("The name or the password is wrong.") && !wrong.contains("horse"), "{wrong}");
    assert!(!served.host.home().join(KEPT).exists(), "nothing is kept of a login that failed");
    log_in(&served);
    let mode = fs::metadata(served.host.home().join(KEPT)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let _listed = listed(&served).exits(0);
    // Of another server nothing is known.
    let elsewhere =
        program::run(served.host.home(), &["runs", "list", "--server", &format!("{}/", served.url().replace("127.0.0.1", "localhost"))]);
    assert!(elsewhere.exits(1).stderr.contains("Log in with"));
    // The token of the environment is used instead.
    let mut command = served.command(&["runs", "list"]);
    let told = program::output(command.env("BATON_TOKEN", "baton_none")).exits(1).stderr;
    assert!(told.contains("BATON_TOKEN"), "{told}");
    let _out = program::output(&mut served.command(&["logout"])).exits(0);
    assert_eq!(kept(&served)["servers"], json!({}));
    let _listed = listed(&served).exits(1);
    assert!(program::output(&mut served.command(&["logout"])).exits(2).stderr.contains("not logged in"));
    assert!(!served.host.log().contains(PASSWORD));
}

#[test]
fn a_session_is_continued_also_by_many_commands_at_once_until_it_is_over() {
    let served = Served::start();
    log_in(&served);
    let before = kept(&served);
    spoil_access(&served);
    thread::scope(|scope| {
        let commands: Vec<_> = (0..4).map(|_| scope.spawn(|| listed(&served))).collect();
        for command in commands {
            let _listed = command.join().unwrap().exits(0);
        }
    });
    assert_ne!(kept(&served), before);
    let set = program::run(served.host.home(), &["user", "set", "ada", "--disable", "--data-dir", "data"]);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    let told = listed(&served).exits(1).stderr;
    assert!(told.contains("is over") && told.contains("Log in again with `baton login`"), "{told}");
    let _out = program::output(&mut served.command(&["logout"])).exits(0);
}

#[test]
fn a_token_is_kept_as_it_is_and_a_revoked_one_says_how_to_go_on() {
    let served = Served::start();
    let none = typed(&served, &["login", "--token", "--stdin"], "baton_nothing").exits(1).stderr;
    assert!(none.contains("baton login") && !none.contains("baton_nothing"), "{none}");
    let _kept = typed(&served, &["login", "--token", "--stdin"], &format!("{}\n", served.token)).exits(0);
    let me = typed(&served, &["login", "--token", "--stdin", "-o", "json"], &served.token).exits(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&me).unwrap()["role"], "admin");
    let _listed = listed(&served).exits(0);
    let tokens = served.host.get("/tokens?limit=10");
    let id = tokens["items"][0]["id"].as_str().unwrap();
    served.host.request("DELETE", &format!("/tokens/{id}")).answer().expect(200);
    let told = listed(&served).exits(1).stderr;
    assert!(told.contains("Log in again with `baton login`"), "{told}");
    // Others of this machine may not read what is kept.
    fs::set_permissions(served.host.home().join(KEPT), fs::Permissions::from_mode(0o644)).unwrap();
    let told = listed(&served).exits(1).stderr;
    assert!(told.contains("Other users of this machine can read") && told.contains("chmod 600"), "{told}");
}
