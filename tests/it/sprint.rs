//! Stories from the backlog to the main branch, through the real program, in a repository that git made.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use baton::interfaces::backlog::{Author, Draft, Kind, Labels};
use baton_tests::{
    docker,
    host::{TestHost, person},
    listed,
    model_server::ModelServer,
    program,
};
use serde_json::Value;

const CALC: &str =
    "#!/bin/sh\ncase $1 in\n  help) echo \"calc COMMAND NUMBERS\" ;;\n  *) echo \"calc: no command $1\" >&2; exit 2 ;;\nesac\n";
const RUN: &str = "for case in tests/*.case; do\n  sh \"$case\" || { echo \"FAILED: $case\"; exit 1; }\ndone\necho all green\n";
/// Key, title, and what it waits for.
pub(super) type Story = (&'static str, &'static str, &'static [&'static str]);
pub(super) const STORIES: &[Story] = &[
    ("1-1-add", "Add two numbers", &[]),
    ("1-2-multiply", "Multiply two numbers, zero included", &[]),
    ("1-3-power", "Raise to a power", &["1-1-add", "1-2-multiply"]),
];

pub(super) const SPRINT: &[&str] = &["run", "sprint", "--workspace", "workspace", "--model", "script/replies.yaml", "--yes"];
/// The same, where the settings name the model.
pub(super) const OVER_HTTP: &[&str] = &["run", "sprint", "--workspace", "workspace", "--yes"];
pub(super) const PROCESSES: &str = "[sandbox]\nengine = \"process\"\n";

/// What the models are asked while the stories land, whichever of the first two is first.
pub(super) const ASKED: usize = 19;

/// A person's repository, a backlog and a script that answers instead of models.
pub(super) struct Project {
    pub(super) home: tempfile::TempDir,
}

impl Project {
    pub(super) async fn new(sandbox: &str) -> Self {
        Self::with(STORIES, sandbox).await
    }

    pub(super) async fn with(stories: &[Story], sandbox: &str) -> Self {
        let project = Self { home: with_backlog(stories).await };
        let work = project.work();
        fs::create_dir_all(work.join("tests")).unwrap();
        for (path, text) in
            [("calc", CALC), ("tests/run.sh", RUN), ("tests/help.case", "test \"$(sh ./calc help)\" = \"calc COMMAND NUMBERS\"\n")]
        {
            fs::write(work.join(path), text).unwrap();
        }
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.git(&["add", "--all"]);
        project.git(&["commit", "--quiet", "--message=Begin a calculator"]);
        fs::write(project.home.path().join("baton.toml"), sandbox).unwrap();
        fs::write(project.home.path().join("replies.yaml"), include_str!("../sprint/replies.yaml")).unwrap();
        project
    }

    /// Has the host ask this server, whose price is that of no model in particular.
    pub(super) fn asks(&self, server: &ModelServer) {
        let file = self.home.path().join("baton.toml");
        let before = fs::read_to_string(&file).unwrap();
        let settings = format!(
            "{before}\n[providers.double]\nbase-url = \"{}\"\n\n[models]\ndefault = \"double/any\"\n\n[prices.\"double/any\"]\ninput = 3.0\ncached-input = 0.3\noutput = 15.0\n",
            server.base_url()
        );
        fs::write(file, settings).unwrap();
    }

    pub(super) fn work(&self) -> PathBuf {
        self.home.path().join("workspace")
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.work()).args(["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]).args(arguments);
        let output = git.env("HOME", self.home.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.home.path(), &[arguments, &["--data-dir", "data"]].concat());
        command.env("BATON_CONFIG", self.home.path().join("baton.toml"));
        command
    }

    pub(super) fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    pub(super) fn sprint(&self) -> Value {
        document(&self.baton(SPRINT).exits(0))
    }

    /// The newest run that nobody started but a person.
    pub(super) fn run(&self) -> Option<Value> {
        listed::runs(&self.baton(&["runs", "list", "-o", "json"]).exits(0)).into_iter().next()
    }

    /// What the tests say of a commit.
    fn tested(&self, commit: &str) -> String {
        let (folder, archive) = (self.home.path().join(commit), self.home.path().join("commit.tar"));
        fs::create_dir(&folder).unwrap();
        self.git(&["archive", "--output", archive.to_str().unwrap(), commit]);
        assert!(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&folder).status().unwrap().success());
        let tested = Command::new("sh").arg("tests/run.sh").current_dir(folder).output().unwrap();
        String::from_utf8_lossy(&tested.stdout).into_owned()
    }

