//! Gemini's protocol and Ollama's chat completions in recorded shapes, against a server on this machine.

use super::*;
use crate::interfaces::llm::tests::catalogue;

fn generated(parts: &Value, finish: &str) -> String {
    ok(&json!({
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 20, "cachedContentTokenCount": 12, "candidatesTokenCount": 5, "thoughtsTokenCount": 3, "totalTokenCount": 28,
        },
        "modelVersion": "gemini-x-001", "responseId": "r1",
    }))
}

fn gemini_error(status: &str, reason: &str, message: &str, details: &Value) -> String {
    let code: u16 = status[..3].parse().unwrap();
    http(status, "", &json!({"error": {"code": code, "message": message, "status": reason, "details": details}}).to_string())
}

#[tokio::test]
async fn a_gemini_tool_loop_returns_the_proof_of_thinking_and_counts_cached_tokens() {
    let parts = json!([
        {"functionCall": {"name": "weather", "args": {"place": "Rome"}}, "thoughtSignature": "proof"},
        {"functionCall": {"name": "weather", "args": {"place": "Oslo"}}},
    ]);
    let service = Service::new(vec![generated(&parts, "STOP"), generated(&json!([{"text": "No."}]), "STOP")]).await;
    let mut request = Request { reply_schema: Some(json!({"type": "object"})), ..weather() };
    let reply = service.ask(Protocol::Gemini, &request).await.unwrap();
    assert_eq!((reply.stop, reply.model.as_str()), (Stop::ToolUse, "service/gemini-x-001"));
    assert_eq!(
        reply.usage,
        Usage { input_tokens: 20, output_tokens: 8, cached_input_tokens: 12, cache_write_tokens: 0, ..Usage::default() }
    );
    let heard = service.heard().pop().unwrap();
    assert!(heard.head.starts_with("post /v1/models/some-model:generatecontent "), "{}", heard.head);
    assert!(heard.head.contains(&format!("x-goog-api-key: {KEY}")) && !heard.head.contains("key="), "{}", heard.head);
    assert!(heard.head.contains("idempotency-key: run-1:7"), "{}", heard.head);
    assert_eq!(heard.body["systemInstruction"]["parts"][0]["text"], "Be brief.");
    let declared = &heard.body["tools"][0]["functionDeclarations"][0];
    assert_eq!((&declared["name"], &declared["parametersJsonSchema"]["type"]), (&json!("weather"), &json!("object")));
    assert!(heard.body["generationConfig"].get("responseJsonSchema").is_none(), "it takes no schema beside tools: {}", heard.body);

    let calls: Vec<ToolCall> =
        reply.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call.clone()) } else { None }).collect();
    let results = calls
        .iter()
        .zip(["dry", "wet"])
        .map(|(call, said)| Part::ToolResult(ToolResult { call_id: call.id.clone(), content: said.to_owned(), failed: false }));
    request.messages.push(assistant(reply.parts.clone()));
    request.messages.push(user(results.collect()));
    assert_eq!(service.ask(Protocol::Gemini, &request).await.unwrap().text(), "No.");
    let contents = service.body()["contents"].clone();
    assert_eq!(contents[1]["parts"][0]["thoughtSignature"], "proof", "{contents}");
    assert_eq!(contents[1]["parts"][0]["functionCall"]["args"], json!({"place": "Rome"}));
    let answers = contents[2]["parts"].as_array().unwrap();
    let said: Vec<_> = answers.iter().map(|part| &part["functionResponse"]["response"]["content"]).collect();
    assert_eq!(said, [&json!("dry"), &json!("wet")], "every result is there");
    assert!(answers.iter().all(|part| part["functionResponse"]["name"] == "weather"), "{contents}");
}

