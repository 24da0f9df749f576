//! What models and services really send, in one piece and as a stream, without a server.

use proptest::prelude::*;

use super::*;

/// The reply that a body in one piece makes.
pub(super) fn whole(protocol: Protocol, request: &Request, body: &str) -> Result<Reply, ProviderError> {
    read(protocol, request, Form::Whole, body.as_bytes())
}

/// The reply that events make.
pub(super) fn streamed(protocol: Protocol, request: &Request, events: &[Value]) -> Result<Reply, ProviderError> {
    let end = if matches!(protocol, Protocol::Anthropic | Protocol::Gemini | Protocol::OpenAiResponses) { "" } else { "data: [DONE]\n\n" };
    let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    read(protocol, request, Form::Stream, (text + end).as_bytes())
}

pub(super) const COUNTS: (u64, u64) = (10, 5);

pub(super) fn openai(message: &Value, finish: &Value) -> String {
    let usage = json!({"prompt_tokens": COUNTS.0, "completion_tokens": COUNTS.1});
    json!({"model": "m", "choices": [{"message": message, "finish_reason": finish}], "usage": usage}).to_string()
}

pub(super) fn chunk(delta: &Value, finish: &Value) -> Value {
    json!({"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

pub(super) fn anthropic(content: &Value, stop: &Value) -> String {
    let usage = json!({"input_tokens": COUNTS.0, "output_tokens": COUNTS.1});
    json!({"type": "message", "model": "m", "content": content, "stop_reason": stop, "usage": usage}).to_string()
}

pub(super) fn gemini(parts: &Value, finish: &Value) -> String {
    let usage = json!({"promptTokenCount": COUNTS.0, "candidatesTokenCount": COUNTS.1});
    json!({"candidates": [{"content": {"parts": parts}, "finishReason": finish}], "usageMetadata": usage}).to_string()
}

pub(super) fn calls(reply: &Reply) -> Vec<&ToolCall> {
    reply.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None }).collect()
}

pub(super) fn is_booked(reply: &Reply) {
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.uncounted), (COUNTS.0, COUNTS.1, false), "{reply:?}");
}

/// What models send for arguments, and what they mean by it. A text stays for the model to be told.
fn arguments() -> Vec<(Option<Value>, Value)> {
    vec![
        (None, json!({})),
        (Some(json!(null)), json!({})),
        (Some(json!("")), json!({})),
        (Some(json!("  \n")), json!({})),
        (Some(json!("null")), json!({})),
        (Some(json!("\"\"")), json!({})),
        (Some(json!({"path": "a"})), json!({"path": "a"})),
        (Some(json!("{\"path\":\"a\"}\n\n")), json!({"path": "a"})),
        (Some(json!("\"{\\\"path\\\":\\\"a\\\"}\"")), json!({"path": "a"})),
        (Some(json!("[1]")), json!([1])),
        (Some(json!([1])), json!([1])),
        (Some(json!(7)), json!(7)),
        (Some(json!("{\"path\": \"a")), json!("{\"path\": \"a")),
        (Some(json!("{}{}")), json!("{}{}")),
        (Some(json!("{path: a}")), json!("{path: a}")),
    ]
}

