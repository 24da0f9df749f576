//! Budgets with the real program: a run stops before the call that it cannot pay, and continues once it can.

use std::{fs, process::Stdio};

use baton_tests::{PROBE, program, sweep::Sweep};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A script whose every answer costs 0.40 dollars.
const PRICED: &str =
    "log: calls.log\nrules:\n  - { name: any, when: { contains: question }, reply: an answer, usage: { cost-usd: 0.4 } }\n";

struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("answers.yaml"), PRICED).unwrap();
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let user = Self(home);
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        user
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let mut command = program::command(self.0.path(), arguments);
        program::output(command.env("BATON_DATA_DIR", self.0.path().join("data")).env("BATON_USER", "ada"))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    fn run(&self, times: u32, more: &[&str]) -> program::Ended {
        let input = json!({ "do": "steps", "times": times }).to_string();
        let run = ["run", "probe", "--workspace", "work", "--model", "script/answers.yaml", "--input", &input];
        self.baton(&[&run, more].concat())
    }

    /// Begins a run under a budget and kills it once it has made so many journal writes; false when it ends before that.
    fn killed_after(&self, writes: u64) -> bool {
        let run = ["run", "probe", "--workspace", "work", "--model", "script/answers.yaml", "--budget", "1.20"];
        let mut command = program::command(self.0.path(), &[&run[..], &["--input", r#"{"do":"steps","times":5}"#]].concat());
        command.env("BATON_DATA_DIR", self.0.path().join("data")).env("BATON_FREEZE_AFTER_WRITES", writes.to_string());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let frozen = self.0.path().join("data/frozen");
        let stands = program::wait_until(&mut child, || frozen.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        stands
    }

    fn asked(&self) -> usize {
        fs::read_to_string(self.0.path().join("calls.log")).map_or(0, |log| log.lines().count())
    }

    fn last_run(&self) -> String {
        self.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_run_stops_before_what_it_cannot_pay_and_carries_on_with_a_larger_budget() {
    let user = User::new();
    let stopped = user.run(5, &["--budget", "0.80"]).exits(3);
    assert!(stopped.stderr.contains("The budget of $0.80 for this run does not allow the next call"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("--budget DOLLARS"), "{}", stopped.stderr);
    assert_eq!(user.asked(), 2);
    let run = user.last_run();
    let _again = user.baton(&["runs", "resume", &run]).exits(3);
    assert_eq!(user.asked(), 2, "a budget that is spent stays spent");
    let _done = user.baton(&["runs", "resume", &run, "--budget", "5"]).exits(0);
    assert_eq!(user.asked(), 5, "what was answered is not paid for again");
    let costs = user.json(&["costs", "--by", "workflow"]);
    assert_eq!((&costs["rows"][0]["name"], &costs["rows"][0]["cost_usd"]), (&json!("probe"), &json!("2.00")));
    let budgets = user.json(&["budget"]);
    assert_eq!((&budgets["items"][0]["spent_usd"], &budgets["items"][0]["left_usd"]), (&json!("2.00"), &json!("3.00")));
}

#[test]
fn killed_anywhere_the_books_balance_to_the_cent() {
    let last = Sweep::new(3).run(1, |writes| {
        let user = User::new();
        if !user.killed_after(writes) {
            return false;
        }
        let run = user.last_run();
        let _stopped = user.baton(&["runs", "resume", &run]).exits(3);
        let costs = user.json(&["costs"]);
        assert_eq!((&costs["rows"][0]["replies"], &costs["rows"][0]["cost_usd"]), (&json!(3), &json!("1.20")), "after {writes} writes");
        let tally = user.json(&["runs", "show", &run])["tally"].clone();
        assert_eq!(tally["cost_usd"].as_f64().map(|cost| (cost * 100.0).round()), Some(120.0), "after {writes} writes");
        let repeated = tally["repeated_model_calls"].as_u64().unwrap() as usize;
        assert!(user.asked() <= 3 + repeated, "after {writes} writes: a call was repeated and nobody says so");
        assert_eq!(user.json(&["budget"])["items"][0]["left_usd"], "0.00");
        true
    });
    assert!(last >= 6, "the run makes more writes than {last}");
}

#[test]
fn a_budget_for_everything_or_a_project_holds_every_run() {
    let user = User::new();
    let _set = user.baton(&["budget", "set", "0.80"]).exits(0);
    let _first = user.run(1, &[]).exits(0);
    let told = user.run(2, &[]).exits(3);
    assert!(told.stderr.contains("all that this host does") && told.stderr.contains("baton budget set DOLLARS"), "{}", told.stderr);
    let _removed = user.baton(&["budget", "remove"]).exits(0);
    let _project = user.baton(&["budget", "set", "0.80", "--project", "work"]).exits(0);
    let told = user.run(1, &[]).exits(3);
    assert!(told.stderr.contains("the project work does not") && told.stderr.contains("--project work`"), "{}", told.stderr);
    let refused = user.baton(&["budget", "set", "100", "--project", "wrok"]).exits(2);
    assert!(refused.stderr.contains("Project `wrok` does not exist.\nhint: Did you mean `work`?"), "{}", refused.stderr);
    let project = user.json(&["runs", "list"])["items"][0]["project"].as_str().unwrap().to_owned();
    let _by_its_name = user.baton(&["budget", "set", "50", "--project", &project]).exits(0);
    let _raised = user.baton(&["budget", "set", "100", "--project", "work"]).exits(0);
    assert_eq!(user.json(&["budget"])["items"].as_array().unwrap().len(), 1, "the folder and its name are one project");
    let _done = user.run(1, &[]).exits(0);
}

#[test]
fn what_is_no_budget_is_refused() {
    let user = User::new();
    for wrong in ["0", "-1", "NaN", "inf", "1e400", "1,50", "", "0.0000000001", "99999999999999999999"] {
        let refused = user.baton(&["budget", "set", wrong]).exits(2);
        assert!(refused.stderr.contains("not a valid dollar amount"), "{}", refused.stderr);
        let refused = user.run(1, &["--budget", wrong]).exits(2);
        assert!(refused.stderr.contains("not a valid dollar amount"), "{}", refused.stderr);
    }
    let none = user.baton(&["budget", "remove", "--project", "nobody"]).exits(2);
    assert!(none.stderr.contains("Project `nobody` does not exist"), "{}", none.stderr);
    for (nobody, said) in [
        ("", "The name of the project is empty"),
        (" ", "The name of the project is empty"),
        ("wrok", "Baton does not know any project yet"),
        ("answers.yaml", "Project `answers.yaml` does not exist"),
    ] {
        let refused = user.baton(&["budget", "set", "1", "--project", nobody]).exits(2);
        assert!(refused.stderr.contains(said), "{nobody}: {}", refused.stderr);
    }
    assert_eq!(user.json(&["budget"]), json!({ "items": [] }));
    assert_eq!(user.asked(), 0);
}