#[tokio::test]
async fn gemini_is_held_to_a_schema_and_its_cut_and_declined_replies_are_replies() {
    let schema = json!({"type": "object", "required": ["a"]});
    let request = Request { reply_schema: Some(schema.clone()), max_tokens: Some(9), ..ask("hello") };
    let cut = ok(&json!({
        "candidates": [{"finishReason": "MAX_TOKENS"}], "usageMetadata": {"promptTokenCount": 2, "thoughtsTokenCount": 9},
    }));
    let declined = ok(&json!({"candidates": [{"finishReason": "SAFETY"}]}));
    let service = Service::new(vec![generated(&json!([{"text": "{\"a\":1}"}]), "STOP"), cut, declined]).await;
    assert_eq!(service.ask(Protocol::Gemini, &request).await.unwrap().text(), "{\"a\":1}");
    let config = service.body()["generationConfig"].clone();
    assert_eq!((&config["responseJsonSchema"], &config["maxOutputTokens"]), (&schema, &json!(9)));
    let reply = service.ask(Protocol::Gemini, &request).await.unwrap();
    assert_eq!((reply.stop, reply.usage.output_tokens), (Stop::MaxTokens, 9));
    assert_eq!(service.ask(Protocol::Gemini, &request).await.unwrap().stop, Stop::Refusal);
}

#[tokio::test]
async fn gemini_says_in_its_own_way_what_is_wrong() {
    let delay = |seconds: &str| json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds}]);
    let busy = gemini_error("503 Service Unavailable", "UNAVAILABLE", "The model is overloaded.", &json!([]));
    let slow = gemini_error("429 Too Many Requests", "RESOURCE_EXHAUSTED", "Slow down.", &delay("7s"));
    let service = Service::new(vec![busy, slow, generated(&json!([{"text": "hi"}]), "STOP")]).await;
    assert_eq!(service.ask(Protocol::Gemini, &ask("hello")).await.unwrap().text(), "hi");
    assert_eq!(service.pace.pauses(), [1, 7].map(Duration::from_secs));

    let quota = json!([{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}, {"retryDelay": "30s"}]);
    let spent = gemini_error("429 Too Many Requests", "RESOURCE_EXHAUSTED", "You exceeded your current quota.", &quota);
    let service = Service::new(vec![spent]).await;
    let error = service.ask(Protocol::Gemini, &ask("hello")).await.unwrap_err();
    assert_eq!(
        error.wait(jiff::Timestamp::UNIX_EPOCH).expect("a usage limit").until.as_second(),
        300,
        "a day's quota is not back in half a minute: {error}"
    );

    let cases = [
        (gemini_error("400 Bad Request", "INVALID_ARGUMENT", "API key not valid.", &json!([{"reason": "API_KEY_INVALID"}])), "Refused"),
        (gemini_error("400 Bad Request", "INVALID_ARGUMENT", "Please use a valid role.", &json!([])), "Invalid"),
        (gemini_error("404 Not Found", "NOT_FOUND", "models/x is not found.", &json!([])), "Refused"),
        (gemini_error("500 Internal Server Error", "INTERNAL", "An internal error has occurred.", &json!([])), "Uncertain"),
        (ok(&json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})), "Invalid"),
        (ok(&json!({"error": {"message": format!("key {KEY}")}})), "Malformed"),
        (ok(&json!({})), "Malformed"),
    ];
    for (response, kind) in cases {
        let service = Service::new(vec![response]).await;
        let error = service.ask(Protocol::Gemini, &ask("hello")).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind) && !error.to_string().contains(KEY), "{kind}: {error:?}");
    }
}

#[tokio::test]
async fn ollama_is_asked_without_a_key_for_tools_and_schemas() {
    let call =
        json!({"id": "call_x1", "index": 0, "type": "function", "function": {"name": "weather", "arguments": "{\"place\":\"Rome\"}"}});
    let called = json!({"role": "assistant", "content": "", "reasoning": "Hm.", "tool_calls": [call]});
    let service = Service::new(vec![completion(&called, "tool_calls"), said_by_openai("{}")]).await;
    let catalogue = catalogue(|config| config.ollama_base_url = Some(service.base_url.clone())).unwrap();
    let reply = catalogue.complete(CALLER, "ollama/qwen3:8b", &weather()).await.unwrap();
    assert_eq!(reply.stop, Stop::ToolUse);
    let heard = service.heard().pop().unwrap();
    assert!(heard.head.starts_with("post /v1/chat/completions ") && !heard.head.contains("authorization"), "{}", heard.head);
    assert_eq!((&heard.body["model"], &heard.body["tools"][0]["function"]["name"]), (&json!("qwen3:8b"), &json!("weather")));

    let request = Request { reply_schema: Some(json!({"type": "object"})), ..ask("hello") };
    catalogue.complete(CALLER, "ollama/qwen3:8b", &request).await.unwrap();
    assert_eq!(service.body()["response_format"]["json_schema"]["schema"]["type"], "object");
}

