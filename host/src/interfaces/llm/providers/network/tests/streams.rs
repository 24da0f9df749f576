//! Replies that come in pieces, against a server on this machine.

use super::*;
use crate::journal::Redactor;

const TIMEOUT: Duration = Duration::from_secs(5);
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";

/// A stream of events that ends as streams of this kind end when they break off: without a word.
fn sse(events: &[String]) -> String {
    format!("{HEAD}\r\n{}", events.concat())
}

fn data(event: &Value) -> String {
    match event["type"].as_str() {
        Some(name) => format!("event: {name}\ndata: {event}\n\n"),
        None => format!("data: {event}\n\n"),
    }
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    data(&json!({
        "id": "c1", "object": "chat.completion.chunk", "model": "some-model-2026", "usage": null,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }))
}

/// The end of a stream of OpenAI's: the reason, the counts, and the word for the end.
fn finished(reason: &str) -> Vec<String> {
    let usage = json!({
        "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18, "prompt_tokens_details": {"cached_tokens": 4},
    });
    let counts = data(&json!({"model": "some-model-2026", "choices": [], "usage": usage}));
    vec![chunk(&json!({}), Some(reason)), counts, "data: [DONE]\n\n".to_owned()]
}

fn openai(deltas: &[Value], reason: &str) -> String {
    let said = deltas.iter().map(|delta| chunk(delta, None));
    sse(&said.chain(finished(reason)).collect::<Vec<_>>())
}

fn started() -> String {
    let usage = json!({"input_tokens": 3, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 1, "output_tokens": 1});
    let message = json!({"id": "m1", "role": "assistant", "model": "some-model-2026", "content": [], "usage": usage});
    data(&json!({"type": "message_start", "message": message}))
}

fn block(index: u64, block: &Value, deltas: &[Value]) -> Vec<String> {
    let mut events = vec![data(&json!({"type": "content_block_start", "index": index, "content_block": block}))];
    events.extend(deltas.iter().map(|delta| data(&json!({"type": "content_block_delta", "index": index, "delta": delta}))));
    events.push(data(&json!({"type": "content_block_stop", "index": index})));
    events
}

fn anthropic(blocks: Vec<Vec<String>>, stop: &str) -> String {
    let mut events = vec![started(), data(&json!({"type": "ping"}))];
    events.extend(blocks.into_iter().flatten());
    events.push(data(&json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5}})));
    events.push(data(&json!({"type": "message_stop"})));
    sse(&events)
}

fn text(piece: &str) -> Value {
    json!({"type": "text_delta", "text": piece})
}

/// What comes of a row of responses, and what somebody who watches is told.
async fn watched(protocol: Protocol, responses: Vec<String>, request: &Request) -> (Result<Reply, ProviderError>, String, Service) {
    let redactor = Redactor::default();
    redactor.learn(KEY);
    let watchers = Watchers::new(redactor);
    let mut receiver = watchers.watch();
    let service = Service::new(responses).await;
    let network = service.watched(protocol, Some(KEY), TIMEOUT, Some(watchers));
    let reply = network.complete(CALLER, "some-model", request).await;
    let (mut told, mut over) = (String::new(), false);
    while let Ok(piece) = receiver.try_recv() {
        over = piece.said == ReplyProgress::Over;
        if let ReplyProgress::Text(text) = piece.said {
            told.push_str(&text);
        }
    }
    assert!(over, "whoever watches is told when there is no more to come");
    (reply, told, service)
}

async fn failed(protocol: Protocol, response: String) -> ProviderError {
    watched(protocol, vec![response], &ask("hello")).await.0.unwrap_err()
}

/// The same reply in pieces and in one, and what was told of the first.
async fn same(protocol: Protocol, streamed: String, whole: String) -> (Reply, String) {
    let (reply, told, service) = watched(protocol, vec![streamed], &weather()).await;
    let heard = service.heard().pop().unwrap();
    assert_eq!(heard.body["stream"], json!(true));
    assert!(heard.head.contains("idempotency-key: run-1:7"), "{}", heard.head);
    let service = Service::new(vec![whole]).await;
    let expected = service.ask(protocol, &weather()).await.unwrap();
    assert_eq!(reply.unwrap(), expected);
    assert!(service.body()["stream"] != json!(true), "nobody watches");
    (expected, told)
}

