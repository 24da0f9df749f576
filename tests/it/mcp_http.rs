//! MCP servers at an address: what they send is read as far as it can be and no further, and what goes wrong is told in
//! words for a person.

use std::{
    fs,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use baton::{app::ToolSet, kernel::run::State};
use baton_tests::{
    host::{TestHost, tester},
    program,
    server::{Asked, Reply, Server},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A page with a good tool and an odd one of each kind.
const PAGE: &str = r#"{"tools":[
    {"name":"good","inputSchema":{"type":"object"}},
    {"name":"half","description":"\ud83d","inputSchema":{"type":"object"}},
    {"name":"nan","inputSchema":{"type":"object","default":-Infinity}},
    {"name":"flood","inputSchema":{"type":"object"}}
],"prompts":[],"resources":[]}"#;

/// A request of the conversation: its method, its id, and the tool that it names.
fn asked(asked: &Asked) -> (String, Value, String) {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&body["method"]), body["id"].clone(), text(&body["params"]["name"]))
}

/// A server that answers with JSON, or with events.
fn server(as_events: bool) -> Server {
    let answer = answer(as_events);
    Server::start(move |request, _| answer(request))
}

/// What such a server says.
fn answer(as_events: bool) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    move |request| {
        if request.method == "GET" {
            return comments();
        }
        let (method, id, tool) = asked(request);
        let greeting = r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"\ud83d","version":"1"}}"#;
        let result = match (method.as_str(), tool.as_str()) {
            ("initialize", _) => greeting.to_owned(),
            ("tools/list", _) => PAGE.replace('\n', ""),
            ("tools/call", "flood") => return comments(),
            ("tools/call", _) => r#"{"content":[{"type":"text","text":"a\ud83db"},{"type":"new"}],"tools":[]}"#.to_owned(),
            _ => return Reply::new("202 Accepted", ""),
        };
        let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
        let reply = match as_events {
            true => Reply::new("200 OK", format!(": hello\n\nevent: message\ndata: {message}\n\n")).with("Content-Type: text/event-stream"),
            false => Reply::new("200 OK", message).with("Content-Type: application/json"),
        };
        if method == "initialize" { reply.with("Mcp-Session-Id: s") } else { reply }
    }
}

/// Comments without an end.
fn comments() -> Reply {
    Reply::new("200 OK", ": x\n\n".repeat(20_000)).with("Content-Type: text/event-stream").endless()
}

fn settings(port: u16) -> Value {
    json!({ "mcp": { "web": { "url": format!("http://127.0.0.1:{port}/mcp") } } })
}

async fn web(host: &TestHost) -> ToolSet {
    host.app.tool_sets(&["web".to_owned()], PATIENCE).await.unwrap().remove(0)
}

async fn call(host: &TestHost, tool: &str) -> String {
    let run = host.run(json!({ "do": "call-tools", "calls": [[tool, {}]] })).await;
    let answer = run.output.unwrap_or_else(|| panic!("{:?}", run.state))[0].clone();
    answer["content"].as_str().or(answer["error"].as_str()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_odd_tool_costs_itself_in_a_body_and_in_events() {
    for as_events in [false, true] {
        let service = server(as_events);
        let host = TestHost::with_settings(settings(service.port)).await;
        let set = web(&host).await;
        let quarantined: Vec<_> = set.quarantined.iter().map(|tool| (tool.name.as_str(), tool.field.as_str())).collect();
        assert_eq!(quarantined, [("half", "description"), ("nan", "inputSchema/default")], "{set:?}");
        assert_eq!(set.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["web.good", "web.flood"]);
        assert!(call(&host, "web.good").await.starts_with("a\u{fffd}b\n[something of a kind"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_comments_ends_by_its_size_and_the_server_stays_in_use() {
    let service = server(false);
    let host = TestHost::with_settings(settings(service.port)).await;
    let said = call(&host, "web.flood").await;
    assert!(said.starts_with("invalid: ") && said.contains("more than 32 MiB of events and comments"), "{said}");
    let flooded = async {
        while !web(&host).await.remarks.iter().any(|remark| remark.contains("without being asked")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, flooded).await.expect("what nobody asked for has no end");
    assert!(call(&host, "web.good").await.starts_with("a\u{fffd}b"));
    assert_eq!(service.asked().iter().filter(|asked| asked.starts_with("GET ")).count(), 1, "it is not listened to again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_told_with_its_target() {
    for (status, token) in [
        ("307 Temporary Redirect", "redirects to `http://127.0.0.1:1/elsewhere`"),
        ("401 Unauthorized", "check the token"),
        ("404 Not Found", "HTTP 404 Not Found"),
        ("500 Oops", "it failed"),
    ] {
        let service = Server::start(move |_, _| Reply::new(status, "no").with("Location: http://127.0.0.1:1/elsewhere"));
        let host = TestHost::with_settings(settings(service.port)).await;
        let problem = web(&host).await.problem.unwrap().replacen("It ", "it ", 1);
        assert!(problem.contains(token) && !problem.contains("::") && !problem.contains("Error {"), "{problem}");
        assert_eq!(service.asked().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_denies_access_from_some_call_on_pauses_the_run_until_it_takes_the_token() {
    let (is_expired, conversation) = (Arc::new(AtomicBool::new(false)), answer(false));
    let denies = Arc::clone(&is_expired);
    let service = Server::start(move |request, _| match denies.load(Ordering::SeqCst) {
        true => Reply::new("401 Unauthorized", ""),
        false => conversation(request),
    });
    let host = TestHost::with_settings(settings(service.port)).await;
    assert!(call(&host, "web.good").await.starts_with("a\u{fffd}b"));
    is_expired.store(true, Ordering::SeqCst);
    let run = host.run(json!({ "do": "call-tools", "calls": [["web.good", {}]] })).await;
    let State::Paused { pause } = &run.state else { panic!("{:?} {:?}", run.state, run.output) };
    assert!(pause.reason.contains("`web` cannot be used: it denies access") && pause.reason.contains("resume the run"), "{}", pause.reason);
    is_expired.store(false, Ordering::SeqCst);
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert!(run.output.as_ref().unwrap()[0]["content"].as_str().unwrap().starts_with("a\u{fffd}b"), "{:?}", run.output);
}

#[test]
fn an_address_where_nobody_listens_is_told_in_a_sentence() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = TempDir::new().unwrap();
    fs::create_dir_all(home.path().join(".config/baton")).unwrap();
    fs::write(home.path().join(".config/baton/baton.toml"), format!("[mcp.web]\nurl = \"http://127.0.0.1:{port}/mcp\"\n")).unwrap();
    let doctor = program::run(home.path(), &["doctor"]).exits(0);
    let said = doctor.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`web`: It cannot be reached: connection refused. → Correct [mcp.web]"), "{said}");
    assert_eq!(doctor.stderr, "");
}
