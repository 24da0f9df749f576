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
    assert_eq!(error.wait().expect("a usage limit").until.as_second(), 300, "a day's quota is not back in half a minute: {error}");

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
