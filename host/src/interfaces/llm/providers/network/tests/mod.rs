mod endless;
mod keys;
mod odd;
mod refusals;
mod replies;
mod responses;
mod shapes;
mod streams;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::interfaces::llm::tests::{CALLER, StillPace, ask, assistant, install_tls, user};
use crate::interfaces::llm::*;

pub(super) const KEY: &str = "sk-never-to-be-seen";

/// Answers each connection with the next of a row of raw responses, and keeps the requests. An empty response cuts
/// the connection.
pub(super) struct Service {
    base_url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    pub(super) pace: Arc<StillPace>,
}

#[derive(Clone)]
pub(super) struct Heard {
    pub(super) head: String,
    pub(super) body: Value,
}

impl Service {
    pub(super) async fn new(responses: Vec<String>) -> Self {
        install_tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            for response in responses {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = hear(&mut stream).await;
                kept.lock().unwrap().push(request);
                // Whoever has heard enough may have gone.
                drop(stream.write_all(response.as_bytes()).await);
            }
        });
        Self { base_url, heard, pace: Arc::new(StillPace::default()) }
    }

    pub(super) fn provider(&self, protocol: Protocol, api_key: Option<&str>, timeout: Duration) -> Network {
        self.watched(protocol, api_key, timeout, None)
    }

    pub(super) fn watched(&self, protocol: Protocol, api_key: Option<&str>, timeout: Duration, watchers: Option<Watchers>) -> Network {
        let account = Account {
            name: "service".to_owned(),
            protocol,
            base_url: self.base_url.clone(),
            api_key: api_key.map(Secret::new),
            key_variable: None,
        };
        Network::new(Arc::new(Client::new(None, timeout).unwrap()), account, self.pace.clone(), watchers).unwrap()
    }

    pub(super) async fn ask(&self, protocol: Protocol, request: &Request) -> Result<Reply, ProviderError> {
        self.provider(protocol, Some(KEY), Duration::from_secs(5)).complete(CALLER, "some-model", request).await
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn body(&self) -> Value {
        self.heard().pop().unwrap().body
    }
}

pub(super) async fn hear(stream: &mut TcpStream) -> Heard {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                return Heard { head, body: serde_json::from_str(body).unwrap() };
            }
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the request ended early");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

pub(super) fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

pub(super) fn ok(body: &Value) -> String {
    http("200 OK", "", &body.to_string())
}

