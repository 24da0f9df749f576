//! Requests that schemathesis makes up from the document, as each role: whatever is sent, the answer is one that the document
//! describes, and none of them is a 5xx.

use std::{fs, process::Command};

use baton_tests::{
    PROBE,
    api_host::ApiHost,
    program,
    schemathesis::{self, Session},
};
use serde_json::{Value, json};

/// Each route with what lies at the edges of its parameters and beyond them. A stream that is open would only be waited for.
const EDGES: &[&str] = &["--phases", "coverage", "--max-time", "60", "--exclude-path-regex", "/stream$"];
/// Anything, and sequences of requests that follow from each other.
const ANYTHING: &[&str] = &["--phases", "fuzzing,stateful", "--max-examples", "5", "--max-time", "15", "--exclude-path-regex", "/stream$"];
/// What holds of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,negative_data_rejection,unsupported_method,allow_header_conformance,ignored_auth,missing_required_header,use_after_free,\
    ensure_resource_availability";

/// A host with a bit of everything, and somebody to ask it.
struct Served {
    host: ApiHost,
    known: Vec<(&'static str, Vec<Value>)>,
}

impl Served {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", ".config/baton", "projects/shop", "projects/notes", "projects/spare"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let answers = home.path().join("answers.yaml");
        fs::write(&answers, "rules:\n  - { name: any, when: { contains: question }, reply: an answer }\n").unwrap();
        let roots = home.path().join("projects").canonicalize().unwrap();
        let settings = format!(
            "[api]\nuser-rate = 1000000\naddress-rate = 1000000\nproject-roots = [{roots:?}]\n[models]\ndefault = \"script/{}\"\n",
            answers.display()
        );
        fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
        let begun =
            Command::new("git").args(["init", "--quiet", "--initial-branch=main"]).current_dir(home.path().join("projects/shop")).status();
        assert!(begun.unwrap().success());
        for arguments in [&["project", "add", "projects/shop"][..], &["project", "add", "projects/notes"], &["plugin", "grant", "probe"]] {
            let _done = program::run(home.path(), &[arguments, &["--data-dir", "data"]].concat()).exits(0);
        }
        let mut served = Self { host: ApiHost::over(home), known: Vec::new() };
        served.fill();
        served
    }

    /// Makes something of every kind, and keeps what it is called.
    fn fill(&mut self) {
        for (key, kind) in [("1", "epic"), ("1-1", "story"), ("1-2", "story"), ("free", "task")] {
            self.host.post("/projects/shop/items", &json!({ "key": key, "kind": kind, "title": "About it" })).expect(201);
        }
        let tree = json!({ "do": "start", "workflow": "probe", "input": { "do": "echo", "say": "below" } });
        let ask = json!({ "do": "ask", "prompt": "a question" });
        let ended = self.begin(&json!({ "do": "in-turn", "inputs": [{ "do": "log", "times": 3 }, tree, ask] }));
        let waiting = self.begin(&json!({ "do": "first-signal", "of": 1 }));
        let asking =
            [1, 2].map(|number| self.begin(&json!({ "do": "ask-person", "say": format!("Go on {number}?"), "options": ["yes", "no"] })));
        self.host.await_that(&format!("/runs/{ended}"), |run| run["state"] == "succeeded");
        let questions = self.host.await_that("/questions", |page| page["items"].as_array().unwrap().len() == 2);
        let questions = questions["items"].as_array().unwrap().iter().map(|question| question["id"].clone()).collect();
        let put = |path: &str, body: Value| self.host.request("PUT", path).json(&body).answer().with_status(200);
        put("/projects/shop/budget", json!({ "amount_usd": "12.50" }));
        put("/secrets/A_KEY", json!({ "value": "a-secret-value-1" }));
        self.add_user("spare", "viewer");
        let token = self.host.post("/tokens", &json!({ "name": "spare", "user": "spare" })).expect(201)["id"].clone();
        let slots = self.host.get("/bindings?limit=3")["items"].as_array().unwrap().iter().map(|binding| binding["slot"].clone()).collect();
        let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
        let [first, second] = asking;
        self.known = vec![
            ("projects", texts(&["shop", "notes"])),
            ("items", texts(&["1", "1-1", "1-2", "free"])),
            ("runs", texts(&[&ended, &waiting, &first, &second])),
            ("calls", (1..=4).map(Value::from).collect()),
            ("questions", questions),
            ("plugins", texts(&["probe", "plan", "mary"])),
            ("users", texts(&["spare"])),
            ("tokens", vec![token]),
            ("secrets", texts(&["A_KEY"])),
            ("slots", slots),
            ("numbers", vec![json!(1)]),
        ];
    }

    fn begin(&self, input: &Value) -> String {
        let started = self.host.post("/runs", &json!({ "workflow": "probe", "project": "shop", "input": input })).expect(202);
        started["run"].as_str().unwrap().to_owned()
    }

    fn add_user(&self, name: &str, role: &str) {
        let user = json!({ "name": name, "password": "correct horse battery", "role": role, "all_projects": true });
        self.host.post("/users", &user).expect(201);
    }

    /// A token of a new user with this role.
    fn token(&self, role: &str) -> String {
        self.add_user(role, role);
        let created = self.host.post("/tokens", &json!({ "name": role, "user": role })).expect(201);
        created["secret"].as_str().unwrap().to_owned()
    }
}

/// Has requests made up as a role, on a host of its own: an admin removes what others ask for.
fn ask(role: Option<&str>) {
    let Some(program) = schemathesis::program() else { return };
    let served = Served::start();
    let secret = role.map(|role| served.token(role));
    let session = Session { url: format!("http://{}", served.host.address), bearer: secret.as_deref(), known: &served.known };
    let log = || served.host.log().lines().filter(|line| line.contains("ERROR")).collect::<Vec<_>>().join("\n");
    for requests in [EDGES, ANYTHING] {
        let asked = session.run(&program, &[requests, &["--checks", CHECKS]].concat());
        asked.unwrap_or_else(|told| panic!("as {role:?}:\n{told}\n{}", log()));
    }
    assert!(!served.host.log().contains("panicked at"), "{}", served.host.log());
}

#[test]
fn what_an_admin_sends_is_answered_as_the_document_says() {
    ask(Some("admin"));
}

#[test]
fn what_a_developer_sends_is_answered_as_the_document_says() {
    ask(Some("developer"));
}

#[test]
fn what_a_viewer_sends_is_answered_as_the_document_says() {
    ask(Some("viewer"));
}

#[test]
fn what_anybody_sends_is_answered_as_the_document_says() {
    ask(None);
}
