//! Replies as real models spoil them. A way says whether it fits a reply; what it makes of it is always the same.

use baton::interfaces::llm::{Part, Reply, Request, Role, Stop, Thinking, ToolCall};
use serde_json::{Map, Value, json};

use super::Turn;
use crate::model_server::{FINISH, calls_of};

/// One way in which models spoil replies.
pub struct Way {
    /// Its name in tables.
    pub name: &'static str,
    spoil: fn(&Turn<'_>, &Reply) -> Option<Reply>,
}

/// All of them.
pub const WAYS: &[Way] = &[
    Way {
        name: "prose-around-json",
        spoil: |_, reply| answer(reply, |json| format!("Sure! Here is the result:\n\n{json}\n\nLet me know if anything is unclear.")),
    },
    Way { name: "fence", spoil: |_, reply| answer(reply, |json| format!("```json\n{json}\n```")) },
    Way { name: "trailing-comma", spoil: |_, reply| written(reply, trailing_comma) },
    Way { name: "smart-quotes", spoil: |_, reply| written(reply, smart_quotes) },
    Way { name: "wrong-keys", spoil: |_, reply| written(reply, wrong_keys) },
    Way {
        name: "arguments-as-text",
        spoil: |_, reply| first_call(reply, |call| Some(raw(call, json!(call.arguments.to_string()).to_string()))),
    },
    Way {
        name: "unknown-tool",
        spoil: |_, reply| first_call(reply, |call| Some(ToolCall { name: format!("functions_{}", call.name), ..call.clone() })),
    },
    Way { name: "wrong-path", spoil: |_, reply| first_call(reply, wrong_path) },
    Way { name: "same-call-again", spoil: |turn, reply| same_call(turn.request, reply) },
    Way { name: "misfit-edit", spoil: |_, reply| each_call(reply, misfit) },
    Way {
        name: "apology",
        spoil: |_, reply| Some(says(reply, "I apologize for the confusion. You are right, let me fix that right away.")),
    },
    Way { name: "answer-without-doing", spoil: |turn, reply| idle(turn.request, reply) },
    Way { name: "cut-at-limit", spoil: |_, reply| cut(reply) },
    Way { name: "empty", spoil: |_, reply| Some(says(reply, "")) },
    Way { name: "thinking-only", spoil: |_, reply| Some(thinks(reply)) },
    Way {
        name: "another-language", spoil: |_, reply| Some(says(reply, "好的，我已经完成了这个任务，所有测试都通过了。"))
    },
    Way { name: "call-in-text", spoil: |_, reply| call_in_text(reply) },
    Way { name: "malformed-call", spoil: |_, reply| malformed(reply) },
];

/// What models call the parameters of tools that they know from elsewhere.
const OTHER_KEYS: &[(&str, &str)] = &[
    ("path", "file_path"),
    ("content", "text"),
    ("old", "old_string"),
    ("new", "new_string"),
    ("command", "cmd"),
    ("summary", "overview"),
];

impl Way {
    /// The reply spoiled in this way. None: the way does not fit it.
    pub fn apply(&self, turn: &Turn<'_>, reply: &Reply) -> Option<Reply> {
        (self.spoil)(turn, reply).filter(|spoiled| spoiled != reply)
    }
}

fn is_call(reply: &Reply) -> bool {
    calls_of(&reply.parts).next().is_some()
}

/// The document of an answer, which is a text or the call of `finish`.
fn document(reply: &Reply) -> Option<String> {
    let finish = calls_of(&reply.parts).find(|call| call.name == FINISH).map(|call| call.arguments.to_string());
    finish.or_else(|| Some(reply.text()).filter(|text| !is_call(reply) && serde_json::from_str::<Value>(text).is_ok()))
}

/// An answer given as text, in this form.
fn answer(reply: &Reply, form: impl Fn(&str) -> String) -> Option<Reply> {
    document(reply).map(|document| says(reply, &form(&document)))
}

/// A document or the arguments of the first call, written differently.
fn written(reply: &Reply, rewrite: fn(&Value) -> Option<String>) -> Option<Reply> {
    if is_call(reply) {
        return first_call(reply, |call| Some(raw(call, rewrite(&call.arguments)?)));
    }
    Some(says(reply, &rewrite(&serde_json::from_str(&document(reply)?).ok()?)?))
}

fn trailing_comma(value: &Value) -> Option<String> {
    let text = value.to_string();
    let inside = text.strip_suffix('}').filter(|inside| *inside != "{")?;
    Some(format!("{inside},}}"))
}

/// The quotes around keys alone: those around values may hold others.
fn smart_quotes(value: &Value) -> Option<String> {
    let fields = value.as_object().filter(|fields| !fields.is_empty())?;
    let written: Vec<_> = fields.iter().map(|(key, value)| format!("“{key}”: {value}")).collect();
    Some(format!("{{{}}}", written.join(", ")))
}

fn wrong_keys(value: &Value) -> Option<String> {
    let other = |key: &String| OTHER_KEYS.iter().find(|(known, _)| known == key).map_or(key.clone(), |(_, other)| (*other).to_owned());
    let fields: Map<_, _> = value.as_object()?.iter().map(|(key, value)| (other(key), value.clone())).collect();
    Some(Value::Object(fields).to_string())
}

/// Files that are to be read or changed are looked for where they are not; those that are to be written go out of the project.
fn wrong_path(call: &ToolCall) -> Option<ToolCall> {
    let path = call.arguments["path"].as_str()?;
    let wrong = if call.name == "write_file" { format!("../{path}") } else { format!("src/{path}") };
    let mut wrongly = call.clone();
    wrongly.arguments["path"] = json!(wrong);
    Some(wrongly)
}

fn misfit(call: &ToolCall) -> Option<ToolCall> {
    let mut wrongly = call.clone();
    let passage = if call.arguments["old"].is_string() { "/old" } else { "/edits/0/old" };
    let old = wrongly.arguments.pointer_mut(passage)?;
    *old = json!(format!("{} # as I remember it", old.as_str()?));
    Some(wrongly)
}

fn same_call(request: &Request, reply: &Reply) -> Option<Reply> {
    let last = request.messages.iter().rev().find(|message| message.role == Role::Assistant)?;
    let calls: Vec<_> = calls_of(&last.parts).map(|call| ToolCall { id: format!("{}_again", call.id), ..call.clone() }).collect();
    let again = Reply { parts: calls.into_iter().map(Part::ToolCall).collect(), stop: Stop::ToolUse, ..reply.clone() };
    is_call(&again).then_some(again)
}

/// An answer that satisfies the schema, in place of work.
fn idle(request: &Request, reply: &Reply) -> Option<Reply> {
    if !is_call(reply) || document(reply).is_some() {
        return None;
    }
    let finish = request.tools.iter().find(|tool| tool.name == FINISH);
    if let Some(finish) = finish {
        let call = ToolCall { id: "call_idle".to_owned(), name: FINISH.to_owned(), arguments: filled(&finish.parameters) };
        return Some(Reply { parts: vec![Part::ToolCall(call)], stop: Stop::ToolUse, ..reply.clone() });
    }
    request.reply_schema.as_ref().map(|schema| says(reply, &filled(schema).to_string()))
}

/// The least that satisfies a schema.
fn filled(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), filled(schema))).collect()
        }
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            (0..least).map(|_| filled(&schema["items"])).collect()
        }
        Some("string") => json!("Done."),
        Some("boolean") => json!(true),
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        _ => Value::Null,
    }
}

