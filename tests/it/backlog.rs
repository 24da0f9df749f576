//! The backlog with the real program: people add, look and move beside runs that do the same, and no move is made twice.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Stdio,
};

use baton_tests::{PROBE, listed, program, sweep::Sweep};
use serde_json::{Value, json};
use tempfile::TempDir;

struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        Self(home)
    }

    fn with_probe() -> Self {
        let user = Self::new();
        fs::write(user.0.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        user
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.0.path(), arguments);
        command.env("BATON_DATA_DIR", self.0.path().join("data")).env("BATON_USER", "ada");
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    fn backlog(&self, arguments: &[&str]) -> program::Ended {
        self.baton(&[&["backlog", "--workspace", "work"], arguments].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.backlog(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.0.path().join("work").join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.file(path).parent().unwrap()).unwrap();
        fs::write(self.file(path), text).unwrap();
    }

    /// A project of an epic and three stories.
    fn with_stories() -> Self {
        let user = Self::new();
        let add = |arguments: &[&str]| drop(user.backlog(&[&["add"], arguments].concat()).exits(0));
        add(&["1", "Ledgers", "--kind", "epic"]);
        add(&["1-1-init", "Start a ledger", "--parent", "1", "--priority", "8"]);
        add(&["1-2-add", "Add an expense", "--parent", "1", "--after", "1-1-init"]);
        add(&["1-10-split", "Split it", "--parent", "1", "--after", "1-1-init,1-2-add"]);
        user
    }
}

fn keys(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect()
}

#[test]
fn a_backlog_of_epics_alone_is_shown_as_that() {
    let user = User::new();
    for (key, title) in [("1", "Ledgers"), ("2", "Bills")] {
        let _added = user.backlog(&["add", key, title, "--kind", "epic"]).exits(0);
    }
    let listed = user.backlog(&["list"]).exits(0);
    assert!(listed.stdout.contains("Ledgers") && listed.stdout.contains("Bills"), "{}", listed.stdout);
    let hint = "The backlog has 2 epics and no story yet. `baton backlog add KEY TITLE --parent EPIC --workspace work";
    assert!(listed.stderr.contains(hint) && !listed.stderr.contains("0 of 0"), "{}", listed.stderr);
    let ready = user.backlog(&["list", "--ready"]).exits(0);
    assert!(ready.stderr.contains(hint), "{}", ready.stderr);
    assert!(user.backlog(&["list", "--status", "done"]).exits(0).stderr.contains("No item has such a status."));
}

#[test]
fn people_add_look_and_move() {
    let user = User::with_stories();
    assert_eq!(keys(&user.json(&["list"])), ["1", "1-1-init", "1-2-add", "1-10-split"]);
    assert_eq!(keys(&user.json(&["list", "--ready"])), ["1-1-init"]);
    let list = user.backlog(&["list"]).exits(0);
    assert!(list.stdout.contains("1-10-split") && list.stderr.contains("0 of 3 done"), "{}{}", list.stdout, list.stderr);
    let _moved = user.backlog(&["move", "1-1-init", "in-progress", "--reason", "Ada has time."]).exits(0);
    let moved = user.backlog(&["move", "1-1-init", "done"]).exits(0).stderr;
    assert!(moved.contains("`baton backlog write --workspace work ") && moved.contains("updates the documents"), "{moved}");
    assert_eq!(keys(&user.json(&["list", "--ready"])), ["1-2-add"]);
    assert_eq!(keys(&user.json(&["list", "--status", "done,blocked"])), ["1-1-init"]);
    let shown = user.json(&["show", "1-1-init"]);
    let history: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["after"].clone(), one["reason"].clone(), one["person"].clone()))
        .collect();
    let ada = json!("ada");
    assert_eq!(
        history,
        [
            (json!("todo"), json!(""), ada.clone()),
            (json!("in_progress"), json!("Ada has time."), ada.clone()),
            (json!("done"), json!(""), ada)
        ]
    );
    let shown = user.backlog(&["show", "1-1-init"]).exits(0).stdout;
    assert!(shown.contains("todo → in-progress by ada: Ada has time."), "{shown}");
    let graph = user.backlog(&["graph"]).exits(0).stdout;
    assert!(graph.contains("Wave 1\n└─ ○ 1-2-add") && graph.contains("Wave 2\n└─ ○ 1-10-split  Split it\n      ← 1-2-add"), "{graph}");
    assert_eq!(user.json(&["graph"])["waves"], json!([["1-2-add"], ["1-10-split"]]));
    let dot = user.backlog(&["graph", "--dot"]).exits(0).stdout;
    assert!(dot.contains("\"1-2-add\" -> \"1-10-split\";"), "{dot}");
    assert_eq!(user.json(&["graph", "--dot"]), user.json(&["graph"]), "a document is the same in any drawing");
    assert_eq!(
        keys(&serde_json::from_str(&user.baton(&["backlog", "list", "-o", "json"]).exits(0).stdout).unwrap()),
        [""; 0],
        "another project"
    );
}

