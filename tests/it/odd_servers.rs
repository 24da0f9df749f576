//! MCP servers that do something wrong: what of them is used all the same, and what operators are told.

use std::{fs, path::Path, time::Duration};

use baton_tests::{
    host::{TestHost, tester},
    node, program,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// Settings with the server `web` of `tests/mcp/odd.mjs`.
fn odd(folder: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp/odd.mjs");
    json!({ "mcp": { "web": { "command": ["node", script, folder.join("log"), folder.join("changed")] } } })
}

async fn call(host: &TestHost, tools: &[&str]) -> Vec<String> {
    let calls: Vec<_> = tools.iter().map(|tool| json!([tool, {}])).collect();
    let run = host.run(json!({ "do": "call-tools", "calls": calls })).await;
    let answers = run.output.unwrap_or_else(|| panic!("{:?}", run.state));
    let text = |answer: &Value| answer["content"].as_str().or(answer["error"].as_str()).unwrap().to_owned();
    answers.as_array().unwrap().iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_server_is_used_as_far_as_it_can_be_and_told_apart() {
    if !node::is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::with_settings(odd(folder.path())).await;
    let offered = host.run(json!({ "do": "tools" })).await.output.unwrap();
    assert_eq!(offered, json!(["read_file", "run_command", "web.choice", "web.good", "web.huge", "web.keys", "web.letters", "write_file"]));
    let said = call(&host, &["web.huge", "web.good", "web.bad", "web.goood", "web.letters", "web__good"]).await;
    assert!(said[0].starts_with("invalid: ") && said[0].contains("longer than 8 MiB"), "{said:?}");
    assert_eq!(said[1], "good done", "the server is still there");
    assert!(said[2].starts_with("unavailable: ") && said[2].contains("quarantined for its `inputSchema`"), "{said:?}");
    assert!(said[3].starts_with("not-found: ") && said[3].contains("close: `web.good`"), "{said:?}");
    assert_eq!(said[4], "a\u{fffd}b", "half of a character is told");
    assert!(said[5].starts_with("not-found: ") && said[5].contains("close: `web.good`"), "{said:?}");
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, "started\nhuge\ngood\nletters\n");

    let sets = host.app.tool_sets(&["web".to_owned()], PATIENCE).await.unwrap();
    let [web] = &sets[..] else { panic!("{sets:?}") };
    let quarantined: Vec<_> = web.quarantined.iter().map(|tool| (tool.name.as_str(), tool.field.as_str())).collect();
    let expected = [
        ("bad", "inputSchema"),
        ("a b", "name"),
        ("half", "description"),
        ("nan", "inputSchema/properties/a/default"),
        ("large", "inputSchema/properties/a/maximum"),
        ("deep", "inputSchema/default/0/0/0/0"),
    ];
    assert_eq!(quarantined, expected, "each is quarantined alone");
    let remarks = web.remarks.join(" ");
    assert!(remarks.contains("comes back to the cursor `next`") && remarks.contains("the first: `Listening on stdio`"), "{remarks}");
    let keys = web.tools.iter().find(|tool| tool.name == "web.keys").unwrap();
    assert!(keys.mended[0].contains("`$.xgafv`") && keys.granted == ["probe"], "{keys:?}");

    // The file that it wrote changes what it says when it is started the next time.
    let host = host.restarted_with(odd(folder.path())).await;
    let denied = call(&host, &["web.good"]).await;
    assert!(denied[0].starts_with("denied: ") && denied[0].contains("`baton tools approve web.good`"), "{denied:?}");
    let offered = host.run(json!({ "do": "tools" })).await.output.unwrap();
    assert!(!offered.as_array().unwrap().contains(&json!("web.good")), "{offered}");
    let sets = host.app.tool_sets(&["web".to_owned()], PATIENCE).await.unwrap();
    let good = sets[0].tools.iter().find(|tool| tool.name == "web.good").unwrap();
    assert_eq!((good.needs_approval[0].plugin.as_str(), good.needs_approval[0].changed.clone()), ("probe", vec!["description".to_owned()]));
    let approved = host.app.approve_tools(&["web.g*".to_owned()], PATIENCE, &tester()).await.unwrap();
    assert_eq!((approved.len(), approved[0].tool.as_str(), approved[0].plugins.clone()), (1, "web.good", vec!["probe".to_owned()]));
    assert_eq!(call(&host, &["web.good"]).await, ["good done"]);
    assert!(host.app.approve_tools(&["web.g*".to_owned()], PATIENCE, &tester()).await.unwrap().is_empty());
    assert!(host.app.approve_tools(&["web.none".to_owned()], PATIENCE, &tester()).await.is_err());
}

/// A home whose settings have the server `broken`, a script for sh.
fn home(script: &str) -> TempDir {
    let home = TempDir::new().unwrap();
    fs::create_dir_all(home.path().join(".config/baton")).unwrap();
    let settings = format!("[mcp.broken]\ncommand = [\"sh\", \"-c\", '{script}']\n");
    fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
    home
}

#[test]
fn an_answer_behind_other_text_is_told_with_a_hint() {
    let home = home(
        r#"read line; id=${line##*\"id\":}; printf "no line end {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n" "${id%%[!0-9]*}"; cat >/dev/null"#,
    );
    let listed = program::run(home.path(), &["tools", "list", "broken", "-o", "json"]).exits(0);
    let document: Value = serde_json::from_str(&listed.stdout).unwrap();
    let broken = &document["items"][0];
    assert!(broken["problem"].as_str().unwrap().contains("has to end what it prints with a line break"), "{broken}");
    assert!(broken["remarks"][0].as_str().unwrap().contains("`no line end {"), "{broken}");
}

#[test]
fn what_a_server_that_does_not_start_says_is_shown() {
    let home = home("echo the key is missing >&2; exit 3");
    let listed = program::run(home.path(), &["tools", "list", "-o", "json"]).exits(0);
    let document: Value = serde_json::from_str(&listed.stdout).unwrap();
    let sets = document["items"].as_array().unwrap();
    assert!(sets[0]["name"] == "host" && sets[0]["tools"].as_array().unwrap().len() == 6, "{document}");
    let broken = &sets[1];
    assert!(broken["problem"].as_str().unwrap().contains("It ended with exit code 3 before it answered."), "{broken}");
    assert!(broken["remarks"][0].as_str().unwrap().contains("the key is missing"), "{broken}");
    let doctor = program::run(home.path(), &["doctor"]).exits(0);
    let said = doctor.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`broken`: It ended with exit code 3 before it answered."), "{said}");
    assert!(said.contains("standard error: `the key is missing`. Correct [mcp.broken] in the settings, or remove it."), "{said}");
    assert!(
        !said.contains("baton doctor") && said.matches("exit code 3").count() == 1 && doctor.stderr.is_empty(),
        "{said} {}",
        doctor.stderr
    );
    let unknown = program::run(home.path(), &["tools", "list", "nothing"]).exits(2);
    assert!(unknown.stderr.contains("No MCP server and no toolbox is called `nothing`"), "{}", unknown.stderr);
}