    /// The name of the rule and the idempotency key of every call that the script answered.
    pub(super) fn asked(&self) -> Vec<(String, String)> {
        let log = fs::read_to_string(self.home.path().join("calls.log")).unwrap();
        let call = |line: &str| line.split_once(' ').map(|(key, rule)| (key.to_owned(), rule.to_owned()));
        log.lines().filter_map(call).collect()
    }
}

/// What a host keeps in whose backlog are the stories, without the host.
async fn with_backlog(stories: &[Story]) -> tempfile::TempDir {
    let host = TestHost::new().await;
    let draft = |(key, title, after): &Story| Draft {
        key: (*key).to_owned(),
        kind: Kind::Story,
        title: (*title).to_owned(),
        body: format!("- [ ] {title}."),
        parent: None,
        after: after.iter().map(|key| (*key).to_owned()).collect(),
        priority: 5,
        labels: Labels::default(),
    };
    let drafts: Vec<_> = stories.iter().map(draft).collect();
    let project = host.app.kernel.open_project(&host.workspace(), &person("ada")).await.unwrap();
    host.app.backlog.put(&project.id, &drafts, &Author::Person(person("ada"))).await.unwrap();
    let TestHost { app, folder } = host;
    app.close().await;
    folder
}

pub(super) fn document(ended: &program::Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

pub(super) fn story<'a>(summary: &'a Value, key: &str) -> &'a Value {
    summary["stories"].as_array().into_iter().flatten().find(|story| story["key"] == key).unwrap_or_else(|| panic!("{key}: {summary}"))
}

