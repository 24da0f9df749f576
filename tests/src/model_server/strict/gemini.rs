//! What Gemini refuses of generateContent.

use serde_json::Value;

use super::{Request, Rule, Verdict, repeated, schemas, unknown};
use crate::model_server::{contents::PROOF, protocol::items};

/// The rules of generateContent.
pub(super) const CONTENTS: &[Rule] = &[
    known_fields,
    longest_reply,
    tools_or_a_schema,
    reply_schema,
    declarations,
    parts_say_something,
    user_first,
    calls_behind_the_user,
    as_many_results_as_calls,
    proof_of_the_first_call,
    levels_of_thinking,
];

/// API reference, "GenerateContent": others are "Unknown name: Cannot find field".
fn known_fields(request: &Request<'_>) -> Verdict {
    const KNOWN: [&str; 7] =
        ["contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent"];
    const SETTINGS: [&str; 10] = [
        "temperature",
        "topP",
        "topK",
        "maxOutputTokens",
        "stopSequences",
        "responseMimeType",
        "responseJsonSchema",
        "thinkingConfig",
        "candidateCount",
        "seed",
    ];
    let unknown_name = |field: &str| Err(format!("Invalid JSON payload received. Unknown name \"{field}\": Cannot find field."));
    unknown(request.body, &KNOWN).map_or(Ok(()), unknown_name)?;
    unknown(&request.body["generationConfig"], &SETTINGS).map_or(Ok(()), unknown_name)?;
    match items(&request.body["generationConfig"]["stopSequences"]).count() {
        0..=5 => Ok(()),
        count => Err(format!("stop_sequences: at most 5 are supported, got {count}.")),
    }
}

/// "Gemini models": replies of at most 65,536 tokens.
fn longest_reply(request: &Request<'_>) -> Verdict {
    match request.body["generationConfig"]["maxOutputTokens"].as_u64() {
        Some(asked) if !(1..=65_536).contains(&asked) => Err(format!(
            "Unable to submit request because it has a maxOutputTokens value of {asked} but the supported range is from 1 to 65537."
        )),
        _ => Ok(()),
    }
}

/// python-genai #706: "Function calling with a response mime type: 'application/json' is unsupported".
fn tools_or_a_schema(request: &Request<'_>) -> Verdict {
    let settings = &request.body["generationConfig"];
    if settings.get("responseJsonSchema").is_some() && settings["responseMimeType"] != "application/json" {
        return Err("response_json_schema requires response_mime_type application/json.".to_owned());
    }
    match items(&request.body["tools"]).next().is_some() && settings.get("responseMimeType").is_some() {
        true => Err("Function calling with a response mime type: 'application/json' is unsupported".to_owned()),
        false => Ok(()),
    }
}

/// API reference, `responseJsonSchema`.
fn reply_schema(request: &Request<'_>) -> Verdict {
    match &request.body["generationConfig"]["responseJsonSchema"] {
        Value::Null => Ok(()),
        schema => schemas::gemini(schema),
    }
}

/// API reference, `FunctionDeclaration`: a name that begins with a letter or `_`, of at most 64 characters, each once; an object of
/// parameters.
fn declarations(request: &Request<'_>) -> Verdict {
    let declared = || items(&request.body["tools"]).flat_map(|tools| items(&tools["functionDeclarations"]));
    for function in declared() {
        let name = function["name"].as_str().unwrap_or_default();
        let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        let is_name = begins && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if !is_name {
            return Err(format!("Invalid function name '{name}'. Must start with a letter or an underscore, with a maximum length of 64."));
        }
        if function.get("parameters").is_some() && function.get("parametersJsonSchema").is_some() {
            return Err("Only one of parameters and parameters_json_schema may be set.".to_owned());
        }
        let schema = &function["parametersJsonSchema"];
        schemas::parameters(schema)
            .and_then(|()| schemas::gemini(schema))
            .map_err(|what| format!("function_declarations '{name}': {what}"))?;
    }
    let names = declared().filter_map(|function| function["name"].as_str());
    repeated(names).map_or(Ok(()), |name| Err(format!("Duplicate function declaration found: {name}")))
}

