//! Servers that refuse what providers refuse: each rule refuses what breaks it, and no request of a bundled workflow breaks one.

use std::{fs, path::Path, process::Command};

use baton_tests::{
    folder,
    model_server::{
        Hooks, ModelServer, Seen,
        strict::{broken, strict},
    },
    program,
};
use serde_json::{Value, json};

use super::sprint::{PROCESSES, Project, STORIES, document};

/// How a provider is reached, and the model that is asked of it.
struct Way {
    protocol: &'static str,
    model: &'static str,
    /// Variables that lead there.
    variables: &'static [(&'static str, &'static str)],
}

const WAYS: [Way; 4] = [
    Way {
        protocol: "chat-completions",
        model: "openai/gpt-4.1",
        variables: &[("OPENAI_BASE_URL", "{url}"), ("OPENAI_API_KEY", "sk-double-double")],
    },
    Way { protocol: "responses", model: "double/gpt-5.6", variables: &[] },
    Way {
        protocol: "messages",
        model: "anthropic/claude-opus-4-8",
        variables: &[("ANTHROPIC_BASE_URL", "{url}"), ("ANTHROPIC_API_KEY", "sk-double-double")],
    },
    Way {
        protocol: "generate-content",
        model: "gemini/gemini-3.5-flash",
        variables: &[("GEMINI_BASE_URL", "{url}"), ("GEMINI_API_KEY", "sk-double-double")],
    },
];

impl Way {
    fn settings(&self, server: &ModelServer) -> String {
        let double = match self.protocol {
            "responses" => format!(
                "[providers.double]\nbase-url = \"{}\"\nprotocol = \"responses\"\n\n[abilities.\"{}\"]\nwindow-tokens = 922000\nmax-output-tokens = 128000\nreply-schema = true\ntemperature = false\n\n",
                server.base_url(),
                self.model
            ),
            _ => String::new(),
        };
        format!("{double}[models]\ndefault = \"{}\"\n", self.model)
    }

    fn lead(&self, command: &mut Command, server: &ModelServer) {
        for (name, value) in self.variables {
            command.env(name, value.replace("{url}", &server.base_url()));
        }
    }
}

fn served(script: &Path) -> ModelServer {
    ModelServer::start(script, Hooks { check: Some(strict()), ..Hooks::default() })
}

/// Every request was of this protocol, and none was refused.
fn passed(way: &Way, server: &ModelServer) {
    let exchanges = server.exchanges();
    assert!(!exchanges.is_empty());
    for exchange in exchanges {
        assert_eq!((exchange.protocol, exchange.refused.as_deref()), (way.protocol, None), "{}: {}", exchange.plugin, exchange.body);
    }
}

