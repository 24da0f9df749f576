//! Calls of tools as models really send them: arguments that are missing, blank, an object or a text, names that are made
//! up, and ids that are missing or not the only ones. What cannot be understood is passed on as it is: the asker tells the
//! model. Makes no call.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::interfaces::lenient;
use crate::interfaces::llm::messages::{Part, Request, ToolCall};

/// Ids that begin so were not chosen by a service.
const OURS: &str = "baton_";
/// Longest name and id that every service takes.
const LONGEST_NAME: usize = 64;
/// Longest id that every service of chat completions takes. OpenAI takes 64 bytes by now, others still 40.
const LONGEST_SHORT_ID: usize = 40;
/// Stands in the id of a call before what Gemini wants back of its thinking, where a gateway keeps that in the id. Such a gateway
/// takes it out again for other models.
const GATEWAYS_PROOF: &str = "__thought__";
/// Digits of a hash in an id.
const HASH: usize = 10;
/// Levels of a value that the journal can hold inside of a request and an answer.
const DEEPEST: usize = 100;
/// How often a text may hold another text instead of an object.
const MOST_WRAPPINGS: usize = 3;

/// A call as it came. An id that is missing stays empty until [`settle_calls`].
pub(super) fn call(id: &Value, name: &Value, arguments: &Value) -> Part {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    Part::ToolCall(ToolCall { id: text(id), name: text(name), arguments: read_arguments(arguments) })
}

/// The arguments: nothing means none, and an object in a text is that object. A text that is not JSON stays a text.
fn read_arguments(arguments: &Value) -> Value {
    let mut arguments = arguments.clone();
    for _ in 0..MOST_WRAPPINGS {
        let Value::String(text) = &arguments else { break };
        match lenient::read(text) {
            _ if text.trim().is_empty() => arguments = Value::Null,
            // A value that is lost may be the one that matters.
            Ok(inner) if inner.oddities.iter().all(|oddity| !oddity.is_lost) => arguments = inner.value,
            _ => break,
        }
    }
    match arguments {
        Value::Null => Value::Object(Map::new()),
        deep if !can_be_kept(&deep) => Value::String(deep.to_string()),
        arguments => arguments,
    }
}

/// Whether the journal can hold a value inside of a request and an answer.
pub(super) fn can_be_kept(value: &Value) -> bool {
    is_within(value, DEEPEST)
}

/// Whether a value has no more than so many levels.
fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(values) => levels > 0 && values.iter().all(|value| is_within(value, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|value| is_within(value, levels - 1)),
        _ => true,
    }
}

/// Gives each call an id that no other call of the conversation has, also in the form in which it is sent. The same reply to
/// the same request gets the same ids.
pub(in super::super) fn settle_calls(parts: &mut [Part], request: &Request) {
    let before = request.messages.iter().flat_map(|message| &message.parts);
    let mut known: HashSet<String> =
        before.flat_map(|part| if let Part::ToolCall(call) = part { forms(&call.id).to_vec() } else { Vec::new() }).collect();
    let turn = request.turn();
    for (place, part) in parts.iter_mut().enumerate() {
        let Part::ToolCall(call) = part else { continue };
        if call.id.is_empty() || forms(&call.id).iter().any(|id| known.contains(id)) {
            let made = (0..=known.len()).map(|number| match number {
                0 => format!("{OURS}{turn}_{place}"),
                number => format!("{OURS}{turn}_{place}_{number}"),
            });
            // There are more of them than are known.
            call.id = made.into_iter().find(|id| !known.contains(id)).unwrap_or_default();
        }
        known.extend(forms(&call.id));
    }
}

/// The forms in which an id is sent.
fn forms(text: &str) -> [String; 2] {
    [id(text), short_id(text)]
}

/// Whether a service chose this id. The second form is what earlier versions made up.
pub(super) fn is_chosen(id: &str) -> bool {
    !id.is_empty() && !id.starts_with(OURS) && !id.starts_with("call#")
}

/// The arguments of an earlier call, an object as every service wants it.
pub(super) fn object(arguments: &Value) -> Value {
    if arguments.is_object() { arguments.clone() } else { Value::Object(Map::new()) }
}

/// The name of an earlier call. One that the model made up is made acceptable to services that check names.
pub(super) fn name(request: &Request, call: &ToolCall) -> String {
    if request.tools.iter().any(|tool| tool.name == call.name) { call.name.clone() } else { acceptable(&call.name) }
}

/// The id of an earlier call, as services take it that allow letters, digits, `_` and `-`. What has to be changed for that ends
/// in a hash, so that two that are different stay so. The conversation keeps the id as the service chose it.
pub(super) fn id(text: &str) -> String {
    let plain = acceptable(text);
    if plain == text { plain } else { hash_id(&plain, text, LONGEST_NAME) }
}

/// The id of an earlier call, as services of chat completions take it: short, and in visible characters. Others stay as they
/// are, since some models are trained on the form of theirs, such as `functions.weather:0`.
pub(super) fn short_id(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    if !text.is_empty() && text.len() <= LONGEST_SHORT_ID && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    hash_id(&acceptable(text), text, LONGEST_SHORT_ID)
}

/// The same for a service that may be a gateway, whose own ids go back to it whole.
pub(super) fn gateways_id(text: &str) -> String {
    let is_gateways = text.contains(GATEWAYS_PROOF) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_gateways { text.to_owned() } else { short_id(text) }
}

/// The beginning of an id with a hash of the whole, in at most `longest` characters.
fn hash_id(plain: &str, text: &str, longest: usize) -> String {
    let hash = blake3::hash(text.as_bytes()).to_hex();
    format!("{:.length$}_{:.HASH$}", plain, hash.as_str(), length = longest - HASH - 1)
}

/// The id or name in letters, digits, `_` and `-` alone.
pub(super) fn acceptable(text: &str) -> String {
    let kept = |character: char| if character.is_ascii_alphanumeric() || "_-".contains(character) { character } else { '_' };
    let short: String = text.chars().take(LONGEST_NAME).map(kept).collect();
    if short.is_empty() { "unknown".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_stable_and_different_in_every_form() {
        let (long, other) = (format!("call_{}a", "x".repeat(200)), format!("call_{}b", "x".repeat(200)));
        let odd = ["toolu 1", "toolu\n1", "größe", "a\"b", "a\\b", "", &long, &other];
        for form in [id, short_id, gateways_id] {
            let sent: HashSet<_> = odd.iter().map(|text| form(text)).collect();
            assert_eq!(sent.len(), odd.len(), "{sent:?}");
            for text in odd {
                let sent = form(text);
                assert!(
                    sent.len() <= LONGEST_NAME && sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
                    "{sent}"
                );
                assert_eq!(sent, form(text));
            }
        }
        assert!(odd.iter().all(|text| short_id(text).len() <= LONGEST_SHORT_ID));
        for kept in ["call_1234567890123456789012345", "functions.weather:0", "Ab3dE6gH9"] {
            assert_eq!((short_id(kept), gateways_id(kept)), (kept.to_owned(), kept.to_owned()));
        }
        assert_eq!((id("toolu_1"), id("functions.weather:0") == "functions.weather:0"), ("toolu_1".to_owned(), false));
        let gateways = format!("call_1__thought__{}", "QUJD/+==".repeat(50));
        assert_eq!(gateways_id(&gateways), gateways);
        assert_eq!(short_id(&gateways).len(), LONGEST_SHORT_ID);
    }
}
