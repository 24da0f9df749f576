//! What OpenAI refuses, of chat completions and of responses.

use serde_json::Value;

use super::{Request, Rule, Verdict, is_plain, repeated, schemas, unknown};
use crate::model_server::{protocol::items, responses::SEAL};

/// The rules of chat completions.
pub(super) const COMPLETIONS: &[Rule] = &[
    known_fields,
    no_temperature_while_reasoning,
    limit_by_its_new_name,
    no_stop_while_reasoning,
    no_tools_while_reasoning,
    chat_schema,
    chat_tools,
    chat_choice,
    results_behind_calls,
    short_ids,
    messages_say_something,
];

/// The rules of responses.
pub(super) const RESPONSES: &[Rule] = &[
    known_fields_of_responses,
    no_temperature_while_reasoning,
    sealed_reasoning_where_there_is_some,
    nothing_stored,
    text_format,
    response_tools,
    outputs_for_calls,
    reasoning_before_what_came_of_it,
    reasoning_handed_back,
    arguments_as_text,
];

/// API reference, "Create chat completion"; others are "Unrecognized request argument supplied".
fn known_fields(request: &Request<'_>) -> Verdict {
    const KNOWN: [&str; 16] = [
        "model",
        "messages",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "seed",
        "prompt_cache_key",
    ];
    if request.body.get("stream_options").is_some() && request.body["stream"] != true {
        return Err("The 'stream_options' parameter is only allowed when 'stream' is enabled.".to_owned());
    }
    unknown(request.body, &KNOWN).map_or(Ok(()), |field| Err(format!("Unrecognized request argument supplied: {field}")))
}

/// Guide "Reasoning models": temperature is not supported (qwen-code #921, inspect_ai #3721).
fn no_temperature_while_reasoning(request: &Request<'_>) -> Verdict {
    let asked = request.body["temperature"].as_f64().filter(|asked| request.reasons() && *asked != 1.0);
    asked.map_or(Ok(()), |asked| {
        let what = format!("Unsupported value: 'temperature' does not support {asked} with this model.");
        Err(format!("{what} Only the default (1) value is supported."))
    })
}

/// API reference, `max_tokens`: not compatible with reasoning models.
fn limit_by_its_new_name(request: &Request<'_>) -> Verdict {
    if request.reasons() && request.body.get("max_tokens").is_some() {
        return Err("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.".to_owned());
    }
    Ok(())
}

/// API reference, `stop`: not supported with reasoning models; at most four texts.
fn no_stop_while_reasoning(request: &Request<'_>) -> Verdict {
    match &request.body["stop"] {
        Value::Null => Ok(()),
        _ if request.reasons() => Err("Unsupported parameter: 'stop' is not supported with this model.".to_owned()),
        stop if items(stop).count() > 4 => Err("Invalid 'stop': array too long. Expected an array with maximum length 4.".to_owned()),
        _ => Ok(()),
    }
}

/// litellm #34569, LibreChat #14355: GPT-5.5 and later call no functions over chat completions while they reason, which they do
/// unless the effort is "none".
fn no_tools_while_reasoning(request: &Request<'_>) -> Verdict {
    let is_recent = ["gpt-5.5", "gpt-5.6", "gpt-6"].iter().any(|family| request.model.starts_with(family));
    let has_tools = items(&request.body["tools"]).next().is_some();
    if is_recent && has_tools && request.body["reasoning_effort"] != "none" {
        let what = format!("Function tools with reasoning_effort are not supported for {} in /v1/chat/completions.", request.model);
        return Err(format!("{what} Please use /v1/responses instead."));
    }
    Ok(())
}

/// Guide "Structured outputs".
fn chat_schema(request: &Request<'_>) -> Verdict {
    let format = &request.body["response_format"]["json_schema"];
    if format.is_null() { Ok(()) } else { schema(&format["name"], &format["strict"], &format["schema"]) }
}

/// Guide "Structured outputs", with responses.
fn text_format(request: &Request<'_>) -> Verdict {
    let format = &request.body["text"]["format"];
    if format.is_null() { Ok(()) } else { schema(&format["name"], &format["strict"], &format["schema"]) }
}