/// Half of the first call's arguments, or of the text.
fn cut(reply: &Reply) -> Option<Reply> {
    let half = |text: &str| text[..text.floor_char_boundary(text.len() / 2)].to_owned();
    let spoiled = match is_call(reply) {
        true => first_call(reply, |call| Some(raw(call, half(&call.arguments.to_string()))))?,
        false => says(reply, &half(&reply.text())),
    };
    Some(Reply { stop: Stop::MaxTokens, ..spoiled })
}

fn call_in_text(reply: &Reply) -> Option<Reply> {
    let call = calls_of(&reply.parts).next()?;
    let written = json!({ "name": call.name, "arguments": call.arguments });
    Some(says(reply, &format!("I will do that now.\n<tool_call>\n{written}\n</tool_call>")))
}

/// As gateways hand on what Gemini calls a malformed function call.
fn malformed(reply: &Reply) -> Option<Reply> {
    is_call(reply).then(|| Reply { parts: Vec::new(), stop: Stop::Malformed, ..reply.clone() })
}

fn thinks(reply: &Reply) -> Reply {
    let thinking = Thinking { text: "The user wants me to go on. I have all that I need for it.".to_owned(), signature: None };
    Reply { parts: vec![Part::Thinking(thinking)], stop: Stop::End, ..reply.clone() }
}

fn says(reply: &Reply, text: &str) -> Reply {
    Reply { parts: vec![Part::Text(text.to_owned())], stop: Stop::End, ..reply.clone() }
}

fn raw(call: &ToolCall, arguments: String) -> ToolCall {
    ToolCall { arguments: Value::String(arguments), ..call.clone() }
}

fn first_call(reply: &Reply, change: impl Fn(&ToolCall) -> Option<ToolCall>) -> Option<Reply> {
    let place = reply.parts.iter().position(|part| matches!(part, Part::ToolCall(_)))?;
    changed(reply, place, &change)
}

/// The first call that can be changed so.
fn each_call(reply: &Reply, change: impl Fn(&ToolCall) -> Option<ToolCall>) -> Option<Reply> {
    (0..reply.parts.len()).find_map(|place| changed(reply, place, &change))
}

fn changed(reply: &Reply, place: usize, change: impl Fn(&ToolCall) -> Option<ToolCall>) -> Option<Reply> {
    let Some(Part::ToolCall(call)) = reply.parts.get(place) else { return None };
    let mut changed = reply.clone();
    changed.parts[place] = Part::ToolCall(change(call)?);
    Some(changed)
}