#[test]
fn arguments_mean_the_same_in_every_protocol_in_one_piece_and_in_a_stream() {
    let request = weather();
    for (given, expected) in arguments() {
        let with = |mut call: Value, field: &str| {
            if let Some(given) = &given {
                call[field] = given.clone();
            }
            call
        };
        let call = json!({"index": 0, "id": "t1", "type": "function", "function": with(json!({"name": "weather"}), "arguments")});
        let message = json!({"content": null, "tool_calls": [call]});
        let finish = json!("tool_calls");
        let used = with(json!({"type": "tool_use", "id": "t1", "name": "weather"}), "input");
        let made = json!([{"functionCall": with(json!({"name": "weather", "id": "t1"}), "args")}]);
        let start = json!({"type": "content_block_start", "index": 0, "content_block": used});
        let end = [json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}), json!({"type": "message_stop"})];
        let piece =
            |text: &Value| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": text}});
        let pieces = given.iter().map(piece);
        let plain = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t1", "name": "weather", "input": {}}});
        let legacy = json!({"function_call": with(json!({"name": "weather"}), "arguments")});
        let replies = [
            whole(Protocol::OpenAi, &request, &openai(&message, &finish)),
            whole(Protocol::OpenAiCompatible, &request, &openai(&legacy, &json!("function_call"))),
            streamed(Protocol::OpenAiCompatible, &request, &[chunk(&message, &json!(null)), chunk(&json!({}), &finish)]),
            whole(Protocol::Anthropic, &request, &anthropic(&json!([used]), &json!("tool_use"))),
            streamed(Protocol::Anthropic, &request, &[vec![start], end.to_vec()].concat()),
            streamed(Protocol::Anthropic, &request, &[vec![plain], pieces.collect(), end.to_vec()].concat()),
            whole(Protocol::Gemini, &request, &gemini(&made, &json!("STOP"))),
            streamed(Protocol::Gemini, &request, &[serde_json::from_str(&gemini(&made, &json!("STOP"))).unwrap()]),
        ];
        for (place, reply) in replies.into_iter().enumerate() {
            let reply = reply.unwrap_or_else(|error| panic!("{place}, {given:?}: {error}"));
            let [call] = calls(&reply)[..] else { panic!("{place}, {given:?}: {reply:?}") };
            assert_eq!((call.name.as_str(), &call.arguments, reply.stop), ("weather", &expected, Stop::ToolUse), "{place}, {given:?}");
        }
    }
}

#[test]
fn a_call_that_is_cut_off_comes_as_far_as_it_got_and_says_so() {
    let message = json!({"tool_calls": [{"index": 0, "id": "t1", "function": {"name": "weather", "arguments": "{\"place\": \"Ro"}}]});
    for reply in [
        whole(Protocol::OpenAi, &weather(), &openai(&message, &json!("length"))).unwrap(),
        streamed(Protocol::OpenAi, &weather(), &[chunk(&message, &json!("length"))]).unwrap(),
    ] {
        assert_eq!((reply.stop, &calls(&reply)[0].arguments), (Stop::MaxTokens, &json!("{\"place\": \"Ro")));
    }
}

