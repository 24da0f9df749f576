//! What Anthropic refuses of messages.

use serde_json::Value;

use super::{Request, Rule, Verdict, is_plain, repeated, schemas, unknown};
use crate::model_server::{messages::SIGNATURE, protocol::items};

/// The rules of messages.
pub(super) const MESSAGES: &[Rule] = &[
    known_fields,
    longest_reply,
    no_temperature,
    user_first_and_last,
    words_in_texts,
    results_first,
    thinking_before_calls,
    signed_thinking,
    adaptive_thinking,
    no_forced_calls_while_thinking,
    reply_schema,
    tools,
    marks_of_the_cache,
    ids,
];

/// API reference, "Create a message"; others are "Extra inputs are not permitted".
fn known_fields(request: &Request<'_>) -> Verdict {
    const KNOWN: [&str; 14] = [
        "model",
        "messages",
        "system",
        "max_tokens",
        "stream",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "metadata",
    ];
    unknown(request.body, &KNOWN).map_or(Ok(()), |field| Err(format!("{field}: Extra inputs are not permitted")))
}

/// API reference, `max_tokens`: required; models have different maximum values ("Models overview").
fn longest_reply(request: &Request<'_>) -> Verdict {
    let Some(asked) = request.body["max_tokens"].as_u64().filter(|asked| *asked > 0) else {
        return Err("max_tokens: Field required".to_owned());
    };
    let most = match request.model {
        model if ["opus-4-5", "sonnet-4-5", "haiku-4-5"].iter().any(|version| model.contains(version)) => 64_000,
        model if model.contains("opus-4-1") => 32_000,
        _ => 128_000,
    };
    match asked > most {
        true => Err(format!("max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for {}", request.model)),
        false => Ok(()),
    }
}

/// "Migrating to Claude Opus 4.7", "What's new in Claude Sonnet 5": newer models reject a temperature; "Extended thinking": none
/// takes another than 1 while it thinks.
fn no_temperature(request: &Request<'_>) -> Verdict {
    let Some(asked) = request.body["temperature"].as_f64() else { return Ok(()) };
    let newer = ["opus-4-7", "opus-4-8", "opus-5", "sonnet-5", "haiku-5", "fable", "mythos"];
    if newer.iter().any(|version| request.model.contains(version)) {
        return Err("`temperature` is deprecated for this model.".to_owned());
    }
    match thinks(request) && asked != 1.0 {
        true => Err("`temperature` may only be set to 1 when thinking is enabled.".to_owned()),
        false if !(0.0..=1.0).contains(&asked) => Err("temperature: Input should be less than or equal to 1".to_owned()),
        false => Ok(()),
    }
}

fn thinks(request: &Request<'_>) -> bool {
    request.body["thinking"]["type"].as_str().is_some_and(|kind| kind != "disabled")
}

/// API reference, `messages`: the first is the user's; newer models take no last one of the assistant (prefill).
fn user_first_and_last(request: &Request<'_>) -> Verdict {
    let roles: Vec<_> = items(&request.body["messages"]).map(|message| &message["role"]).collect();
    match roles.first().is_some_and(|role| *role == "user") && roles.last().is_some_and(|role| *role == "user") {
        true => Ok(()),
        false => Err("messages: the first and the last message must use the \"user\" role".to_owned()),
    }
}

/// "messages: text content blocks must be non-empty", and must contain non-whitespace text.
fn words_in_texts(request: &Request<'_>) -> Verdict {
    let system = items(&request.body["system"]);
    let blocks = items(&request.body["messages"]).flat_map(|message| items(&message["content"])).chain(system);
    let is_empty = |block: &Value| block["type"] == "text" && block["text"].as_str().is_none_or(|text| text.trim().is_empty());
    if blocks.into_iter().any(is_empty) {
        return Err("messages: text content blocks must contain non-whitespace text".to_owned());
    }
    match items(&request.body["messages"]).position(|message| message["content"].as_array().is_some_and(Vec::is_empty)) {
        Some(place) => Err(format!("messages.{place}: all messages must have non-empty content")),
        None => Ok(()),
    }
}

/// "Handle tool calls": the results stand right behind the calls, all of them, before any text.
fn results_first(request: &Request<'_>) -> Verdict {
    let messages: Vec<&Value> = items(&request.body["messages"]).collect();
    for (place, message) in messages.iter().enumerate() {
        let used: Vec<&Value> = items(&message["content"]).filter(|block| block["type"] == "tool_use").map(|block| &block["id"]).collect();
        let next: Vec<&Value> = messages.get(place + 1).map(|next| items(&next["content"]).collect()).unwrap_or_default();
        let results: Vec<&Value> =
            next.iter().take_while(|block| block["type"] == "tool_result").map(|block| &block["tool_use_id"]).collect();
        if let Some(id) = used.iter().find(|id| !results.contains(id)) {
            return Err(format!("messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {id}"));
        }
        let all = next.iter().filter(|block| block["type"] == "tool_result").map(|block| &block["tool_use_id"]);
        if let Some(id) = all.into_iter().find(|id| !used.contains(id)) {
            return Err(format!("messages.{}: unexpected `tool_use_id` found in `tool_result` blocks: {id}", place + 1));
        }
    }
    Ok(())
}