#[tokio::test]
async fn openai_text_is_told_as_it_comes_and_is_the_same_in_the_end() {
    let said = "It may rain in the afternoon, and it may not.\n";
    let deltas = ["", "It may rain", " in the afternoon, and it may not.\n"].map(|piece| json!({"role": "assistant", "content": piece}));
    let whole = completion(&json!({"role": "assistant", "content": said}), "stop");
    let (reply, told) = same(Protocol::OpenAi, openai(&deltas, "stop"), whole).await;
    assert_eq!(reply.text(), said.trim());
    // What a key may be the end of is held back.
    assert_eq!(told, said[..=said.len() - KEY.len()]);
}

#[tokio::test]
async fn counts_are_found_wherever_a_service_puts_them() {
    let usage = json!({"prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}});
    let counted = |choices: Value| data(&json!({"model": "some-model-2026", "choices": choices, "usage": usage}));
    let shapes = [
        vec![counted(json!([{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]))],
        vec![chunk(&json!({"content": "hi"}), Some("stop")), counted(json!([{"index": 0, "delta": {}}]))],
        vec![chunk(&json!({"content": "hi"}), Some("stop")), counted(json!([]))],
    ];
    for mut events in shapes {
        events.push("data: [DONE]\n\n".to_owned());
        let whole = completion(&json!({"role": "assistant", "content": "hi"}), "stop");
        let (reply, _) = same(Protocol::OpenAiCompatible, sse(&events), whole).await;
        assert_eq!(
            reply.usage,
            Usage { input_tokens: 11, output_tokens: 7, cached_input_tokens: 4, cache_write_tokens: 0, ..Usage::default() }
        );
    }
}

#[tokio::test]
async fn openai_tool_calls_come_together_from_pieces_in_any_order() {
    let call = |index: u64, id: &str, name: &str, arguments: &str| json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]});
    let more = |index: u64, arguments: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]});
    let deltas = [
        call(0, "t1", "weather", ""),
        // A service's number is nothing to make room by.
        call(4_294_967_295, "t2", "weather", "{\"place\":"),
        more(0, "{\"place\":\"Ro"),
        more(4_294_967_295, "\"Oslo\"}"),
        more(0, "me\"}"),
    ];
    let function = |place: &str| json!({"name": "weather", "arguments": json!({"place": place}).to_string()});
    let calls = json!([
        {"id": "t1", "type": "function", "function": function("Rome")}, {"id": "t2", "type": "function", "function": function("Oslo")},
    ]);
    let whole = completion(&json!({"role": "assistant", "content": null, "tool_calls": calls}), "tool_calls");
    let (reply, _) = same(Protocol::OpenAiCompatible, openai(&deltas, "tool_calls"), whole).await;
    assert_eq!((reply.stop, reply.parts.len()), (Stop::ToolUse, 2));
}