#[test]
fn a_long_list_is_searched_and_read_a_page_at_a_time() {
    let user = User::with_stories();
    assert_eq!(keys(&user.json(&["list", "--search", "EXPENSE"])), ["1-2-add"]);
    assert_eq!(keys(&user.json(&["list", "--search", "1-1"])), ["1-1-init", "1-10-split"]);
    assert!(user.backlog(&["list", "--search", "ghost"]).exits(0).stderr.contains("No item matches."));
    let (mut pages, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let more = cursor.iter().flat_map(|cursor| ["--cursor", cursor.as_str()]);
        let page = user.json(&["list", "--limit", "3"].into_iter().chain(more).collect::<Vec<_>>());
        pages.push(keys(&page).into_iter().map(str::to_owned).collect::<Vec<_>>());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
        // What is added meanwhile before the cursor moves nothing.
        let _added = user.backlog(&["add", "0-first", "First of all"]);
    }
    assert_eq!(pages, [vec!["1", "1-1-init", "1-2-add"], vec!["1-10-split"]]);
    let told = user.backlog(&["list", "--limit", "1"]).exits(0).stderr;
    assert!(told.contains("`--cursor 0.0-first` continues"), "{told}");
    let wrong = user.backlog(&["list", "--cursor", "x"]).exits(2).stderr;
    assert!(
        wrong.contains("The cursor does not belong to this list.\nhint: Give the `next` of a page, or begin without a cursor."),
        "{wrong}"
    );
}