#[test]
fn every_call_has_an_id_of_its_own() {
    let mut request = weather();
    let earlier = ToolCall { id: "t1".into(), name: "weather".into(), arguments: json!({}) };
    request.messages.push(assistant(vec![Part::ToolCall(earlier)]));
    let of = |ids: &[Value]| {
        let call = |(index, id): (usize, &Value)| json!({"index": index, "id": id, "function": {"name": "weather", "arguments": "{}"}});
        let message = json!({"tool_calls": ids.iter().enumerate().map(call).collect::<Value>()});
        let whole = whole(Protocol::OpenAi, &request, &openai(&message, &json!("tool_calls"))).unwrap();
        let streamed = streamed(Protocol::OpenAi, &request, &[chunk(&message, &json!("tool_calls"))]).unwrap();
        assert_eq!(whole.parts, streamed.parts, "{ids:?}");
        calls(&whole).iter().map(|call| call.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(&[json!("a"), json!("b")]), ["a", "b"]);
    assert_eq!(of(&[json!(null), json!(""), json!(7), json!(" ")]), ["baton_1_0", "baton_1_1", "baton_1_2", "baton_1_3"]);
    assert_eq!(of(&[json!("a"), json!("a"), json!("t1")]), ["a", "baton_1_1", "baton_1_2"], "one is there already, one was before");
    assert_eq!(of(&[json!("baton_1_1"), json!(null)]), ["baton_1_1", "baton_1_1_1"], "a service may choose what Baton would");
}

#[test]
fn streamed_calls_are_told_apart_whatever_numbers_and_ids_they_carry() {
    let piece = |index: Value, id: Value, name: Value, arguments: Value| {
        chunk(&json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}), &json!(null))
    };
    let (none, a, b) = (json!(null), json!("a"), json!("b"));
    let streams = [
        // All under the same number.
        vec![
            piece(json!(0), a.clone(), json!("x"), json!("{\"n\":")),
            piece(json!(0), none.clone(), none.clone(), json!("1}")),
            piece(json!(0), b.clone(), json!("y"), json!("{\"n\":2}")),
        ],
        // Without numbers.
        vec![
            piece(none.clone(), a.clone(), json!("x"), json!("{\"n\"")),
            piece(none.clone(), none.clone(), json!(""), json!(":1}")),
            piece(none.clone(), b.clone(), json!("y"), json!("{\"n\":2}")),
        ],
        // Id and name in each piece.
        vec![
            piece(json!(0), a.clone(), json!("x"), json!("{\"n\"")),
            piece(json!(0), a.clone(), json!("x"), json!(":1}")),
            piece(json!(1), b.clone(), json!("y"), json!("{\"n\":2}")),
        ],
        // The id late, the arguments whole, and something that is no call.
        vec![
            piece(json!(4), none.clone(), json!("x"), none.clone()),
            piece(json!(4), a.clone(), none.clone(), json!({"n": 1})),
            chunk(&json!({"tool_calls": [null, "x", 7]}), &none),
            piece(json!(2), b.clone(), json!("y"), json!({"n": 2})),
        ],
    ];
    for (place, mut events) in streams.into_iter().enumerate() {
        events.push(chunk(&json!({}), &json!("tool_calls")));
        let reply = streamed(Protocol::OpenAiCompatible, &weather(), &events).unwrap();
        let found: Vec<_> =
            calls(&reply).into_iter().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments["n"].clone())).collect();
        assert_eq!(found, [("a", "x", json!(1)), ("b", "y", json!(2))], "{place}: {reply:?}");
    }
    let nameless = [
        piece(none.clone(), none.clone(), json!("x"), json!("")),
        piece(none.clone(), none.clone(), none.clone(), json!("{\"n\":1}")),
        piece(none.clone(), none.clone(), json!("y"), json!("{\"n\":2}")),
        chunk(&json!({}), &json!("stop")),
    ];
    let reply = streamed(Protocol::OpenAiCompatible, &weather(), &nameless).unwrap();
    assert_eq!(calls(&reply).iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["baton_0_0", "baton_0_1"]);
}

/// Why a reply ended, and what that means.
#[test]
fn a_reply_that_did_not_end_well_is_not_finished_and_its_calls_are_not_passed_on() {
    let call = json!({"index": 0, "id": "t1", "function": {"name": "weather", "arguments": "{}"}});
    let message = json!({"content": "Part of", "tool_calls": [call]});
    let openai_ends = [
        (json!("error"), Stop::Other),
        (json!(null), Stop::Other),
        (json!(""), Stop::Other),
        (json!("network_error"), Stop::Other),
        (json!("insufficient_system_resource"), Stop::Other),
        (json!("abort"), Stop::Other),
        (json!("malformed_tool_call"), Stop::Malformed),
        (json!("banana"), Stop::Other),
        (json!(7), Stop::Other),
        (json!("length"), Stop::MaxTokens),
        (json!("model_context_window_exceeded"), Stop::MaxTokens),
        (json!("content_filter"), Stop::Refusal),
        (json!("stop"), Stop::ToolUse),
        (json!("STOP"), Stop::ToolUse),
    ];
    let used = json!([{"type": "text", "text": "Part of"}, {"type": "tool_use", "id": "t1", "name": "weather", "input": {}}]);
    let anthropic_ends = [
        (json!(null), Stop::Other),
        (json!("pause_turn"), Stop::Other),
        (json!("banana"), Stop::Other),
        (json!("model_context_window_exceeded"), Stop::MaxTokens),
        (json!("max_tokens"), Stop::MaxTokens),
        (json!("refusal"), Stop::Refusal),
        (json!("end_turn"), Stop::ToolUse),
    ];
    let made = json!([{"text": "Part of"}, {"functionCall": {"name": "weather"}}]);
    let gemini_ends = [
        (json!(null), Stop::Other),
        (json!("MALFORMED_FUNCTION_CALL"), Stop::Malformed),
        (json!("UNEXPECTED_TOOL_CALL"), Stop::Malformed),
        (json!("OTHER"), Stop::Other),
        (json!("FINISH_REASON_UNSPECIFIED"), Stop::Other),
        (json!("SAFETY"), Stop::Refusal),
        (json!("RECITATION"), Stop::Refusal),
        (json!("MAX_TOKENS"), Stop::MaxTokens),
        (json!("STOP"), Stop::ToolUse),
    ];
    let check = |reply: Result<Reply, ProviderError>, end: &Value, stop: Stop| {
        let reply = reply.unwrap_or_else(|error| panic!("{end}: {error}"));
        assert_eq!((reply.stop, reply.text().as_str()), (stop, "Part of"), "{end}");
        assert_eq!(calls(&reply).len(), usize::from(!matches!(stop, Stop::Other | Stop::Malformed)), "{end}");
        reply
    };
    for (end, stop) in openai_ends {
        is_booked(&check(whole(Protocol::OpenAi, &weather(), &openai(&message, &end)), &end, stop));
        check(streamed(Protocol::OpenAi, &weather(), &[chunk(&message, &json!(null)), chunk(&json!({}), &end)]), &end, stop);
    }
    for (end, stop) in anthropic_ends {
        is_booked(&check(whole(Protocol::Anthropic, &weather(), &anthropic(&used, &end)), &end, stop));
    }
    for (end, stop) in gemini_ends {
        is_booked(&check(whole(Protocol::Gemini, &weather(), &gemini(&made, &end)), &end, stop));
    }
    let missing = json!({"choices": [{"message": {"content": "Part of"}}]}).to_string();
    assert_eq!(whole(Protocol::OpenAi, &weather(), &missing).unwrap().stop, Stop::Other);
    let broken = json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "print(weather("}]}).to_string();
    assert_eq!(whole(Protocol::Gemini, &weather(), &broken).unwrap().text(), "print(weather(", "the model is shown what it did");
}