#[tokio::test]
async fn thinking_and_its_proof_and_refusals_are_not_lost() {
    let detail = |text: &str, signature: Value| json!({"type": "reasoning.text", "index": 0, "text": text, "signature": signature});
    let deltas = [
        json!({"reasoning": "Rome ", "reasoning_details": [detail("Rome ", Value::Null)]}),
        json!({"reasoning": "is dry.", "reasoning_details": [detail("is dry.", json!("sig"))]}),
        json!({"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "opaque"}]}),
        json!({"content": "No."}),
    ];
    let details = json!([detail("Rome is dry.", json!("sig")), {"type": "reasoning.encrypted", "index": 1, "data": "opaque"}]);
    let message = json!({"role": "assistant", "content": "No.", "reasoning": "Rome is dry.", "reasoning_details": details});
    let (reply, told) = same(Protocol::OpenAiCompatible, openai(&deltas, "stop"), completion(&message, "stop")).await;
    assert_eq!(reply.parts.iter().filter(|part| matches!(part, Part::Thinking(_))).count(), 1);
    assert_eq!(reply.parts.iter().filter(|part| matches!(part, Part::Opaque(_))).count(), 2);
    assert!("Rome is dry.No.".starts_with(&told), "{told}");

    let deltas = [json!({"refusal": "I will "}), json!({"refusal": "not."})];
    let whole = completion(&json!({"role": "assistant", "content": null, "refusal": "I will not."}), "stop");
    let (reply, _) = same(Protocol::OpenAi, openai(&deltas, "stop"), whole).await;
    assert_eq!((reply.text().as_str(), reply.stop), ("I will not.", Stop::Refusal));
}

#[tokio::test]
async fn an_anthropic_message_keeps_its_blocks_in_their_order() {
    let thinking = [
        json!({"type": "thinking_delta", "thinking": "Rome "}),
        json!({"type": "thinking_delta", "thinking": "is dry."}),
        json!({"type": "signature_delta", "signature": "si"}),
        json!({"type": "signature_delta", "signature": "g"}),
    ];
    let input = ["", "{\"place\"", ": \"Rome\"}"].map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
    let call = |id: &str, input: &Value| json!({"type": "tool_use", "id": id, "name": "weather", "input": input});
    let streamed = anthropic(
        vec![
            block(0, &json!({"type": "thinking", "thinking": "", "signature": ""}), &thinking),
            block(1, &json!({"type": "redacted_thinking", "data": "opaque"}), &[]),
            block(2, &json!({"type": "text", "text": ""}), &[text("Let me "), text("look.")]),
            block(3, &call("t1", &json!({})), &input),
            block(4, &json!({"type": "text", "text": ""}), &[text("And again.")]),
            block(5, &call("t2", &json!({})), &[]),
        ],
        "tool_use",
    );
    let whole = json!([
        {"type": "thinking", "thinking": "Rome is dry.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "opaque"},
        {"type": "text", "text": "Let me look."},
        call("t1", &json!({"place": "Rome"})),
        {"type": "text", "text": "And again."},
        call("t2", &json!({})),
    ]);
    let (reply, _) = same(Protocol::Anthropic, streamed, said_by_anthropic(&whole, "tool_use")).await;
    assert_eq!((reply.stop, reply.parts.len()), (Stop::ToolUse, 6));
    assert_eq!(
        reply.usage,
        Usage { input_tokens: 12, output_tokens: 5, cached_input_tokens: 8, cache_write_tokens: 1, ..Usage::default() }
    );
}

#[tokio::test]
async fn an_anthropic_call_that_is_cut_off_comes_as_far_as_it_got() {
    let piece = [json!({"type": "input_json_delta", "partial_json": "{\"place\": \"Ro"})];
    let call = || block(0, &json!({"type": "tool_use", "id": "t1", "name": "weather", "input": {}}), &piece);
    let (reply, ..) = watched(Protocol::Anthropic, vec![anthropic(vec![call()], "max_tokens")], &weather()).await;
    let reply = reply.unwrap();
    assert_eq!(reply.stop, Stop::MaxTokens);
    assert!(matches!(&reply.parts[..], [Part::ToolCall(call)] if call.arguments == json!("{\"place\": \"Ro")), "{:?}", reply.parts);
    let (reply, ..) = watched(Protocol::Anthropic, vec![anthropic(vec![call()], "tool_use")], &weather()).await;
    assert!(matches!(&reply.unwrap().parts[..], [Part::ToolCall(call)] if call.arguments.is_string()), "the model is told");
}

#[tokio::test]
async fn a_key_that_a_model_says_is_not_told() {
    let (start, rest) = KEY.split_at(9);
    let deltas = ["The key is ", start, rest, ", which nobody should ever have said aloud."].map(|piece| json!({"content": piece}));
    let (_, told, _) = watched(Protocol::OpenAi, vec![openai(&deltas, "stop")], &ask("hello")).await;
    assert!(told.starts_with("The key is [key], which"), "{told}");
}

#[tokio::test]
async fn failures_before_the_first_event_are_what_they_are_without_a_stream() {
    let limited = http("429 Too Many Requests", "retry-after: 7\r\n", "{\"error\":{\"message\":\"slow down\"}}");
    let well = openai(&[json!({"content": "hi"})], "stop");
    let (reply, _, service) = watched(Protocol::OpenAi, vec![limited, well], &ask("hello")).await;
    assert_eq!(reply.unwrap().text(), "hi");
    assert_eq!(service.pace.pauses(), [Duration::from_secs(7)]);

    let overloaded = http("529 Overloaded", "", "{\"error\":{\"message\":\"Overloaded\"}}");
    let (reply, _, service) = watched(Protocol::Anthropic, vec![overloaded; 4], &ask("hello")).await;
    assert!(matches!(reply, Err(ProviderError::Unavailable { tries: 4, .. })));
    assert_eq!(service.pace.pauses(), [1, 2, 4].map(Duration::from_secs));

    let spent = http("429 Too Many Requests", "", "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"no credit\"}}");
    assert!(matches!(failed(Protocol::OpenAi, spent).await, ProviderError::UsageLimit { .. }));
    let wrong = |status: &str| http(status, "", &json!({"error": {"message": format!("no {KEY}")}}).to_string());
    for protocol in [Protocol::OpenAi, Protocol::OpenAiCompatible, Protocol::Anthropic] {
        let error = failed(protocol, wrong("400 Bad Request")).await;
        assert!(matches!(&error, ProviderError::Invalid { .. }), "{error}");
        assert!(!error.to_string().contains(KEY), "{error}");
        assert!(matches!(failed(protocol, wrong("401 Unauthorized")).await, ProviderError::Refused { .. }));
        assert!(matches!(failed(protocol, wrong("302 Found")).await, ProviderError::Unasked { .. }));
        assert!(matches!(failed(protocol, wrong("500 Oops")).await, ProviderError::Uncertain { .. }));
    }
}

#[tokio::test]
async fn nobody_there_is_tried_again_and_no_status_is_uncertain() {
    let watchers = Watchers::new(Redactor::default());
    let _watching = watchers.watch();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = Account {
        name: "service".to_owned(),
        protocol: Protocol::OpenAi,
        base_url: format!("http://{}/v1", listener.local_addr().unwrap()),
        api_key: Some(Secret::new(KEY)),
        key_variable: None,
    };
    drop(listener);
    let pace = Arc::new(StillPace::default());
    let network = Network::new(Arc::new(Client::new(None, TIMEOUT).unwrap()), account, pace.clone(), Some(watchers)).unwrap();
    let error = network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable { tries: 4, .. }), "{error}");
    assert!(matches!(failed(Protocol::OpenAi, String::new()).await, ProviderError::Uncertain { .. }));
}

#[tokio::test]
async fn a_stream_that_breaks_off_may_have_been_charged() {
    let said = [chunk(&json!({"content": "It may "}), None), chunk(&json!({"content": "rain"}), Some("stop"))];
    let blocks = [vec![started()], block(0, &json!({"type": "text", "text": ""}), &[text("It may ")])].concat();
    for (protocol, events) in [(Protocol::OpenAi, said.concat()), (Protocol::Anthropic, blocks.concat())] {
        for head in [format!("{HEAD}\r\n"), format!("{HEAD}content-length: 100000\r\n\r\n")] {
            let error = failed(protocol, format!("{head}{events}")).await;
            assert!(matches!(&error, ProviderError::Uncertain { .. }), "{protocol:?} {head}: {error}");
        }
    }
}

#[tokio::test]
async fn an_error_event_is_a_status_at_the_beginning_and_uncertain_later() {
    let overloaded = data(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}));
    let (reply, _, service) = watched(Protocol::Anthropic, vec![sse(std::slice::from_ref(&overloaded)); 4], &ask("hello")).await;
    assert!(matches!(reply, Err(ProviderError::Unavailable { tries: 4, .. })));
    assert_eq!(service.pace.pauses().len(), 3);
    let error = failed(Protocol::Anthropic, sse(&[started(), overloaded])).await;
    assert!(matches!(&error, ProviderError::Uncertain { reason, .. } if reason.ends_with("Overloaded.")), "{error}");

    let refused = data(&json!({"error": {"code": "401", "message": "Who are you?"}}));
    assert!(matches!(failed(Protocol::OpenAiCompatible, sse(std::slice::from_ref(&refused))).await, ProviderError::Refused { .. }));
    let error = failed(Protocol::OpenAiCompatible, sse(&[chunk(&json!({"content": "a"}), None), refused])).await;
    assert!(matches!(&error, ProviderError::Uncertain { reason, .. } if reason.ends_with("Who are you?")), "{error}");
    for unclear in [json!({"error": "oops"}), json!({"error": {"code": 200}}), json!({"error": {"code": 1e300, "type": []}})] {
        let error = failed(Protocol::OpenAi, sse(&[data(&unclear)])).await;
        assert_eq!(error.charged(), Charge::Maybe, "{unclear}: {error}");
    }
}