fn schema(name: &Value, strict: &Value, schema: &Value) -> Verdict {
    if !name.as_str().is_some_and(|name| is_plain(name, 64)) {
        return Err("Missing required parameter: 'response_format.json_schema.name'.".to_owned());
    }
    match strict == true {
        true => schemas::strict_openai(schema),
        false if schema["type"] != "object" => Err("Invalid schema for response_format: schema must be of type object.".to_owned()),
        false => Ok(()),
    }
}

/// API reference, `tools`: at most 128, names of 1 to 64 letters, digits, `_` and `-`, descriptions of at most 1,024 characters.
fn tools<'a>(functions: impl Iterator<Item = &'a Value> + Clone) -> Verdict {
    for (place, function) in functions.clone().enumerate() {
        let name = function["name"].as_str().unwrap_or_default();
        if !is_plain(name, 64) {
            return Err(format!("Invalid 'tools[{place}].function.name': string does not match pattern. Expected '^[a-zA-Z0-9_-]+$'."));
        }
        if function["description"].as_str().is_some_and(|text| text.chars().count() > 1_024) {
            return Err(format!("Invalid 'tools[{place}].function.description': string too long. Expected maximum length 1024."));
        }
        schemas::parameters(&function["parameters"]).map_err(|what| format!("Invalid schema for function '{name}': {what}"))?;
    }
    if functions.clone().count() > 128 {
        return Err("Invalid 'tools': array too long. Expected an array with maximum length 128.".to_owned());
    }
    let names = functions.map(|function| function["name"].as_str().unwrap_or_default());
    repeated(names).map_or(Ok(()), |name| Err(format!("Invalid 'tools': the function '{name}' is offered twice.")))
}

fn chat_tools(request: &Request<'_>) -> Verdict {
    let listed = &request.body["tools"];
    if listed.as_array().is_some_and(Vec::is_empty) {
        return Err("Invalid 'tools': empty array. Expected an array with minimum length 1.".to_owned());
    }
    tools(items(listed).map(|tool| &tool["function"]))
}

fn response_tools(request: &Request<'_>) -> Verdict {
    tools(items(&request.body["tools"]))
}

/// API reference, `tool_choice`: "only allowed when `tools` are specified".
fn chat_choice(request: &Request<'_>) -> Verdict {
    match request.body.get("tool_choice").is_some() && request.body.get("tools").is_none() {
        true => Err("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.".to_owned()),
        false => Ok(()),
    }
}

