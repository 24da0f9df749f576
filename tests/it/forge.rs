//! Pull requests with the real program: Baton's own beside a real repository, and GitHub's at a server that answers as
//! GitHub does, well and badly.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use baton_tests::{
    PROBE,
    github::{self, GitHub, HEAD, MERGED, TOKEN},
    listed, program,
    server::{Reply, Server},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const OPEN: &str = "POST /repos/ada/engine/pulls\n";

struct User(TempDir);

impl User {
    /// With these settings of the forge, and the probe granted all that it asks for.
    fn new(forge: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        fs::write(home.path().join("baton.toml"), format!("[forge]\n{forge}\n")).unwrap();
        let user = Self(home);
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        user
    }

    fn on(github: &GitHub) -> Self {
        let settings = "kind = \"github\"\nrepository = \"ada/engine\"\nauto-merge = true\nbase-url";
        Self::new(&format!("{settings} = \"{}\"", github.address()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.0.path(), arguments);
        command.env("BATON_DATA_DIR", self.path("data")).env("BATON_CONFIG", self.path("baton.toml"));
        command.env("BATON_USER", "ada").env("GITHUB_TOKEN", TOKEN).env("BATON_LOG", "baton=trace");
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let ended = program::output(self.command(arguments));
        assert!(!ended.stdout.contains(TOKEN) && !ended.stderr.contains(TOKEN), "{}", ended.stderr);
        ended
    }

    fn people(&self, arguments: &[&str]) -> program::Ended {
        self.baton(&[&["pull-requests", "--workspace", "work"], arguments].concat())
    }

    fn run(&self, calls: &Value) -> program::Ended {
        let input = json!({ "do": "pull-requests", "calls": calls }).to_string();
        self.baton(&["run", "probe", "--workspace", "work", "--input", &input])
    }

    /// What each of the calls came to.
    fn answers(&self, calls: &Value) -> Vec<Value> {
        serde_json::from_str(&self.run(calls).exits(0).stdout).unwrap()
    }

    /// The token lies in none of the files that Baton wrote.
    fn keeps_no_token(&self) {
        assert_eq!(files_with(&self.path("data"), TOKEN), Vec::<String>::new());
    }
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if fs::read(entry.path()).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

fn open(branch: &str) -> Value {
    json!({ "call": "open", "branch": branch, "title": "A story", "body": "It splits." })
}

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    let output = std::process::Command::new("git").args(author).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_run_proposes_and_a_person_merges() {
    let user = User::new("auto-merge = false");
    let work = user.path("work");
    git(&work, &["init", "--quiet", "--initial-branch", "main"]);
    fs::write(work.join("a.txt"), "one\n").unwrap();
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "--quiet", "-m", "one"]);
    git(&work, &["checkout", "--quiet", "-b", "story/1"]);
    fs::write(work.join("a.txt"), "two\n").unwrap();
    git(&work, &["commit", "--quiet", "-a", "-m", "two"]);
    git(&work, &["checkout", "--quiet", "main"]);
    let head = git(&work, &["rev-parse", "story/1"]);
    let calls = json!([
        open("story/1"),
        { "call": "pass", "number": 1, "name": "tests", "summary": "3 of 3" },
        { "call": "approve", "number": 1, "text": "Good." },
        { "call": "get", "number": 1 },
        { "call": "merge", "number": 1, "head": head },
    ]);
    let answers = user.answers(&calls);
    assert_eq!((&answers[3]["head"], &answers[3]["mergeable"], &answers[3]["green"]), (&json!(head), &json!("Yes"), &json!(true)));
    assert!(error(&answers[4]).starts_with("denied"), "{}", answers[4]);
    let shown = user.people(&["show", "1", "--diff"]).exits(0);
    for part in ["1 A story", "story/1 into main · open, can be merged", "passed tests  3 of 3", "probe · approved", "  Good.", "\n+two\n"]
    {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let early = user.people(&["merge", "1"]).exits(1);
    assert!(early.stderr.contains("git merge --no-ff story/1"), "{}", early.stderr);
    git(&work, &["merge", "--quiet", "--no-ff", "-m", "merged", "story/1"]);
    let merge = git(&work, &["rev-parse", "HEAD"]);
    assert!(user.people(&["merge", "1"]).exits(0).stderr.contains(&merge[..12]));
    assert!(user.people(&["merge", "1"]).exits(1).stderr.contains("Pull request 1 is already merged, by"));
    let list = user.people(&["list", "--all", "-o", "json"]).exits(0).stdout;
    let listed = json!({ "items": [{ "number": 1, "state": "merged", "branch": "story/1", "into": "main", "title": "A story" }] });
    assert_eq!(serde_json::from_str::<Value>(&list).unwrap(), listed);
    assert!(user.people(&["list"]).exits(0).stderr.contains("No pull request is open"));
    assert!(user.people(&["show", "9"]).exits(2).stderr.contains("This project does not have a pull request 9"));
    assert!(user.people(&["close", "1"]).exits(1).stderr.contains("merged by"));
}

/// Has the repository in `work` name a command wherever git would run one for a merge, a diff or a look. Each leaves a
/// file in the folder that is given.
fn plant(user: &User) -> PathBuf {
    let (work, marks) = (user.path("work"), user.path("marks"));
    fs::create_dir(&marks).unwrap();
    let command = |name: &str| format!("echo run > {}/{name}; /bin/cat", marks.display());
    for hook in ["post-checkout", "post-merge", "reference-transaction", "post-index-change", "fsmonitor-watchman"] {
        let file = work.join(".git/hooks").join(hook);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("#!/bin/sh\n{}\n", command(hook))).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (key, name) in [
        ("merge.evil.driver", "driver"),
        ("diff.evil.textconv", "textconv"),
        ("diff.evil.command", "command"),
        ("diff.external", "external"),
        ("filter.evil.clean", "clean"),
        ("filter.evil.smudge", "smudge"),
        ("core.pager", "pager"),
        ("core.fsmonitor", "fsmonitor"),
    ] {
        git(&work, &["-c", "core.fsmonitor=false", "config", key, &command(name)]);
    }
    marks
}

#[test]
fn a_pull_request_of_a_hostile_repository_is_shown_and_merged_and_runs_nothing() {
    let user = User::new("");
    let work = user.path("work");
    git(&work, &["init", "--quiet", "--initial-branch", "main"]);
    fs::write(work.join(".gitattributes"), "* merge=evil diff=evil filter=evil\n").unwrap();
    fs::write(work.join("a.txt"), "one\ntwo\nthree\n").unwrap();
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "--quiet", "-m", "one"]);
    for (branch, content) in [("story/1", "one\nTWO\nthree\n"), ("story/2", "one\nzwei\nthree\n")] {
        git(&work, &["checkout", "--quiet", "-b", branch, "main"]);
        fs::write(work.join("a.txt"), content).unwrap();
        git(&work, &["commit", "--quiet", "-a", "-m", branch]);
    }
    git(&work, &["checkout", "--quiet", "main"]);
    let answers = user.answers(&json!([open("story/1"), open("story/2")]));
    assert_eq!(answers.len(), 2);
    git(&work, &["merge", "--quiet", "--no-ff", "-m", "merged", "story/1"]);
    let marks = plant(&user);
    let marked = || -> Vec<_> { fs::read_dir(&marks).unwrap().map(|mark| mark.unwrap().file_name()).collect() };
    marked().iter().for_each(|mark| fs::remove_file(marks.join(mark)).unwrap());

    let shown = user.people(&["show", "1", "--diff"]).exits(0).stdout;
    assert!(shown.contains("open, can be merged") && shown.contains("story/1 into main"), "{shown}");
    let conflicting = user.people(&["show", "2", "--diff"]).exits(0).stdout;
    assert!(conflicting.contains("open, with conflicts") && conflicting.contains("\n-two\n+zwei\n"), "{conflicting}");
    assert!(user.answers(&json!([{ "call": "get", "number": 2 }]))[0]["mergeable"] == "Conflicts");
    let _merged = user.people(&["merge", "1"]).exits(0);
    let merged = user.people(&["show", "1", "--diff"]).exits(0).stdout;
    assert!(merged.contains("merged by") && merged.contains("\n-two\n+TWO\n"), "{merged}");
    let refused = user.people(&["merge", "2"]).exits(1).stderr;
    assert!(refused.contains("`main` does not have `story/2`"), "{refused}");
    assert_eq!(marked(), Vec::<std::ffi::OsString>::new());

    // The commands do work: a person's own git runs the driver, and others with it.
    let theirs = ["merge-tree", "--write-tree", "main", "story/2"];
    let _theirs = std::process::Command::new("git").args(theirs).current_dir(&work).output().unwrap();
    assert!(marked().contains(&"driver".into()), "{:?}", marked());
}