#[test]
fn no_request_of_plan_is_refused_by_any_provider() {
    for way in &WAYS {
        let home = tempfile::tempdir().unwrap();
        folder::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/expense-splitter"), &home.path().join("work"));
        let server = served(&home.path().join("work/replies.yaml"));
        fs::write(home.path().join("baton.toml"), way.settings(&server)).unwrap();
        let arguments = ["run", "plan", "--input", "@work/brief.md", "--workspace", "work", "--data-dir", "data", "--yes"];
        let mut command = program::command(home.path(), &arguments);
        command.env("BATON_CONFIG", home.path().join("baton.toml"));
        way.lead(&mut command, &server);
        let ended = program::output(command).exits(0);
        assert!(ended.stdout.contains("stories"), "{}: {}", way.protocol, ended.stdout);
        passed(way, &server);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_of_a_sprint_is_refused_by_any_provider() {
    for way in &WAYS {
        let project = Project::with(&STORIES[..2], PROCESSES).await;
        let server = served(&project.home.path().join("replies.yaml"));
        let settings = format!("{PROCESSES}\n{}", way.settings(&server));
        fs::write(project.home.path().join("baton.toml"), settings).unwrap();
        let mut command = project.command(&["run", "sprint", "--workspace", "workspace", "--yes"]);
        way.lead(&mut command, &server);
        let landed = program::output(command).exits(0);
        assert_eq!(document(&landed)["landed"], 2, "{}: {}", way.protocol, landed.stdout);
        passed(way, &server);
    }
}

/// The message by which a request is refused.
fn refusal(protocol: &'static str, model: &str, change: impl FnOnce(&mut Value)) -> String {
    let (mut body, path) = sound(protocol, model);
    assert_eq!(judged(protocol, &path, &body), None, "{protocol}");
    change(&mut body);
    judged(protocol, &path, &body).unwrap_or_else(|| panic!("{protocol} takes this: {body}"))
}

fn judged(protocol: &'static str, path: &str, body: &Value) -> Option<String> {
    broken(&Seen { protocol, path, headers: "", body, earlier: 0, tokens: 0 })
}

/// A request with a call and its result that each rule takes.
fn sound(protocol: &str, model: &str) -> (Value, String) {
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false });
    let body = match protocol {
        "chat-completions" => json!({
            "model": model, "stream": false, "max_completion_tokens": 9, "reasoning_effort": "none",
            "tools": [{ "type": "function", "function": { "name": "look", "description": "Looks.", "parameters": schema } }],
            "messages": [
                { "role": "user", "content": "Look." },
                { "role": "assistant", "content": "", "tool_calls": [{ "id": "c1", "type": "function", "function": { "name": "look", "arguments": "{}" } }] },
                { "role": "tool", "tool_call_id": "c1", "content": "Seen." },
            ],
            "response_format": { "type": "json_schema", "json_schema": { "name": "reply", "strict": true, "schema": schema } },
        }),
        "responses" => json!({
            "model": model, "stream": false, "store": false, "include": ["reasoning.encrypted_content"],
            "tools": [{ "type": "function", "name": "look", "description": "Looks.", "parameters": schema, "strict": false }],
            "input": [
                { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Look." }] },
                { "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA-sealed-1" },
                { "type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}" },
                { "type": "function_call_output", "call_id": "c1", "output": "Seen." },
            ],
            "text": { "format": { "type": "json_schema", "name": "reply", "strict": true, "schema": schema } },
        }),
        "messages" => json!({
            "model": model, "stream": false, "max_tokens": 4_096, "thinking": { "type": "adaptive" }, "system": [{ "type": "text", "text": "Be brief." }],
            "tools": [{ "name": "look", "description": "Looks.", "input_schema": schema }],
            "messages": [
                { "role": "user", "content": [{ "type": "text", "text": "Look." }] },
                { "role": "assistant", "content": [
                    { "type": "thinking", "thinking": "", "signature": "signed-by-the-double" },
                    { "type": "tool_use", "id": "c1", "name": "look", "input": {} },
                ] },
                { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c1", "content": "Seen." }, { "type": "text", "text": "Well?" }] },
            ],
            "output_config": { "format": { "type": "json_schema", "schema": schema } },
        }),
        _ => json!({
            "tools": [{ "functionDeclarations": [{ "name": "look", "description": "Looks.", "parametersJsonSchema": schema }] }],
            "contents": [
                { "role": "user", "parts": [{ "text": "Look." }] },
                { "role": "model", "parts": [{ "functionCall": { "id": "c1", "name": "look", "args": {} }, "thoughtSignature": "proof-by-the-double" }] },
                { "role": "user", "parts": [{ "functionResponse": { "id": "c1", "name": "look", "response": { "content": "Seen." } } }] },
            ],
            "generationConfig": { "maxOutputTokens": 9 },
        }),
    };
    let path = if protocol == "generate-content" { format!("/v1/models/{model}:generateContent") } else { "/v1".to_owned() };
    (body, path)
}

fn remove(list: &mut Value, place: usize) {
    list.as_array_mut().unwrap().remove(place);
}

/// A change of a request, and a part of the message by which it is refused.
type Case = (fn(&mut Value), &'static str);

fn refuses(protocol: &'static str, model: &str, cases: &[Case]) {
    for (change, expected) in cases {
        let message = refusal(protocol, model, change);
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn chat_completions_refuse_what_openai_refuses() {
    let cases: &[Case] = &[
        (|body| body["top_k"] = json!(1), "Unrecognized request argument supplied: top_k"),
        (|body| body["stream_options"] = json!({}), "only allowed when 'stream' is enabled"),
        (|body| body["temperature"] = json!(0.3), "'temperature' does not support 0.3"),
        (|body| body["max_tokens"] = json!(9), "Use 'max_completion_tokens' instead"),
        (|body| body["stop"] = json!(["END"]), "'stop' is not supported"),
        (|body| body["reasoning_effort"] = json!("low"), "Please use /v1/responses instead"),
        (
            |body| body["response_format"]["json_schema"]["schema"]["properties"]["a"]["minLength"] = json!(1),
            "'minLength' is not permitted",
        ),
        (|body| body["response_format"]["json_schema"]["schema"]["properties"]["a"] = json!({ "enum": ["x"] }), "must have a 'type' key"),
        (|body| body["response_format"]["json_schema"]["schema"]["required"] = json!([]), "every key in properties"),
        (
            |body| body["response_format"]["json_schema"]["schema"]["additionalProperties"] = json!(true),
            "'additionalProperties' is required",
        ),
        (|body| body["response_format"]["json_schema"]["schema"] = json!({ "type": "array" }), "'type: \"object\"'"),
        (|body| body["tools"][0]["function"]["name"] = json!("web.look"), "does not match pattern"),
        (|body| body["tools"][0]["function"]["description"] = json!("x".repeat(1_025)), "string too long"),
        (|body| body["tools"][0]["function"]["parameters"]["anyOf"] = json!([]), "anyOf is not supported at the top level"),
        (|body| body["messages"][2] = json!({ "role": "user", "content": "Well?" }), "must be followed by tool messages"),
        (|body| body["messages"][2]["tool_call_id"] = json!("c2"), "must be a response to a preceding message"),
        (|body| body["messages"][0]["content"] = Value::Null, "expected a string, got null"),
    ];
    refuses("chat-completions", "gpt-5.6", cases);
}

#[test]
fn responses_refuse_what_openai_refuses() {
    let cases: &[Case] = &[
        (|body| body["stop"] = json!(["END"]), "Unknown parameter: 'stop'"),
        (|body| body["temperature"] = json!(0.3), "'temperature' does not support 0.3"),
        (|body| body["store"] = json!(true), "would be stored"),
        (|body| body["model"] = json!("gpt-4.1"), "Encrypted content is not supported"),
        (|body| body["text"]["format"]["schema"]["properties"]["a"]["maxLength"] = json!(1), "'maxLength' is not permitted"),
        (|body| body["tools"][0]["name"] = json!(""), "does not match pattern"),
        (|body| remove(&mut body["input"], 3), "No tool output found"),
        (|body| remove(&mut body["input"], 2), "No tool call found"),
        (|body| body["input"][1].as_object_mut().unwrap().remove("summary").map_or((), drop), "input[1].summary"),
        (|body| body["input"].as_array_mut().unwrap().swap(1, 2), "required following item"),
        (|body| remove(&mut body["input"], 1), "The reasoning before"),
        (|body| body["input"][1]["encrypted_content"] = json!("gBBB"), "could not be verified"),
        (|body| body["input"][2]["arguments"] = json!({}), "expected a JSON string"),
    ];
    refuses("responses", "gpt-5.6", cases);
}

#[test]
fn messages_refuse_what_anthropic_refuses() {
    let cases: &[Case] = &[
        (|body| body["response_format"] = json!({}), "Extra inputs are not permitted"),
        (|body| body["max_tokens"] = json!(128_001), "which is the maximum allowed"),
        (|body| body["max_tokens"] = Value::Null, "Field required"),
        (|body| body["temperature"] = json!(0.3), "`temperature` is deprecated"),
        (|body| remove(&mut body["messages"], 0), "must use the \"user\" role"),
        (|body| body["system"][0]["text"] = json!(" "), "non-whitespace"),
        (|body| body["messages"][2]["content"].as_array_mut().unwrap().swap(0, 1), "without `tool_result` blocks immediately after"),
        (|body| body["messages"][2]["content"][0]["tool_use_id"] = json!("c2"), "without `tool_result`"),
        (|body| remove(&mut body["messages"][1]["content"], 0), "Expected `thinking`"),
        (|body| body["messages"][1]["content"][0]["signature"] = json!("x"), "Invalid `signature`"),
        (|body| body["thinking"] = json!({ "type": "enabled", "budget_tokens": 1_024 }), "not supported for this model"),
        (|body| body["tool_choice"] = json!({ "type": "any" }), "Thinking may not be enabled"),
        (|body| body["output_config"]["format"]["schema"]["properties"]["a"]["minLength"] = json!(1), "'minLength' is not supported"),
        (|body| body["output_config"]["format"]["schema"]["additionalProperties"] = Value::Null, "explicitly set to false"),
        (|body| body["tools"][0]["name"] = json!("web.look"), "should match pattern"),
        (|body| body["tools"][0]["input_schema"]["oneOf"] = json!([]), "oneOf is not supported at the top level"),
        (|body| body["messages"][1]["content"][0]["cache_control"] = json!({}), "cannot be set for thinking"),
        (|body| body["messages"][1]["content"][1]["input"] = json!("x"), "valid dictionary"),
    ];
    refuses("messages", "claude-opus-4-8", cases);
    let older: &[Case] = &[
        (|body| body["max_tokens"] = json!(64_001), "64001 > 64000"),
        (|body| body["temperature"] = json!(0.3), "when thinking is enabled"),
        (|body| body["thinking"] = json!({ "type": "enabled", "budget_tokens": 4_096 }), "must be greater than"),
    ];
    refuses("messages", "claude-sonnet-4-5", older);
}

#[test]
fn contents_refuse_what_gemini_refuses() {
    let cases: &[Case] = &[
        (|body| body["model"] = json!("x"), "Unknown name \"model\""),
        (|body| body["generationConfig"]["temprature"] = json!(1), "Unknown name \"temprature\""),
        (|body| body["generationConfig"]["maxOutputTokens"] = json!(128_000), "supported range"),
        (|body| body["generationConfig"]["responseMimeType"] = json!("application/json"), "Function calling with a response mime type"),
        (|body| body["tools"][0]["functionDeclarations"][0]["name"] = json!("1look"), "Must start with a letter"),
        (
            |body| body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]["properties"]["a"]["pattern"] = json!("x"),
            "\"pattern\" is not supported",
        ),
        (|body| body["contents"][0]["parts"] = json!([]), "must not be empty"),
        (|body| body["contents"][0]["parts"][0]["text"] = json!(""), "must have a text parameter"),
        (|body| remove(&mut body["contents"], 0), "begin with a user turn"),
        (
            |body| body["contents"].as_array_mut().unwrap().insert(1, json!({ "role": "model", "parts": [{ "text": "Well." }] })),
            "immediately after a user turn",
        ),
        (|body| remove(&mut body["contents"], 2), "number of function response parts"),
        (
            |body| body["contents"][1]["parts"][0].as_object_mut().unwrap().remove("thoughtSignature").map_or((), drop),
            "missing a thought_signature",
        ),
        (|body| body["contents"][1]["parts"][0]["thoughtSignature"] = json!("x"), "not valid"),
        (|body| body["generationConfig"]["thinkingConfig"] = json!({ "thinkingLevel": "LOW", "thinkingBudget": 1 }), "only one of"),
    ];
    refuses("generate-content", "gemini-3.5-flash", cases);
}

/// A model that nothing is known of is asked as it wants to be after one answer, over the protocol that it calls no tools in while
/// it reasons.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_refuses_is_learned_in_one_run() {
    let project = Project::with(&STORIES[..2], PROCESSES).await;
    let server = served(&project.home.path().join("replies.yaml"));
    let settings =
        format!("{PROCESSES}\n[providers.double]\nbase-url = \"{}\"\n\n[models]\ndefault = \"double/gpt-5.6\"\n", server.base_url());
    fs::write(project.home.path().join("baton.toml"), settings).unwrap();
    let landed = project.baton(&["run", "sprint", "--workspace", "workspace", "--yes"]).exits(0);
    assert_eq!(document(&landed)["landed"], 2, "{}", landed.stdout);
    let exchanges = server.exchanges();
    let refused: Vec<_> = exchanges.iter().filter_map(|exchange| exchange.refused.clone()).collect();
    // Stories are asked side by side, so that some are refused the same before one has learned it.
    assert!((1..exchanges.len() / 3).contains(&refused.len()), "{refused:?}");
    assert!(exchanges.iter().rev().take(5).all(|exchange| exchange.refused.is_none()), "{refused:?}");
}

#[test]
fn doctor_asks_the_models_and_says_what_they_can_do() {
    const SCRIPT: &str = r#"
rules:
  - when: { turn: 0, contains: "Call the tool" }
    calls: [ { name: report, arguments: { word: ready } } ]
  - when: { turn: 1 }
    reply: done
  - when: { turn: 0, contains: "Reply with JSON" }
    json: { word: ready, letters: 5 }
"#;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("script.yaml"), SCRIPT).unwrap();
    let server = served(&home.path().join("script.yaml"));
    let settings = format!(
        "[providers.double]\nbase-url = \"{}\"\n\n[models]\ndefault = \"double/gpt-5.6\"\nlost = \"double2/x\"\n",
        server.base_url()
    );
    fs::write(home.path().join("baton.toml"), settings).unwrap();
    let doctor = |arguments: &[&str]| {
        let mut command = program::command(home.path(), &[&["doctor", "--data-dir", "data", "-o", "json"], arguments].concat());
        command.env("BATON_CONFIG", home.path().join("baton.toml"));
        let ended = program::output(command);
        let checks: Value = serde_json::from_str(&ended.stdout).unwrap();
        let models = checks["items"].as_array().unwrap().iter().filter(|check| check["subject"] == "model").cloned().collect::<Vec<_>>();
        (ended.code, models)
    };
    let (_, models) = doctor(&[]);
    assert_eq!((models.len(), server.exchanges().len()), (2, 0), "it asks nobody: {models:?}");
    assert!(models[0]["message"].as_str().unwrap().contains("takes its window for 16,384 tokens"), "{models:?}");
    let (code, models) = doctor(&["--models"]);
    let found = |part: &str| {
        models.iter().find(|check| check["message"].as_str().unwrap().contains(part)).unwrap_or_else(|| panic!("{part}: {models:?}"))
    };
    let asked = found("`double/gpt-5.6`: tools, no reply schema, no reasoning shown");
    assert!(asked["message"].as_str().unwrap().contains("it takes no reply schema, no reasoning beside tools"), "{asked}");
    assert!(asked["hint"].as_str().unwrap().starts_with("Set `window-tokens` and `max-output-tokens` under"), "{asked}");
    assert_eq!((&found("`double2/x` does not answer")["level"], code), (&json!("fail"), Some(1)));
}