#[tokio::test]
async fn what_ollama_refuses_is_told_apart() {
    let said = |text: &str| json!({"error": {"message": text, "type": "api_error", "param": null, "code": null}}).to_string();
    let cases = [
        ("404 Not Found", "model \"x\" not found, try pulling it first", "Refused"),
        ("400 Bad Request", "registry.ollama.ai/library/x does not support tools", "Invalid"),
        ("500 Internal Server Error", "model runner has unexpectedly stopped", "Uncertain"),
    ];
    for (status, text, kind) in cases {
        let service = Service::new(vec![http(status, "", &said(text))]).await;
        let catalogue = catalogue(|config| config.ollama_base_url = Some(service.base_url.clone())).unwrap();
        let error = catalogue.complete(CALLER, "ollama/x", &ask("hello")).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind) && error.to_string().contains(&text[..5]), "{error:?}");
    }
    let busy = http("503 Service Unavailable", "", &said("server busy, please try again.  maximum pending requests exceeded"));
    let service = Service::new(vec![busy, said_by_openai("hi")]).await;
    let catalogue = catalogue(|config| config.ollama_base_url = Some(service.base_url.clone())).unwrap();
    assert_eq!(catalogue.complete(CALLER, "ollama/x", &ask("hello")).await.unwrap().text(), "hi");
}

fn body(protocol: Protocol, model: &str, request: &Request) -> Value {
    protocol.adapter().request(model, request, false).body
}

#[test]
fn a_choice_of_tools_is_written_as_each_service_wants_it() {
    let choices = [ToolChoice::Auto, ToolChoice::Required, ToolChoice::None, ToolChoice::Tool("weather".into())];
    let chosen = |protocol: Protocol, field: &str| {
        choices.clone().map(|choice| body(protocol, "m", &Request { tool_choice: Some(choice), ..weather() })[field].clone())
    };
    let one = json!({"type": "tool", "name": "weather"});
    assert_eq!(chosen(Protocol::Anthropic, "tool_choice"), [json!({"type": "auto"}), json!({"type": "any"}), json!({"type": "none"}), one]);
    let one = json!({"type": "function", "function": {"name": "weather"}});
    for protocol in [Protocol::OpenAi, Protocol::OpenAiCompatible] {
        assert_eq!(chosen(protocol, "tool_choice"), [json!("auto"), json!("required"), json!("none"), one.clone()]);
    }
    let modes = chosen(Protocol::Gemini, "toolConfig").map(|config| config["functionCallingConfig"].clone());
    let one = json!({"mode": "ANY", "allowedFunctionNames": ["weather"]});
    assert_eq!(modes, [json!({"mode": "AUTO"}), json!({"mode": "ANY"}), json!({"mode": "NONE"}), one]);

    for protocol in [Protocol::Anthropic, Protocol::OpenAi, Protocol::Gemini, Protocol::Ollama] {
        let without = body(protocol, "m", &Request { tool_choice: Some(ToolChoice::None), ..ask("hello") });
        let unsaid = body(protocol, "m", &weather());
        for body in [without, unsaid] {
            assert!(body.get("tool_choice").is_none() && body.get("toolConfig").is_none(), "{protocol:?}: {body}");
        }
    }
}

