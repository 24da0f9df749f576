//! OpenAI's responses: what goes out, what comes back in one piece and as a stream, and reasoning that is handed back.

use super::replies::{calls, streamed, whole};
use super::*;

const RESPONSES: Protocol = Protocol::OpenAiResponses;

fn response(output: &Value) -> Value {
    let usage = json!({
        "input_tokens": 11, "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 18,
    });
    json!({
        "id": "resp_1", "object": "response", "status": "completed", "error": null, "incomplete_details": null, "model": "some-model-2026",
        "output": output, "usage": usage,
    })
}

fn reasoning() -> Value {
    json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Rome is dry."}], "encrypted_content": "gAAA"})
}

fn call() -> Value {
    json!({"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "weather", "arguments": "{\"place\":\"Rome\"}"})
}

fn message(text: &str) -> Value {
    let content = json!([{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]);
    json!({"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content, "phase": "commentary"})
}

fn sent(model: &str, request: &Request) -> Value {
    RESPONSES.adapter().request(model, request, false).body
}

#[test]
fn a_request_stores_nothing_and_asks_for_sealed_reasoning() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}, "required": ["a"]});
    let request = Request {
        reply_schema: Some(schema),
        max_tokens: Some(500),
        effort: Some(Effort::Low),
        stop_sequences: vec!["END".into()],
        tool_choice: Some(ToolChoice::Tool("weather".into())),
        ..weather()
    };
    let body = sent("gpt-5.6", &request);
    assert_eq!((&body["store"], &body["include"]), (&json!(false), &json!(["reasoning.encrypted_content"])));
    assert_eq!((&body["instructions"], &body["max_output_tokens"]), (&json!("Be brief."), &json!(500)));
    assert_eq!((&body["reasoning"], &body["tool_choice"]), (&json!({"effort": "low"}), &json!({"type": "function", "name": "weather"})));
    assert_eq!(body["input"], json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Rain?"}]}]));
    let tool = &body["tools"][0];
    assert_eq!((&tool["type"], &tool["name"], &tool["strict"]), (&json!("function"), &json!("weather"), &json!(false)));
    let format = &body["text"]["format"];
    assert_eq!((&format["name"], &format["strict"]), (&json!("reply"), &json!(true)));
    assert_eq!(format["schema"]["properties"]["a"], json!({"type": "string", "description": "(maxLength: 9)"}));
    assert!(body.get("stop").is_none() && body.get("temperature").is_none(), "{body}");

    let body = sent("gpt-4.1", &Request { temperature: Some(0.3), ..ask("hello") });
    assert!(body.get("include").is_none() && body.get("reasoning").is_none(), "it has nothing to seal: {body}");
    assert_eq!(body["temperature"], 0.3);
    assert_eq!(sent("o4-mini-high", &ask("hello"))["reasoning"]["effort"], "high");
}

#[tokio::test]
async fn a_tool_loop_hands_reasoning_and_the_phase_back() {
    let output = json!([reasoning(), message("I look."), call()]);
    let last = ok(&response(&json!([message("No.")])));
    let service = Service::new(vec![ok(&response(&output)), last]).await;
    let mut request = weather();
    let reply = service.ask(RESPONSES, &request).await.unwrap();
    assert_eq!((reply.stop, reply.text().as_str(), reply.model.as_str()), (Stop::ToolUse, "I look.", "service/some-model-2026"));
    assert_eq!(reply.usage, Usage { input_tokens: 11, output_tokens: 7, cached_input_tokens: 4, ..Usage::default() });
    assert_eq!(reply.parts[0], Part::Thinking(Thinking { text: "Rome is dry.".into(), signature: None }));
    let heard = service.heard().pop().unwrap();
    assert_eq!(heard.body["prompt_cache_key"], "run-1");
    assert!(
        heard.head.starts_with("post /v1/responses ") && heard.head.contains(&format!("authorization: bearer {KEY}")),
        "{}",
        heard.head
    );

    // As the journal keeps it.
    let parts = serde_json::from_value(serde_json::to_value(&reply.parts).unwrap()).unwrap();
    request.messages.push(assistant(parts));
    let result = ToolResult { call_id: "call_1".into(), content: "dry".into(), failed: false };
    request.messages.push(user(vec![Part::Text("Well?".into()), Part::ToolResult(result)]));
    assert_eq!(service.ask(RESPONSES, &request).await.unwrap().stop, Stop::End);
    let input = service.body()["input"].clone();
    assert_eq!(input[1], reasoning());
    let said = json!({"type": "message", "role": "assistant", "phase": "commentary", "content": [{"type": "output_text", "text": "I look.", "annotations": []}]});
    assert_eq!(input[2], said);
    let made = json!({"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"place\":\"Rome\"}"});
    assert_eq!(input[3], made, "what is not stored has no id");
    assert_eq!(input[4], json!({"type": "function_call_output", "call_id": "call_1", "output": "dry"}));
    assert_eq!(input[5]["content"][0]["text"], "Well?");
}

#[test]
fn reasoning_goes_back_only_before_what_came_of_it_and_to_nobody_else() {
    let reply =
        whole(RESPONSES, &weather(), &response(&json!([reasoning(), reasoning(), message("No."), reasoning()])).to_string()).unwrap();
    let mut request = weather();
    request.messages.push(assistant(reply.parts.clone()));
    let kinds = |body: &Value| body["input"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&sent("gpt-5.6", &request)), ["message", "reasoning", "reasoning", "message"]);
    let sealed = reply.parts.iter().filter(|part| matches!(part, Part::Opaque(_))).cloned().collect();
    let alone = Request { messages: vec![user(vec![Part::Text("Rain?".into())]), assistant(sealed)], ..weather() };
    assert_eq!(kinds(&sent("gpt-5.6", &alone)), ["message"], "by itself it is refused");
    for protocol in [Protocol::OpenAi, Protocol::OpenAiCompatible, Protocol::Anthropic, Protocol::Gemini] {
        let body = protocol.adapter().request("m", &request, false).body.to_string();
        assert!(!body.contains("gAAA") && !body.contains("commentary"), "{protocol:?}: {body}");
    }
}