#[test]
fn an_error_beside_a_reply_and_a_call_that_is_missing_are_not_an_end() {
    let (compatible, claude) = (Protocol::OpenAiCompatible, Protocol::Anthropic);
    let said = json!({"content": "Part of"});
    let call = json!([{"id": "a", "function": {"name": "weather", "arguments": "{}"}}]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body: Value =
            serde_json::from_str(&openai(&json!({"content": "Part of", "tool_calls": call}), &json!("tool_calls"))).unwrap();
        change(&mut body);
        body.to_string()
    };
    let unsound = [
        (Stop::Other, compatible, with(&|body| body["error"] = json!({"code": 502, "message": "upstream"}))),
        (Stop::Other, compatible, with(&|body| body["choices"][0]["error"] = json!({"code": 502}))),
        (Stop::Malformed, compatible, openai(&said, &json!("tool_calls"))),
        (Stop::Malformed, compatible, openai(&said, &json!("function_call"))),
        (Stop::Malformed, claude, anthropic(&json!([{"type": "text", "text": "Let me look."}]), &json!("tool_use"))),
    ];
    for (stop, protocol, body) in unsound {
        let reply = whole(protocol, &weather(), &body).unwrap();
        assert_eq!((reply.stop, calls(&reply).len()), (stop, 0), "{body}");
        is_booked(&reply);
    }
    let fine = whole(compatible, &weather(), &with(&|body| body["error"] = Value::Null)).unwrap();
    assert_eq!((fine.stop, calls(&fine).len()), (Stop::ToolUse, 1));
    let upset = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "error": {"code": 502}}]});
    let other = json!({"choices": [{"index": 1, "delta": {"content": "ZZZ"}, "finish_reason": null}]});
    let (first, last) = (chunk(&json!({"content": "Hel"}), &Value::Null), chunk(&json!({"content": "lo"}), &json!("stop")));
    assert_eq!(streamed(compatible, &weather(), &[first.clone(), upset]).unwrap().stop, Stop::Other);
    let mixed = streamed(compatible, &weather(), &[first.clone(), other, last.clone()]).unwrap();
    assert_eq!((mixed.stop, mixed.parts), (Stop::End, vec![Part::Text("Hello".to_owned())]), "the second choice was not asked for");
    for reason in ["error", "length"] {
        let ended = streamed(compatible, &weather(), &[first.clone(), chunk(&json!({}), &json!(reason)), last.clone()]).unwrap();
        assert_ne!(ended.stop, Stop::End, "{reason}");
    }
}