#[test]
fn ollama_is_offered_what_may_be_called() {
    let other = Tool { name: "clock".into(), ..weather().tools.remove(0) };
    let offered = |choice: ToolChoice| {
        let mut request = Request { tool_choice: Some(choice), reply_schema: Some(json!({"type": "object"})), ..weather() };
        request.tools.push(other.clone());
        let body = body(Protocol::Ollama, "m", &request);
        assert!(body.get("tool_choice").is_none(), "{body}");
        assert_eq!(body.get("tools").is_none(), body.get("response_format").is_some(), "{body}");
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(offered(ToolChoice::Tool("clock".into())), ["clock"]);
    assert_eq!(offered(ToolChoice::Required), ["weather", "clock"]);
    assert_eq!(offered(ToolChoice::None), [""; 0]);
}

#[test]
fn stop_sequences_and_temperatures_go_to_models_that_take_them() {
    let request = Request { stop_sequences: vec!["END".into()], temperature: Some(1.5), ..ask("hello") };
    let sent = |protocol: Protocol, model: &str| body(protocol, model, &request);
    for protocol in [Protocol::OpenAi, Protocol::OpenAiCompatible, Protocol::Ollama] {
        let body = sent(protocol, "some-model");
        assert_eq!((&body["stop"], &body["temperature"]), (&json!(["END"]), &json!(1.5)));
    }
    for thinking in ["gpt-5-mini", "o3", "o4-mini-high"] {
        let body = sent(Protocol::OpenAi, thinking);
        assert!(body.get("stop").is_none() && body.get("temperature").is_none(), "{body}");
    }
    assert_eq!(sent(Protocol::OpenAi, "gpt-5-chat-latest")["temperature"], 1.5);
    assert_eq!(sent(Protocol::OpenAi, "gpt-5.2-none")["temperature"], 1.5, "it was told not to think");
    let anthropic = sent(Protocol::Anthropic, "claude-sonnet-4-5");
    assert_eq!((&anthropic["stop_sequences"], &anthropic["temperature"]), (&json!(["END"]), &json!(1.0)));
    assert!(sent(Protocol::Anthropic, "claude-sonnet-4-5-high").get("temperature").is_none());
    let gemini = &sent(Protocol::Gemini, "gemini-2.5-pro")["generationConfig"];
    assert_eq!((&gemini["stopSequences"], &gemini["temperature"]), (&json!(["END"]), &json!(1.5)));
    for protocol in [Protocol::OpenAi, Protocol::Anthropic, Protocol::Gemini] {
        let text = body(protocol, "m", &ask("hello")).to_string();
        assert!(!text.contains("stop"), "{text}");
    }
}

#[test]
fn an_effort_of_the_request_holds_where_the_name_says_none() {
    let sent = |protocol: Protocol, model: &str| body(protocol, model, &Request { effort: Some(Effort::Low), ..weather() });
    for (model, effort) in [("o4-mini", json!("low")), ("o4-mini-high", json!("high")), ("gpt-4.1", Value::Null)] {
        assert_eq!(sent(Protocol::OpenAi, model)["reasoning_effort"], effort, "{model}");
    }
    for protocol in [Protocol::OpenAiCompatible, Protocol::Ollama] {
        assert!(sent(protocol, "o4-mini").get("reasoning_effort").is_none());
    }
    assert_eq!(sent(Protocol::Anthropic, "claude-opus-4-8")["output_config"]["effort"], "low");
    assert_eq!(sent(Protocol::Anthropic, "claude-opus-4-8-max")["output_config"]["effort"], "max");
    assert_eq!(sent(Protocol::Gemini, "gemini-3-pro")["generationConfig"]["thinkingConfig"], json!({"thinkingLevel": "LOW"}));
    assert_eq!(sent(Protocol::Gemini, "gemini-2.5-pro")["generationConfig"]["thinkingConfig"], json!({"thinkingBudget": 1024}));
    assert!(sent(Protocol::Gemini, "gemini-2.0-flash").get("generationConfig").is_none());
    let forced = Request { effort: Some(Effort::High), tool_choice: Some(ToolChoice::Required), ..weather() };
    let forced = body(Protocol::Anthropic, "claude-sonnet-4-5", &forced);
    assert!(forced.get("thinking").is_none() && forced["tool_choice"]["type"] == "any", "{forced}");
}

#[test]
fn a_stop_sequence_that_a_service_reports_is_one() {
    let content = json!([{"type": "text", "text": "one "}]);
    let reply = replies::whole(Protocol::Anthropic, &ask("hello"), &replies::anthropic(&content, &json!("stop_sequence"))).unwrap();
    assert_eq!(reply.stop, Stop::StopSequence);
    let message = json!({"content": "one"});
    for (reason, stop) in [("stop_sequence", Stop::StopSequence), ("stop", Stop::End)] {
        let reply = replies::whole(Protocol::OpenAiCompatible, &ask("hello"), &replies::openai(&message, &json!(reason))).unwrap();
        assert_eq!(reply.stop, stop, "{reason}");
    }
}

#[test]
fn files_go_out_in_the_form_of_each_service() {
    let file = |media_type: &str, path: &str| {
        Part::Media(Media { media_type: media_type.into(), path: path.into(), data: b"\x01\x02\x03".to_vec().into() })
    };
    let result = Part::ToolResult(ToolResult { call_id: "t1".into(), content: "dry".into(), failed: false });
    let parts = vec![file("image/png", "a.png"), Part::Text("Rain?".into()), file("application/pdf", "docs/b.pdf"), result];
    let request = Request { messages: vec![user(parts)], ..Request::default() };

    let content = &body(Protocol::Anthropic, "m", &request)["messages"][0]["content"];
    let source = |media_type: &str| json!({"type": "base64", "media_type": media_type, "data": "AQID"});
    assert_eq!(content[0]["type"], "tool_result");
    assert_eq!(content[1], json!({"type": "image", "source": source("image/png")}));
    assert_eq!(content[2]["text"], "Rain?");
    assert_eq!(content[3], json!({"type": "document", "source": source("application/pdf")}));

    let messages = &body(Protocol::OpenAi, "m", &request)["messages"];
    let list = json!([
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AQID"}},
        {"type": "text", "text": "Rain?"},
        {"type": "file", "file": {"filename": "b.pdf", "file_data": "data:application/pdf;base64,AQID"}},
    ]);
    assert_eq!((&messages[0]["role"], &messages[1]["content"]), (&json!("tool"), &list));

    let parts = &body(Protocol::Gemini, "m", &request)["contents"][1]["parts"];
    let inline = |media_type: &str| json!({"inlineData": {"mimeType": media_type, "data": "AQID"}});
    assert_eq!(*parts, json!([inline("image/png"), {"text": "Rain?"}, inline("application/pdf")]));
}

#[tokio::test]
async fn a_file_that_a_service_does_not_take_is_not_sent() {
    for (protocol, media_type) in [(Protocol::Gemini, "image/gif"), (Protocol::Ollama, "application/pdf")] {
        let service = Service::new(Vec::new()).await;
        let file = Part::Media(Media { media_type: media_type.into(), path: "a".into(), data: Default::default() });
        let error = service.ask(protocol, &Request { messages: vec![user(vec![file])], ..Request::default() }).await.unwrap_err();
        assert!(matches!(&error, ProviderError::UnsupportedMedia { media_type: named, .. } if named == media_type), "{error}");
        assert_eq!(error.charged(), Charge::No);
    }
}

#[test]
fn sealed_blocks_go_back_to_their_protocol_alone() {
    let detail = json!({"type": "reasoning.encrypted", "data": "their-own"});
    let block = json!({"type": "redacted_thinking", "data": "its-own"});
    let message = json!({"content": "No.", "reasoning_details": [detail]});
    let mut parts = replies::whole(Protocol::OpenAiCompatible, &ask("Rain?"), &replies::openai(&message, &json!("stop"))).unwrap().parts;
    let content = json!([block]);
    parts.extend(replies::whole(Protocol::Anthropic, &ask("Rain?"), &replies::anthropic(&content, &json!("end_turn"))).unwrap().parts);
    let foreign = Opaque { provider: "anthropic".into(), data: json!({"type": "server_tool_use"}) };
    parts.push(Part::Opaque(foreign));
    let mut request = ask("Rain?");
    request.messages.push(assistant(parts));
    assert_eq!(body(Protocol::OpenAiCompatible, "m", &request)["messages"][1]["reasoning_details"], json!([detail]));
    assert_eq!(body(Protocol::Anthropic, "m", &request)["messages"][1]["content"], json!([{"type": "text", "text": "No."}, block]));
    for protocol in [Protocol::OpenAi, Protocol::Gemini] {
        let text = body(protocol, "m", &request).to_string();
        assert!(text.contains("No.") && !text.contains("-own"), "{protocol:?}: {text}");
    }
    let deep = format!("{{\"type\":\"reasoning.text\",\"a\":{}{}}}", "[".repeat(110), "]".repeat(110));
    let message = json!({"content": "No.", "reasoning_details": [serde_json::from_str::<Value>(&deep).unwrap()]});
    let reply = replies::whole(Protocol::OpenAiCompatible, &ask("Rain?"), &replies::openai(&message, &json!("stop"))).unwrap();
    assert!(reply.parts.iter().all(|part| matches!(part, Part::Text(_))), "the journal could not hold it: {reply:?}");
}