/// "Extended thinking", "Preserving thinking blocks": in the last turn a message with calls begins with its thinking.
fn thinking_before_calls(request: &Request<'_>) -> Verdict {
    let last = items(&request.body["messages"]).filter(|message| message["role"] == "assistant").last();
    let Some(content) = last.map(|message| items(&message["content"]).collect::<Vec<_>>()) else { return Ok(()) };
    let calls = content.iter().any(|block| block["type"] == "tool_use");
    let begins = content.first().is_some_and(|block| ["thinking", "redacted_thinking"].iter().any(|kind| block["type"] == *kind));
    match thinks(request) && calls && !begins {
        true => Err("Expected `thinking` or `redacted_thinking`, but found `tool_use`.".to_owned()),
        false => Ok(()),
    }
}

/// "Extended thinking": blocks of thinking come back unchanged; "`thinking` blocks in the latest assistant message cannot be modified".
/// Without them the answer is worse, so that the double refuses calls without any.
fn signed_thinking(request: &Request<'_>) -> Verdict {
    for (place, message) in items(&request.body["messages"]).enumerate().filter(|(_, message)| message["role"] == "assistant") {
        let blocks = || items(&message["content"]);
        if blocks().any(|block| block["type"] == "thinking" && block["signature"] != SIGNATURE) {
            return Err(format!("messages.{place}: Invalid `signature` in `thinking` block"));
        }
        if blocks().any(|block| block["type"] == "tool_use") && !blocks().any(|block| block["type"] == "thinking") {
            return Err(format!("messages.{place}: the thinking before its calls is missing"));
        }
    }
    Ok(())
}

/// "Adaptive thinking": Opus 4.7 and later models take no budget; "Extended thinking": a budget is 1,024 tokens at least and less than
/// `max_tokens`.
fn adaptive_thinking(request: &Request<'_>) -> Verdict {
    let thinking = &request.body["thinking"];
    if thinking["type"] != "enabled" {
        return Ok(());
    }
    if ["opus-4-7", "opus-4-8", "-5", "fable", "mythos"].iter().any(|version| request.model.contains(version))
        && !request.model.contains("-4-5")
    {
        return Err("\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\".".to_owned());
    }
    let budget = thinking["budget_tokens"].as_u64().unwrap_or_default();
    match (1_024..request.body["max_tokens"].as_u64().unwrap_or_default()).contains(&budget) {
        true => Ok(()),
        false => Err("`max_tokens` must be greater than `thinking.budget_tokens`, which must be at least 1024.".to_owned()),
    }
}

/// "Extended thinking with tool use": only `auto` and `none` are compatible with it.
fn no_forced_calls_while_thinking(request: &Request<'_>) -> Verdict {
    let forced = ["any", "tool"].iter().any(|kind| request.body["tool_choice"]["type"] == *kind);
    if request.body.get("tool_choice").is_some() && request.body.get("tools").is_none() {
        return Err("tool_choice may only be specified while providing tools.".to_owned());
    }
    if thinks(request) && forced { Err("Thinking may not be enabled when tool_choice forces tool use.".to_owned()) } else { Ok(()) }
}

/// "Structured outputs".
fn reply_schema(request: &Request<'_>) -> Verdict {
    match &request.body["output_config"]["format"]["schema"] {
        Value::Null => Ok(()),
        schema => schemas::anthropic(schema),
    }
}

/// "How to implement tool use": names of 1 to 64 letters, digits, `_` and `-`, each once; names of arguments likewise.
fn tools(request: &Request<'_>) -> Verdict {
    for (place, tool) in items(&request.body["tools"]).enumerate() {
        if !tool["name"].as_str().is_some_and(|name| is_plain(name, 64)) {
            return Err(format!("tools.{place}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"));
        }
        schemas::parameters(&tool["input_schema"]).map_err(|what| format!("tools.{place}.custom.input_schema: {what}"))?;
        let properties = tool["input_schema"]["properties"].as_object();
        let is_key = |name: &&String| is_plain(&name.replace('.', "_"), 64);
        if let Some(name) = properties.into_iter().flat_map(|properties| properties.keys()).find(|name| !is_key(name)) {
            return Err(format!("tools.{place}.custom.input_schema.properties: Property keys should match pattern: {name}"));
        }
    }
    let names = items(&request.body["tools"]).filter_map(|tool| tool["name"].as_str());
    repeated(names).map_or(Ok(()), |_| Err("tools: Tool names must be unique.".to_owned()))
}

/// "Prompt caching": at most four marks, and none on thinking.
fn marks_of_the_cache(request: &Request<'_>) -> Verdict {
    let body = request.body;
    let blocks =
        items(&body["messages"]).flat_map(|message| items(&message["content"])).chain(items(&body["system"])).chain(items(&body["tools"]));
    let marked: Vec<&Value> = blocks.filter(|block| block.get("cache_control").is_some()).collect();
    if marked.iter().any(|block| block["type"].as_str().is_some_and(|kind| kind.contains("thinking"))) {
        return Err("cache_control cannot be set for thinking blocks".to_owned());
    }
    match marked.len() {
        0..=4 => Ok(()),
        count => Err(format!("A maximum of 4 blocks with cache_control may be provided. Found {count}.")),
    }
}

/// API reference, `tool_use.id`: letters, digits, `_` and `-`; each once.
fn ids(request: &Request<'_>) -> Verdict {
    let used =
        || items(&request.body["messages"]).flat_map(|message| items(&message["content"])).filter(|block| block["type"] == "tool_use");
    let ids = || used().map(|block| block["id"].as_str().unwrap_or_default());
    if let Some(id) = ids().find(|id| !is_plain(id, 256)) {
        return Err(format!("messages.content.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$': {id}"));
    }
    if used().any(|block| !block["input"].is_object()) {
        return Err("messages.content.tool_use.input: Input should be a valid dictionary".to_owned());
    }
    repeated(ids()).map_or(Ok(()), |id| Err(format!("messages: `tool_use` ids must be unique: {id}")))
}
