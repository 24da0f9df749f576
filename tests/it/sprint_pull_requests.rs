//! The pull requests of a sprint: what is left of them when stories land, when a person is to merge, and when it is given up.

use std::process::Stdio;

use baton_tests::{
    api_host::ApiHost,
    github::{GitHub, TOKEN},
    listed, program,
};
use serde_json::{Value, json};

use crate::sprint::{PROCESSES, Project, SPRINT, document, story};

const BY_A_PERSON: &str = "[forge]\nauto-merge = false\n";
const ADD: &str = "1-1-add";
const MULTIPLY: &str = "1-2-multiply";

impl Project {
    fn people(&self, arguments: &[&str]) -> program::Ended {
        self.baton(&[&["pull-requests", "--workspace", "workspace"], arguments].concat())
    }

    fn pull_requests(&self) -> Vec<Value> {
        document(&self.people(&["list", "--all", "-o", "json"]).exits(0))["items"].as_array().unwrap().clone()
    }

    /// The pull request of a story, with its diff.
    fn pull_request(&self, key: &str) -> Value {
        let branch = format!("story/{key}");
        let all = self.pull_requests();
        let found = all.iter().find(|one| one["branch"] == branch).unwrap_or_else(|| panic!("{branch}: {all:?}"));
        document(&self.people(&["show", &found["number"].to_string(), "--diff", "-o", "json"]).exits(0))
    }

    fn status(&self, key: &str) -> Value {
        let shown = self.baton(&["backlog", "--workspace", "workspace", "show", key, "-o", "json"]).exits(0);
        document(&shown)["status"].clone()
    }