#[test]
fn replies_without_words_are_replies_and_what_they_took_is_known() {
    let thinks = |field: &str| json!({"content": "", field: "Let me think."});
    let replies = [
        whole(Protocol::OpenAi, &weather(), &openai(&json!({"content": ""}), &json!("stop"))),
        whole(Protocol::OpenAi, &weather(), &openai(&json!({"content": null}), &json!("stop"))),
        whole(Protocol::OpenAi, &weather(), &openai(&json!({"content": "  \n"}), &json!("stop"))),
        whole(Protocol::OpenAi, &weather(), &openai(&json!({}), &json!("stop"))),
        whole(Protocol::OpenAiCompatible, &weather(), &openai(&thinks("reasoning_content"), &json!("stop"))),
        whole(Protocol::Ollama, &weather(), &openai(&thinks("reasoning"), &json!("stop"))),
        whole(Protocol::Anthropic, &weather(), &anthropic(&json!([]), &json!("end_turn"))),
        whole(
            Protocol::Anthropic,
            &weather(),
            &anthropic(&json!([{"type": "text"}, {"type": "thinking", "thinking": "Hm.", "signature": "s"}]), &json!("end_turn")),
        ),
        whole(Protocol::Gemini, &weather(), &gemini(&json!([]), &json!("STOP"))),
        whole(Protocol::Gemini, &weather(), &gemini(&json!([{"text": "Hm.", "thought": true}]), &json!("STOP"))),
    ];
    for (place, reply) in replies.into_iter().enumerate() {
        let reply = reply.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!((reply.text().as_str(), reply.stop), ("", Stop::End), "{place}");
        assert!(reply.parts.iter().all(|part| matches!(part, Part::Thinking(_))), "{place}: {:?}", reply.parts);
        is_booked(&reply);
    }
}

#[test]
fn known_counts_are_kept_whatever_else_is_missing() {
    let counts = json!({"prompt_tokens": COUNTS.0, "completion_tokens": COUNTS.1});
    for choices in [json!([]), json!(null), json!([null]), json!("x"), json!([{"message": 7}])] {
        let reply = whole(Protocol::OpenAi, &weather(), &json!({"choices": choices, "usage": counts}).to_string()).unwrap();
        assert_eq!((reply.parts.len(), reply.stop), (0, Stop::Other), "{choices}");
        is_booked(&reply);
    }
    let said = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}});
    let begun = |usage: Value| json!({"type": "message_start", "message": {"model": "m", "usage": usage}});
    let ended = |usage: Value| json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage});
    let first = json!({"input_tokens": 10, "cache_read_input_tokens": 0, "output_tokens": 1});
    let usage = |first: Value, last: Value| {
        let events = [begun(first), said.clone(), ended(last), json!({"type": "message_stop"})];
        streamed(Protocol::Anthropic, &weather(), &events).unwrap().usage
    };
    let known = Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() };
    assert_eq!(usage(first.clone(), json!({"output_tokens": 5})), known);
    assert_eq!(usage(first.clone(), json!({"input_tokens": 0, "output_tokens": 5})), known, "counts grow");
    assert_eq!(usage(json!({"input_tokens": 0}), json!({"input_tokens": 10, "output_tokens": 5})), known);
    for nothing in [json!(null), json!({}), json!({"output_tokens": null})] {
        assert!(usage(first.clone(), nothing.clone()).uncounted, "the one token of the beginning is not all: {nothing}");
    }
    // A block without its beginning, and one whose beginning is no block.
    for start in [json!({"type": "ping"}), json!({"type": "content_block_start", "index": 0, "content_block": 7})] {
        let events = [start, said.clone(), ended(json!(null)), json!({"type": "message_stop"})];
        assert_eq!(streamed(Protocol::Anthropic, &weather(), &events).unwrap().text(), "hi");
    }
}