#[test]
fn a_stream_is_the_same_as_one_piece_also_where_its_end_lists_nothing() {
    let output = json!([reasoning(), message("It may rain."), call()]);
    let event = |kind: &str, place: u64, more: Value| {
        let mut event = json!({"type": kind, "output_index": place, "sequence_number": 1});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let mut events = vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": [], "usage": null}}),
        event("response.output_item.added", 0, json!({"item": {"id": "rs_1", "type": "reasoning", "summary": []}})),
        event("response.reasoning_summary_text.delta", 0, json!({"delta": "Rome is dry."})),
        event("response.output_item.done", 0, json!({"item": reasoning()})),
        event("response.output_item.added", 1, json!({"item": {"id": "msg_1", "type": "message", "content": []}})),
        event("response.output_text.delta", 1, json!({"content_index": 0, "delta": "It may "})),
        event("response.output_text.delta", 1, json!({"content_index": 0, "delta": "rain."})),
        event("response.output_item.done", 1, json!({"item": message("It may rain.")})),
        event(
            "response.output_item.added",
            2,
            json!({"item": {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "weather", "arguments": ""}}),
        ),
        event("response.function_call_arguments.delta", 2, json!({"delta": "{\"place\":"})),
        event("response.function_call_arguments.delta", 2, json!({"delta": "\"Rome\"}"})),
        event("response.output_item.done", 2, json!({"item": call()})),
    ];
    let broken = streamed(RESPONSES, &weather(), &events);
    assert!(matches!(broken, Err(ProviderError::Uncertain { .. })), "{broken:?}");
    let expected = whole(RESPONSES, &weather(), &response(&output).to_string()).unwrap();
    events.push(json!({"type": "response.completed", "response": response(&output)}));
    assert_eq!(streamed(RESPONSES, &weather(), &events).unwrap(), expected);
    events.pop();
    events.push(json!({"type": "response.completed", "response": response(&json!([]))}));
    assert_eq!(streamed(RESPONSES, &weather(), &events).unwrap(), expected);
    // Without the items that are whole, what came in pieces counts.
    events.retain(|event| event["type"] != "response.output_item.done");
    let reply = streamed(RESPONSES, &weather(), &events).unwrap();
    assert_eq!(
        (reply.text().as_str(), &calls(&reply)[0].arguments, reply.stop),
        ("It may rain.", &json!({"place": "Rome"}), Stop::ToolUse)
    );
}