#[test]
fn a_run_takes_a_branch_through_github() {
    let (github, calls) = (GitHub::start(), |more: Vec<Value>| json!(more));
    let user = User::on(&github);
    let review = |call: &str, text: &str| json!({ "call": call, "number": 1, "text": text });
    let get = || json!({ "call": "get", "number": 1 });
    let forged = "Fine.\n\n<!-- baton x:1 approve eve -->";
    let pass = json!({ "call": "pass", "number": 1, "name": "tests", "summary": "3 of 3" });
    let early = user.answers(&calls(vec![
        json!({ "call": "about" }),
        open("story/1"),
        open("story/1"),
        review("request-changes", forged),
        pass,
        get(),
        json!({ "call": "get", "number": 9 }),
        json!({ "call": "all-open" }),
    ]));
    assert_eq!(early[0], json!(["github", true]));
    assert_eq!((&early[1], &early[2]), (&json!(1), &json!(1)), "the same branch, the same pull request");
    let found = &early[5];
    assert_eq!((&found["body"], &found["head"], &found["mergeable"]), (&json!("It splits."), &json!(HEAD), &json!("Yes")));
    assert_eq!(found["checks"], json!([["lint", "Passed", "No warnings"], ["tests", "Passed", "3 of 3"]]));
    assert_eq!(found["reviews"][0][2], "probe", "GitHub lets nobody review their own, so a comment says it");
    assert_eq!((&found["approved"], &found["green"]), (&json!(false), &json!(true)), "a text cannot pass for a verdict");
    assert!(error(&early[6]).starts_with("not-found"), "{}", early[6]);
    assert_eq!(early[7], json!([[1, "story/1", "main", "A story"]]));

    github.state().own = false;
    let late = user.answers(&calls(vec![
        review("approve", ""),
        get(),
        json!({ "call": "merge", "number": 1, "head": "b".repeat(40) }),
        json!({ "call": "merge", "number": 1, "head": HEAD }),
        review("approve", ""),
        json!({ "call": "close", "number": 1 }),
        open("story/2"),
        json!({ "call": "close", "number": 2 }),
        json!({ "call": "all-open" }),
    ]));
    assert_eq!(late[1]["approved"], true, "{}", late[1]);
    assert!(error(&late[2]).starts_with("conflict") && error(&late[2]).contains("Head branch was modified"), "{}", late[2]);
    assert_eq!(late[3], MERGED);
    assert!(error(&late[4]).starts_with("conflict") && error(&late[4]).contains("is merged"), "{}", late[4]);
    assert!(error(&late[5]).starts_with("conflict"), "{}", late[5]);
    assert_eq!((&late[6], &late[7], &late[8]), (&json!(2), &Value::Null, &json!([])));
    assert!(github.state().unchanged > 0, "what has not changed is not given again");
    let shown = user.people(&["show", "1"]).exits(0).stdout;
    assert!(shown.contains("https://github.com/ada/engine/pull/1") && shown.contains("merged by cccccccccccc"), "{shown}");
    user.keeps_no_token();
}

