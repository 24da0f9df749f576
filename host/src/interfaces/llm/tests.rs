use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::providers::ConfigError;
use super::providers::pace::Pace;
use super::*;
use crate::interfaces::keys::NoKeys;
use crate::journal::Redactor;

/// Waits for nothing and remembers how long it should have.
#[derive(Default)]
pub(super) struct StillPace {
    pauses: Mutex<Vec<Duration>>,
    passed: Mutex<Duration>,
}

impl StillPace {
    pub(super) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }

    /// Lets time pass.
    pub(super) fn pass(&self, duration: Duration) {
        *self.passed.lock().unwrap() += duration;
    }
}

#[async_trait]
impl Pace for StillPace {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.passed.lock().unwrap()
    }

    fn jitter(&self) -> f64 {
        0.0
    }

    async fn pause(&self, duration: Duration) {
        self.pauses.lock().unwrap().push(duration);
    }
}

/// TLS is chosen once for a process; `main` does it for the host.
pub(super) fn install_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// One user's sentence.
pub(super) fn ask(text: &str) -> Request {
    Request { messages: vec![user(vec![Part::Text(text.to_owned())])], ..Request::default() }
}

pub(super) fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts }
}

pub(super) fn assistant(parts: Vec<Part>) -> Message {
    Message { role: Role::Assistant, parts }
}

pub(super) const CALLER: Caller<'static> = Caller { run: "run-1", plugin: "mary", idempotency_key: "run-1:7" };

pub(super) fn catalogue(change: impl FnOnce(&mut Config)) -> Result<Catalogue, ConfigError> {
    install_tls();
    let mut config = Config::scripts_only("scripts");
    change(&mut config);
    Catalogue::new(
        &config,
        std::sync::Arc::new(StillPace::default()),
        &Watchers::new(Redactor::default()),
        &(std::sync::Arc::new(NoKeys) as _),
    )
}

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint {
        protocol: Protocol::OpenAiCompatible,
        base_url: base_url.to_owned(),
        api_key: Some(Secret::new("sk-hidden")),
        key_variable: None,
    }
}

