//! Runs, questions, events and the queue over the API, as a program uses them and misuses them.

use std::fs;

use baton_tests::{
    PROBE,
    api_host::{ApiHost, Way},
    program,
};
use serde_json::{Value, json};

/// A data directory with the probe, and a project `shop`, over which a host serves.
struct Served {
    host: ApiHost,
}

impl Served {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "shop/out", ".config/baton"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        fs::write(home.path().join("answers.yaml"), "rules:\n  - { name: any, when: { contains: question }, reply: an answer }\n").unwrap();
        fs::write(
            home.path().join(".config/baton/baton.toml"),
            format!("[sandbox]\nengine = \"process\"\n[models]\ndefault = \"script/{}\"\n", home.path().join("answers.yaml").display()),
        )
        .unwrap();
        for arguments in [vec!["project", "add", "shop"], vec!["plugin", "grant", "probe"]] {
            let _done = program::run(home.path(), &[arguments, vec!["--data-dir", "data"]].concat()).exits(0);
        }
        Self { host: ApiHost::over(home) }
    }

    /// The id of a run of the probe, that was started.
    fn begin(&self, input: &Value) -> String {
        let answer = self.host.post("/runs", &json!({ "workflow": "probe", "project": "shop", "input": input }));
        let started = answer.expect(202);
        let run = started["run"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("location"), Some(&*format!("/api/v1/runs/{run}")));
        run
    }

    /// The run once it is in this state.
    fn in_state(&self, run: &str, state: &str) -> Value {
        self.host.await_that(&format!("/runs/{run}"), |run| {
            assert!(run["state"] == state || run["state"] != "failed", "{run}");
            run["state"] == state
        })
    }

    /// All items of a list, by pages of `limit`.
    fn all(&self, path: &str, limit: u32) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let sign = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.host.get(&format!("{path}{sign}limit={limit}{cursor}"));
            let found = page["items"].as_array().unwrap().clone();
            assert!(found.len() <= limit as usize);
            items.extend(found);
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