pub(super) fn completion(message: &Value, finish: &str) -> String {
    ok(&json!({
        "id": "c1", "object": "chat.completion", "model": "some-model-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }))
}

fn said_by_openai(text: &str) -> String {
    completion(&json!({"role": "assistant", "content": text}), "stop")
}

pub(super) fn said_by_anthropic(content: &Value, stop: &str) -> String {
    ok(&json!({
        "id": "m1", "type": "message", "role": "assistant", "model": "some-model-2026", "content": content,
        "stop_reason": stop,
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 1, "output_tokens": 5},
    }))
}

pub(super) fn weather() -> Request {
    let tool = Tool {
        name: "weather".into(),
        description: "Tells the weather.".into(),
        parameters: json!({"type": "object", "properties": {"place": {"type": "string"}}}),
    };
    Request { tools: vec![tool], system: Some("Be brief.".into()), ..ask("Rain?") }
}

#[tokio::test]
async fn openai_text_comes_back_with_its_usage_and_the_headers_go_out() {
    let service = Service::new(vec![said_by_openai("hi")]).await;
    let mut request = ask("hello");
    request.temperature = Some(0.3);
    request.max_tokens = Some(50);
    let reply = service.ask(Protocol::OpenAi, &request).await.unwrap();
    let usage = Usage { input_tokens: 11, output_tokens: 7, cached_input_tokens: 4, cache_write_tokens: 0, ..Usage::default() };
    let model = "service/some-model-2026".to_owned();
    assert_eq!(reply, Reply { parts: vec![Part::Text("hi".into())], stop: Stop::End, usage, model });
    let heard = service.heard().pop().unwrap();
    assert!(heard.head.starts_with("post /v1/chat/completions "), "{}", heard.head);
    assert!(heard.head.contains(&format!("authorization: bearer {KEY}")), "{}", heard.head);
    assert!(heard.head.contains("idempotency-key: run-1:7"), "{}", heard.head);
    assert_eq!(heard.body["temperature"], json!(0.3));
    assert_eq!(heard.body["max_tokens"], json!(50));
}

#[tokio::test]
async fn anthropic_text_comes_back_with_cached_tokens_counted_and_the_headers_go_out() {
    let service = Service::new(vec![said_by_anthropic(&json!([{"type": "text", "text": "hi"}]), "end_turn")]).await;
    let reply = service.ask(Protocol::Anthropic, &ask("hello")).await.unwrap();
    assert_eq!((reply.text().as_str(), reply.stop), ("hi", Stop::End));
    assert_eq!(
        reply.usage,
        Usage { input_tokens: 12, output_tokens: 5, cached_input_tokens: 8, cache_write_tokens: 1, ..Usage::default() }
    );
    let heard = service.heard().pop().unwrap();
    assert!(heard.head.starts_with("post /v1/messages "), "{}", heard.head);
    assert!(heard.head.contains(&format!("x-api-key: {KEY}")), "{}", heard.head);
    assert!(heard.head.contains("idempotency-key: run-1:7"), "{}", heard.head);
}

#[tokio::test]
async fn an_openai_tool_loop_goes_out_and_comes_back() {
    let call = json!({"id": "t1", "type": "function", "function": {"name": "weather", "arguments": "{\"place\":\"Rome\"}"}});
    // Some compatible services say `stop` although they call.
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let service = Service::new(vec![completion(&message, "stop"), said_by_openai("No.")]).await;
    let mut request = weather();
    let reply = service.ask(Protocol::OpenAi, &request).await.unwrap();
    let expected = ToolCall { id: "t1".into(), name: "weather".into(), arguments: json!({"place": "Rome"}) };
    assert_eq!((reply.stop, reply.parts.as_slice()), (Stop::ToolUse, [Part::ToolCall(expected)].as_slice()));
    let body = service.body();
    assert_eq!(body["tools"][0]["function"]["name"], "weather");
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "Be brief."}));

    let result = ToolResult { call_id: "t1".into(), content: "dry".into(), failed: false };
    request.messages.push(assistant(reply.parts));
    request.messages.push(user(vec![Part::Text("Well?".into()), Part::ToolResult(result)]));
    service.ask(Protocol::OpenAi, &request).await.unwrap();
    let messages = service.body()["messages"].clone();
    assert_eq!(messages[2]["tool_calls"][0]["function"]["arguments"], "{\"place\":\"Rome\"}");
    assert_eq!(messages[3], json!({"role": "tool", "tool_call_id": "t1", "content": "dry"}));
    assert_eq!(messages[4], json!({"role": "user", "content": "Well?"}));
}