#[test]
fn people_label_items_and_find_them() {
    let user = User::with_stories();
    let added = user.json(&["add", "2-1-pay", "Pay", "--label", "ui", "--label", "area/checkout", "--after", "1-1-init"]);
    assert_eq!(added["labels"], json!(["area/checkout", "ui"]));
    let edited = user.backlog(&["edit", "1-2-add", "--label", "ui,1.0"]).exits(0).stderr;
    assert!(edited.contains("1-2-add has the labels 1.0, ui now.") && edited.contains("backlog write"), "{edited}");
    assert_eq!(user.json(&["edit", "1-1-init", "--label", "ui"])["labels"], json!(["ui"]));
    assert_eq!(keys(&user.json(&["list", "--label", "ui"])), ["1-1-init", "1-2-add", "2-1-pay"]);
    assert_eq!(keys(&user.json(&["list", "--label", "ui", "--label", "area/checkout"])), ["2-1-pay"]);
    assert_eq!(keys(&user.json(&["list", "--label", "1.0,area/checkout"])), [""; 0]);
    assert_eq!(keys(&user.json(&["list", "--label", "ui", "--ready"])), ["1-1-init"]);
    assert_eq!(keys(&user.json(&["list", "--label", "ui", "--status", "done"])), [""; 0]);
    let none = user.backlog(&["list", "--label", "ghost"]).exits(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("No item has these labels."), "{}", none.stderr);
    assert!(user.backlog(&["show", "2-1-pay"]).exits(0).stdout.contains("  labels area/checkout, ui\n"));
    assert_eq!(user.json(&["show", "1-10-split"])["labels"], json!([]));
    assert_eq!(user.json(&["graph"])["items"][2]["labels"], json!(["1.0", "ui"]));

    let says = |arguments: &[&str], expected: &str| {
        let ended = user.backlog(arguments).exits(2);
        assert!(ended.stderr.contains(expected), "{arguments:?}: {}", ended.stderr);
    };
    says(&["add", "x", "T", "--label", "Urgent"], "`Urgent` is not a label");
    says(&["add", "x", "T", "--label", "a", "--label", "a"], "`x` has the label `a` twice");
    says(&["edit", "1-2-add", "--label", "a b"], "`a b` is not a label");
    says(&["edit", "1-2-add"], "--label");
    says(&["edit", "1-2-ad", "--no-label", "ui"], "is not in the backlog.\nhint: Did you mean `1-2-add`?");
    says(&["list", "--label", "../x"], "`../x` is not a label");

    let _written = user.backlog(&["write"]).exits(0);
    let story = user.text("docs/stories/1-2-add.md");
    assert!(story.contains("labels: [\"1.0\",\"ui\"]\n") && !user.text("docs/stories/1-10-split.md").contains("labels"), "{story}");
    user.write("docs/stories/1-2-add.md", &story.replace("labels: [\"1.0\",\"ui\"]\n", "labels: [ui, Needs Triage]\n"));
    let told = user.backlog(&["import"]).exits(1).stderr;
    assert!(told.contains("! docs/stories/1-2-add.md:") && told.contains("`Needs Triage` is not a label"), "{told}");
    assert_eq!(user.json(&["show", "1-2-add"])["labels"], json!(["ui"]));
    assert_eq!(user.backlog(&["write"]).exits(0).stdout, "", "what people wrote stays");
    let _edited = user.backlog(&["edit", "1-2-add", "--no-label", "ui"]).exits(0);
    assert!(user.backlog(&["edit", "1-2-add", "--no-label", "ui"]).exits(0).stderr.contains("1-2-add has no labels now."));
}

#[test]
fn a_person_reopens_what_is_done_and_is_held_to_what_comes_before() {
    let user = User::with_stories();
    let refused = user.backlog(&["move", "1-2-add", "done"]).exits(1).stderr;
    assert!(refused.contains("`1-2-add` cannot be done while `1-1-init` is open") && refused.contains("`--force`"), "{refused}");
    let refused = user.backlog(&["move", "1", "done"]).exits(1).stderr;
    assert!(refused.contains("`1-1-init`, `1-2-add`"), "an epic is done with what is in it: {refused}");
    let _forced = user.backlog(&["move", "1-2-add", "done", "--force"]).exits(0);
    let _done = user.backlog(&["move", "1-1-init", "done"]).exits(0);
    let reopened = user.backlog(&["move", "1-1-init", "todo", "--reason", "a slip"]).exits(0).stderr;
    assert!(reopened.contains("`1-2-add` waited for it, and keeps its status"), "{reopened}");
    let shown = user.json(&["show", "1-1-init"]);
    assert_eq!((&shown["status"], shown["history"].as_array().unwrap().len()), (&json!("todo"), 3), "{shown}");
    assert_eq!(keys(&user.json(&["list", "--ready"])), ["1-1-init"]);
}