/// All landed, and nothing is left of how.
pub(super) fn check(project: &Project, summary: &Value) {
    assert_eq!(summary["landed"], 3, "{summary}");
    assert_eq!(story(summary, "1-2-multiply")["sent_back"], 1, "{summary}");
    let anew: u64 = ["1-1-add", "1-2-multiply"].iter().filter_map(|key| story(summary, key)["merged_anew"].as_u64()).sum();
    assert_eq!(anew, 1, "both wrote in the same place: {summary}");
    let tested = Command::new("sh").arg("tests/run.sh").current_dir(project.work()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&tested.stdout), "all green\n");
    assert!(["add", "multiply", "power"].iter().all(|name| project.work().join(format!("tests/{name}.case")).is_file()));

    assert_eq!(project.git(&["status", "--porcelain"]), "");
    assert_eq!(project.git(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    assert_eq!(project.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), "main");
    let log = project.git(&["log", "--format=%an: %s"]);
    for expected in ["developer: story 1-1-add: Add two numbers", "Merge story 1-3-power: Raise to a power", "docs: 1-3-power is done"] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert!(project.git(&["log", "--format=%B", "--author=developer"]).to_lowercase().contains("run"), "commits name their run");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_stories_land_side_by_side_with_a_red_test_a_review_and_a_conflict() {
    let project = Project::new(PROCESSES).await;
    let landed = project.baton(SPRINT).exits(0);
    check(&project, &document(&landed));
    assert!(landed.stderr.contains("dev-story on story/1-1-add · "), "who is at work on what: {}", landed.stderr);
    let run = listed::id(&project.run().unwrap()).to_owned();
    let executed = document(&project.baton(&["runs", "output", &run, "-o", "json"]).exits(0));
    let tested = |key: &str| {
        executed["items"].as_array().unwrap().iter().any(|one| one["plugin"] == "run-tests" && one["worktree"] == format!("story/{key}"))
    };
    assert!(STORIES.iter().all(|story| tested(story.0)), "{executed}");
    let asked = project.asked();
    for said in ["Amelia repairs", "Amelia heeds the review", "Amelia joins both"] {
        assert_eq!(asked.iter().filter(|(_, rule)| rule.ends_with(said)).count(), 1, "{said}: {asked:?}");
    }
    assert_eq!(asked.len(), ASKED, "{asked:?}");
    check_transcript(&project, &run);
    check_costs(&project);
    check_report(&project);
    check_story(&project);
    let again = project.baton(SPRINT).exits(0);
    assert!(again.stderr.contains("Nothing is ready: 4 done or cancelled"), "{}", again.stderr);
    assert_eq!(document(&again)["stories"], serde_json::json!([]), "nothing is done twice");
}

/// Each story has a row with what it took.
fn check_costs(project: &Project) {
    let costs = document(&project.baton(&["costs", "--by", "story", "-o", "json"]).exits(0));
    let rows = costs["rows"].as_array().unwrap();
    let of = |key: &str| rows.iter().find(|row| row["name"] == key).unwrap_or_else(|| panic!("{key}: {costs}"));
    for (key, ..) in STORIES {
        assert!(of(key)["work"]["tries"].as_u64() >= Some(1) && of(key)["work"]["took_ms"].as_u64() > Some(0), "{costs}");
    }
    assert_eq!(rows.iter().map(|row| row["replies"].as_u64().unwrap()).sum::<u64>(), ASKED as u64);
    let shown = project.baton(&["costs", "--by", "story"]).exits(0).stdout;
    assert!(shown.starts_with("STORY") && shown.contains("TRIES"), "{shown}");
}

/// The task by which a conflict was resolved is told with its story, and so is what it cost.
fn check_report(project: &Project) {
    let report = document(&project.baton(&["report", "--workspace", "workspace", "-o", "json"]).exits(0));
    let landed = report["landed"].as_array().unwrap();
    assert_eq!(landed.len(), STORIES.len(), "{report:#}");
    let merges = |story: &Value| format!("{}-merge", story["key"].as_str().unwrap());
    let with_its_own = landed.iter().filter(|story| story["merges"] == serde_json::json!([merges(story)])).count();
    let without = landed.iter().filter(|story| story["merges"] == serde_json::json!([])).count();
    assert_eq!((with_its_own, without), (1, 2), "{report:#}");
    let spent = report["spent"]["by_story"].as_array().unwrap();
    assert!(spent.iter().all(|row| !row["name"].as_str().unwrap().contains("merge")), "{report:#}");
    let shown = project.baton(&["report", "--workspace", "workspace"]).exits(0).stdout;
    assert!(shown.contains("Landed: 3") && shown.contains(", after 1 conflict"), "{shown}");
}

/// One command tells the story of a story: its runs, reviews, tests, cost and pull request.
fn check_story(project: &Project) {
    let show = |more: &[&str]| project.baton(&[&["backlog", "show", "1-2-multiply", "--workspace", "workspace"], more].concat()).exits(0);
    let told = document(&show(&["-o", "json"]));
    let list = |name: &str| told[name].as_array().unwrap_or_else(|| panic!("{name}: {told:#}"));
    assert!(list("runs").iter().all(|run| run["item"] == "1-2-multiply" && run["state"] == "succeeded"), "{told:#}");
    let verdicts: Vec<_> = list("reviews").iter().map(|review| review["verdict"].as_str().unwrap()).collect();
    assert_eq!((verdicts.first(), verdicts.last()), (Some(&"request_changes"), Some(&"approve")), "{told:#}");
    assert!(list("reviews")[0]["findings"][0]["blocking"] == true, "{told:#}");
    assert!(list("tests").iter().any(|tests| tests["passed"] == true && tests["command"] == "sh tests/run.sh"), "{told:#}");
    let slots = list("runs").iter().map(|run| run["slot"].as_str().unwrap_or_default());
    assert_eq!(slots.filter(|slot| *slot == "code-review").count(), verdicts.len(), "{told:#}");
    assert!(told["cost"]["replies"].as_u64() > Some(0), "{told:#}");
    assert_eq!(
        (&told["pull_request"]["state"], &told["pull_request"]["branch"]),
        (&told["branch"].as_str().map_or(Value::Null, |_| "merged".into()), &told["branch"]),
        "{told:#}"
    );
    let shown = show(&[]).stdout;
    for expected in
        ["\nHistory\n", "\nRuns\n", "\nTests\n", "\nReviews\n", "changes requested (run ", "\nCost\n", "\nPull request\n", "merged by "]
    {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

/// The transcript of the sprint has every reply of the runs below it, and each task once.
fn check_transcript(project: &Project, run: &str) {
    let told = document(&project.baton(&["runs", "transcript", run, "-o", "json"]).exits(0));
    let runs = told["runs"].as_array().unwrap();
    let replies: usize = runs.iter().map(|run| run["exchanges"].as_array().unwrap().len()).sum();
    assert_eq!(replies, ASKED);
    let shown = project.baton(&["runs", "transcript", run]).exits(0).stdout;
    assert_eq!(shown.matches("\n## ").count(), runs.len(), "{shown}");
    assert_eq!(shown.matches("\n### Call ").count(), ASKED);
    assert_eq!(shown.matches("\n**Reply of script/").count(), ASKED);
    let alone = project.baton(&["runs", "transcript", run, "--only"]).exits(0);
    assert!(alone.stderr.contains("The run has not called a model."), "{}", alone.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_are_tested_in_containers() {
    if !docker::ready() {
        return;
    }
    let project = Project::new(&containers()).await;
    let summary = project.sprint();
    check(&project, &summary);
    assert!(docker::containers(&project.home.path().join("data")).is_empty(), "no container is left");
}

pub(super) fn containers() -> String {
    format!("[sandbox.images.default]\nimage = \"{}\"\nready = false\n", docker::IMAGE)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_green_and_reviewed_starts_again_when_a_merge_makes_it_red() {
    let stories: &[Story] = &[("2-1-help", "Reword the help", &[]), ("2-2-usage", "Test the usage", &[])];
    let project = Project::with(stories, PROCESSES).await;
    fs::write(project.home.path().join("replies.yaml"), include_str!("../sprint/red-once-merged.yaml")).unwrap();
    let summary = project.sprint();
    assert_eq!(summary["landed"], 2, "{summary}");
    let counted = |what: &str| stories.iter().filter_map(|(key, ..)| story(&summary, key)[what].as_u64()).sum::<u64>();
    assert_eq!((counted("merged_anew"), counted("sent_back")), (1, 0), "{summary}");
    let asked = project.asked();
    let said = |rule: &str| asked.iter().filter(|(_, said)| said.ends_with(rule)).count();
    assert_eq!((said("Amelia mends the usage"), said("Murat approves")), (1, 3), "it is reviewed again: {asked:?}");
    let backlog = document(&project.baton(&["backlog", "list", "--workspace", "workspace", "-o", "json"]).exits(0));
    assert_eq!(backlog["items"].as_array().unwrap().len(), 2, "there was no conflict to file: {backlog}");
    for commit in project.git(&["rev-list", "--first-parent", "main"]).lines() {
        assert_eq!(project.tested(commit), "all green\n", "{commit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dirty_checkout_is_refused_with_advice() {
    let project = Project::new(PROCESSES).await;
    fs::write(project.work().join("calc"), "mine").unwrap();
    let refused = project.baton(&["run", "sprint", "--workspace", "workspace", "--model", "script/replies.yaml"]).exits(1);
    assert!(refused.stderr.contains("calc") && refused.stderr.contains("Commit them"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(project.work().join("calc")).unwrap(), "mine");
    assert!(!Path::new(&project.home.path().join("calls.log")).exists(), "no model was asked");
}