/// Guide "Function calling": the results of all calls of a message stand right behind it, and none by itself.
fn results_behind_calls(request: &Request<'_>) -> Verdict {
    let mut open: Vec<&str> = Vec::new();
    for (place, message) in items(&request.body["messages"]).enumerate() {
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let Some(answered) = open.iter().position(|open| *open == id) else {
                return Err(format!(
                    "messages[{place}]: messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                ));
            };
            open.remove(answered);
            continue;
        }
        if let [id, ..] = open[..] {
            return Err(format!(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. Missing: {id}"
            ));
        }
        open = items(&message["tool_calls"]).filter_map(|call| call["id"].as_str()).collect();
    }
    open.first().map_or(Ok(()), |id| Err(format!("No tool message responds to the 'tool_call_id' {id}.")))
}

/// API reference, `tool_calls[].id`: at most 40 characters ("string too long").
fn short_ids(request: &Request<'_>) -> Verdict {
    let calls = || items(&request.body["messages"]).flat_map(|message| items(&message["tool_calls"]));
    match calls().filter_map(|call| call["id"].as_str()).find(|id| id.len() > 40 || id.is_empty()) {
        Some(id) => Err(format!("Invalid 'messages.tool_calls.id': string too long. Expected maximum length 40, got {}.", id.len())),
        None => Ok(()),
    }
}

/// API reference, `messages`: a message of the user has content, one of the assistant has content or calls.
fn messages_say_something(request: &Request<'_>) -> Verdict {
    for (place, message) in items(&request.body["messages"]).enumerate() {
        let is_empty = message["content"].is_null() || message["content"].as_array().is_some_and(Vec::is_empty);
        let is_silent = message["role"] == "assistant" && message["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty());
        if is_empty && !is_silent {
            return Err(format!("Invalid value for 'content': expected a string, got null. messages[{place}]"));
        }
    }
    Ok(())
}

/// API reference, "Create a model response".
fn known_fields_of_responses(request: &Request<'_>) -> Verdict {
    const KNOWN: [&str; 17] = [
        "model",
        "input",
        "instructions",
        "stream",
        "store",
        "include",
        "reasoning",
        "text",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "temperature",
        "top_p",
        "max_output_tokens",
        "prompt_cache_key",
        "metadata",
        "truncation",
    ];
    unknown(request.body, &KNOWN).map_or(Ok(()), |field| Err(format!("Unknown parameter: '{field}'.")))
}

/// OpenHands' software-agent-sdk #1208: "Encrypted content is not supported with this model."
fn sealed_reasoning_where_there_is_some(request: &Request<'_>) -> Verdict {
    let is_asked = items(&request.body["include"]).any(|what| what == "reasoning.encrypted_content");
    match is_asked && !request.reasons() {
        true => Err("Encrypted content is not supported with this model.".to_owned()),
        false => Ok(()),
    }
}

/// What Baton promises: nothing of a conversation stays at the service.
fn nothing_stored(request: &Request<'_>) -> Verdict {
    if request.body["store"] == false { Ok(()) } else { Err("The response would be stored.".to_owned()) }
}

/// openai-agents-js and others: "No tool output found for function call".
fn outputs_for_calls(request: &Request<'_>) -> Verdict {
    let of = |kind: &'static str| {
        items(&request.body["input"]).filter(move |item| item["type"] == kind).filter_map(|item| item["call_id"].as_str())
    };
    if let Some(id) = of("function_call").find(|id| !of("function_call_output").any(|answered| answered == *id)) {
        return Err(format!("No tool output found for function call {id}."));
    }
    if let Some(id) = of("function_call_output").find(|id| !of("function_call").any(|made| made == *id)) {
        return Err(format!("No tool call found for function call output with call_id {id}."));
    }
    match of("function_call").find(|id| id.is_empty() || id.len() > 64) {
        Some(id) => Err(format!("Invalid 'input.call_id': string too long. Expected maximum length 64, got {}.", id.len())),
        None => repeated(of("function_call")).map_or(Ok(()), |id| Err(format!("Duplicate item found with id {id}."))),
    }
}

/// continue #8933: "Item of type 'reasoning' was provided without its required following item."; Agora #141: `summary` is required.
fn reasoning_before_what_came_of_it(request: &Request<'_>) -> Verdict {
    let input: Vec<&Value> = items(&request.body["input"]).collect();
    for (place, item) in input.iter().enumerate().filter(|(_, item)| item["type"] == "reasoning") {
        let id = &item["id"];
        if !item["summary"].is_array() {
            return Err(format!("Missing required parameter: 'input[{place}].summary'."));
        }
        let next = input[place + 1..].iter().find(|item| item["type"] != "reasoning");
        if !next.is_some_and(|next| next["type"] == "function_call" || next["role"] == "assistant") {
            return Err(format!("Item {id} of type 'reasoning' was provided without its required following item."));
        }
    }
    Ok(())
}

/// Guide "Reasoning models", "Keeping reasoning items in context": not refused, and answers are worse without. The double refuses
/// it, so that a loss is seen.
fn reasoning_handed_back(request: &Request<'_>) -> Verdict {
    if !request.reasons() {
        return Ok(());
    }
    let mut is_begun = false;
    for (place, item) in items(&request.body["input"]).enumerate() {
        match item["type"].as_str() {
            Some("reasoning") if !item["encrypted_content"].as_str().is_some_and(|sealed| sealed.starts_with(SEAL)) => {
                return Err(format!("The encrypted content of input[{place}] could not be verified."));
            }
            Some("reasoning") => is_begun = true,
            Some("function_call") if !is_begun => return Err(format!("The reasoning before input[{place}] is missing.")),
            Some("message") if item["role"] == "assistant" && !is_begun => {
                return Err(format!("The reasoning before input[{place}] is missing."));
            }
            Some("function_call") => {}
            Some("message") if item["role"] == "assistant" => {}
            _ => is_begun = false,
        }
    }
    Ok(())
}

/// API reference, `function_call.arguments`: a JSON string.
fn arguments_as_text(request: &Request<'_>) -> Verdict {
    let calls = items(&request.body["input"]).filter(|item| item["type"] == "function_call");
    let is_text = |call: &&Value| {
        call["arguments"].as_str().is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()))
    };
    match calls.into_iter().find(|call| !is_text(call)) {
        Some(call) => Err(format!("Invalid type for 'input.arguments': expected a JSON string, got {}.", call["arguments"])),
        None => Ok(()),
    }
}