fn seqs(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

#[test]
fn a_run_is_started_and_read_in_all_its_parts() {
    let served = Served::start();
    let child = json!({ "do": "start", "workflow": "probe", "input": { "do": "echo", "say": "below" } });
    let ask = json!({ "do": "ask", "prompt": "a question" });
    let run = served.begin(&json!({ "do": "in-turn", "inputs": [{ "do": "log", "times": 3 }, child, ask] }));
    served.in_state(&run, "succeeded");
    let output = served.host.get(&format!("/runs/{run}/output"));
    assert_eq!((&output["state"], &output["output"][1]), (&json!("succeeded"), &json!("below")));

    let tree = served.all(&format!("/runs/{run}/tree"), 1);
    assert_eq!((tree.len(), &tree[0]["id"], &tree[1]["parent"]["run"]), (2, &json!(run), &json!(run)));

    let whole = served.host.get(&format!("/runs/{run}/journal?limit=200"));
    let calls = served.all(&format!("/runs/{run}/journal"), 2);
    assert_eq!(json!(calls), whole["items"]);
    assert_eq!(seqs(&calls), (1..=calls.len() as u64).collect::<Vec<_>>());
    assert!(calls.iter().all(|call| call.get("request").is_none() && call.get("answer").is_none()), "{calls:?}");
    let started = calls.iter().find(|call| call["child"] == tree[1]["id"]).unwrap_or_else(|| panic!("{calls:?}"));
    let entry = served.host.get(&format!("/runs/{run}/journal/{}", started["seq"]));
    assert_eq!((&entry["call"], &entry["child"]), (&started["call"], &started["child"]));
    assert!(entry["request"].to_string().contains("below") && entry["answer"].get("ok").is_some(), "{entry}");
    for (path, status, code) in [
        (format!("/runs/{run}/journal/999"), 404, "call_not_found"),
        (format!("/runs/{run}/journal/x"), 404, "not_found"),
        (format!("/runs/{run}/journal?cursor=x"), 400, "cursor_invalid"),
        (format!("/runs/{run}/journal?limit=0"), 400, "parameter_invalid"),
        (format!("/runs/{}/journal", &run[..8]), 404, "run_not_found"),
        (format!("/runs/{run}/commands/1"), 404, "command_not_found"),
        ("/runs/nothing/output".to_owned(), 404, "run_not_found"),
    ] {
        assert_eq!(served.host.request("GET", &path).answer().problem(status), code, "{path}");
    }

    let transcript = served.host.get(&format!("/runs/{run}/transcript"));
    assert!(transcript.to_string().contains("an answer"), "{transcript}");
    assert_eq!(served.host.get(&format!("/runs/{run}/progress"))["root"], json!(run));
    assert_eq!(served.host.get(&format!("/runs/{run}/commands")), json!({ "items": [] }));

    let recorded = served.host.post(&format!("/runs/{run}/record"), &json!({})).expect(200);
    let replayed = served.host.post("/recordings/replay", &json!({ "recording": recorded["recording"] })).expect(200);
    assert_eq!(replayed["verdict"], "same");
    assert_eq!(served.host.post(&format!("/runs/{run}/replay"), &json!({})).expect(200)["verdict"], "same");
    assert_eq!(served.host.post("/recordings/replay", &json!({ "recording": "no" })).problem(400), "recording_invalid");

    let fork = served.host.post(&format!("/runs/{run}/fork"), &json!({ "at": 1 })).expect(202);
    served.in_state(fork["run"].as_str().unwrap(), "succeeded");
    assert_eq!(served.host.post(&format!("/runs/{run}/fork"), &json!({ "at": 999 })).problem(400), "call_not_made");
    let roots = served.all("/runs", 1);
    assert_eq!(roots.iter().map(|root| &root["id"]).collect::<Vec<_>>(), [&fork["run"], &json!(run)]);
    assert_eq!(served.all(&format!("/runs?root={run}"), 1).len(), 2);
    assert_eq!(served.all("/runs?kind=agent", 1).len(), 0);
}

#[test]
fn a_run_that_cannot_be_started_is_rejected_with_its_field() {
    let served = Served::start();
    let good = json!({ "workflow": "probe", "project": "shop", "input": { "do": "echo" } });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    for (body, status, code, field) in [
        (with("workflow", json!("none")), 404, "plugin_not_found", Some("workflow")),
        (with("workflow", json!("mary")), 400, "plugin_not_runnable", Some("workflow")),
        (with("project", json!("none")), 404, "project_not_found", Some("project")),
        (with("project", json!("../shop")), 404, "project_not_found", Some("project")),
        (with("model", json!("unknown/x")), 400, "model_unusable", Some("model")),
        (with("budget_usd", json!("-1")), 400, "body_invalid", Some("budget_usd")),
        (with("workspace", json!("/etc")), 400, "body_invalid", Some("workspace")),
        (json!({ "project": "shop" }), 400, "body_invalid", Some("workflow")),
        (json!([]), 400, "body_invalid", None),
    ] {
        let answer = served.host.post("/runs", &body);
        assert_eq!(answer.problem(status), code, "{body}");
        let problem = answer.expect(status);
        assert_eq!(problem.get("field").and_then(Value::as_str), field, "{problem}");
        assert!(!problem.to_string().contains(served.host.home().to_str().unwrap()), "{problem}");
    }
    let form = served.host.request("POST", "/runs").body("text/plain", good.to_string()).answer();
    assert_eq!(form.problem(415), "media_type_unsupported");
    assert_eq!(served.host.send(Way::Address, "POST", "/runs").answer().problem(401), "credential_missing");
    assert_eq!(served.host.get("/runs")["items"], json!([]));
}

#[test]
fn a_run_is_paused_resumed_signalled_and_cancelled_while_the_host_serves() {
    let served = Served::start();
    let act = |run: &str, act: &str, body: Value| served.host.post(&format!("/runs/{run}/{act}"), &body);
    // One that waits, with one below it that waits as well.
    let waiting = served.begin(&json!({ "do": "start", "workflow": "probe", "input": { "do": "first-signal", "of": 1 } }));
    served.host.await_that(&format!("/runs/{waiting}/tree"), |tree| tree["items"][1]["state"] == "waiting");
    assert_eq!(act(&waiting, "pause", json!({})).expect(202)["run"], json!(waiting));
    served.host.await_that(&format!("/runs/{waiting}/tree"), |tree| {
        tree["items"].as_array().unwrap().iter().all(|run| run["state"] == "paused" && run["pause"]["kind"] == "operator")
    });
    assert_eq!(act(&waiting, "pause", json!({})).problem(409), "wrong_state");
    act(&waiting, "resume", json!({})).expect(202);
    served
        .host
        .await_that(&format!("/runs/{waiting}/tree"), |tree| tree["items"].as_array().unwrap().iter().all(|run| run["state"] == "waiting"));
    assert_eq!(act(&waiting, "signal", json!({ "name": "no such name!" })).problem(400), "signal_name_invalid");
    assert!(act(&waiting, "signal", json!({ "name": "go", "value": 1 })).expect(200)["is_served"] == true);
    act(&waiting, "cancel", json!({})).expect(202);
    // As long as one below it has not ended, it can be asked again.
    served.host.await_that(&format!("/runs/{waiting}/tree"), |tree| {
        tree["items"].as_array().unwrap().iter().all(|run| run["state"] == "cancelled")
    });
    assert_eq!(act(&waiting, "cancel", json!({})).problem(409), "wrong_state");
    assert_eq!(act(&waiting, "resume", json!({})).problem(409), "wrong_state");

    // One that is executed ends after its call, and makes none again when it continues.
    let working = served.begin(&json!({ "do": "log", "times": 90_000 }));
    served.host.await_that(&format!("/runs/{working}/journal"), |calls| calls["items"].as_array().unwrap().len() > 10);
    act(&working, "pause", json!({})).expect(202);
    served.in_state(&working, "paused");
    let made = served.all(&format!("/runs/{working}/journal"), 200).len();
    assert!(made < 90_000, "{made}");
    act(&working, "resume", json!({})).expect(202);
    served.host.await_that(&format!("/runs/{working}/journal?cursor={made}"), |calls| !calls["items"].as_array().unwrap().is_empty());
    act(&working, "cancel", json!({ "now": true })).expect(202);
    served.in_state(&working, "cancelled");
    let events = served.all(&format!("/runs/{working}/events?category=run&order=oldest&view=activity"), 2);
    let names: Vec<_> = events.iter().map(|event| event["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["created", "paused", "resumed", "cancelled"]);
    assert!(events[1]["actor"]["kind"] == "operator", "{}", events[1]);
}

#[test]
fn questions_are_listed_and_answered_and_decisions_are_read() {
    let served = Served::start();
    let ask = |say: &str| json!({ "do": "ask-person", "say": say, "options": ["yes", "no"] });
    let run = served.begin(&ask("Go on?"));
    let listed = served.host.await_that("/questions", |page| page["items"].as_array().unwrap().len() == 1);
    let question = listed["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(served.host.get(&format!("/questions?root={run}&severity=critical")), json!({ "items": [] }));
    assert_eq!(served.host.request("GET", "/questions?state=odd").answer().problem(400), "parameter_invalid");
    assert_eq!(served.host.request("GET", "/questions?project=none").answer().problem(404), "project_not_found");
    let path = format!("/questions/{question}/answer");
    assert_eq!(served.host.post(&path, &json!({ "answer": " " })).problem(400), "answer_empty");
    assert_eq!(served.host.post(&path, &json!({ "answer": "x".repeat(10_000) })).problem(400), "answer_too_long");
    served.host.post(&path, &json!({ "answer": "yes" })).expect(200);
    assert_eq!(served.host.post(&path, &json!({ "answer": "no" })).problem(409), "question_answered");
    served.in_state(&run, "succeeded");
    assert_eq!(served.all("/questions?state=answered", 1)[0]["answer"]["answer"], "yes");

    // Answered with what was suggested, which is a decision that no person made.
    for number in 0..3 {
        let run = served.begin(&ask(&format!("Go on {number}?")));
        let asked = served.host.await_that(&format!("/questions?root={run}"), |page| !page["items"].as_array().unwrap().is_empty());
        let path = format!("/questions/{}/answer", asked["items"][0]["id"].as_str().unwrap());
        served.host.post(&path, &json!({})).expect(200);
    }
    let decisions = served.all("/decisions", 1);
    let texts: Vec<_> = decisions.iter().map(|decision| decision["question"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Go on 2?", "Go on 1?", "Go on 0?"]);
    assert_eq!(served.host.request("GET", "/decisions?cursor=1.x").answer().problem(400), "cursor_invalid");
}

#[test]
fn the_log_is_searched_by_the_database_in_both_orders() {
    let served = Served::start();
    let run = served.begin(&json!({ "do": "log", "times": 7 }));
    served.in_state(&run, "succeeded");
    let cursors = |events: &[Value]| events.iter().map(|event| event["cursor"].as_i64().unwrap()).collect::<Vec<_>>();
    let newest = cursors(&served.all("/events", 3));
    let mut oldest = cursors(&served.all("/events?order=oldest", 4));
    assert_eq!(oldest, (1..=oldest.len() as i64).collect::<Vec<_>>(), "nothing is left out or doubled");
    oldest.reverse();
    assert_eq!(newest, oldest);
    let lines = served.all(&format!("/events?run={run}&text=LINE%206"), 50);
    assert_eq!((lines.len(), &lines[0]["data"]["message"]), (1, &json!("line 6")));
    assert_eq!(served.all("/events?project=shop&category=run&level=error", 50).len(), 0);
    assert!(served.all("/events?view=audit", 50).iter().any(|event| event["name"] == "granted"));
    assert_eq!(served.all(&format!("/events?until={}", "2020-01-01T00:00:00Z"), 50).len(), 0);
    assert_eq!(served.all("/events?since=2020-01-01T00:00:00Z&until=2999-01-01T00:00:00Z", 50).len(), newest.len());
    for wrong in ["order=odd", "cursor=-1", "since=yesterday", "view=all", "limit=201"] {
        assert_eq!(served.host.request("GET", &format!("/events?{wrong}")).answer().status, 400, "{wrong}");
    }
    assert_eq!(served.host.request("GET", &format!("/events?text={}", "x".repeat(2_000))).answer().problem(400), "text_too_long");
}

#[test]
fn the_queue_says_why_each_run_in_it_waits() {
    let served = Served::start();
    let status = served.host.get("/orchestrator");
    assert!(status["serving_since"].is_string() && status["free_slots"] == status["slots"], "{status}");
    let paused = served.host.baton(&["project", "pause", "shop"]);
    let _paused = paused.exits(0);
    assert_eq!(served.host.post("/runs", &json!({ "workflow": "probe", "project": "shop" })).problem(409), "project_paused");
    let _resumed = served.host.baton(&["project", "resume", "shop"]).exits(0);
    let run = served.begin(&json!({ "do": "first-signal", "of": 1 }));
    served.in_state(&run, "waiting");
    assert_eq!(served.host.get("/orchestrator")["waiting"], 1);
    let _paused = served.host.baton(&["project", "pause", "shop"]).exits(0);
    served.host.post(&format!("/runs/{run}/cancel"), &json!({})).expect(202);
    let queue = served.all("/orchestrator/queue", 1);
    assert_eq!((queue.len(), &queue[0]["reason"], &queue[0]["run"]), (1, &json!("project_paused"), &json!(run)), "{queue:?}");
    assert!(served.host.post("/orchestrator/trigger", &json!({})).expect(200)["slots"].is_u64());
    for (path, one) in [("/workflows", "probe"), ("/agents", "mary"), ("/agent-types", "analyst")] {
        let listed = served.all(path, 3);
        assert!(listed.iter().any(|item| item["name"] == one || item["slot"] == one), "{path}: {listed:?}");
    }
    assert_eq!(served.host.get("/agents/instances"), json!({ "items": [] }));
    assert_eq!(served.host.request("GET", &format!("/agents/instances/{run}")).answer().problem(404), "run_not_found");
    assert_eq!(served.host.post(&format!("/agents/instances/{run}/stop"), &json!({})).problem(404), "run_not_found");
}

#[test]
fn the_outputs_of_commands_are_listed_over_all_runs() {
    let served = Served::start();
    assert_eq!(served.host.get("/artifacts"), json!({ "items": [] }));
    let runs: Vec<_> = ["one", "two"].map(|word| served.begin(&json!({ "do": "execute", "command": ["echo", word] }))).into();
    runs.iter().for_each(|run| drop(served.in_state(run, "succeeded")));
    let listed = served.all("/artifacts", 1);
    let mut of: Vec<_> = listed.iter().map(|artifact| artifact["run"].as_str().unwrap()).collect();
    of.sort_unstable();
    assert_eq!(of, runs.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(listed.iter().all(|artifact| artifact["plugin"] == "probe" && artifact["ending"] == "exited"), "{listed:?}");
    let of_one = served.host.get(&format!("/artifacts?run={}&project=shop", runs[1]))["items"].clone();
    assert_eq!(of_one.as_array().unwrap().len(), 1);
    let output = served.host.get(&format!("/runs/{}/commands/{}", runs[1], of_one[0]["seq"]));
    assert!(output["printed"].as_str().unwrap().contains("two"), "{output}");
    assert_eq!(served.host.request("GET", "/artifacts?project=other").answer().problem(404), "project_not_found");
}
