//! What a repository proposes beside its tests, with the real program: shown, approved, changed and revoked, for setups and
//! services alike.

use std::fs;

use baton_tests::program::{self, Ended};
use serde_json::{Value, json};
use tempfile::TempDir;

struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("shop")).unwrap();
        Self(home)
    }

    fn propose(&self, settings: &str) {
        fs::write(self.0.path().join("shop/baton.toml"), settings).unwrap();
    }

    fn project(&self, arguments: &[&str]) -> Ended {
        let rest = ["--workspace", "shop", "--data-dir", "data"];
        let mut command = program::command(self.0.path(), &[&["project"], arguments, &rest].concat());
        program::output(command.env("BATON_USER", "ada"))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.project(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// The names of the events of the audit log, the oldest first, with who caused them.
    fn audit(&self) -> Vec<(String, String)> {
        let ended = program::run(self.0.path(), &["logs", "--category", "audit", "--data-dir", "data", "-o", "json"]).exits(0);
        let events: Value = serde_json::from_str(&ended.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        events["items"].as_array().unwrap().iter().map(|event| (text(&event["name"]), text(&event["actor"]["name"]))).collect()
    }
}

const SERVICES: &str = "[test.services.db]\nimage = \"postgres:16\"\nports = [5432]\n";
const SETUP: &str = "[test]\nsetup = \"npm ci\"\nsetup-files = [\"package-lock.json\"]\n";

#[test]
fn what_a_repository_proposes_holds_from_its_approval_until_it_changes() {
    let of = |status: &Value, key: &str, group: &str| match group {
        "setup" => status[key]["command"].clone(),
        _ => status[key]["services"]["db"]["image"].clone(),
    };
    for (group, proposal, other, first) in [
        ("setup", SETUP, SETUP.replace("npm ci", "make deps"), "npm ci"),
        ("services", SERVICES, SERVICES.replace("postgres:16", "postgres:17"), "postgres:16"),
    ] {
        let user = User::new();
        let nothing = user.json(&[group, "show"]);
        assert_eq!((&nothing["state"], nothing.get("pending")), (&json!("none"), None), "{nothing}");
        let rejected = user.project(&[group, "approve"]).exits(2).stderr;
        assert!(rejected.contains("proposes no s"), "{rejected}");

        user.propose(proposal);
        let proposed = user.json(&[group, "show"]);
        assert_eq!((&proposed["state"], of(&proposed, "pending", group)), (&json!("proposed"), json!(first)), "{proposed}");
        let shown = user.project(&[group, "show"]).exits(0);
        assert!(shown.stderr.contains(&format!("baton project {group} approve --workspace shop --data-dir data")), "{}", shown.stderr);

        let approved = user.json(&[group, "approve"]);
        assert_eq!((&approved["state"], of(&approved, "effective", group)), (&json!("approved"), json!(first)), "{approved}");
        assert_eq!((&approved["approved"]["by"], approved.get("pending")), (&json!("ada"), None), "{approved}");
        assert_eq!(user.project(&[group, "show"]).exits(0).stderr, "");

        user.propose(&other);
        let changed = user.json(&[group, "show"]);
        assert_eq!((&changed["state"], changed.get("effective")), (&json!("proposed"), None), "{changed}");
        user.propose(proposal);
        let revoked = user.json(&[group, "revoke"]);
        assert_eq!((&revoked["state"], revoked.get("approved")), (&json!("proposed"), None), "{revoked}");
        assert_eq!(
            user.audit().into_iter().filter(|(name, _)| name.starts_with(group)).collect::<Vec<_>>(),
            [(format!("{group}_approved"), "ada".to_owned()), (format!("{group}_revoked"), "ada".to_owned())]
        );
    }
}

#[test]
fn a_proposal_that_cannot_be_used_is_told_and_not_approved() {
    for (group, proposal) in [("setup", "[test]\nsetup = 1\n"), ("services", "[test.services.db]\nimage = \"a\"\n")] {
        let user = User::new();
        user.propose(proposal);
        let status = user.json(&[group, "show"]);
        assert!(status["state"] == "proposed" && status["problem"].is_string() && status.get("pending").is_none(), "{status}");
        let rejected = user.project(&[group, "approve", "-o", "json"]).exits(2);
        let problem: Value = serde_json::from_str(&rejected.stderr).unwrap();
        assert!(problem["message"].as_str().unwrap().contains("cannot be used"), "{problem}");
        assert_eq!(problem["code"], "nothing_to_approve", "{problem}");
    }
}

#[test]
fn a_suggested_setup_is_approved_or_another_command() {
    let user = User::new();
    fs::write(user.0.path().join("shop/package-lock.json"), "{}").unwrap();
    let suggested = user.json(&["setup", "show"]);
    assert_eq!(
        (&suggested["state"], &suggested["pending"]["command"]),
        (&json!("none"), &suggested["suggested"]["command"]),
        "{suggested}"
    );
    let own = user.json(&["setup", "approve", "--command", "make deps"]);
    assert_eq!((&own["state"], &own["effective"]["command"]), (&json!("approved"), &json!("make deps")), "{own}");
    let not_run = User::new().project(&["setup", "run"]).exits(2).stderr;
    assert!(not_run.contains("The project has no setup."), "{not_run}");
}