#[test]
fn a_stream_that_breaks_off_after_its_counts_is_booked_and_no_answer() {
    let counts = json!({"choices": [], "usage": {"prompt_tokens": COUNTS.0, "completion_tokens": COUNTS.1}});
    let said = chunk(&json!({"content": "It may", "tool_calls": [{"index": 0, "id": "a", "function": {"name": "x"}}]}), &json!("stop"));
    let text = format!("data: {said}\n\ndata: {counts}\n\n");
    for end in ["", "data: {\"error\": {\"message\": \"oops\"}}\n\n", "data: {\n\n"] {
        let reply = read(Protocol::OpenAi, &weather(), Form::Stream, format!("{text}{end}").as_bytes()).unwrap();
        assert_eq!((reply.stop, reply.text().as_str(), calls(&reply).len()), (Stop::Other, "It may", 0), "{end}");
        is_booked(&reply);
    }
    let error = read(Protocol::OpenAi, &weather(), Form::Stream, format!("data: {said}\n\n").as_bytes()).unwrap_err();
    assert!(matches!(error, ProviderError::Uncertain { .. }), "{error}");
}

#[test]
fn errors_in_a_body_are_what_they_would_be_as_a_status() {
    let told = |body: Value| whole(Protocol::OpenAiCompatible, &weather(), &body.to_string()).unwrap_err();
    let kinds = [
        (json!({"error": {"code": 429, "message": "Slow down."}}), "Unavailable"),
        (json!({"error": {"code": 402, "message": "Insufficient credits."}}), "UsageLimit"),
        (json!({"error": {"message": "You have hit your usage limit."}}), "UsageLimit"),
        (json!({"error": "oops"}), "Malformed"),
    ];
    for (body, kind) in kinds {
        assert!(format!("{:?}", told(body.clone())).starts_with(kind), "{body}");
    }
}