#[test]
fn mistakes_are_told_in_sentences() {
    let user = User::with_stories();
    let says = |arguments: &[&str], code: i32, expected: &str| {
        let ended = user.backlog(arguments).exits(code);
        assert!(ended.stderr.contains(expected), "{arguments:?}: {}", ended.stderr);
    };
    let _done = user.backlog(&["move", "1-1-init", "done"]).exits(0);
    says(&["move", "1-1-init", "review"], 1, "`1-1-init` is `done` and cannot become `review`.");
    says(&["show", "1-1-inti"], 2, "is not in the backlog.\nhint: Did you mean `1-1-init`?");
    says(&["move", "ghost", "done"], 2, "Item `ghost` is not in the backlog");
    says(&["move", "1-2-add", "finished"], 2, "a status is one of todo, in-progress");
    says(&["add", "a/b", "T"], 2, "is not a key");
    says(&["add", "../x", "T"], 2, "is not a key");
    says(&["add", "1-1-init", "T"], 1, "Item `1-1-init` already exists.\nhint: `baton backlog show 1-1-init --workspace work");
    says(&["add", "a", "two\nlines"], 2, "has to be one line");
    says(&["add", "a", "T", "--after", "a"], 2, "These items wait for each other: a → a.");
    says(&["add", "a", "T", "--after", "ghost"], 2, "`a` waits for `ghost`, which is not in the backlog");
    says(&["add", "a", "T", "--parent", "1-1-init"], 2, "cannot belong to `1-1-init`");
    says(&["add", "a", "T", "--priority", "11"], 2, "give 0 (last) to 10 (first)");
    says(&["add", "a", "T", "--body", "ghost.md"], 2, "`ghost.md` does not exist");
    let _added = user.backlog(&["add", "mad", "a \u{202e}b", "--body", "-"]).exits(0);
    let shown = user.backlog(&["list"]).exits(0).stdout;
    assert!(!shown.contains('\u{202e}'), "{shown:?}");
}

#[test]
fn documents_are_kept_in_step_and_people_keep_theirs() {
    let user = User::with_stories();
    let written = user.backlog(&["write"]).exits(0).stdout;
    assert_eq!(written.lines().count(), 5, "{written}");
    assert_eq!(user.backlog(&["write"]).exits(0).stdout, "");
    let story = user.text("docs/stories/1-1-init.md").replace("status: todo\n", "status: todo # soon\nowner: Ada\n") + "\nMy own words.\n";
    user.write("docs/stories/1-1-init.md", &story);
    let sprint = user.text("docs/sprint-status.yaml").replace("  1-1-init:", "  # first of all\n  1-1-init:") + "mine: kept\n";
    user.write("docs/sprint-status.yaml", &sprint);
    let _moved = user.backlog(&["move", "1-1-init", "review"]).exits(0);
    let _written = user.backlog(&["write"]).exits(0);
    assert_eq!(user.text("docs/stories/1-1-init.md"), story.replace("status: todo #", "status: review #"));
    let moved = sprint.replace("1-1-init: ready-for-dev", "1-1-init: review").replace("epic-1: backlog", "epic-1: in-progress");
    assert_eq!(user.text("docs/sprint-status.yaml"), moved);

    // What was taken from documents into a backlog elsewhere is the same there.
    fs::remove_dir_all(user.0.path().join("data")).unwrap();
    let taken = user.backlog(&["import"]).exits(0).stderr;
    assert!(taken.contains("Imported 4 items; the status of 1 changed"), "{taken}");
    assert_eq!(keys(&user.json(&["list", "--status", "review"])), ["1-1-init"]);
    assert_eq!(user.json(&["show", "1-10-split"])["after"], json!(["1-1-init", "1-2-add"]));
    assert_eq!(user.backlog(&["write"]).exits(0).stdout, "");
}

