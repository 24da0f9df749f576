//! The model server of the tests: what a script says beside the host, it says over HTTP, and its hooks do what they promise.

use std::{fs, path::Path, sync::Arc};

use baton::interfaces::keys::NoKeys;
use baton::interfaces::llm::{
    Caller, Catalogue, Config, Endpoint, Message, Part, Protocol, Provider as _, ProviderError, Reply, ReplyProgress, Request, Role, Stop,
    Tool, Watchers,
    providers::{pace::SystemPace, script::Script},
};
use baton::journal::Redactor;
use baton_tests::{
    host::TestHost,
    model_server::{Delivery, Hooks, Line, ModelServer, Refusal},
};
use serde_json::json;

use super::sprint::{ASKED, OVER_HTTP, PROCESSES, Project, check, document};

#[tokio::test(flavor = "multi_thread")]
async fn a_sprint_lands_over_http_as_it_does_from_a_script() {
    let project = Project::new(PROCESSES).await;
    let server = ModelServer::start(&project.home.path().join("replies.yaml"), Hooks::default());
    project.asks(&server);
    let landed = project.baton(OVER_HTTP).exits(0);
    check(&project, &document(&landed));
    assert_eq!(project.asked().len(), ASKED, "{:?}", project.asked());
    let exchanges = server.exchanges();
    assert_eq!(exchanges.len(), ASKED);
    assert!(exchanges.iter().all(|exchange| exchange.refused.is_none() && exchange.tokens > 100));
    let later = exchanges.iter().filter(|exchange| exchange.turn > 0);
    assert!(later.clone().count() > 5 && later.clone().all(|exchange| exchange.cached_tokens > exchange.tokens / 4));
    let tally = &project.run().unwrap()["tally"];
    assert_eq!(tally["model_calls"], ASKED);
    let counted: usize = exchanges.iter().map(|exchange| exchange.tokens).sum();
    assert_eq!(tally["input_tokens"], counted);
}

const SCRIPT: &str = r#"
rules:
  - when: { plugin: ada, turn: 0 }
    reply: I look.
    calls: [ { name: look, arguments: { path: "größe.txt" } }, { name: look, arguments: { path: b } } ]
  - when: { plugin: ada, turn: 1 }
    json: { found: [ 1, "zwei", null ] }
"#;

/// A server over a script, and the way of the host to it.
struct Asker {
    folder: tempfile::TempDir,
    server: ModelServer,
    watchers: Watchers,
    models: Catalogue,
    /// Holds what the process sets up once.
    _host: TestHost,
}

impl Asker {
    async fn new(hooks: Hooks) -> Self {
        let (host, folder) = (TestHost::new().await, tempfile::tempdir().unwrap());
        let script = folder.path().join("script.yaml");
        fs::write(&script, SCRIPT).unwrap();
        let server = ModelServer::start(&script, hooks);
        let endpoint = Endpoint { protocol: Protocol::OpenAiCompatible, base_url: server.base_url(), api_key: None, key_variable: None };
        let config = Config { endpoints: [("double".to_owned(), endpoint)].into(), ..Config::scripts_only(".") };
        let watchers = Watchers::new(Redactor::default());
        let models = Catalogue::new(&config, Arc::new(SystemPace::default()), &watchers, &(Arc::new(NoKeys) as _)).unwrap();
        Self { folder, server, watchers, models, _host: host }
    }

    async fn ask(&self, request: &Request) -> Result<Reply, ProviderError> {
        self.models.complete(CALLER, "double/any", request).await
    }
}

const CALLER: Caller<'_> = Caller { run: "run", plugin: "ada", idempotency_key: "run:1" };

fn request(messages: Vec<Message>) -> Request {
    let parameters = json!({ "type": "object", "properties": { "path": { "type": "string" } } });
    let tool = Tool { name: "look".to_owned(), description: "Looks.".to_owned(), parameters };
    Request { system: Some("You are Ada.".to_owned()), messages, tools: vec![tool], ..Request::default() }
}

fn user(text: &str) -> Message {
    Message { role: Role::User, parts: vec![Part::Text(text.to_owned())] }
}

