//! Projects with the real program: folders become projects, are renamed and moved, and keep what belongs to them.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use baton::{
    errors::Hint as _,
    interfaces::people::{Filter, Given, Source},
    kernel::{projects::ProjectChange, run::State},
};
use baton_tests::{
    PROBE,
    host::{TestHost, person, tester},
    program,
};
use serde_json::{Value, json};
use tempfile::TempDir;

struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "shop", "notes"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let user = Self(home);
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        user
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.0.path(), arguments);
        command.env("BATON_DATA_DIR", self.path("data")).env("BATON_USER", "ada");
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    fn run(&self, input: Value, more: &[&str]) -> program::Ended {
        self.baton(&[&["run", "probe", "--input", &input.to_string()], more].concat())
    }

    fn echo(&self, more: &[&str]) -> program::Ended {
        self.run(json!({ "do": "echo", "say": 1 }), more)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(path)
    }

    fn show(&self, name: &str) -> Value {
        self.json(&["project", "show", name])
    }

    fn names(&self) -> Vec<String> {
        let projects = self.json(&["project", "list"]);
        projects["items"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap().to_owned()).collect()
    }

    fn git(&self, folder: &str, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.org"]).args(arguments);
        let output = command.current_dir(self.path(folder)).env("HOME", self.0.path()).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn folders(project: &Value) -> Vec<&str> {
    project["folders"].as_array().unwrap().iter().map(|folder| folder.as_str().unwrap()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_folder_becomes_a_project_when_a_run_starts_in_it_and_not_before() {
    let user = User::new();
    for looking in
        [&["backlog", "list", "--workspace", "shop"][..], &["pr", "list", "--workspace", "shop"], &["costs"], &["project", "list"]]
    {
        let _looked = user.baton(looking).exits(0);
    }
    let _rejected = user.baton(&["run", "nothing", "--workspace", "shop"]).exits(2);
    assert_eq!(user.json(&["project", "list"]), json!({ "items": [] }));
    let _ran = user.echo(&["--workspace", "shop"]).exits(0);
    symlink("shop", user.path("link")).unwrap();
    let _same = user.echo(&["--workspace", "link"]).exits(0);
    let _same = user.echo(&["--project", "shop"]).exits(0);
    let project = user.show("shop");
    assert_eq!((&project["state"], folders(&project)), (&json!("active"), vec![text(&user.path("shop"))]));
    assert_eq!(user.names(), ["shop"], "a link is no other directory");
    let runs = user.json(&["runs", "list"]);
    assert!(runs["items"].as_array().unwrap().iter().all(|run| run["project"] == project["id"]), "{runs}");
    fs::create_dir_all(user.path("other/shop/below")).unwrap();
    for folder in ["other/shop", "other/shop/below"] {
        let _ran = user.echo(&["--workspace", folder]).exits(0);
    }
    assert_eq!(user.names(), ["below", "shop", "shop-2"], "a directory below is a project of its own");
}

#[test]
fn first_runs_at_the_same_time_make_one_project() {
    let user = User::new();
    let echo = json!({ "do": "echo", "say": 1 }).to_string();
    let mut started: Vec<_> = (0..4)
        .map(|_| {
            let mut command = user.command(&["run", "probe", "--workspace", "shop", "--input", &echo]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    assert!(started.iter_mut().all(|run| run.wait().unwrap().success()));
    assert_eq!(user.names(), ["shop"]);
    assert_eq!(user.json(&["runs", "list"])["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_folder_that_moved_keeps_its_history() {
    let user = User::new();
    let _item = user.baton(&["backlog", "add", "1-1-init", "Begin", "--workspace", "shop"]).exits(0);
    user.git("shop", &["init", "-q", "-b", "main"]);
    fs::write(user.path("shop/README.md"), "A shop.\n").unwrap();
    user.git("shop", &["add", "-A"]);
    user.git("shop", &["commit", "-q", "-m", "Begin"]);
    let worktree = |branch: &str, then: Value| json!({ "do": "in-turn", "inputs": [{ "do": "worktree", "say": branch }, then] });
    let pause = json!({ "do": "pause", "say": "Later.", "times": 1 });
    let _paused = user.run(worktree("story/1", pause), &["--workspace", "shop"]).exits(3);
    let run = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    fs::create_dir_all(user.path("elsewhere")).unwrap();
    fs::rename(user.path("shop"), user.path("elsewhere/shop")).unwrap();

    let rejected = user.baton(&["project", "move", "shop", "elsewhere/shop"]).exits(1).stderr;
    assert!(rejected.contains("has unfinished runs") && rejected.contains("baton runs cancel"), "{rejected}");
    let _cancelled = user.baton(&["runs", "cancel", &run]).exits(0);
    let gone = user.show("shop");
    assert_eq!(gone["state"], "error");
    assert!(gone["reason"].as_str().unwrap().contains("does not exist"), "{gone}");
    for looking in [&["project", "list"][..], &["project", "show", "shop"]] {
        let shown = user.baton(looking).exits(0).stderr;
        assert!(shown.contains("If it moved, use `baton project move shop DIR`."), "{shown}");
    }
    let lost = user.echo(&["--project", "shop"]).exits(2).stderr;
    assert!(lost.contains("baton project move shop DIR"), "{lost}");
    assert_eq!(user.json(&["backlog", "list", "--project", "shop"])["items"][0]["key"], "1-1-init", "which needs no directory");

    let nowhere = user.baton(&["project", "move", "shop", "nowhere"]).exits(2).stderr;
    assert!(nowhere.contains("The directory nowhere does not exist.\nhint: Baton moves no files"), "{nowhere}");
    let moved = user.json(&["project", "move", "shop", "elsewhere/shop"]);
    assert_eq!((&moved["id"], &moved["state"]), (&gone["id"], &json!("active")));
    assert_eq!(folders(&moved), [text(&user.path("elsewhere/shop"))]);
    let here = ["--workspace", "elsewhere/shop"];
    assert_eq!(user.json(&[&["backlog", "list"][..], &here].concat())["items"][0]["key"], "1-1-init");
    // The folder of the worktree is used again, over the repository where it is now.
    let _ran = user.run(worktree("story/2", json!({ "do": "echo", "say": 1 })), &here).exits(0);
    let slots = fs::read_dir(user.path("data/worktrees").join(gone["id"].as_str().unwrap())).unwrap().count();
    assert_eq!(slots, 1);
    assert_eq!(user.names(), ["shop"]);
    // What ended before the move can be forked where the project is now.
    user.git("elsewhere/shop", &["branch", "-q", "-D", "story/1"]);
    let forked = user.baton(&["runs", "fork", &run, "--at", "1"]).exits(3).stderr;
    assert!(forked.contains("Later."), "{forked}");
}

#[test]
fn a_folder_can_be_taken_from_no_other_project() {
    let user = User::new();
    let _shop = user.json(&["project", "add", "shop"]);
    let _notes = user.json(&["project", "add", "notes", "--repository", "https://example.org/ada/notes"]);
    for taking in [
        &["project", "move", "notes", "shop"][..],
        &["project", "add", "shop", "--name", "mine"],
        &["project", "add", "shop", "--to", "notes"],
    ] {
        let rejected = user.baton(taking).exits(2).stderr;
        assert!(rejected.contains("belongs to project `shop` already"), "{rejected}");
    }
    fs::write(user.path("file"), "").unwrap();
    for (folder, why) in [("file", "is not a directory"), ("nowhere", "does not exist"), ("data/worktrees", "does not exist")] {
        let rejected = user.baton(&["project", "move", "notes", folder]).exits(2).stderr;
        assert!(rejected.contains(why), "{folder}: {rejected}");
    }
    let rejected = user.baton(&["project", "add", "nowhere"]).exits(2).stderr;
    assert!(
        rejected.contains("The directory nowhere does not exist.") && !rejected.contains("--workspace"),
        "it has no such option: {rejected}"
    );
    let rejected = user.echo(&["--workspace", "nowhere"]).exits(2).stderr;
    assert!(rejected.contains("The directory nowhere does not exist.\nhint: Name the project's directory with --workspace."), "{rejected}");
    fs::create_dir_all(user.path("data/worktrees/x")).unwrap();
    let rejected = user.baton(&["project", "add", "data/worktrees/x"]).exits(2).stderr;
    assert!(rejected.contains("where Baton keeps worktrees"), "{rejected}");
    let rejected = user.echo(&["--workspace", "data/worktrees/x"]).exits(2).stderr;
    assert!(rejected.contains("where Baton keeps worktrees"), "{rejected}");

    fs::create_dir_all(user.path("shop/below")).unwrap();
    let told = user.baton(&["project", "add", "shop/below"]).exits(0).stderr;
    assert!(told.contains("lies below that of project shop"), "{told}");
    fs::create_dir(user.path("second")).unwrap();
    let two = user.json(&["project", "add", "second", "--to", "notes"]);
    assert_eq!(folders(&two).len(), 2);
    assert!(user.baton(&["project", "move", "notes", "other"]).exits(2).stderr.contains("--from"));
    assert_eq!(user.names(), ["below", "notes", "shop"]);
}

#[test]
fn names_are_checked_and_lead_to_what_is_meant() {
    let user = User::new();
    let added = user.json(&["project", "add", "shop", "--name", "webshop"]);
    assert_eq!(added["state"], "inactive");
    for bad in ["", "-x", "a b", "a/b", "..", "x\u{1b}[2J", "0194b2f0-7c00-7abc-8def-0123456789ab", &"x".repeat(65)] {
        let rejected = user.baton(&["project", "rename", "webshop", "--", bad]).exits(2).stderr;
        assert!(rejected.contains("not a valid project name") && !rejected.contains('\u{1b}'), "{bad:?}: {rejected}");
    }
    let _notes = user.json(&["project", "add", "notes"]);
    assert!(user.baton(&["project", "rename", "notes", "WebShop"]).exits(2).stderr.contains("exists already"));
    for command in [&["backlog", "list"][..], &["pr", "list"], &["run", "probe"], &["decisions"]] {
        let unknown = user.baton(&[command, &["--project", "webshpo"]].concat()).exits(2).stderr;
        assert!(unknown.contains("Project `webshpo` does not exist.\nhint: Did you mean `webshop`?"), "{unknown}");
    }
    let both = user.baton(&["backlog", "list", "--project", "notes", "--workspace", "shop"]).exits(2).stderr;
    assert!(both.contains("cannot be used together"), "{both}");

    let _ran = user.echo(&["--project", "webshop", "--model", "script/nothing.yaml"]).exits(2);
    let _ran = user.echo(&["--project", "webshop"]).exits(0);
    let renamed = user.json(&["project", "rename", "webshop", "store"]);
    assert_eq!((&renamed["id"], &renamed["state"]), (&added["id"], &json!("active")));
    let by_id = user.show(added["id"].as_str().unwrap());
    assert_eq!(by_id["name"], "store");
    let _gone = user.baton(&["project", "show", "webshop"]).exits(2);
    fs::create_dir_all(user.path(".config/baton")).unwrap();
    fs::write(user.path(".config/baton/baton.toml"), "[forge.projects.store]\nauto-merge = false\n").unwrap();
    let told = user.baton(&["project", "rename", "store", "webshop"]).exits(0).stderr;
    assert!(told.contains("[forge.projects.store]") && told.contains("[forge.projects.webshop]"), "{told}");
}

#[test]
fn no_run_starts_in_a_project_that_is_paused_or_completed() {
    let user = User::new();
    let _ran = user.echo(&["--workspace", "shop", "--budget", "1"]).exits(0);
    for (command, said) in [("pause", "is paused"), ("complete", "is completed")] {
        let _stopped = user.baton(&["project", command, "shop"]).exits(0);
        let rejected = user.echo(&["--workspace", "shop", "--budget", "1"]).exits(1).stderr;
        assert!(rejected.contains(said) && rejected.contains("baton project resume shop"), "{rejected}");
        let source = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
        let rejected = user.baton(&["runs", "fork", &source, "--at", "1"]).exits(1).stderr;
        assert!(rejected.contains(said), "{rejected}");
        let _resumed = user.baton(&["project", "resume", "shop"]).exits(0);
    }
    let _ran = user.echo(&["--workspace", "shop"]).exits(0);
    assert_eq!(user.json(&["runs", "list"])["items"].as_array().unwrap().len(), 2);
    assert_eq!(user.json(&["budget"])["items"].as_array().unwrap().len(), 1, "a run that does not start gets no budget");
}

#[test]
fn a_project_that_was_completed_is_opened_again_with_a_word() {
    let user = User::new();
    let _added = user.baton(&["project", "add", "shop"]).exits(0);
    let _completed = user.baton(&["project", "complete", "shop"]).exits(0);
    let opened = user.baton(&["project", "resume", "shop"]).exits(0).stderr;
    assert!(opened.contains("was completed and is open again"), "{opened}");
    let again = user.baton(&["project", "resume", "shop"]).exits(0).stderr;
    assert!(again.contains("Runs can start and continue"), "{again}");
}

#[test]
fn folders_of_the_host_and_of_the_system_are_no_projects() {
    let user = User::new();
    let _started = user.echo(&["--workspace", "shop"]).exits(0);
    symlink(user.path("data"), user.path("link")).unwrap();
    fs::create_dir_all(user.path("data/plugins/mine")).unwrap();
    for (folder, said) in [
        ("data", "is where Baton keeps its own data"),
        ("link", "is where Baton keeps its own data"),
        ("data/plugins", "is where Baton keeps its own data"),
        ("data/plugins/mine", "is where Baton keeps its own data"),
        ("/", "belongs to the system"),
        ("/proc", "belongs to the system"),
        ("/proc/self", "belongs to the system"),
        ("/sys", "belongs to the system"),
    ] {
        for command in [&["project", "add", folder][..], &["project", "add", folder, "--to", "shop"], &["project", "move", "shop", folder]]
        {
            let rejected = user.baton(command).exits(2).stderr;
            assert!(rejected.contains(said), "{command:?}: {rejected}");
        }
        let rejected = user.echo(&["--workspace", folder]).exits(2).stderr;
        assert!(rejected.contains(said), "{rejected}");
    }
    assert_eq!(user.names(), ["shop"]);
    // The folder in which all lies is one: what is Baton's in it is out of reach.
    let home = user.path("");
    let _added = user.baton(&["project", "add", text(&home), "--name", "home"]).exits(0);
    let denied = user.run(json!({ "do": "read", "path": "data/baton.db" }), &["--workspace", text(&home)]).exits(1).stderr;
    assert!(denied.contains("is where Baton keeps its own, which no plugin reaches"), "{denied}");
}

#[test]
fn a_link_in_the_place_of_settings_is_told_wherever_they_count() {
    let user = User::new();
    let _paused = user.run(json!({ "do": "pause", "say": "Look.", "times": 1 }), &["--workspace", "shop"]).exits(3);
    let run = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    for folder in ["shop", "notes"] {
        symlink(user.path("elsewhere.toml"), user.path(folder).join("baton.toml")).unwrap();
    }
    let added = user.baton(&["project", "add", "notes"]).exits(0).stderr;
    assert!(
        added.contains("is a link, which is not followed") && added.contains("Until then, no run can start in the directory"),
        "{added}"
    );
    let rejected = user.echo(&["--workspace", "notes"]).exits(1).stderr;
    assert!(rejected.contains("is a link, which is not followed"), "{rejected}");
    let resumed = user.baton(&["runs", "resume", &run]).exits(0).stderr;
    assert!(resumed.contains("is a link, which is not followed") && resumed.contains("keeps what it began with"), "{resumed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_answered_waits_until_its_project_is_resumed() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "ask-person", "say": "Which?", "options": ["EUR", "USD"], "best": "EUR" })).await;
    let project = host.app.kernel.find_project("workspace").await.unwrap();
    let change = async |change: ProjectChange| host.app.kernel.change_project(&project, change, &person("ada")).await.unwrap();
    let _paused = change(ProjectChange::Pause).await;
    let asked = host.app.questions.list(&Filter::default()).await.unwrap().remove(0);
    let given = Given { answer: "USD".to_owned(), by: person("ada"), source: Source::Person };
    host.app.questions.answer(&asked.id, &given).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.state, State::Queued);
    let rejected = host.app.kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap_err().explain();
    assert!(rejected.contains("baton project resume workspace"), "{rejected}");
    let _resumed = change(ProjectChange::Resume).await;
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!("USD")));
}

#[test]
fn a_run_that_is_held_back_says_so() {
    let user = User::new();
    let asking = json!({ "do": "ask-person", "say": "Which?", "options": ["EUR", "USD"], "best": "EUR" });
    let _waiting = user.run(asking, &["--workspace", "shop"]).exits(3);
    let _paused = user.baton(&["project", "pause", "shop"]).exits(0);
    let run = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let question = user.json(&["questions", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let _answered = user.baton(&["questions", "answer", &question, "USD"]).exits(0);
    assert_eq!(user.json(&["runs", "list"])["items"][0]["state"], "queued");
    let rejected = user.baton(&["runs", "resume", &run]).exits(1).stderr;
    assert!(rejected.contains("is paused") && rejected.contains("baton project resume shop"), "{rejected}");
    let _resumed = user.baton(&["project", "resume", "shop"]).exits(0);
    assert_eq!(user.baton(&["runs", "resume", &run]).exits(0).stdout.trim(), "\"USD\"");
}

#[test]
fn what_is_removed_is_forgotten_and_its_history_kept() {
    let user = User::new();
    let said = json!({ "do": "inform", "say": "Is it", "times": 1 });
    let _told = user.run(said, &["--workspace", "shop"]).exits(0);
    let project = user.show("shop");
    let asked = user.baton(&["project", "remove", "shop"]).exits(2).stderr;
    assert!(asked.contains("--yes"), "{asked}");
    let _waiting = user.run(json!({ "do": "pause", "say": "Later.", "times": 1 }), &["--workspace", "shop"]).exits(3);
    assert!(user.baton(&["project", "remove", "shop", "--yes"]).exits(1).stderr.contains("has unfinished runs"));
    let run = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let _cancelled = user.baton(&["runs", "cancel", &run]).exits(0);
    let removed = user.baton(&["project", "remove", "shop", "--yes"]).exits(0).stderr;
    assert!(removed.contains("files, runs, costs and backlog are kept"), "{removed}");
    assert_eq!(user.json(&["project", "list"]), json!({ "items": [] }));
    assert!(user.baton(&["decisions"]).exits(0).stdout.contains("· shop (removed)"));
    assert!(user.path("shop").is_dir());
    let forked = user.baton(&["runs", "fork", &run, "--at", "1"]).exits(1).stderr;
    assert!(forked.contains("was removed"), "{forked}");
    let _again = user.echo(&["--workspace", "shop"]).exits(0);
    assert_ne!(user.show("shop")["id"], project["id"]);
}