#[test]
fn a_gemini_stream_is_the_same_as_a_reply_in_one_piece() {
    let parts = [
        json!({"text": "Let me ", "thought": true}),
        json!({"text": "think.", "thought": true}),
        json!({"text": "It may "}),
        json!({"text": "rain."}),
        json!({"functionCall": {"name": "weather", "args": {"place": "Rome"}}, "thoughtSignature": "proof"}),
        json!({"text": "", "thoughtSignature": "last"}),
    ];
    let event = |part: &Value| json!({"candidates": [{"content": {"parts": [part]}}], "modelVersion": "m"});
    let mut events: Vec<_> = parts.iter().map(event).collect();
    let counts = json!({"promptTokenCount": COUNTS.0, "candidatesTokenCount": COUNTS.1});
    assert!(matches!(streamed(Protocol::Gemini, &weather(), &events), Err(ProviderError::Uncertain { .. })), "it has not ended");
    events.push(json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": counts}));
    let reply = streamed(Protocol::Gemini, &weather(), &events).unwrap();
    let expected = whole(Protocol::Gemini, &weather(), &gemini(&json!(parts), &json!("STOP"))).unwrap();
    assert_eq!((&reply.parts, reply.stop, reply.usage), (&expected.parts, expected.stop, expected.usage));
    assert_eq!(reply.text(), "It may rain.");
    let mut request = weather();
    request.messages.push(assistant(reply.parts));
    let sent = Protocol::Gemini.adapter().request("gemini-3-pro", &request, true);
    assert_eq!(sent.path, "models/gemini-3-pro:streamGenerateContent?alt=sse");
    let returned = json!([
        {"text": "It may rain."},
        {"functionCall": {"name": "weather", "args": {"place": "Rome"}}, "thoughtSignature": "proof"},
        {"text": "", "thoughtSignature": "last"},
    ]);
    assert_eq!(sent.body["contents"][1]["parts"], returned);
}

#[test]
fn what_a_model_made_up_goes_back_in_a_form_that_every_service_takes() {
    let mut request = weather();
    let call = ToolCall { id: "functions.weather:0".into(), name: "look up\n".into(), arguments: json!("{broken") };
    let result = ToolResult { call_id: call.id.clone(), content: "There is no such tool.".into(), failed: true };
    request.messages.push(assistant(vec![Part::Text(" ".into()), Part::ToolCall(call)]));
    request.messages.push(user(vec![Part::ToolResult(result)]));
    let body = |protocol: Protocol| protocol.adapter().request("m", &request, false).body;
    let openai = &body(Protocol::OpenAi)["messages"][2]["tool_calls"][0];
    assert_eq!(openai["function"], json!({"name": "look_up_", "arguments": "{}"}));
    let anthropic = &body(Protocol::Anthropic)["messages"];
    let used = json!([{"type": "tool_use", "id": "functions_weather_0_57b860f6ea", "name": "look_up_", "input": {}}]);
    assert_eq!((&anthropic[1]["content"], &anthropic[2]["content"][0]["tool_use_id"]), (&used, &used[0]["id"]));
    let gemini = &body(Protocol::Gemini)["contents"];
    assert_eq!(gemini[2]["parts"][0]["functionResponse"]["name"], gemini[1]["parts"][1]["functionCall"]["name"]);
}

#[test]
fn ollama_is_given_tools_or_a_schema() {
    let request = Request { reply_schema: Some(json!({"type": "object"})), ..weather() };
    let body = Protocol::Ollama.adapter().request("m", &request, false).body;
    assert!(body.get("tools").is_some() && body.get("response_format").is_none(), "{body}");
    let body = Protocol::Ollama.adapter().request("m", &Request { tools: Vec::new(), ..request }, false).body;
    assert!(body.get("response_format").is_some(), "{body}");
}

#[test]
fn an_effort_behind_a_name_is_asked_for() {
    let body = |protocol: Protocol, model: &str| protocol.adapter().request(model, &ask("hello"), false).body;
    let openai = body(Protocol::OpenAi, "o4-mini-high");
    assert_eq!((&openai["model"], &openai["reasoning_effort"]), (&json!("o4-mini"), &json!("high")));
    let anthropic = body(Protocol::Anthropic, "claude-opus-4-8-low");
    assert_eq!((&anthropic["model"], &anthropic["output_config"]["effort"]), (&json!("claude-opus-4-8"), &json!("low")));
    assert_eq!(anthropic["max_tokens"], 32_000);
    let gemini = body(Protocol::Gemini, "gemini-3-pro-high");
    assert_eq!(gemini["generationConfig"]["thinkingConfig"]["thinkingLevel"], "HIGH");
}

/// JSON in the shape of replies, with anything in any place.
fn anything() -> impl Strategy<Value = Value> {
    let words =
        ["choices", "message", "delta", "content", "tool_calls", "function", "arguments", "index", "id", "name", "type", "usage", "error"];
    let more = [
        "finish_reason",
        "candidates",
        "parts",
        "functionCall",
        "args",
        "text",
        "content_block",
        "partial_json",
        "stop_reason",
        "thoughtSignature",
        "output",
        "item",
        "response",
        "status",
    ];
    let key = prop::sample::select([words.as_slice(), more.as_slice()].concat());
    let texts = [
        "",
        "stop",
        "{\"a\":",
        "{}",
        "content_block_start",
        "content_block_delta",
        "message_delta",
        "tool_use",
        "reasoning.text",
        "completed",
        "response.completed",
        "response.output_item.done",
        "function_call",
        "reasoning",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 4, move |inner| {
        let fields = prop::collection::vec((key.clone(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_service_sends_is_more_than_a_failure(events in prop::collection::vec(anything(), 0..6)) {
        let chats = [Protocol::OpenAi, Protocol::OpenAiCompatible, Protocol::Ollama];
        for protocol in chats.into_iter().chain([Protocol::OpenAiResponses, Protocol::Anthropic, Protocol::Gemini]) {
            let replies = [streamed(protocol, &weather(), &events), whole(protocol, &weather(), &Value::from(events.clone()).to_string())];
            let each = events.iter().map(|event| whole(protocol, &weather(), &event.to_string()));
            for reply in replies.into_iter().chain(each).flatten() {
                prop_assert!(!matches!(reply.stop, Stop::Other | Stop::Malformed) || calls(&reply).is_empty());
                let ids: std::collections::HashSet<_> = calls(&reply).into_iter().map(|call| call.id.clone()).collect();
                prop_assert!(ids.len() == calls(&reply).len() && !ids.contains(""));
            }
        }
    }
}
