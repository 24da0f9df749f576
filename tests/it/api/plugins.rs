//! Plugins over the API: installed, decided on and removed, and what is said of them.

use baton_tests::{PROBE, api_host::ApiHost, changed_probe};
use serde_json::{Value, json};

fn upload(host: &ApiHost, query: &str, wasm: Vec<u8>) -> baton_tests::api::Answer {
    host.request("POST", &format!("/plugins{query}")).body("application/wasm", wasm).answer()
}

#[test]
fn a_plugin_is_uploaded_granted_disabled_and_removed() {
    let host = ApiHost::start();
    let planned = upload(&host, "?dry_run=true", PROBE.to_vec()).with_status(200).json();
    assert_eq!((&planned["name"], &planned["dry_run"]), (&json!("probe"), &json!(true)));
    assert_eq!(host.request("GET", "/plugins/probe").answer().problem(404), "plugin_not_found");

    let installed = upload(&host, "", PROBE.to_vec()).with_status(201);
    assert_eq!(installed.header("location"), Some("/api/v1/plugins/probe"));
    assert_eq!(installed.json()["file"], "probe.wasm", "the name of its file, and not where it lies");
    let shown = host.get("/plugins/probe");
    assert_eq!((&shown["status"], &shown["installed"]), (&json!("needs_approval"), &json!(true)));
    let needs = host.get("/plugins/probe/needs");
    assert!(needs["undecided"]["write"].is_array() && needs["grants"] == json!({}), "{needs}");

    let wanted = json!({ "capabilities": ["write"], "reason": "It writes." });
    let preview = json!({ "capabilities": ["write"], "dry_run": true });
    assert_eq!(host.post("/plugins/probe/grant", &preview).with_status(200).json()["dry_run"], true);
    assert_eq!(host.get("/plugins/probe/needs")["grants"], json!({}), "a preview grants nothing");
    let granted = host.post("/plugins/probe/grant", &wanted).with_status(200).json();
    assert!(granted["plugin"]["grants"]["write"].is_array(), "{granted}");
    let _revoked = host.post("/plugins/probe/revoke", &json!({ "capabilities": ["write"] })).with_status(200);
    for (word, status) in [("disable", "disabled"), ("enable", "needs_approval")] {
        let decided = host.post(&format!("/plugins/probe/{word}"), &json!({})).with_status(200).json();
        assert_eq!(decided["plugin"]["status"], status);
    }
    let history = host.get("/plugins/probe/history?limit=200");
    let decided: Vec<_> = history["items"].as_array().unwrap().iter().rev().filter_map(|decision| decision["decision"].as_str()).collect();
    assert!(decided.ends_with(&["granted", "revoked", "disabled", "enabled"]), "{decided:?}");
    let by = &history["items"][0]["actor"];
    assert!(by["kind"] == "operator" && by["request"].is_string(), "{by}");
    assert_eq!(host.get("/plugins/probe/limits")["memory_bytes"], 64 << 20);

    let newer = upload(&host, "", changed_probe(|manifest| manifest.replacen("0.1.0", "0.2.0", 1))).with_status(201).json();
    assert_eq!((&newer["version"], &newer["replaced"]["version"]), (&json!("0.2.0"), &json!("0.1.0")));
    let removed = host.request("DELETE", "/plugins/probe").answer().with_status(200).json();
    assert_eq!(removed["file"], "probe.wasm");
    assert_eq!(std::fs::read_dir(host.home().join("data/plugins")).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_decided_is_rejected_with_its_field() {
    let host = ApiHost::start();
    let field = |path: &str, body: Value| {
        let answer = host.post(path, &body);
        let code = answer.problem(400);
        (code, answer.json()["field"].as_str().map(str::to_owned))
    };
    assert_eq!(field("/plugins/plan/grant", json!({ "capabilites": [] })).1.as_deref(), Some("capabilites"));
    assert_eq!(field("/plugins/plan/grant", json!({ "until": "yesterday" })).1.as_deref(), Some("until"));
    assert_eq!(field("/plugins/plan/grant", json!({ "until": "2001-01-01T00:00:00Z" })).1.as_deref(), Some("until"));
    assert_eq!(field("/plugins/plan/grant", json!({ "reason": "x".repeat(1_001) })).1.as_deref(), Some("reason"));
    assert_eq!(host.post("/plugins/plan/grant", &json!({ "project": "none" })).problem(404), "project_not_found");
    assert_eq!(host.post("/plugins/none/disable", &json!({})).problem(404), "plugin_not_found");
    let bundled = host.request("DELETE", "/plugins/plan").answer();
    assert!((400..500).contains(&bundled.status), "{}", bundled.text());
    for path in ["/plugins?limit=0", "/plugins?limit=201", "/plugins?limit=x", "/plugins?cursor=none", "/plugins/plan/history?cursor=x"] {
        let answer = host.request("GET", path).answer();
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        assert!(answer.json()["field"].is_string(), "{path}: {}", answer.text());
    }
}

#[test]
fn slots_are_bound_for_all_projects_and_unbound() {
    let host = ApiHost::start();
    let all = host.get("/bindings?limit=200");
    let first = all["items"][0].clone();
    let (slot, plugin) = (first["slot"].as_str().unwrap(), first["plugin"].as_str().unwrap());
    let page = host.get("/bindings?limit=1");
    assert!(page["items"].as_array().unwrap().len() == 1 && page["next"].is_string(), "{page}");
    let path = format!("/bindings/{slot}");
    let set = host.request("PUT", &path).json(&json!({ "plugin": plugin })).answer().with_status(200).json();
    assert_eq!((&set["slot"], &set["plugin"]), (&json!(slot), &json!(plugin)));
    assert_eq!(host.get("/bindings?limit=200")["items"][0]["bound_by"], "command");
    let _unset = host.request("DELETE", &path).answer().with_status(200);
    assert_eq!(host.request("DELETE", &path).answer().problem(404), "binding_not_found");
    assert_eq!(host.get("/bindings?limit=200"), all);
    assert_eq!(host.request("PUT", &path).json(&json!({ "plugin": "none" })).answer().problem(404), "plugin_not_found");
    assert_eq!(host.request("GET", "/bindings?project=none").answer().problem(404), "project_not_found");
    let wrong = host.request("PUT", "/bindings/none").json(&json!({ "plugin": plugin })).answer();
    assert!((400..500).contains(&wrong.status), "{}", wrong.text());
    let tools = host.get("/tools?limit=200");
    assert_eq!(tools["items"][0]["name"], "host");
    assert_eq!(host.request("GET", "/tools?set=none").answer().problem(404), "tools_not_found");
}