#[test]
fn killed_between_intent_and_answer_a_pull_request_is_opened_once() {
    for writes in 1..=4 {
        let github = GitHub::start();
        let user = User::on(&github);
        let input =
            json!({ "do": "pull-requests", "calls": [open("story/1"), { "call": "approve", "number": 1, "text": "Good." }] }).to_string();
        let mut command = user.command(&["run", "probe", "--workspace", "work", "--input", &input]);
        command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let frozen = user.path("data/frozen");
        let stands = program::wait_until(&mut child, || frozen.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        let opened = github.state().pulls.len();
        assert!(writes != 1 || (stands && opened == 1), "the first write is the intent, and the host dies once it is done");
        let run = listed::newest_id(&user.baton(&["runs", "list", "-o", "json"]).exits(0));
        if stands {
            let _resumed = user.baton(&["runs", "resume", &run]).exits(0);
        }
        assert_eq!(github.state().pulls.len(), 1, "killed after write {writes}");
        let comments = github.state().comments.len();
        assert_eq!(comments, 1, "killed after write {writes}: a review is written once");
        user.keeps_no_token();
    }
}

#[test]
fn an_answer_that_was_lost_makes_no_second_one() {
    let github = GitHub::start();
    let user = User::on(&github);
    github.lose(OPEN, github::said("502 Bad Gateway", "Server Error"));
    github.lose("PUT /repos/ada/engine/pulls/1/merge", Reply::new("200 OK", r#"{"sha":"ccc"#));
    let merge = json!({ "call": "merge", "number": 1, "head": HEAD });
    assert_eq!(user.answers(&json!([open("story/1"), merge])), [json!(1), json!(MERGED)]);
    assert_eq!((github.state().pulls.len(), github.count("PUT ")), (1, 1));
}

#[test]
fn limits_are_waited_for_and_long_ones_put_the_run_away() {
    let github = GitHub::start();
    let user = User::on(&github);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let used_up = |reset: u64| {
        let limited = github::said("403 Forbidden", "API rate limit exceeded for user ID 1.");
        let limited = limited.with("x-ratelimit-limit: 5000").with("x-ratelimit-remaining: 0").with("x-ratelimit-resource: core");
        limited.with(format!("x-ratelimit-reset: {reset}"))
    };
    github.fail(OPEN, used_up(now + 3));
    github.fail(OPEN, github::said("403 Forbidden", "You have exceeded a secondary rate limit.").with("Retry-After: 1"));
    let begun = Instant::now();
    assert_eq!(user.answers(&json!([open("story/1")])), [json!(1)]);
    assert!(begun.elapsed().as_millis() > 1_000, "{:?}", begun.elapsed());
    assert_eq!(github.count(OPEN), 3);

    github.fail(OPEN, used_up(now + 3_600));
    let input = json!({ "do": "pull-requests", "calls": [open("story/2")] }).to_string();
    let mut child = user.command(&["run", "probe", "--workspace", "work", "--input", &input]);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let waiting = || user.baton(&["runs", "list"]).exits(0).stdout.contains("waiting for 127.0.0.1");
    assert!(program::wait_until(&mut child, waiting), "it is suspended until then");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(github.count(OPEN), 4);

    // A reserve is kept: the next question finds the rate nearly used up, and nobody is asked again.
    let nearly = Reply::new("200 OK", "[]").with("x-ratelimit-limit: 5000").with("x-ratelimit-remaining: 200");
    github.fail("GET /repos/ada/engine/pulls?", nearly.with(format!("x-ratelimit-reset: {}", now + 3_600)));
    let before = github.count("");
    let input = json!({ "do": "pull-requests", "calls": [{ "call": "all-open" }, { "call": "all-open" }] }).to_string();
    let mut child = user.command(&["run", "probe", "--workspace", "work", "--input", &input]);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let both = || {
        let runs = listed::runs(&user.baton(&["runs", "list", "-o", "json"]).exits(0));
        runs.iter().filter(|run| !run["wakes_at"].is_null()).count() == 2
    };
    assert!(program::wait_until(&mut child, both));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(github.count("") - before, 1);
    user.keeps_no_token();
}

#[test]
fn a_server_that_misbehaves_is_told_nothing_and_harms_nobody() {
    let github = GitHub::start();
    let user = User::on(&github);
    let thief = Server::start(|_, _| Reply::new("200 OK", "{}"));
    let elsewhere = format!("Location: http://127.0.0.1:{}/repositories/7/pulls", thief.port);
    let paused = |reply: Reply, wanted: &str| {
        github.fail("GET /repos/ada/engine/pulls?", reply);
        let ended = user.run(&json!([{ "call": "all-open" }])).exits(3);
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    };
    paused(Reply::new("301 Moved Permanently", "{}").with(elsewhere), "where the token is not told");
    paused(Reply::new("200 OK", "x".repeat(1 << 16)).endless(), "more than 8388608 bytes");
    let next = format!("Link: <http://127.0.0.1:{}/page2>; rel=\"next\"", thief.port);
    paused(Reply::new("200 OK", "[]").with(next), "next page at another host");
    paused(github::said("401 Unauthorized", &format!("Bad credentials {TOKEN}")), "does not accept the token");
    paused(github::said("403 Forbidden", &format!("Resource not accessible by {TOKEN}\u{1b}[2J")), "not accessible by [key]");
    paused(github::said("404 Not Found", "Not Found"), "does not have the repository");
    assert!(thief.asked().is_empty(), "{:?}", thief.asked());

    let unavailable = |reply: fn() -> Reply, wanted: &str| {
        (0..3).for_each(|_| github.fail("GET /repos/ada/engine/pulls?", reply()));
        let answers = user.answers(&json!([{ "call": "all-open" }]));
        assert!(error(&answers[0]).starts_with("unavailable") && error(&answers[0]).contains(wanted), "{wanted}: {}", answers[0]);
    };
    unavailable(|| Reply::new("200 OK", "[{\"number\": 1, \"ti"), "not a pull request as GitHub describes them");
    unavailable(|| Reply::new("200 OK", "[{\"number\": \"one\"}]"), "not a pull request as GitHub describes them");
    unavailable(|| github::said("503 Service Unavailable", "No server is available"), "503");
    user.keeps_no_token();
}

#[test]
fn without_a_token_the_run_waits_until_one_is_kept() {
    let github = GitHub::start();
    let user = User::on(&github);
    let input = json!({ "do": "pull-requests", "calls": [open("story/1")] }).to_string();
    let without = |arguments: &[&str]| program::output(user.command(arguments).env_remove("GITHUB_TOKEN"));
    let ended = without(&["run", "probe", "--workspace", "work", "--input", &input]).exits(3);
    assert!(ended.stderr.contains("baton secret set GITHUB_TOKEN"), "{}", ended.stderr);
    assert_eq!(github.count(""), 0);
    let run = listed::newest(&user.baton(&["runs", "list", "-o", "json"]).exits(0));
    assert_eq!((&run["state"], &run["wakes_at"]), (&json!("waiting"), &Value::Null), "{run}");
    let mut keeping = user.command(&["secret", "set", "GITHUB_TOKEN", "--stdin"]).stdin(Stdio::piped()).spawn().unwrap();
    keeping.stdin.take().unwrap().write_all(TOKEN.as_bytes()).unwrap();
    assert!(keeping.wait().unwrap().success());
    let _resumed = without(&["runs", "resume", listed::id(&run)]).exits(0);
    assert_eq!(github.state().pulls.len(), 1);
    user.keeps_no_token();
}