#[test]
fn what_is_not_imported_is_told_with_file_and_line() {
    let user = User::with_probe();
    user.write("docs/epics.md", "# Epics\n\n## Epic AUTH: Sign in\n\n## Epic 2:\n\n## Epic 3 Three\n\n## Epic auth: again\n");
    user.write("docs/stories/auth-1-login.md", "---\r\ntitle: Log in\r\nstatus: review\r\n---\r\nBody\r\n");
    user.write("docs/stories/3-1-tab.md", "---\ntitle: tabs\n\tstatus: review\n---\n");
    user.write("docs/stories/3-2-odd.md", "---\ntitle: Odd\nstatus: finished\n---\n");
    user.write("docs/stories/README.md", "# About this directory\n");
    let odd = [user.file("docs/stories").as_os_str().as_encoded_bytes(), b"/odd\xff.md"].concat();
    fs::write(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&odd), "# Odd\n").unwrap();
    fs::write(user.file("docs/stories/3-3-bytes.md"), b"# One\n\xff\n").unwrap();
    let told = user.backlog(&["import"]).exits(1).stderr;
    for (place, reason) in [
        ("✗ docs/epics.md:5:", "has no title"),
        ("✗ docs/epics.md:9:", "the epic in line 3"),
        ("✗ docs/stories/3-1-tab.md:3:", "a tab"),
        ("! docs/stories/3-2-odd.md:3:", "`finished`"),
        (r"✗ docs/stories/odd\xff.md:", "not UTF-8"),
        ("✗ docs/stories/3-3-bytes.md:2: It is not UTF-8", "save it as UTF-8"),
    ] {
        assert!(told.lines().any(|line| line.starts_with(place) && line.contains(reason)), "{place}: {told}");
    }
    assert!(!told.contains("README") && told.contains("Imported 4 items"), "{told}");
    assert_eq!(keys(&user.json(&["list"])), ["3", "3-2-odd", "auth", "auth-1-login"]);

    // What was imported before stays, and an epic whose stories are all done is shown as done.
    let _moved = user.backlog(&["move", "auth-1-login", "done"]).exits(0);
    for file in ["docs/stories/3-1-tab.md", "docs/stories/3-2-odd.md", "docs/stories/3-3-bytes.md"] {
        fs::remove_file(user.file(file)).unwrap();
    }
    fs::remove_file(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&odd)).unwrap();
    user.write("docs/epics.md", "## Epic AUTH: Sign in and out\n");
    user.write("docs/stories/auth-1-login.md", "---\ntitle: Log in again\nstatus: todo\n---\n");
    let told = user.backlog(&["import"]).exits(0).stderr;
    assert!(told.contains("docs/stories/auth-1-login.md:3: `auth-1-login` stays `done`") && !told.contains("is not written"), "{told}");
    let epic = user.json(&["show", "auth"]);
    assert_eq!((epic["title"].as_str(), epic["status"].as_str()), (Some("Sign in and out"), Some("done")));
    assert_eq!(user.json(&["show", "auth-1-login"])["title"], "Log in again");
    let _written = user.backlog(&["write"]).exits(0);
    assert!(user.text("docs/sprint-status.yaml").contains("epic-auth: done"));
    let _again = user.backlog(&["import"]).exits(0);
    assert!(user.json(&["show", "auth"])["history"].as_array().unwrap().iter().all(|moved| moved["after"] != "done"));
}

