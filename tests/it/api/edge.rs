//! What holds for many routes: requests that are done once, versions of what is edited, limits, the document and its page, and ids
//! through log and events.

use std::process::Stdio;

use baton_tests::{
    PROBE,
    api_host::{ApiHost, Way, eventually},
    program,
};
use serde_json::{Value, json};

/// The audit events, oldest first.
fn audit(host: &ApiHost, name: &str) -> Vec<Value> {
    let listed = host.baton(&["logs", "--category", "audit", "-o", "json"]).exits(0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    listed["items"].as_array().unwrap().iter().filter(|event| event["name"] == name).cloned().collect()
}

/// The id of a question that a run asks. The run waits in the host, and nobody else waits for it.
fn ask(host: &ApiHost) -> String {
    let _installed = host.request("POST", "/plugins?grant=true").body("application/wasm", PROBE).answer().with_status(201);
    let input = json!({ "do": "ask-person", "say": "Go on?", "options": ["yes", "no"] }).to_string();
    let arguments = ["run", "probe", "--workspace", "work", "--input", &input, "--data-dir", "data"];
    let mut beside = program::command(host.home(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let open = || {
        let listed = host.baton(&["questions", "list", "-o", "json"]).exits(0).stdout;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        listed["items"][0]["id"].as_str().map(str::to_owned)
    };
    let question = eventually("the question is asked", open);
    beside.kill().unwrap();
    beside.wait().unwrap();
    question
}

#[test]
fn a_request_with_a_key_is_done_once_also_after_a_restart() {
    let host = ApiHost::start();
    let path = format!("/questions/{}/answer", ask(&host));
    let send = |host: &ApiHost, path: &str, key: &str, answer: &str| {
        host.request("POST", path).header("idempotency-key", key).json(&json!({ "answer": answer })).answer()
    };
    let first = send(&host, &path, "k", "yes").with_status(200);
    assert_eq!(first.header("idempotency-replayed"), None);
    let is_repeated = |host: &ApiHost| {
        let again = send(host, &path, "k", "yes").with_status(200);
        assert_eq!((again.header("idempotency-replayed"), again.json()), (Some("true"), first.json()));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"), "each request has an id of its own");
        assert_eq!(send(host, &path, "k", "no").problem(422), "idempotency_key_reused");
    };
    is_repeated(&host);
    let host = host.killed_and_restarted();
    is_repeated(&host);
    // Without the key, and with another one, it is another request: the question is answered already.
    assert!((400..500).contains(&host.post(&path, &json!({ "answer": "yes" })).status));
    assert!((400..500).contains(&send(&host, &path, "other", "yes").status));
}

#[test]
fn a_key_is_free_again_where_nothing_was_done() {
    let host = ApiHost::start();
    let send = |key: &str, answer: &str| {
        let request = host.request("POST", "/questions/none/answer").header("idempotency-key", key);
        request.json(&json!({ "answer": answer })).answer()
    };
    assert_eq!(send("a", "yes").problem(404), "question_not_found");
    assert_eq!(send("a", "no").problem(404), "question_not_found");
    for odd in ["", "a b", &"x".repeat(256)] {
        assert!((400..500).contains(&send(odd, "yes").status), "{odd}");
    }
    assert_eq!(host.request("GET", "/runs").header("idempotency-key", "a b").answer().status, 200, "here the header means nothing");
}

#[test]
fn what_is_edited_has_a_version_and_is_changed_from_the_present_one_alone() {
    let host = ApiHost::start();
    let path = "/plugins/plan".to_owned();
    let read = host.request("GET", &path).answer().with_status(200);
    let version = read.header("etag").unwrap().to_owned();
    let again = host.request("GET", &path).header("if-none-match", &version).answer().with_status(304);
    assert!(again.body.is_empty() && again.header("etag") == Some(version.as_str()));
    let _disabled = host.post(&format!("{path}/disable"), &json!({})).with_status(200);
    let changed = host.request("GET", &path).header("if-none-match", &version).answer().with_status(200);
    assert_ne!(changed.header("etag"), Some(version.as_str()));
    let outdated = host.request("DELETE", &path).header("if-match", &version).answer();
    assert_eq!(outdated.problem(412), "version_outdated");
    assert_eq!(host.request("DELETE", &path).header("if-match", "unquoted").answer().problem(400), "version_invalid");
    assert_eq!(host.request("DELETE", "/plugins/none").header("if-match", "*").answer().problem(412), "version_outdated");
    let present = changed.header("etag").unwrap();
    let bundled = host.request("DELETE", &path).header("if-match", present).answer();
    assert!(bundled.status == 409 || bundled.status == 400, "a bundled plugin cannot be removed: {}", bundled.text());
}

#[test]
fn a_request_is_named_by_its_id_in_the_log_and_in_the_events_that_it_caused() {
    let host = ApiHost::start();
    let stored = host.request("PUT", "/secrets/EDGE_TEST_KEY").json(&json!({ "value": "a-secret-value-1" })).answer().with_status(200);
    let id = stored.header("x-request-id").unwrap().to_owned();
    assert_eq!(stored.json(), json!({ "name": "EDGE_TEST_KEY" }));
    let events = audit(&host, "secret_set");
    assert_eq!((&events[0]["data"], &events[0]["actor"]["request"]), (&json!({ "secret": "EDGE_TEST_KEY" }), &json!(id)), "{events:?}");
    eventually("the log names the request", || host.log().contains(&id).then_some(()));
    assert_eq!(host.get("/secrets")["items"], json!([{ "name": "EDGE_TEST_KEY" }]));
    let removed = host.request("DELETE", "/secrets/EDGE_TEST_KEY").answer().with_status(200);
    assert_eq!(audit(&host, "secret_removed")[0]["actor"]["request"], removed.header("x-request-id").unwrap());
    assert_eq!(host.request("DELETE", "/secrets/EDGE_TEST_KEY").answer().problem(404), "secret_not_found");
    let said = format!("{}{:?}", host.log(), host.announced());
    assert!(!said.contains("a-secret-value-1"));
}

#[test]
fn a_host_says_whether_it_is_ready_and_what_it_is_set_to() {
    let host = ApiHost::with_file("[api]\nuser-rate = 7\n[models]\ndefault = \"script/answers.yaml\"\n");
    let ready = host.send(Way::Address, "GET", "/health/ready").answer().with_status(200).json();
    let states: Vec<_> = ready["checks"].as_array().unwrap().iter().map(|check| (&check["subject"], &check["state"])).collect();
    assert_eq!(ready["ready"], true);
    assert_eq!(states[..2], [(&json!("database"), &json!("ok")), (&json!("engine"), &json!("ok"))], "{ready}");
    let mut settings = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = host.get(&format!("/settings?limit=20{cursor}"));
        settings.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let of = |key: &str| settings.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("{key} is not described"));
    assert_eq!(of("models.default")["value"], "script/answers.yaml");
    assert!(settings.len() > 30 && of("api.user-rate")["meaning"].is_string());
    for path in ["/settings", "/secrets", "/plugins", "/bindings", "/tools"] {
        assert_eq!(host.send(Way::Address, "GET", path).answer().problem(401), "credential_missing", "{path}");
    }
}

#[test]
fn the_document_is_browsed_by_a_page_that_loads_nothing_from_elsewhere() {
    let host = ApiHost::start();
    let page = host.send(Way::Address, "GET", "/docs").answer().with_status(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    for (path, kind) in [("/docs/browse.js", "text/javascript"), ("/docs/browse.css", "text/css"), ("/openapi.json", "application/json")] {
        let file = host.send(Way::Address, "GET", path).answer().with_status(200);
        assert!(file.header("content-type").is_some_and(|found| found.starts_with(kind)), "{path}");
    }
    assert_eq!(page.header("strict-transport-security"), None, "there is no TLS here");
    let others = host.send(Way::Address, "GET", "/health/live").answer();
    assert_eq!(others.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
}