async fn scripted(folder: &Path, request: &Request) -> Reply {
    Script::new(folder.to_owned(), Arc::new(SystemPace::default())).complete(CALLER, "script.yaml", request).await.unwrap()
}

#[tokio::test]
async fn replies_are_the_scripts_in_one_piece_and_in_many() {
    let asker = Asker::new(Hooks::default()).await;
    let first = request(vec![user("Look.")]);
    let scripted_first = scripted(asker.folder.path(), &first).await;
    let whole = asker.ask(&first).await.unwrap();
    let mut pieces = asker.watchers.watch();
    let streamed = asker.ask(&first).await.unwrap();
    assert_eq!((&streamed.parts, streamed.stop), (&whole.parts, whole.stop));
    assert_eq!(streamed.usage.cached_input_tokens, whole.usage.input_tokens, "all of it was sent before");
    let mut told = 0;
    while let Ok(piece) = pieces.try_recv() {
        told += usize::from(matches!(piece.said, ReplyProgress::Text(_)));
    }
    assert!(told > 0, "somebody who watches sees it come");
    let shape = |reply: &Reply| {
        let part = |part: &Part| match part {
            Part::ToolCall(call) => format!("{} {}", call.name, call.arguments),
            part => format!("{part:?}"),
        };
        (reply.parts.iter().map(part).collect::<Vec<_>>(), reply.stop)
    };
    assert_eq!(shape(&whole), shape(&scripted_first));
    assert_eq!(whole.usage.input_tokens, asker.server.exchanges()[0].tokens as u64);
    let second = request(vec![user("Look."), Message { role: Role::Assistant, parts: whole.parts.clone() }, user("Seen.")]);
    let answer = asker.ask(&second).await.unwrap();
    assert_eq!(shape(&answer), shape(&scripted(asker.folder.path(), &second).await));
    assert!(answer.usage.cached_input_tokens > 0);
}

#[tokio::test]
async fn hooks_refuse_requests_and_spoil_replies_without_a_turn_of_the_script() {
    let hooks = Hooks {
        check: Some(Box::new(|seen| match seen.body["temperature"].is_null() {
            true => Ok(()),
            false => Err(Refusal { status: "400 Bad Request", message: "This request is too warm.".to_owned() }),
        })),
        spoil: Some(Box::new(|turn, reply| match (turn.turn, turn.attempt) {
            (0, 0) => Delivery { reply, way: Some("502"), line: Line::Status("503 Service Unavailable", None, "Busy".to_owned()) },
            (0, _) => {
                let reply = Reply { parts: vec![Part::Text("I am sorry.".to_owned())], stop: Stop::End, ..reply };
                Delivery { reply, way: Some("apology"), line: Line::Good }
            }
            _ => {
                assert!(turn.corrects);
                Delivery { reply, way: None, line: Line::Slow }
            }
        })),
    };
    let asker = Asker::new(hooks).await;
    let warm = Request { temperature: Some(0.3), ..request(vec![user("Look.")]) };
    let refused = asker.ask(&warm).await.unwrap_err();
    assert!(matches!(&refused, ProviderError::Invalid { reason, .. } if reason.contains("too warm")), "{refused}");
    let spoiled = asker.ask(&request(vec![user("Look.")])).await.unwrap();
    assert_eq!(spoiled.text(), "I am sorry.");
    let shown = request(vec![user("Look."), Message { role: Role::Assistant, parts: spoiled.parts }, user("That is not an answer.")]);
    let right = asker.ask(&shown).await.unwrap();
    assert_eq!((right.text().as_str(), right.stop), ("I look.", Stop::ToolUse), "the turn of the script is the first again");
    let ways: Vec<_> = asker.server.exchanges().iter().map(|exchange| exchange.way).collect();
    assert_eq!(ways, [None, Some("502"), Some("apology"), None]);
    let unknown = asker.ask(&Request { system: Some("Be kind.".to_owned()), ..request(vec![user("Look.")]) }).await.unwrap_err();
    assert!(unknown.to_string().contains("No rule of"), "{unknown}");
}