#[test]
fn references_that_do_not_fit_cost_themselves_and_the_rest_is_imported() {
    let user = User::new();
    user.write("docs/epics.md", "Epic 1: One\n===\n\n- a list\n\nEpic 2: Two\n---\n\n- Epic 3: Three\n");
    user.write("docs/stories/1-1-init.md", "---\nafter: [1-2-add]\n---\n# Init\n");
    user.write("docs/stories/1-2-add.md", "---\nafter: [1-1-init, ghost]\n---\n# Add\n");
    user.write("docs/stories/2-1-print.md", "---\nepic: 1-1-init\n---\n# Print\n");
    symlink("1-1-init.md", user.file("docs/stories/2-2-link.md")).unwrap();
    pipe(&user.file("docs/stories/2-3-pipe.md"));
    let told = user.backlog(&["import"]).exits(1).stderr;
    for expected in [
        "! docs/stories/1-1-init.md:2: These items wait for each other: 1-1-init → 1-2-add → 1-1-init.",
        "! docs/stories/1-2-add.md:2: `1-2-add` waits for `ghost`",
        "! docs/stories/2-1-print.md:2: `2-1-print` is a story and cannot belong to `1-1-init`",
        "✗ docs/stories/2-2-link.md: It is a symbolic link",
        "✗ docs/stories/2-3-pipe.md: It is not a regular file",
        "  docs/epics.md:9: `- Epic 3: Three` is not taken as an epic",
    ] {
        assert!(told.lines().any(|line| line.starts_with(expected)), "{expected}: {told}");
    }
    assert!(told.contains("Imported 5 items"), "{told}");
    assert_eq!(keys(&user.json(&["list"])), ["1", "1-1-init", "1-2-add", "2", "2-1-print"]);
    assert_eq!(
        (user.json(&["show", "1"])["body"].clone(), user.json(&["show", "1-2-add"])["after"].clone()),
        (json!("- a list"), json!(["1-1-init"]))
    );
    let left = user.backlog(&["import", "-o", "json"]).exits(1);
    let left: Value = serde_json::from_str(&left.stdout).unwrap();
    assert!(left["findings"].as_array().unwrap().iter().any(|one| one["effect"] == "in_part" && one["line"] == 2), "{left}");
}

#[test]
fn stories_in_folders_are_kept_where_they_lie() {
    let user = User::new();
    user.write("docs/stories/epic 1/1-1-init.md", "# Init\n\nMine.\n");
    user.write("docs/stories/1-2-add.MD", "# Add\n");
    user.write("docs/stories/epic 1/1-2-add.md", "# Another\n");
    let told = user.backlog(&["import"]).exits(1).stderr;
    assert!(told.contains("docs/stories/epic 1/1-2-add.md: Its name says the key of docs/stories/1-2-add.MD"), "{told}");
    let _moved = user.backlog(&["move", "1-1-init", "review"]).exits(0);
    let changed = user.backlog(&["write"]).exits(0).stdout;
    assert!(changed.contains("docs/stories/epic 1/1-1-init.md\n") && changed.contains("docs/stories/1-2-add.MD\n"), "{changed}");
    assert!(user.text("docs/stories/epic 1/1-1-init.md").contains("status: review\n") && !user.file("docs/stories/1-1-init.md").exists());
    assert!(user.text("docs/workflow-status.md").contains("[1-1-init](stories/epic%201/1-1-init.md)"));
    assert_eq!(user.backlog(&["write"]).exits(0).stdout, "");
}

#[test]
fn what_stands_in_the_way_of_a_document_is_left_alone() {
    let user = User::with_stories();
    fs::create_dir_all(user.file("docs/stories/1-10-split.md")).unwrap();
    pipe(&user.file("docs/stories/1-1-init.md"));
    symlink("/etc/passwd", user.file("docs/stories/1-2-add.md")).unwrap();
    user.write("docs/sprint-status.yaml", "development_status: &a [*a]\n");
    let left = user.backlog(&["write"]).exits(1);
    for (path, reason) in [
        ("1-1-init.md", "is not a regular file"),
        ("1-2-add.md", "is a symbolic link that leads out"),
        ("1-10-split.md", "is a directory"),
        ("sprint-status.yaml", "one `key: status` a line"),
    ] {
        assert!(left.stderr.lines().any(|line| line.contains(path) && line.contains(reason)), "{path}: {}", left.stderr);
    }
    assert_eq!(left.stdout, "docs/workflow-status.md\n");
    assert_eq!(user.text("docs/sprint-status.yaml"), "development_status: &a [*a]\n");

    let outside = user.0.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::remove_dir_all(user.file("docs")).unwrap();
    symlink(&outside, user.file("docs")).unwrap();
    let left = user.backlog(&["write"]).exits(1);
    assert!(left.stderr.contains("`docs` is a symbolic link"), "{}", left.stderr);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    let _nothing = user.backlog(&["import"]);
}

