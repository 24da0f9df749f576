//! What an operator is shown and decides of what others do for a plugin, with the real program: how far it reaches, grants
//! through it, and grants for one project or until a date.

use std::{fs, sync::Arc};

use baton::{
    journal::Clock,
    kernel::grants::{Decision, GrantState, Grants},
    store::Store,
};
use baton_tests::program;
use serde_json::{Value, json};

use crate::grants::User;

fn run_in(user: &User, workspace: &str, input: &Value) -> program::Ended {
    fs::create_dir_all(user.home.path().join(workspace)).unwrap();
    user.baton(&["run", "probe", "--workspace", workspace, "--model", "script/answers.yaml", "--input", &input.to_string()])
}

fn perform() -> Value {
    json!({ "do": "perform", "agent": "amelia", "goal": "question" })
}

#[test]
fn how_far_a_plugin_reaches_is_shown_before_it_is_granted() {
    let user = User::with_probe();
    let shown = user.baton(&["plugin", "grant", "probe", "agents=amelia", "--dry-run"]).exits(0);
    assert!(shown.stdout.contains("With this, plugin `probe` may do agents=amelia."), "{}", shown.stdout);
    assert!(shown.stdout.contains("What it starts may do for it what it may do itself, and nothing else."), "{}", shown.stdout);
    assert!(shown.stdout.contains("amelia") && shown.stdout.contains("nothing") && shown.stdout.contains("'write=**'"), "{}", shown.stdout);
    assert!(shown.stdout.contains("baton plugin grant probe through"), "{}", shown.stdout);
    assert_eq!(user.json(&["plugin", "show", "probe"])["grants"], json!({}), "a dry run changes nothing");

    let granted = user.baton(&["plugin", "grant", "probe", "agents=amelia"]).exits(0).stderr;
    let (reach, outcome) = (granted.find("What it starts may do").unwrap(), granted.find("is granted").unwrap());
    assert!(reach < outcome, "{granted}");
    let shown = user.json(&["plugin", "show", "probe"]);
    assert_eq!(shown["reach"]["amelia"]["may"], json!({}));
    assert_eq!(shown["reach"]["amelia"]["denied"]["write"], json!(["**"]));

    let denied = run_in(&user, "work", &perform()).exits(1).stderr;
    assert!(denied.contains("is beyond the ceiling of run") && denied.contains("`baton plugin grant probe 'through.models="), "{denied}");
    assert!(!user.home.path().join("calls.log").exists(), "no model was asked");
    let root = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let child = user.json(&["runs", "show", &root])["runs"][0]["id"].as_str().unwrap().to_owned();
    let ceiling = user.baton(&["runs", "show", &child]).exits(0).stdout;
    assert!(ceiling.contains("what `probe` was granted itself or through it"), "{ceiling}");
    let through = user.json(&["plugin", "grant", "probe", "through.models", "through.write=docs/**"]);
    assert_eq!(through["plugin"]["grants"]["through.models"], json!(["*"]), "what Amelia may do at present");
    assert_eq!(through["reach"]["amelia"]["may"], json!({ "models": ["*"], "write": ["docs/**"] }));
    let answered = run_in(&user, "work", &perform()).exits(0).stdout;
    assert!(answered.contains("an answer"), "{answered}");
    let text = user.baton(&["plugin", "show", "probe"]).exits(0).stdout;
    assert!(text.contains("'through.write=docs/**'"), "{text}");
    let all = user.json(&["plugin", "grant", "probe", "through", "--dry-run"]);
    assert_eq!(all["reach"]["amelia"]["denied"], json!({}));
    let none = user.json(&["plugin", "revoke", "probe", "through"]);
    assert_eq!(none["plugin"]["grants"], json!({ "agents": ["amelia"] }));
    let bundled = user.baton(&["plugin", "grant", "plan", "through.write=**"]).exits(2).stderr;
    assert!(bundled.contains("is part of Baton"), "{bundled}");
}

/// A script whose every answer costs 0.40 dollars.
const PRICED: &str = "rules:\n  - { name: any, when: { contains: question }, reply: an answer, usage: { cost-usd: 0.4 } }\n";

#[test]
fn what_all_runs_below_a_plugin_spend_together_is_bound_by_what_is_granted_through_it() {
    let user = User::with_probe();
    fs::write(user.home.path().join("answers.yaml"), PRICED).unwrap();
    let granted = user.json(&["plugin", "grant", "probe", "agents=amelia", "through.models=*", "through.dollars=0.50"]);
    assert_eq!(granted["plugin"]["grants"]["through.dollars"], json!(["0.50"]));
    let both = json!({ "do": "in-turn", "inputs": [perform(), perform(), perform()] });
    let denied = run_in(&user, "work", &both).exits(1).stderr;
    assert!(denied.contains("may use 0.50 of `dollars`, and have used 0.800000"), "{denied}");
    assert!(denied.contains("`baton plugin grant probe through.dollars=AMOUNT"), "{denied}");
    for wrong in ["through.dollars=-1", "through.dollars=a lot"] {
        let refused = user.baton(&["plugin", "grant", "probe", wrong]).exits(2).stderr;
        assert!(
            refused.contains("is not an amount of `dollars`") || refused.contains("is not an amount of `through.dollars`"),
            "{refused}"
        );
    }
    let _more = user.baton(&["plugin", "grant", "probe", "through.dollars=5"]).exits(0);
    let _done = run_in(&user, "work", &both).exits(0);
}