#[tokio::test]
async fn an_id_of_another_service_is_sent_as_each_protocol_takes_it_to_the_call_and_its_result() {
    let long = format!("call_{}=", "x/".repeat(100));
    let mut request = weather();
    request.messages.push(assistant(vec![Part::ToolCall(ToolCall { id: long.clone(), name: "weather".into(), arguments: json!({}) })]));
    request.messages.push(user(vec![Part::ToolResult(ToolResult { call_id: long, content: "dry".into(), failed: false })]));
    let blocks = json!([{"type": "text", "text": "No."}]);
    let gemini = ok(&json!({"candidates": [{"content": {"parts": [{"text": "No."}]}, "finishReason": "STOP"}]}));
    for (protocol, said, longest) in [
        (Protocol::OpenAi, said_by_openai("No."), 40),
        (Protocol::OpenAiCompatible, said_by_openai("No."), 40),
        (Protocol::Ollama, said_by_openai("No."), 40),
        (Protocol::Anthropic, said_by_anthropic(&blocks, "end_turn"), 64),
        (Protocol::Gemini, gemini, 64),
    ] {
        let service = Service::new(vec![said]).await;
        service.ask(protocol, &request).await.unwrap();
        let sent = service.body();
        let (call, result) = match protocol {
            Protocol::Anthropic => (&sent["messages"][1]["content"][0]["id"], &sent["messages"][2]["content"][0]["tool_use_id"]),
            Protocol::Gemini => {
                (&sent["contents"][1]["parts"][0]["functionCall"]["id"], &sent["contents"][2]["parts"][0]["functionResponse"]["id"])
            }
            _ => (&sent["messages"][2]["tool_calls"][0]["id"], &sent["messages"][3]["tool_call_id"]),
        };
        let id = call.as_str().unwrap();
        assert!(id.len() <= longest && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{protocol:?}: {id}");
        assert_eq!(result, call, "{protocol:?}");
    }
}

#[tokio::test]
async fn an_anthropic_tool_loop_returns_signed_and_hidden_reasoning_unchanged() {
    let content = json!([
        {"type": "thinking", "thinking": "Rome is dry.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "opaque"},
        {"type": "tool_use", "id": "t1", "name": "weather", "input": {"place": "Rome"}},
    ]);
    let last = said_by_anthropic(&json!([{"type": "text", "text": "No."}]), "end_turn");
    let service = Service::new(vec![said_by_anthropic(&content, "tool_use"), last]).await;
    let mut request = weather();
    let reply = service.ask(Protocol::Anthropic, &request).await.unwrap();
    assert_eq!(reply.stop, Stop::ToolUse);
    let signed = Thinking { text: "Rome is dry.".into(), signature: Some("sig".into()) };
    assert_eq!(reply.parts[0], Part::Thinking(signed));

    let result = ToolResult { call_id: "t1".into(), content: "no such place".into(), failed: true };
    request.messages.push(assistant(reply.parts));
    request.messages.push(user(vec![Part::ToolResult(result)]));
    service.ask(Protocol::Anthropic, &request).await.unwrap();
    let body = service.body();
    assert_eq!(body["messages"][1]["content"], content);
    let answer = &body["messages"][2]["content"][0];
    assert_eq!((&answer["tool_use_id"], &answer["is_error"]), (&json!("t1"), &json!(true)));
    assert_eq!(answer["cache_control"]["type"], "ephemeral", "the end of a tool loop is cached");
    assert_eq!(body["system"][0]["cache_control"]["type"], "ephemeral");
}

#[tokio::test]
async fn a_wanted_schema_is_handed_to_either_protocol() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let request = Request { reply_schema: Some(schema), ..ask("hello") };
    let service = Service::new(vec![said_by_openai("{\"a\":\"b\"}")]).await;
    assert_eq!(service.ask(Protocol::OpenAi, &request).await.unwrap().text(), "{\"a\":\"b\"}");
    let format = service.body()["response_format"].clone();
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"]["required"], json!(["a"]));

    let service = Service::new(vec![said_by_anthropic(&json!([{"type": "text", "text": "{}"}]), "end_turn")]).await;
    service.ask(Protocol::Anthropic, &request).await.unwrap();
    assert_eq!(service.body()["output_config"]["format"]["schema"]["required"], json!(["a"]));
}

#[tokio::test]
async fn a_compatible_service_gets_model_names_as_they_are_and_no_key_where_there_is_none() {
    let service = Service::new(vec![said_by_openai("hi"), said_by_openai("hi")]).await;
    let timeout = Duration::from_secs(5);
    for (key, name) in [(None, "lab::org/thinker-high"), (Some(KEY), "thinker-none")] {
        let provider = service.provider(Protocol::OpenAiCompatible, key, timeout);
        provider.complete(CALLER, name, &ask("hello")).await.unwrap();
        let heard = service.heard().pop().unwrap();
        assert_eq!(heard.body["model"], name);
        assert!(heard.body.get("reasoning_effort").is_none(), "{}", heard.body);
        assert_eq!(heard.head.contains("authorization"), key.is_some());
        assert!(heard.head.contains("idempotency-key: run-1:7"), "{}", heard.head);
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_as_long_as_the_provider_says() {
    for (header, wait) in [("retry-after: 7\r\n", 7_000), ("retry-after-ms: 1500\r\n", 1_500), ("", 1_000)] {
        let limited = http("429 Too Many Requests", header, "{\"error\":{\"message\":\"slow down\"}}");
        let service = Service::new(vec![limited, said_by_openai("hi")]).await;
        assert_eq!(service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap().text(), "hi");
        assert_eq!(service.pace.pauses(), [Duration::from_millis(wait)], "{header}");
        let keys = service.heard().iter().filter(|heard| heard.head.contains("idempotency-key: run-1:7")).count();
        assert_eq!(keys, 2, "every attempt carries the same key");
    }
}

#[tokio::test]
async fn overload_is_retried_three_times_and_then_given_up() {
    let overloaded = http("529 Overloaded", "", "{\"error\":{\"message\":\"Overloaded\"}}");
    let service = Service::new(vec![overloaded; 4]).await;
    let error = service.ask(Protocol::Anthropic, &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Unavailable { tries: 4, .. }), "{error}");
    assert_eq!(error.charged(), Charge::No);
    assert_eq!(service.pace.pauses(), [1, 2, 4].map(Duration::from_secs));
}

#[tokio::test]
async fn a_long_rate_limit_or_an_empty_account_is_a_usage_limit() {
    let cases = [
        ("retry-after: 3600\r\n", "{}", Some(3600)),
        ("retry-after: Thu, 01 Jan 1970 02:00:00 GMT\r\n", "{}", Some(7200)),
        // Nothing is said of a reset: it is looked at again after five minutes.
        ("", "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"no credit\"}}", Some(300)),
    ];
    for (header, body, seconds) in cases {
        let service = Service::new(vec![http("429 Too Many Requests", header, body)]).await;
        let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err();
        let ProviderError::UsageLimit { until, .. } = &error else { panic!("{error}") };
        assert_eq!(until.map(|until| until.as_second()), seconds);
        assert!(service.pace.pauses().is_empty());
    }
}

#[tokio::test]
async fn a_service_that_says_when_it_is_back_is_not_called_before() {
    for (status, header, seconds) in [
        ("503 Service Unavailable", "retry-after: 7200\r\n", 7_200),
        ("529 Overloaded", "retry-after: Thursday, 01-Jan-70 02:00:00 GMT\r\n", 7_200),
        ("503 Service Unavailable", "retry-after: 99999999999999999999\r\n", 32 * 24 * 3_600),
    ] {
        let service = Service::new(vec![http(status, header, "{}"), said_by_openai("hi")]).await;
        let provider = service.provider(Protocol::OpenAi, Some(KEY), Duration::from_secs(5));
        for _ in 0..2 {
            let error = provider.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
            assert_eq!(
                (error.wait(jiff::Timestamp::UNIX_EPOCH).expect("it waits").until.as_second(), error.charged()),
                (seconds, Charge::No),
                "{header}: {error}"
            );
            assert_eq!((service.heard().len(), service.pace.pauses().len()), (1, 0), "{header}");
        }
        service.pace.pass(Duration::from_secs(seconds.unsigned_abs()));
        assert_eq!(provider.complete(CALLER, "m", &ask("hello")).await.unwrap().text(), "hi");
    }
    let soon = http("503 Service Unavailable", "retry-after: 50\r\n", "{}");
    let service = Service::new(vec![soon, said_by_openai("hi")]).await;
    assert_eq!(service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap().text(), "hi");
    assert_eq!(service.pace.pauses(), [Duration::from_secs(50)]);
}

#[tokio::test]
async fn words_alone_say_that_an_account_is_used_up() {
    let cases = [
        ("403 Forbidden", "You have hit your usage limit, resets at 1970-01-01T05:00:00Z.", Some(18_000)),
        ("429 Too Many Requests", "You've hit your usage limit. Try again in 2 hours.", Some(7_200)),
        ("429 Too Many Requests", "Rate limit reached on tokens per day (TPD). Please try again in 7m12s.", Some(432)),
        ("402 Payment Required", "Insufficient Balance", Some(300)),
        ("400 Bad Request", "Your credit balance is too low to access the API.", Some(300)),
        ("429 Too Many Requests", "You exceeded your current quota, please check your plan and billing details.", Some(300)),
        ("429 Too Many Requests", "You exceeded your current quota. Please try again in 20s.", None),
        ("400 Bad Request", "The schema of daily limit is wrong.", None),
        ("400 Bad Request", "Invalid value: 'usage limit'. Supported values are 'auto'.", None),
        ("403 Forbidden", "The prompt was blocked. It says that your credit balance is too low.", None),
        ("412 Precondition Failed", "messages[2].content: budget exceeded", None),
        ("403 Forbidden", "This key may not use the model.", None),
    ];
    for (status, message, seconds) in cases {
        let limited = http(status, "", &json!({"error": {"message": message}}).to_string());
        let service = Service::new(vec![limited, said_by_openai("hi")]).await;
        match (service.ask(Protocol::OpenAi, &ask("hello")).await, seconds) {
            (Err(ProviderError::UsageLimit { until, .. }), Some(seconds)) => {
                assert_eq!(until.map(|until| until.as_second()), Some(seconds), "{message}");
            }
            (Err(ProviderError::Invalid { .. } | ProviderError::Refused { .. }), None) => {}
            (Ok(_), None) => assert_eq!(service.pace.pauses(), [Duration::from_secs(20)], "it waits as long as it is told"),
            (other, _) => panic!("{message}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_used_up_account_is_not_asked_again_until_its_reset_whoever_asks() {
    let spent = json!({"type": "error", "error": {"type": "invalid_request_error", "message":
        "You have reached your specified API usage limits. You will regain access on 1970-02-01 at 00:00 UTC."}});
    let well = said_by_anthropic(&json!([{"type": "text", "text": "hi"}]), "end_turn");
    let service = Service::new(vec![http("400 Bad Request", "", &spent.to_string()), well.clone(), well]).await;
    let provider = service.provider(Protocol::Anthropic, Some(KEY), Duration::from_secs(5));
    let month = 31 * 24 * 3_600;
    for asked in ["one", "another"] {
        let error = provider.complete(CALLER, asked, &ask("hello")).await.unwrap_err();
        let wait = error.wait(jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((wait.account, wait.until.as_second()), ("service", month));
        assert!(wait.reason.contains("You have reached your specified API usage limits"), "{}", wait.reason);
        assert_eq!((error.charged(), service.heard().len()), (Charge::No, 1));
    }
    service.pace.pass(Duration::from_secs(month.unsigned_abs()));
    for _ in 0..2 {
        provider.complete(CALLER, "m", &ask("hello")).await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_left_alone_after_five_tries_and_tried_by_one_call_later() {
    let down = http("503 Service Unavailable", "", "{\"error\":{\"message\":\"down\"}}");
    let responses = [vec![down; 6], vec![said_by_openai("hi"); 2]].concat();
    let service = Service::new(responses).await;
    let provider = service.provider(Protocol::OpenAi, Some(KEY), Duration::from_secs(5));
    let request = ask("hello");
    let asked = || provider.complete(CALLER, "m", &request);
    assert!(matches!(asked().await.unwrap_err(), ProviderError::Unavailable { tries: 4, .. }));
    for _ in 0..3 {
        let error = asked().await.unwrap_err();
        assert!(matches!(&error, ProviderError::LeftAlone { .. }), "{error}");
        assert_eq!((error.wait(jiff::Timestamp::UNIX_EPOCH).unwrap().until.as_second(), error.charged()), (30, Charge::No));
        assert_eq!(service.heard().len(), 5, "nothing is sent meanwhile");
    }
    service.pace.pass(Duration::from_secs(30));
    assert_eq!(asked().await.unwrap_err().wait(jiff::Timestamp::UNIX_EPOCH).unwrap().until.as_second(), 90, "twice as long");
    assert_eq!(service.heard().len(), 6, "one call, one try");
    service.pace.pass(Duration::from_secs(60));
    for _ in 0..2 {
        assert_eq!(asked().await.unwrap().text(), "hi");
    }
}

#[tokio::test]
async fn statuses_are_told_apart_and_nobody_hears_the_key() {
    let cases = [
        ("400 Bad Request", "Invalid", Charge::No),
        ("422 Unprocessable Entity", "Invalid", Charge::No),
        ("401 Unauthorized", "Refused", Charge::No),
        ("402 Payment Required", "Refused", Charge::No),
        ("403 Forbidden", "Refused", Charge::No),
        ("404 Not Found", "Refused", Charge::No),
        ("302 Found", "Unasked", Charge::No),
        ("408 Request Timeout", "Uncertain", Charge::Maybe),
        ("500 Internal Server Error", "Uncertain", Charge::Maybe),
        ("502 Bad Gateway", "Uncertain", Charge::Maybe),
    ];
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        for (status, kind, charge) in cases {
            let body = json!({"error": {"message": format!("the key {KEY} is {status}")}}).to_string();
            let service = Service::new(vec![http(status, "location: http://127.0.0.1:1/\r\n", &body)]).await;
            let error = service.ask(protocol, &ask("hello")).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(kind), "{status}: {error:?}");
            assert_eq!(error.charged(), charge, "{status}");
            assert!(error.to_string().contains("the key [key] is"), "{error}");
            assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
            assert!(service.pace.pauses().is_empty(), "{status} is not tried again");
        }
    }
}

#[tokio::test]
async fn a_failure_says_no_more_than_there_is_to_say() {
    let service = Service::new(vec![http("302 Found", "location: http://127.0.0.1:1/\r\n", "")]).await;
    let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err().to_string();
    assert!(error.starts_with("service cannot be called: it answered 302 Found. Redirects are not followed, since"), "{error}");
    let service = Service::new(vec![http("200 OK", "", "")]).await;
    let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err().to_string();
    assert!(error.contains("cannot be understood: it is empty. It was"), "{error}");
    let unavailable = |tries| ProviderError::Unavailable { provider: "a".into(), tries, reason: "Gone.".into() }.to_string();
    assert!(unavailable(1).starts_with("a is not available after one try: Gone."), "{}", unavailable(1));
    assert!(unavailable(4).starts_with("a is not available after 4 tries: Gone."), "{}", unavailable(4));
}

#[tokio::test]
async fn a_cut_connection_may_have_been_charged_and_is_not_tried_again() {
    let truncated = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"id\":".to_owned();
    for response in [String::new(), truncated] {
        for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
            let service = Service::new(vec![response.clone()]).await;
            let error = service.ask(protocol, &ask("hello")).await.unwrap_err();
            assert!(matches!(&error, ProviderError::Uncertain { .. }), "{error}");
            assert_eq!((error.charged(), service.heard().len()), (Charge::Maybe, 1));
        }
    }
}

#[tokio::test]
async fn nobody_listening_is_tried_again_and_certainly_free() {
    let service = Service::new(Vec::new()).await;
    tokio::task::yield_now().await;
    let error = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Unavailable { tries: 4, .. }), "{error}");
    assert!(error.to_string().contains(&format!("{}/ cannot be reached: ", service.base_url)), "{error}");
    assert_eq!(error.charged(), Charge::No);
}

#[tokio::test]
async fn silence_ends_at_the_timeout_and_is_uncertain() {
    install_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let service = Service { base_url, heard: Arc::default(), pace: Arc::new(StillPace::default()) };
    let provider = service.provider(Protocol::OpenAi, Some(KEY), Duration::from_millis(200));
    let error = provider.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Uncertain { reason, .. } if reason.contains("in time")), "{error}");
}

#[tokio::test]
async fn replies_that_make_no_sense_are_malformed_and_never_a_panic() {
    let html = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>".to_owned();
    let bodies = [
        html,
        http("200 OK", "", ""),
        http("200 OK", "", "not json"),
        http("200 OK", "", "[[[["),
        ok(&json!(null)),
        ok(&json!([])),
        ok(&json!({})),
        ok(&json!({"choices": []})),
        ok(&json!({"choices": [null]})),
        ok(&json!({"choices": "x", "usage": -1})),
        ok(&json!({"error": {"message": format!("key {KEY}")}})),
        ok(&json!({"content": 7, "stop_reason": "end_turn"})),
    ];
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        for body in &bodies {
            let service = Service::new(vec![body.clone()]).await;
            let error = service.ask(protocol, &ask("hello")).await.unwrap_err();
            assert!(matches!(&error, ProviderError::Malformed { .. }), "{body:.200}: {error}");
            assert_eq!(error.charged(), Charge::Maybe);
            assert!(error.to_string().len() < 1_000 && !error.to_string().contains(KEY), "{error}");
        }
    }
}