#[test]
fn a_run_works_through_what_is_ready() {
    let user = User::with_probe();
    let run = ["run", "probe", "--workspace", "work", "--input", r#"{"do":"backlog","times":3}"#, "-o", "json"];
    let output = user.baton(&run).exits(0).stdout;
    for expected in ["\"1-1\"", "\"1-2\"", "\"1-3\"", "docs/stories/1-3.md", "\"As it says.\""] {
        assert!(output.contains(expected), "{output}");
    }
    assert!(user.text("docs/sprint-status.yaml").contains("  epic-1: done\n  1-1: done\n  1-2: done\n  1-3: done\n"));
    assert!(
        user.text("docs/stories/1-2.md")
            .contains("status: done\nepic: \"1\"\nafter: [\"1-1\"]\npriority: 5\nassignee: probe\nbranch: story/1-2\n")
    );
    let history = user.json(&["show", "1-2"])["history"].clone();
    assert!(history[1]["run"].is_string() && history[1]["person"].is_null(), "{history}");

    let refused = user.baton(&["run", "probe", "--workspace", "work", "--input", r#"{"do":"put-item","key":"x","after":["x"]}"#]).exits(1);
    assert!(refused.stderr.contains("x → x"), "{}", refused.stderr);
    let labelled = ["run", "probe", "--workspace", "work", "--input", r#"{"do":"put-item","key":"y","labels":["ui","area/a"]}"#];
    let _labelled = user.baton(&labelled).exits(0);
    assert_eq!(keys(&user.json(&["list", "--label", "ui,area/a"])), ["y"]);
    let _revoked = user.baton(&["plugin", "revoke", "probe", "backlog=write"]).exits(0);
    let denied = user.baton(&["run", "probe", "--workspace", "work", "--input", r#"{"do":"put-item","key":"x"}"#]).exits(1);
    assert!(denied.stderr.contains("`backlog` of `write`"), "{}", denied.stderr);
}

#[test]
fn killed_after_every_journal_write_each_move_is_made_once() {
    let user = User::with_probe();
    let last = Sweep::new(8).run(1, |writes| {
        let work = format!("work-{writes}");
        fs::create_dir(user.0.path().join(&work)).unwrap();
        if !killed_after(&user, &work, writes) {
            return false;
        }
        let run = listed::newest_id(&user.baton(&["runs", "list", "-o", "json"]).exits(0));
        let _ended = user.baton(&["runs", "resume", &run]).exits(0);
        for key in ["1-1", "1-2"] {
            let shown = user.baton(&["backlog", "--workspace", &work, "show", key, "-o", "json"]).exits(0).stdout;
            let shown: Value = serde_json::from_str(&shown).unwrap();
            let moves: Vec<_> = shown["history"].as_array().unwrap().iter().map(|one| one["after"].as_str().unwrap()).collect();
            assert_eq!(moves, ["todo", "in_progress", "done"], "killed after write {writes}");
            let text = fs::read_to_string(user.0.path().join(&work).join(format!("docs/stories/{key}.md"))).unwrap();
            assert!(text.contains("status: done\n"), "killed after write {writes}: {text}");
        }
        true
    });
    assert!(last > 15, "the run makes more writes than {last}");
}

/// Begins a run and kills it once it has made so many journal writes; false when it ends before that.
fn killed_after(user: &User, work: &str, writes: u64) -> bool {
    let frozen = user.0.path().join("data/frozen");
    // Of the last kill, if there was one.
    let _ = fs::remove_file(&frozen);
    let mut command = user.command(&["run", "probe", "--workspace", work, "--input", r#"{"do":"backlog","times":2}"#]);
    command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let stands = program::wait_until(&mut child, || frozen.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    stands
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