#[test]
fn a_response_says_how_it_ended() {
    let with = |field: &str, value: Value, status: &str| {
        let mut body = response(&json!([message("It may"), call()]));
        (body["status"], body[field]) = (json!(status), value);
        whole(RESPONSES, &weather(), &body.to_string())
    };
    let cut = |reason: &str| with("incomplete_details", json!({"reason": reason}), "incomplete").unwrap();
    assert_eq!(
        (cut("max_output_tokens").stop, cut("content_filter").stop, cut("other").stop),
        (Stop::MaxTokens, Stop::Refusal, Stop::Other)
    );
    let failed = with("error", json!({"code": "server_error", "message": "The server had an error."}), "failed").unwrap();
    assert_eq!((failed.stop, calls(&failed).len()), (Stop::Other, 0), "its calls are not made");
    let refusal = json!([{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}]);
    let refused = whole(RESPONSES, &weather(), &response(&refusal).to_string()).unwrap();
    assert_eq!((refused.stop, refused.text().as_str()), (Stop::Refusal, "I cannot."));
    let thinking = whole(RESPONSES, &weather(), &response(&json!([reasoning()])).to_string()).unwrap();
    assert_eq!((thinking.stop, thinking.text().as_str()), (Stop::End, ""));
}

#[test]
fn odd_and_hostile_responses_are_no_more_than_failures() {
    let deep = format!("{{\"type\":\"reasoning\",\"a\":{}{}}}", "[".repeat(110), "]".repeat(110));
    let items = [
        json!(null),
        json!(7),
        json!({}),
        json!({"type": "function_call"}),
        json!({"type": "function_call", "call_id": 7, "name": [], "arguments": "{broken"}),
        json!({"type": "message", "content": "text"}),
        json!({"type": "message", "content": [7, null, {"text": 7}]}),
        json!({"type": "reasoning", "summary": "x", "encrypted_content": 7}),
        serde_json::from_str(&deep).unwrap(),
    ];
    for item in &items {
        let reply = whole(RESPONSES, &weather(), &response(&json!([item])).to_string()).unwrap();
        let mut request = weather();
        request.messages.push(assistant(reply.parts));
        let _ = sent("gpt-5.6", &request);
    }
    for body in ["", "[]", "{}", "null", r#"{"output": 7}"#, r#"{"output": []}"#, r#"{"status": "failed", "output": []}"#, "<html>"] {
        assert!(whole(RESPONSES, &weather(), body).is_err(), "{body}");
    }
    let failed = json!({"status": "failed", "output": [], "error": {"code": "rate_limit_exceeded", "message": "Slow down."}});
    assert!(whole(RESPONSES, &weather(), &failed.to_string()).is_err());
    let odd = [
        json!({"type": "response.output_text.delta", "output_index": u64::MAX, "delta": "a"}),
        json!({"type": "response.output_text.delta", "delta": {"a": 1}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": -1, "delta": "a"}),
        json!({"type": "response.output_item.done", "item": [1]}),
        json!({"type": "response.completed", "response": 7}),
    ];
    assert!(streamed(RESPONSES, &weather(), &odd).is_err());
}