#[tokio::test]
async fn garbage_and_replies_that_are_no_streams_make_no_sense() {
    let said = chunk(&json!({"content": "hi"}), None);
    for (protocol, garbage) in [
        (Protocol::OpenAi, sse(&[said.clone(), "data: {\"choices\":\n\n".to_owned()])),
        (Protocol::OpenAi, completion(&json!({"role": "assistant", "content": "in one piece"}), "stop")),
        (Protocol::OpenAi, http("200 OK", "", "<html>")),
        (Protocol::Anthropic, sse(&[started(), "event: content_block_delta\ndata: oops\n\n".to_owned()])),
    ] {
        let error = failed(protocol, garbage.clone()).await;
        assert!(matches!(&error, ProviderError::Malformed { .. }), "{garbage}: {error}");
    }
}

#[tokio::test]
async fn an_endless_stream_ends_by_its_size_and_by_the_time_it_takes() {
    let events: String = (0..200).map(|_| chunk(&json!({"content": "a".repeat(64 * 1_024)}), None)).collect();
    let error = failed(Protocol::OpenAi, format!("{HEAD}\r\n{events}")).await;
    assert!(matches!(&error, ProviderError::TooLong { reason, .. } if reason.contains("streams more than")), "{error}");

    for dribble in [": still here\n\n".to_owned(), "data: {}\n\n".to_owned(), data(&json!({"type": "ping"}))] {
        let (network, service, _watching) = dribbling(dribble).await;
        let error = network.complete(CALLER, "m", &ask("hello")).await.unwrap_err();
        assert!(matches!(&error, ProviderError::Uncertain { reason, .. } if reason.contains("in time")), "{error}");
        service.abort();
    }
}