#[test]
fn a_grant_is_for_one_project_or_until_a_date() {
    let user = User::with_probe();
    let write = json!({ "do": "write", "path": "out/a.txt", "content": "x" });
    let _ended = run_in(&user, "shop", &json!({ "do": "echo", "say": 1 })).exits(0);
    let _ended = run_in(&user, "bank", &json!({ "do": "echo", "say": 1 })).exits(0);
    let granted = user.baton(&["plugin", "grant", "probe", "write", "--project", "shop", "--until", "2100-01-31"]).exits(0).stderr;
    assert!(granted.contains("'write=out/**' in project shop until 2100-01-31"), "{granted}");
    let _written = run_in(&user, "shop", &write).exits(0);
    let denied = run_in(&user, "bank", &write).exits(1).stderr;
    let here = user.json(&["project", "show", "bank"])["id"].as_str().unwrap().to_owned();
    let command = format!("`baton plugin grant probe 'write=out/a.txt' --project {here} --until DATE");
    assert!(denied.contains("was granted it for another project") && denied.contains(&command), "{denied}");
    for command in [&["plugin", "list"][..], &["plugin", "show", "probe"]] {
        let told = user.baton(command).exits(0);
        assert!(format!("{}{}", told.stdout, told.stderr).contains("in project shop until 2100-01-31"), "{command:?}: {}", told.stdout);
    }
    let shown = user.json(&["plugin", "show", "probe"]);
    assert_eq!((&shown["grants"], &shown["limited"][0]["grants"]), (&json!({}), &json!({ "write": ["out/**"] })));
    let history = user.json(&["plugin", "history", "probe"]);
    assert!(history["items"][0]["until"].as_str().unwrap().starts_with("2100-0"), "{history}");
    let revoked = user.json(&["plugin", "revoke", "probe", "write"]);
    assert_eq!(revoked["plugin"]["limited"], json!([]));
    let _denied = run_in(&user, "shop", &write).exits(1);
    for (wrong, why) in [
        ("2020-01-01", "has passed, so nothing would be granted"),
        ("soon", "is not a date such as 2027-01-31"),
        ("2100-01-01T10:00", "is not a date"),
    ] {
        let refused = user.baton(&["plugin", "grant", "probe", "write", "--until", wrong]).exits(2).stderr;
        assert!(refused.contains(why), "{refused}");
    }
    let unknown = user.baton(&["plugin", "grant", "probe", "write", "--project", "nowhere"]);
    assert!(unknown.stderr.contains("nowhere"), "{}", unknown.stderr);
}

struct Now;

impl Clock for Now {
    fn now(&self) -> u64 {
        1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_reaches_less_since_an_upgrade_is_named_until_somebody_decides() {
    let user = User::with_probe();
    let hash = user.json(&["plugin", "grant", "probe", "agents=amelia"])["plugin"]["hash"].as_str().unwrap().to_owned();
    // As the migration leaves what was granted before.
    let store = Store::open_beside(&user.home.path().join("data"), Arc::new(Now)).await.unwrap();
    let last = store.decisions().await.unwrap().into_iter().find(|decision| decision.hash == hash).unwrap();
    let older = Decision { grant_state: GrantState { reaches_less: true, ..last.grant_state.clone() }, ..last.clone() };
    assert!(store.decide(&older, last.revision, Vec::new()).await.unwrap());
    store.close().await;
    let named = |user: &User| {
        let told = user.baton(&["plugin", "list"]).exits(0).stderr;
        let listed = user.json(&["plugin", "list"]);
        let plugin = listed["items"].as_array().unwrap().iter().find(|plugin| plugin["name"] == "probe").unwrap().clone();
        (told.contains("`probe` reaches less through `amelia` than before"), plugin["reaches_less_through"].clone(), told)
    };
    let (is_named, through, told) = named(&user);
    assert!(is_named && told.contains("baton plugin grant probe through") && told.contains("baton plugin revoke probe through"), "{told}");
    assert_eq!(through, json!(["amelia"]));
    let _decided = user.baton(&["plugin", "revoke", "probe", "through"]).exits(0);
    assert_eq!((named(&user).0, named(&user).1), (false, Value::Null));
}