/// "contents.parts must not be empty", and a part that has no data "must have one initialized field".
fn parts_say_something(request: &Request<'_>) -> Verdict {
    for content in items(&request.body["contents"]) {
        if items(&content["parts"]).next().is_none() {
            return Err("* GenerateContentRequest.contents: contents.parts must not be empty.".to_owned());
        }
        let is_empty = |part: &Value| {
            part["text"] == "" && part.get("thoughtSignature").is_none() || part.as_object().is_none_or(serde_json::Map::is_empty)
        };
        if items(&content["parts"]).any(is_empty) {
            return Err("Unable to submit request because it must have a text parameter.".to_owned());
        }
    }
    Ok(())
}

/// "Please ensure that multiturn requests alternate between user and model", beginning with the user.
fn user_first(request: &Request<'_>) -> Verdict {
    match items(&request.body["contents"]).next().is_some_and(|first| first["role"] == "user") {
        true => Ok(()),
        false => Err("Please ensure that multiturn requests begin with a user turn.".to_owned()),
    }
}

fn has(content: &Value, kind: &str) -> usize {
    items(&content["parts"]).filter(|part| part.get(kind).is_some()).count()
}

/// "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
fn calls_behind_the_user(request: &Request<'_>) -> Verdict {
    let contents: Vec<&Value> = items(&request.body["contents"]).collect();
    let wrong = contents.windows(2).any(|pair| has(pair[1], "functionCall") > 0 && pair[0]["role"] != "user");
    match wrong {
        true => {
            Err("Please ensure that function call turn comes immediately after a user turn or after a function response turn.".to_owned())
        }
        false => Ok(()),
    }
}

/// "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
fn as_many_results_as_calls(request: &Request<'_>) -> Verdict {
    let contents: Vec<&Value> = items(&request.body["contents"]).collect();
    for (place, content) in contents.iter().enumerate() {
        let made = has(content, "functionCall");
        let answered = contents.get(place + 1).map_or(0, |next| has(next, "functionResponse"));
        if made != answered {
            let what = "Please ensure that the number of function response parts is equal to the number of function call parts";
            return Err(format!("{what} of the function call turn. ({made} and {answered} at {place})"));
        }
    }
    Ok(())
}

/// "Thought signatures": with Gemini 3 the first call of each step carries the signature that it came with, or the documented
/// dummy; else "Function call is missing a thought_signature".
fn proof_of_the_first_call(request: &Request<'_>) -> Verdict {
    if !["gemini-3", "gemini-4"].iter().any(|family| request.model.starts_with(family)) {
        return Ok(());
    }
    for content in items(&request.body["contents"]).filter(|content| content["role"] == "model") {
        let Some(first) = items(&content["parts"]).find(|part| part.get("functionCall").is_some()) else { continue };
        match first["thoughtSignature"].as_str() {
            Some(PROOF | "skip_thought_signature_validator") => {}
            Some(_) => return Err("Thought signature is not valid.".to_owned()),
            None => return Err(format!("Function call {} is missing a thought_signature.", first["functionCall"]["name"])),
        }
    }
    Ok(())
}

/// "Gemini thinking": Gemini 3 takes a level, earlier models a budget, and none both.
fn levels_of_thinking(request: &Request<'_>) -> Verdict {
    let thinking = &request.body["generationConfig"]["thinkingConfig"];
    let (level, budget) = (thinking.get("thinkingLevel").is_some(), thinking.get("thinkingBudget").is_some());
    let is_three = ["gemini-3", "gemini-4"].iter().any(|family| request.model.starts_with(family));
    match (level, budget) {
        (true, true) => Err("You can only set only one of thinking budget and thinking level.".to_owned()),
        (true, false) if !is_three => Err("Thinking level is not supported for this model.".to_owned()),
        _ => Ok(()),
    }
}