#[tokio::test]
async fn as_many_events_as_tokens_are_taken_and_no_more() {
    let events = "data: {}\n\n".repeat(262_145);
    let error = failed(Protocol::OpenAi, format!("{HEAD}\r\n{events}")).await;
    assert!(matches!(&error, ProviderError::TooLong { reason, .. } if reason.contains("262144 events")), "{error}");
}

/// A service that says the same thing every few milliseconds and never ends.
async fn dribbling(event: String) -> (Network, tokio::task::JoinHandle<()>, tokio::sync::broadcast::Receiver<Piece>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = Account {
        name: "service".to_owned(),
        protocol: Protocol::Anthropic,
        base_url: format!("http://{}/v1", listener.local_addr().unwrap()),
        api_key: Some(Secret::new(KEY)),
        key_variable: None,
    };
    let service = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        hear(&mut stream).await;
        stream.write_all(format!("{HEAD}\r\n").as_bytes()).await.unwrap();
        while stream.write_all(event.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let watchers = Watchers::new(Redactor::default());
    let watching = watchers.watch();
    let patience = Duration::from_millis(300);
    let network =
        Network::new(Arc::new(Client::new(None, patience).unwrap()), account, Arc::new(StillPace::default()), Some(watchers)).unwrap();
    (network, service, watching)
}