#[test]
fn messages_keep_the_names_of_the_contract_and_leave_out_what_is_absent() {
    let call = ToolCall { id: "1".into(), name: "read".into(), arguments: json!({"path": "a"}) };
    let result = ToolResult { call_id: "1".into(), content: "text".into(), failed: false };
    let request = Request {
        messages: vec![assistant(vec![Part::ToolCall(call)]), user(vec![Part::ToolResult(result)])],
        max_tokens: Some(5),
        ..Request::default()
    };
    let written = serde_json::to_value(&request).unwrap();
    let expected = json!({
        "messages": [
            {"role": "assistant", "parts": [{"tool-call": {"id": "1", "name": "read", "arguments": {"path": "a"}}}]},
            {"role": "user", "parts": [{"tool-result": {"call-id": "1", "content": "text"}}]},
        ],
        "max-tokens": 5,
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<Request>(written).unwrap(), request);
}

#[test]
fn a_request_of_an_older_host_is_written_as_it_was() {
    let request = Request { temperature: Some(0.3), max_tokens: Some(5), ..ask("hello") };
    let expected = r#"{"messages":[{"role":"user","parts":[{"text":"hello"}]}],"max-tokens":5,"temperature":0.3}"#;
    assert_eq!(serde_json::to_string(&request).unwrap(), expected);
}

#[test]
fn choices_files_and_opaque_parts_are_written_and_read_back() {
    let media = Media { media_type: "image/png".into(), path: "a.png".into(), data: vec![1, 2, 3].into() };
    let opaque = Opaque { provider: "anthropic".into(), data: json!({"type": "x"}) };
    let mut request = Request {
        messages: vec![user(vec![Part::Media(media)]), assistant(vec![Part::Opaque(opaque)])],
        tool_choice: Some(ToolChoice::Tool("read".into())),
        stop_sequences: vec!["END".into()],
        effort: Some(Effort::High),
        ..Request::default()
    };
    let written = serde_json::to_value(&request).unwrap();
    let expected = json!({
        "messages": [
            {"role": "user", "parts": [{"media": {"media-type": "image/png", "path": "a.png"}}]},
            {"role": "assistant", "parts": [{"opaque": {"provider": "anthropic", "data": {"type": "x"}}}]},
        ],
        "tool-choice": {"tool": "read"},
        "stop-sequences": ["END"],
        "effort": "high",
    });
    assert_eq!(written, expected);
    let Part::Media(media) = &mut request.messages[0].parts[0] else { panic!("{request:?}") };
    media.data = Default::default();
    assert_eq!(serde_json::from_value::<Request>(written).unwrap(), request);
    assert_eq!(serde_json::to_value(ToolChoice::Required).unwrap(), "required");
    assert_eq!((request.prompt().as_str(), request.turn()), ("", 1));
}

#[test]
fn an_unknown_price_is_kept_apart_from_a_free_reply() {
    let written = |cost_usd| serde_json::to_value(Usage { cost_usd, ..Usage::default() }).unwrap();
    assert_eq!(written(None), json!({"input-tokens": 0, "output-tokens": 0}));
    assert_eq!(written(Some(0.0)).get("cost-usd"), Some(&json!(0.0)));
}

#[test]
fn the_prompt_is_what_the_user_said_and_what_tools_answered() {
    let result = ToolResult { call_id: "1".into(), content: "answer".into(), failed: true };
    let request = Request {
        system: Some("system".into()),
        messages: vec![
            user(vec![Part::Text("one".into())]),
            assistant(vec![Part::Text("model".into())]),
            user(vec![Part::ToolResult(result), Part::Text("two".into())]),
        ],
        ..Request::default()
    };
    assert_eq!((request.prompt().as_str(), request.turn()), ("one\nanswer\ntwo", 1));
}

#[test]
fn a_secret_is_shown_nowhere() {
    let config = Config { openai_api_key: Some(Secret::new(" sk-hidden\n")), ..Config::scripts_only("scripts") };
    let secret = config.openai_api_key.clone().unwrap();
    let shown = format!("{config:?} {secret} {}", serde_json::to_string(&secret).unwrap());
    assert!(!shown.contains("sk-hidden"), "{shown}");
}

#[test]
fn names_resolve_to_their_provider_and_keep_the_slashes_behind_it() {
    let endpoints = BTreeMap::from([("router".to_owned(), endpoint("http://localhost:1/v1"))]);
    let catalogue = catalogue(|config| config.endpoints = endpoints).unwrap();
    let model = |name| catalogue.resolve(name).map(|(_, model)| model.to_owned());
    assert_eq!(model("router/meta/llama-3").unwrap(), "meta/llama-3");
    assert_eq!(model("script//srv/a.yaml").unwrap(), "/srv/a.yaml");
    for wrong in ["nobody/model", "router", "router/", "/model", ""] {
        let error = model(wrong).unwrap_err();
        assert!(error.to_string().contains("anthropic, gemini, ollama, openai, router, script"), "{error}");
        assert_eq!(error.charged(), Charge::No);
    }
}

#[test]
fn endpoints_that_cannot_be_are_turned_away_without_showing_credentials() {
    for name in ["", "a/b", "script", "anthropic", "openai", "gemini", "ollama"] {
        let endpoints = BTreeMap::from([(name.to_owned(), endpoint("http://localhost/v1"))]);
        assert!(matches!(catalogue(|config| config.endpoints = endpoints), Err(ConfigError::Name(_))), "{name}");
    }
    for url in ["", "localhost", "file:///etc/passwd", "http://user:sk-hidden@host/v1", "https://host/v1?key=sk-hidden"] {
        let error = catalogue(|config| config.openai_base_url = Some(url.to_owned())).err().unwrap();
        assert!(matches!(error, ConfigError::BaseUrl { .. }), "{url}");
        assert!(!format!("{error} {error:?}").contains("sk-hidden"), "{error}");
    }
}

#[tokio::test]
async fn without_a_key_the_operator_is_told_and_nothing_is_sent() {
    let catalogue = catalogue(|_| ()).unwrap();
    let error = catalogue.complete(CALLER, "anthropic/claude", &ask("hello")).await.unwrap_err();
    assert!(
        matches!(&error, ProviderError::KeyMissing { provider, name } if provider == "anthropic" && name == "ANTHROPIC_API_KEY"),
        "{error}"
    );
    assert_eq!(error.charged(), Charge::No);
}

#[test]
fn unknown_fields_of_a_stored_request_are_an_error() {
    let stored: Value = json!({"messages": [], "temprature": 1.0});
    assert!(serde_json::from_value::<Request>(stored).is_err());
}

#[test]
fn what_was_spent_is_known_only_when_every_price_is() {
    let reply =
        |cost_usd| Reply { parts: Vec::new(), stop: Stop::End, usage: Usage { cost_usd, ..Usage::default() }, model: String::new() };
    let mut spending = Spending::default();
    for cost in [0.25, 0.0, 0.5] {
        spending.add(&reply(Some(cost)));
    }
    assert_eq!(spending.to_string(), "0.75");
    for nonsense in [None, Some(-1.0), Some(f64::NAN), Some(f64::INFINITY)] {
        let mut spending = spending;
        spending.add(&reply(nonsense));
        spending.add(&reply(Some(0.1)));
        assert_eq!(spending.to_string(), "unknown", "{nonsense:?}");
    }
}
