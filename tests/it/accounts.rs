//! `baton user` and `baton token`, alone and beside a host that serves: an operator can always let an admin in, and no password
//! and no token lies anywhere afterwards.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use baton_tests::program::{self, Ended};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";
const OTHER: &str = "another horse battery staple";

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn baton(&self, arguments: &[&str]) -> Ended {
        program::run(self.path(), &[arguments, &["--data-dir", "data"]].concat())
    }

    /// The same with a line on standard input.
    fn typing(&self, line: &str, arguments: &[&str]) -> Ended {
        let mut command = program::command(self.path(), &[arguments, &["--stdin", "--data-dir", "data"]].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        program::end(child)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.baton(&[arguments, &["-o", "json"]].concat()).exits(0);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let users = self.json(&["user", "list"]);
        users["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A host that serves these data until it is killed.
    fn serving(&self) -> Child {
        let mut command = program::command(self.path(), &["serve", "--data-dir", "data"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let process = format!("process {},", child.id());
        let holds = || fs::read_to_string(self.path().join("data/lock")).unwrap_or_default().contains(&process);
        assert!(program::wait_until(&mut child, holds));
        child
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn an_operator_manages_users_and_their_tokens_without_a_host() {
    let home = Home::new();
    assert!(home.baton(&["user", "list"]).exits(0).stderr.contains("baton user add"));
    fs::create_dir(home.path().join("shop")).unwrap();
    let _ = home.baton(&["project", "add", "shop"]).exits(0);
    let added = home.typing(&format!("{PASSWORD}\n"), &["user", "add", "Ada", "--role", "admin"]).exits(0);
    assert!(added.stderr.contains("Added user Ada as admin"), "{}", added.stderr);
    let _ = home.typing(PASSWORD, &["user", "add", "bob", "--project", "shop"]).exits(0);
    assert_eq!(home.names(), ["Ada", "bob"]);

    let bob = home.json(&["user", "set", "bob", "--role", "developer", "--delegate", "shop=merge,budgets"]);
    let shop = &home.json(&["project", "show", "shop"])["id"];
    assert_eq!((&bob["role"], &bob["all_projects"], &bob["disabled"]), (&"developer".into(), &false.into(), &false.into()));
    assert_eq!((&bob["members"][0]["project"], bob["members"][0]["permissions"].to_string()), (shop, r#"["merge","budgets"]"#.to_owned()));
    let listed = home.baton(&["user", "list"]).exits(0).stdout;
    assert!(listed.contains("shop (merge, budgets)") && listed.contains("all"), "{listed}");
    let shown = home.baton(&["user", "show", "BOB"]).exits(0).stdout;
    assert!(shown.contains("developer") && shown.contains("active"), "{shown}");
    assert_eq!(home.json(&["user", "set", "bob", "--disable"])["disabled"], true);
    let bob = home.json(&["user", "set", "bob", "--enable", "--no-project", "shop", "--all-projects"]);
    assert_eq!((&bob["disabled"], &bob["all_projects"], bob["members"].to_string()), (&false.into(), &true.into(), "[]".to_owned()));

    let created = home.json(&["token", "create", "ci", "--user", "ada", "--role", "viewer", "--project", "shop", "--until", "2026-12-31"]);
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("baton_") && created["projects"][0] == *shop && created["user_name"] == "Ada", "{created}");
    let plain = home.baton(&["token", "create", "nightly", "--user", "ada"]).exits(0);
    assert!(plain.stdout.starts_with("baton_") && plain.stdout.lines().count() == 1 && plain.stderr.contains("not shown again"));
    let listed = home.baton(&["token", "list"]).exits(0).stdout;
    assert!(listed.contains("read in shop") && listed.contains("never") && !listed.contains(secret), "{listed}");
    let id = created["id"].as_str().unwrap();
    assert!(home.json(&["token", "revoke", id])["revoked_at"].is_string());
    assert_eq!(home.json(&["token", "list", "--user", "ada"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(home.json(&["token", "list", "--all"])["items"].as_array().unwrap().len(), 2);
    let rotated = home.json(&["token", "rotate-keys", "--at-once"]);
    assert_eq!(rotated["key"].as_str().unwrap().len(), 36);

    let audit = home.json(&["logs", "--category", "audit", "--limit", "100"]).to_string();
    for told in ["user_added", "user_changed", "member_set", "member_removed", "token_created", "token_revoked", "signing_key_added"] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
    assert_eq!(home.json(&["user", "remove", "bob", "--yes"])["name"], "bob");
    assert_eq!(home.names(), ["Ada"]);
    for file in files(&home.path().join("data")) {
        let bytes = fs::read(&file).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(PASSWORD) && !holds(secret) && !holds(&secret[6..]), "{} holds it", file.display());
    }
}

#[test]
fn a_lost_admin_is_let_in_beside_a_host() {
    let home = Home::new();
    let mut serving = home.serving();
    let _ = home.typing(PASSWORD, &["user", "add", "ada", "--role", "admin"]).exits(0);
    let _ = home.typing(OTHER, &["user", "password", "ada"]).exits(0);
    let _ = home.baton(&["user", "set", "ada", "--disable"]).exits(0);
    assert_eq!(home.json(&["user", "set", "ada", "--enable"])["disabled"], false);
    let _ = home.baton(&["token", "create", "ci", "--user", "ada"]).exits(0);
    let _ = home.baton(&["token", "rotate-keys"]).exits(0);
    let _ = home.baton(&["user", "remove", "ada", "--yes"]).exits(0);
    assert!(serving.try_wait().unwrap().is_none(), "the host goes on");
    serving.kill().unwrap();
    serving.wait().unwrap();
}

#[test]
fn what_is_wrong_is_told_and_changes_nothing() {
    let home = Home::new();
    let _ = home.typing(PASSWORD, &["user", "add", "ada"]).exits(0);
    let wrong: [(&str, &[&str], i32, &str); 9] = [
        ("short", &["user", "add", "bob"], 2, "fewer than 12 characters"),
        (PASSWORD, &["user", "add", "ADA"], 1, "already exists"),
        (PASSWORD, &["user", "add", "a b"], 2, "not a valid user name"),
        (PASSWORD, &["user", "add", "x\u{1b}[2Jy"], 2, "not a valid user name"),
        (PASSWORD, &["user", "add", "bob", "--role", "root"], 2, "root"),
        (PASSWORD, &["user", "add", "bob", "--project", "nothing"], 2, "nothing"),
        (PASSWORD, &["user", "add", "bob", "--delegate", "shop=everything"], 2, "permissions are"),
        (PASSWORD, &["user", "password", "nobody"], 2, "does not exist"),
        ("", &["user", "password", "ada"], 2, "fewer than 12 characters"),
    ];
    for (line, arguments, code, told) in wrong {
        let ended = home.typing(line, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told) && !ended.stderr.contains('\u{1b}'), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains(PASSWORD), "{}", ended.stderr);
    }
    let none: [(&[&str], i32, &str); 8] = [
        (&["user", "add", "bob"], 2, "not a terminal"),
        (&["user", "set", "ada"], 2, "No change was given"),
        (&["user", "set", "ada", "--enable", "--disable"], 2, "cannot be used with"),
        (&["user", "set", "ada", "--project", "nothing", "--role", "admin"], 2, "nothing"),
        (&["user", "remove", "ada"], 2, "--yes"),
        (&["user", "show", "nobody"], 2, "does not exist"),
        (&["token", "revoke", "nothing"], 2, "does not exist"),
        (&["token", "create", "ci", "--user", "ada", "--until", "2020-01-01"], 2, "in the future"),
    ];
    for (arguments, code, told) in none {
        let ended = home.baton(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{arguments:?}: {}", ended.stderr);
    }
    let ada = home.json(&["user", "show", "ada"]);
    assert_eq!((&ada["role"], home.names().len()), (&"viewer".into(), 1));
    assert!(home.json(&["token", "list", "--all"])["items"].as_array().unwrap().is_empty());
}