#[tokio::test]
async fn counts_that_are_missing_or_make_no_sense_are_unknown_and_no_crash() {
    let unknown = Usage { uncounted: true, ..Usage::default() };
    let message = json!({"content": "hi"});
    for usage in [json!(null), json!({}), json!({"prompt_tokens": -1, "completion_tokens": 1_000_000_000_000_000_000_u64})] {
        let body = json!({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage});
        let service = Service::new(vec![ok(&body)]).await;
        assert_eq!(service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap().usage, unknown, "{usage}");
    }
    let said = |count: Value| {
        let usage = json!({"input_tokens": count, "output_tokens": count});
        ok(&json!({"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": usage}))
    };
    for count in [json!(null), json!(-3), json!(1_000_000_000_000_000_000_u64)] {
        let service = Service::new(vec![said(count)]).await;
        assert_eq!(service.ask(Protocol::Anthropic, &ask("hello")).await.unwrap().usage, unknown);
    }
    let service = Service::new(vec![said(json!(i32::MAX))]).await;
    assert_eq!(service.ask(Protocol::Anthropic, &ask("hello")).await.unwrap().usage, unknown);
}

#[tokio::test]
async fn a_refusal_and_a_cut_reply_are_replies() {
    let refusal = completion(&json!({"role": "assistant", "content": null, "refusal": "I will not."}), "stop");
    let service = Service::new(vec![refusal, completion(&json!({"content": ""}), "length")]).await;
    let reply = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap();
    assert_eq!((reply.text().as_str(), reply.stop), ("I will not.", Stop::Refusal));
    let reply = service.ask(Protocol::OpenAi, &ask("hello")).await.unwrap();
    assert_eq!((reply.parts.len(), reply.stop), (0, Stop::MaxTokens));

    let service = Service::new(vec![said_by_anthropic(&json!([]), "refusal")]).await;
    assert_eq!(service.ask(Protocol::Anthropic, &ask("hello")).await.unwrap().stop, Stop::Refusal);
}

#[tokio::test]
async fn a_key_that_is_no_header_is_turned_away_before_anything_is_sent() {
    let service = Service::new(Vec::new()).await;
    let provider = service.provider(Protocol::OpenAi, Some("sk-never\nto-be-seen"), Duration::from_secs(5));
    let error = provider.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Invalid { .. }), "{error}");
    assert!(!error.to_string().contains("never"), "{error}");
}