    /// Carries on with the sprint, or begins it, and kills the host after so many writes.
    fn cut_off_after(&self, writes: u64) {
        let run = self.run().map(|run| listed::id(&run).to_owned());
        let mut command = match &run {
            Some(run) => self.command(&["runs", "resume", run]),
            None => self.command(SPRINT),
        };
        let frozen = self.home.path().join("data/frozen");
        let _ = std::fs::remove_file(&frozen);
        command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        program::wait_until(&mut child, || frozen.exists());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Runs may merge on this GitHub.
fn on(github: &GitHub) -> String {
    let forge = "[forge]\nkind = \"github\"\nrepository = \"ada/engine\"\nauto-merge = true\nbase-url";
    format!("{PROCESSES}{forge} = \"{}\"\n", github.address())
}

fn verdicts(found: &Value) -> Vec<(String, String)> {
    let word = |review: &Value, name: &str| review[name].as_str().unwrap_or_default().to_owned();
    found["reviews"].as_array().into_iter().flatten().map(|review| (word(review, "author"), word(review, "verdict"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_story_that_landed_has_a_pull_request_that_tells_how() {
    let project = Project::new(PROCESSES).await;
    let summary = project.sprint();
    told_once(&project, &summary);
    let sent_back = project.pull_request(MULTIPLY);
    assert_eq!(verdicts(&sent_back)[0], ("code-review".to_owned(), "request_changes".to_owned()));
    assert!(sent_back["reviews"][0]["text"].as_str().is_some_and(|text| text.contains("- `tests/multiply.case:1`: Zero is not tested")));
    let told: Vec<_> = [ADD, MULTIPLY].map(|key| project.pull_request(key)["reviews"].to_string()).to_vec();
    assert_eq!(told.iter().filter(|reviews| reviews.contains("calc conflict with main")).count(), 1, "{told:?}");
}

/// All three landed, and each has one pull request on which everything was written once, however often the host was killed.
pub(super) fn told_once(project: &Project, summary: &Value) {
    assert_eq!((summary["landed"].clone(), project.pull_requests().len()), (json!(3), 3), "{summary}");
    let mut reviews = 0;
    for key in [ADD, MULTIPLY, "1-3-power"] {
        let (found, told) = (project.pull_request(key), story(summary, key));
        assert_eq!((&found["state"], &found["merge_commit"], &found["number"]), (&json!("merged"), &told["commit"], &told["pull_request"]));
        let (head, merge) = (found["head"].as_str().unwrap(), found["merge_commit"].as_str().unwrap());
        assert_eq!(project.git(&["rev-parse", &format!("{merge}^2")]), head, "the merge is of what was looked at");
        assert!(found["title"].as_str().is_some_and(|title| title.starts_with(key)), "{found}");
        let body = found["body"].as_str().unwrap();
        assert!(body.contains("- [ ] ") && body.contains(summary_run(project).as_str()), "criteria and run: {body}");
        assert_eq!((&found["checks"][0]["name"], &found["checks"][0]["progress"]), (&json!("tests"), &json!("passed")), "{found}");
        assert_eq!(verdicts(&found).last().unwrap(), &("code-review".to_owned(), "approve".to_owned()));
        reviews += verdicts(&found).len();
        let diff = found["diff"].as_str().unwrap();
        let command = key.rsplit('-').next().unwrap();
        assert!(diff.contains(&format!("\n+  {command}) ")) && diff.contains(&format!("tests/{command}.case")), "{diff}");
    }
    assert_eq!(reviews, 6, "an approval each, a wish for changes, and a conflict with the approval after it");
}

/// A line for every pull request, by branch: its state, its checks, and what was said in which order.
pub(super) fn proposed(project: &Project) -> Vec<String> {
    let line = |listed: Value| {
        let found = document(&project.people(&["show", &listed["number"].to_string(), "-o", "json"]).exits(0));
        format!("{} {} {} {:?}", listed["branch"], found["state"], found["checks"], verdicts(&found))
    };
    let mut lines: Vec<_> = project.pull_requests().into_iter().map(line).collect();
    lines.sort();
    lines
}

fn summary_run(project: &Project) -> String {
    listed::id(&project.run().unwrap()).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_person_merges_the_sprint_proposes_and_a_command_lands() {
    let project = Project::new(&format!("{PROCESSES}{BY_A_PERSON}")).await;
    let begun = project.git(&["rev-parse", "main"]);
    let summary = project.sprint();
    assert_eq!((&summary["landed"], summary["stories"].as_array().unwrap().len()), (&json!(0), 2), "the third waits for both: {summary}");
    assert_eq!((project.git(&["rev-parse", "main"]), project.status(ADD)), (begun.clone(), json!("review")));
    let (add, multiply) = (story(&summary, ADD)["pull_request"].to_string(), story(&summary, MULTIPLY)["pull_request"].to_string());
    let reason = story(&summary, ADD)["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("baton pull-requests merge {add}")), "{reason}");

    // No run lands it that nobody ordered, whatever it was granted.
    let order = json!({ "stories": [{ "key": ADD, "branch": format!("story/{ADD}") }] }).to_string();
    let denied = project.baton(&["run", "land", "--workspace", "workspace", "--input", &order]).exits(1);
    assert!(denied.stderr.contains("A person brings work into `main`"), "{}", denied.stderr);
    assert_eq!(project.git(&["rev-parse", "main"]), begun);

    let landed = project.people(&["merge", &add]).exits(0);
    assert!(landed.stderr.contains(&format!("Pull request {add} is merged")), "{}", landed.stderr);
    let found = project.pull_request(ADD);
    assert_eq!((&found["state"], project.status(ADD)), (&json!("merged"), json!("done")));
    assert!(project.git(&["log", "--format=%s"]).contains("Merge story 1-1-add"));
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    assert!(project.people(&["merge", &add]).exits(1).stderr.contains("already merged"));

    let before = project.git(&["rev-parse", "main"]);
    let refused = project.people(&["merge", &multiply]).exits(1);
    assert!(refused.stderr.contains("stays open: calc conflict"), "{}", refused.stderr);
    assert_eq!((project.git(&["rev-parse", "main"]), project.status(MULTIPLY)), (before, json!("review")));
    assert_eq!(project.pull_request(MULTIPLY)["mergeable"], "conflicts");
    let refused = merge_on_a_server(project, &multiply).exits(1);
    assert!(refused.stderr.contains("stays open: calc conflict"), "{}", refused.stderr);
}

/// The same command on a server over the same data.
fn merge_on_a_server(project: Project, number: &str) -> program::Ended {
    let config = project.home.path().join(".config/baton");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::rename(project.home.path().join("baton.toml"), config.join("baton.toml")).unwrap();
    let host = ApiHost::over(project.home);
    let user = json!({ "name": "ada", "password": "a long enough password", "role": "admin", "all_projects": true });
    host.post("/users", &user).expect(201);
    let token = host.post("/tokens", &json!({ "name": "client", "user": "ada" })).expect(201);
    let server = format!("http://{}", host.address);
    let merge = ["pull-requests", "merge", number, "--project", "workspace", "--server", &server];
    program::output(program::command(host.home(), &merge).env("BATON_TOKEN", token["secret"].as_str().unwrap()))
}

/// The first pull request as a command shows it.
fn shown(project: &Project) -> Value {
    document(&project.people(&["show", "1", "--diff", "-o", "json"]).exits(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sprint_that_is_given_up_leaves_its_pull_requests_open() {
    let project = Project::new(PROCESSES).await;
    let mut kills = 0;
    let tested = || !project.pull_requests().is_empty() && shown(&project)["checks"][0].is_object();
    while !tested() {
        project.cut_off_after(23);
        kills += 1;
        assert!(kills < 60, "nothing is proposed");
    }
    let run = summary_run(&project);
    let _cancelled = project.baton(&["runs", "cancel", &run]).exits(0);
    let open = project.pull_requests();
    assert!(!open.is_empty() && open.iter().all(|one| one["state"] == "open"), "{open:?}");
    let shown = shown(&project);
    assert!(shown["head"].is_string() && shown["diff"].as_str().is_some_and(|diff| diff.contains("+++ b/calc")), "{shown}");
    assert_eq!(shown["checks"][0]["progress"], "passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_github_a_story_is_pushed_proposed_and_left_to_a_person() {
    let github = GitHub::start();
    let project = Project::new(&on(&github)).await;
    let remote = project.home.path().join("remote.git");
    project.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    project.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let begun = project.git(&["rev-parse", "main"]);
    let summary = document(&sprint_on_github(&project).exits(0));
    let told = story(&summary, ADD);
    assert_eq!((&told["outcome"], &told["pull_request"]), (&json!("proposed"), &json!(1)), "{summary}");
    assert!(
        told["reason"].as_str().is_some_and(|reason| reason.contains("git pull") && reason.contains("baton backlog move 1-1-add done"))
    );
    assert_eq!((project.git(&["rev-parse", "main"]), project.status(ADD)), (begun, json!("review")));
    let branch = format!("story/{ADD}");
    let pushed = project.git(&["ls-remote", "origin", &format!("refs/heads/{branch}")]);
    assert!(pushed.starts_with(&project.git(&["rev-parse", &branch])), "{pushed}");
    let state = github.state();
    assert_eq!((state.pulls.len(), &state.pulls[0]["head"]["ref"], &state.pulls[0]["state"]), (1, &json!(branch), &json!("open")));
    assert!(state.statuses.iter().any(|status| status.to_string().contains("`sh tests/run.sh` is green")), "{:?}", state.statuses);
    assert!(state.comments.iter().any(|comment| comment.to_string().contains("Every criterion holds")), "{:?}", state.comments);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_cannot_be_pushed_is_reviewed_and_named() {
    let github = GitHub::start();
    let project = Project::new(&on(&github)).await;
    let ended = sprint_on_github(&project).exits(4);
    assert!(ended.stderr.contains("1 of 1 story did not land in `main`: 1-1-add (blocked)"), "{}", ended.stderr);
    let summary = document(&ended);
    let told = story(&summary, ADD);
    assert_eq!((&told["outcome"], &told["pull_request"]), (&json!("blocked"), &Value::Null), "{summary}");
    assert!(told["reason"].as_str().is_some_and(|reason| reason.contains("approved and green on `story/1-1-add`")), "{told}");
    assert!(github.state().pulls.is_empty());
    assert!(project.git(&["show", "--stat", "story/1-1-add"]).contains("calc"), "what was paid for is kept");
}

fn sprint_on_github(project: &Project) -> program::Ended {
    let order = json!({ "stories": [ADD] }).to_string();
    let mut command = project.command(&[SPRINT, &["--input", &order]].concat());
    let ended = program::output(command.env("GITHUB_TOKEN", TOKEN));
    assert!(!ended.stderr.contains(TOKEN), "{}", ended.stderr);
    ended
}
