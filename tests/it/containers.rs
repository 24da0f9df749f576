//! Commands in real containers: how they end, what is kept of what they say, and that each is executed once, whatever
//! becomes of the host.

use baton::kernel::run::State;
use baton_tests::{
    docker::{self, IMAGE},
    host::TestHost,
};
use serde_json::{Value, json};

/// A host whose images are that of the tests.
async fn host() -> Option<TestHost> {
    if !docker::ready() {
        return None;
    }
    Some(TestHost::with_settings(settings()).await)
}

fn settings() -> Value {
    let narrow = json!({ "image": IMAGE, "memory-mib": 64, "processes": 32, "temporary-mib": 8, "ready": false });
    json!({ "sandbox": { "images": { "default": narrow, "nowhere": { "image": "localhost:1/no/such:image" } } } })
}

/// What a line of shell came to.
async fn shell(host: &TestHost, line: &str) -> Value {
    execute(host, json!({ "command": ["sh", "-c", line] })).await
}

async fn execute(host: &TestHost, mut job: Value) -> Value {
    job["do"] = json!("execute");
    let run = host.run(job).await;
    match run.state {
        State::Succeeded => run.output.unwrap(),
        other => panic!("{other:?}"),
    }
}

fn ended(outcome: &Value) -> (&str, i64) {
    (outcome["ending"].as_str().unwrap(), outcome["exit-code"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_works_in_the_workspace_and_ends_with_its_own_word() {
    let Some(host) = host().await else { return };
    std::fs::write(host.workspace().join("in.txt"), "from the host").unwrap();
    let outcome = execute(
        &host,
        json!({ "command": ["sh", "-c", "pwd; cat in.txt; echo $A $HOME >&2; echo made > out.txt; exit 3"], "env": [["A", "b c"]] }),
    )
    .await;
    assert_eq!(ended(&outcome), ("exited", 3), "{outcome}");
    assert_eq!(outcome["stdout"], "/workspace\nfrom the host");
    assert_eq!(outcome["stderr"], "b c /tmp\n");
    assert_eq!(outcome["output"], Value::Null);
    assert_eq!(std::fs::read_to_string(host.workspace().join("out.txt")).unwrap(), "made\n");
}
