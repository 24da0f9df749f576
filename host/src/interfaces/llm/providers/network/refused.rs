//! What a service refuses of a request, learned from an answer that names it, and taken out of the requests that follow. Takes
//! out what only shapes the reply; never what the model has to know.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::interfaces::llm::abilities::OwnWord;

/// A longest reply below this is no use; a smaller number in an answer is something else.
const SHORTEST_REPLY: u32 = 256;

/// A part of a request that can be left out: the places that it has in the protocols, and the words that services call it by.
struct Optional {
    name: &'static str,
    places: &'static [&'static str],
    words: &'static [&'static str],
}

const OPTIONAL: &[Optional] = &[
    Optional { name: "temperature", places: &["/temperature", "/generationConfig/temperature"], words: &["temperature"] },
    Optional {
        name: "stop sequences",
        places: &["/stop", "/stop_sequences", "/generationConfig/stopSequences"],
        words: &["stop", "stop_sequences", "stopSequences", "stop_sequence"],
    },
    Optional {
        name: "effort",
        places: &["/reasoning_effort", "/reasoning", "/output_config/effort", "/thinking", "/generationConfig/thinkingConfig"],
        words: &[
            "reasoning_effort",
            "reasoning.effort",
            "reasoning",
            "output_config.effort",
            "effort",
            "thinking",
            "thinking.type",
            "thinking.type.enabled",
            "thinking_config",
            "thinkingConfig",
            "thinking_level",
            "thinkingLevel",
            "thinking_budget",
            "thinkingBudget",
        ],
    },
    Optional { name: "tool choice", places: &["/tool_choice", "/toolConfig"], words: &["tool_choice", "toolConfig", "tool_config"] },
    Optional {
        name: "reply schema",
        places: &[
            "/response_format",
            "/text",
            "/output_config/format",
            "/generationConfig/responseJsonSchema",
            "/generationConfig/responseMimeType",
        ],
        words: &[
            "response_format",
            "response_format.type",
            "text.format",
            "text.format.schema",
            "output_config.format",
            "output_config.format.schema",
            "json_schema",
            "responseJsonSchema",
            "response_json_schema",
            "response_schema",
            "responseMimeType",
            "response_mime_type",
        ],
    },
    Optional { name: "counts at the end of a stream", places: &["/stream_options"], words: &["stream_options"] },
    Optional { name: "encrypted reasoning", places: &["/include"], words: &["include", "encrypted_content", "encrypted content"] },
    Optional { name: "key of the cache", places: &["/prompt_cache_key"], words: &["prompt_cache_key"] },
];

/// The places of the longest reply, and the words for it.
const LIMITS: [&str; 4] = ["/max_tokens", "/max_completion_tokens", "/max_output_tokens", "/generationConfig/maxOutputTokens"];
const LIMIT_WORDS: [&str; 4] = ["max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"];
/// The two words of chat completions.
const SPELLINGS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// What is done about a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RequestAdjustment {
    /// Leave a part out.
    LeaveOut(&'static str),
    /// Call the longest reply by the other word of chat completions.
    Respell,
    /// Ask for no longer replies.
    Most(u32),
    /// The same, for a request of this length alone.
    MostThisTime(u32),
    /// Say that the model is not to reason, since it does otherwise, and calls no tools then.
    NoEffort,
}

/// What one model refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Refused {
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    left_out: BTreeSet<Cow<'static, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_respelt: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_no_effort: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    most_tokens: Option<u32>,
    /// Of one request, and so never kept.
    #[serde(skip)]
    most_this_time: Option<u32>,
}

impl Refused {
    /// Adds what another call was refused.
    pub(super) fn add(&mut self, other: Self) {
        self.left_out.extend(other.left_out);
        self.is_respelt |= other.is_respelt;
        self.has_no_effort |= other.has_no_effort;
        self.most_tokens = self.most_tokens.into_iter().chain(other.most_tokens).min();
    }

    /// Without parts that nothing could leave out: what was kept may have been changed.
    pub(super) fn known(mut self) -> Self {
        self.left_out.retain(|name| OPTIONAL.iter().any(|optional| optional.name == &**name));
        self.most_tokens = self.most_tokens.filter(|most| *most >= SHORTEST_REPLY);
        self
    }

    /// Without what the operator says that the model takes.
    pub(super) fn without(mut self, own: &OwnWord) -> Self {
        let takes = |name: &str| match name {
            "temperature" => own.temperature,
            "effort" => own.effort,
            "reply schema" => own.reply_schema,
            _ => false,
        };
        self.left_out.retain(|name| !takes(name));
        self.has_no_effort &= !own.effort;
        self.most_tokens = self.most_tokens.filter(|_| !own.max_output_tokens);
        self
    }

    /// Takes out of a request what is refused.
    pub(super) fn apply(&self, body: &mut Value) {
        for optional in OPTIONAL.iter().filter(|optional| self.left_out.contains(optional.name)) {
            optional.places.iter().for_each(|place| remove(body, place));
        }
        if self.has_no_effort && !body["tools"].is_null() {
            body["reasoning_effort"] = "none".into();
        }
        if let Some(most) = self.most_tokens.into_iter().chain(self.most_this_time).min() {
            for place in LIMITS {
                if let Some(limit) = body.pointer_mut(place).filter(|limit| limit.as_u64() > Some(most.into())) {
                    *limit = most.into();
                }
            }
        }
        if self.is_respelt
            && let Some(fields) = body.as_object_mut()
        {
            let [one, other] = SPELLINGS;
            let (from, to) = if fields.contains_key(one) { (one, other) } else { (other, one) };
            if let Some(limit) = fields.remove(from) {
                fields.insert(to.to_owned(), limit);
            }
        }
    }

    /// What is refused by now, if an answer refuses more of what was sent: with it, and in words.
    pub(super) fn with_answer(&self, sent: &Value, answer: &str) -> Option<(Self, String)> {
        let error: Value = serde_json::from_str(answer).unwrap_or_default();
        let error = error.get(0).unwrap_or(&error);
        let message = [error.pointer("/error/message"), error.get("message"), error.get("detail"), error.get("error")];
        let message = message.into_iter().flatten().find_map(Value::as_str).unwrap_or(answer);
        let parameter = error.pointer("/error/param").or(error.get("param")).and_then(Value::as_str);
        if is_of_the_conversation(parameter.unwrap_or(message)) {
            return None;
        }
        let change = limit(sent, parameter, message).or_else(|| optional(sent, parameter, message))?;
        self.with(&change).map(|refused| (refused, change.describe()))
    }

    /// None where that is refused already.
    fn with(&self, change: &RequestAdjustment) -> Option<Self> {
        let mut more = self.clone();
        match change {
            RequestAdjustment::LeaveOut(name) => _ = more.left_out.insert(Cow::Borrowed(name)),
            RequestAdjustment::Respell => more.is_respelt = true,
            RequestAdjustment::Most(tokens) => more.most_tokens = Some(*tokens),
            RequestAdjustment::MostThisTime(tokens) => more.most_this_time = Some(*tokens),
            RequestAdjustment::NoEffort => more.has_no_effort = true,
        }
        (more != *self).then_some(more)
    }

    /// What is refused, in words.
    pub(super) fn describe(&self) -> Vec<String> {
        let left_out = OPTIONAL
            .iter()
            .filter(|optional| self.left_out.contains(optional.name))
            .map(|optional| RequestAdjustment::LeaveOut(optional.name));
        let respelt = self.is_respelt.then_some(RequestAdjustment::Respell);
        let effort = self.has_no_effort.then_some(RequestAdjustment::NoEffort);
        let changes = left_out.chain(respelt).chain(effort).chain(self.most_tokens.map(RequestAdjustment::Most));
        changes.map(|change| change.describe()).collect()
    }
}

impl RequestAdjustment {
    fn describe(&self) -> String {
        match self {
            Self::LeaveOut(name) => format!("no {name}"),
            Self::Respell => "the longest reply by its other name".to_owned(),
            Self::Most(tokens) | Self::MostThisTime(tokens) => format!("replies of at most {tokens} tokens"),
            Self::NoEffort => "no reasoning beside tools".to_owned(),
        }
    }
}

/// Whether an answer speaks of what the model is told. Nothing of that can be left out.
fn is_of_the_conversation(place: &str) -> bool {
    let is_part = |part: &str| place.strip_prefix(part).is_some_and(|rest| rest.starts_with(['.', '[']) || rest.is_empty());
    ["messages", "input", "contents", "tools", "system", "model"].iter().any(|part| is_part(part))
}

/// What an answer says of the longest reply.
fn limit(sent: &Value, parameter: Option<&str>, message: &str) -> Option<RequestAdjustment> {
    let place = LIMITS.iter().find(|place| sent.pointer(place).is_some())?;
    let is_named = LIMIT_WORDS.iter().any(|word| parameter == Some(*word) || names(message, word));
    let asked = sent.pointer(place).and_then(Value::as_u64).filter(|_| is_named)?;
    let smaller = numbers(message).filter(|number| (u64::from(SHORTEST_REPLY)..asked).contains(number)).max();
    match smaller.and_then(|number| u32::try_from(number).ok()) {
        // The window is for the request as well.
        Some(window) if message.contains("context") => Some(RequestAdjustment::MostThisTime(window / 2)),
        Some(most) => Some(RequestAdjustment::Most(most)),
        None if ["/max_tokens", "/max_completion_tokens"].contains(place) && is_unknown(message) => Some(RequestAdjustment::Respell),
        None => None,
    }
}

fn is_unknown(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["unsupported", "not supported", "instead", "unrecognized", "unknown", "not permitted", "extra", "unexpected"]
        .iter()
        .any(|word| message.contains(word))
}

/// The first part of a request that an answer names, and that was sent.
fn optional(sent: &Value, parameter: Option<&str>, message: &str) -> Option<RequestAdjustment> {
    let is_named = |optional: &&Optional| {
        optional.words.iter().any(|word| parameter.map_or_else(|| names(message, word), |parameter| parameter == *word))
    };
    let named = OPTIONAL.iter().find(is_named).or_else(|| {
        // A parameter that is not known by its name may be by the words beside it.
        OPTIONAL.iter().find(|optional| parameter.is_some() && optional.words.iter().any(|word| names(message, word)))
    })?;
    let was_sent = named.places.iter().any(|place| sent.pointer(place).is_some());
    match named.name {
        name if was_sent => Some(RequestAdjustment::LeaveOut(name)),
        // Some models reason unless they are told not to, and take no tools while they do.
        "effort" if !sent["tools"].is_null() && sent["messages"].is_array() && sent["reasoning_effort"].is_null() => {
            Some(RequestAdjustment::NoEffort)
        }
        _ => None,
    }
}

/// Whether a message has this word by itself. A word of plain English counts only in quotation marks or before a colon.
fn names(message: &str, word: &str) -> bool {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase()) && word != "temperature";
    message.match_indices(word).any(|(place, _)| {
        let (before, behind) = (&message[..place], &message[place + word.len()..]);
        let is_part = |character: char| character.is_alphanumeric() || "_-".contains(character);
        let (last, next) = (before.chars().next_back(), behind.chars().next());
        let stands_alone = !last.is_some_and(|last| is_part(last) || last == '.') && !next.is_some_and(is_part);
        let is_quoted = last.is_some_and(|last| "'\"`".contains(last)) || (last.is_none() && next == Some(':'));
        stands_alone && (!is_plain || is_quoted)
    })
}

fn numbers(message: &str) -> impl Iterator<Item = u64> {
    message.split(|character: char| !character.is_ascii_digit()).filter_map(|digits| digits.parse().ok())
}

fn remove(body: &mut Value, place: &str) {
    let Some((parent, field)) = place.rsplit_once('/') else { return };
    let Some(fields) = body.pointer_mut(parent).and_then(Value::as_object_mut) else { return };
    fields.remove(field);
    if fields.is_empty() && !parent.is_empty() {
        // An empty object may be refused as well.
        remove(body, parent);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chat() -> Value {
        json!({
            "model": "m", "messages": [], "tools": [{}], "temperature": 0.3, "max_tokens": 64_000, "stop": ["END"], "reasoning_effort": "low",
            "response_format": {}, "stream_options": {}, "tool_choice": "auto",
        })
    }

    /// What is sent after this answer, if that is anything else.
    fn after(sent: &Value, answer: &str) -> Option<Value> {
        let (refused, _) = Refused::default().with_answer(sent, answer)?;
        let mut body = sent.clone();
        refused.apply(&mut body);
        Some(body)
    }

    fn without(sent: &Value, field: &str) -> Value {
        let mut body = sent.clone();
        body.as_object_mut().unwrap().remove(field);
        body
    }

    #[test]
    fn what_an_answer_names_is_left_out() {
        let openai = |message: &str, param: Value| {
            json!({"error": {"message": message, "type": "invalid_request_error", "param": param}}).to_string()
        };
        for (field, answer) in [
            ("temperature", openai("Unsupported value: 'temperature' does not support 0.3 with this model.", json!("temperature"))),
            ("temperature", openai("`temperature` is deprecated for this model.", Value::Null)),
            ("temperature", json!({"detail": "temperature not permitted"}).to_string()),
            ("temperature", "litellm.UnsupportedParamsError: openai does not support parameters: ['temperature']".to_owned()),
            ("stop", openai("Unsupported parameter: 'stop' is not supported with this model.", json!("stop"))),
            ("reasoning_effort", openai("Unsupported parameter: 'reasoning_effort'.", json!("reasoning_effort"))),
            ("response_format", openai("Invalid schema for response_format 'reply'.", json!("response_format"))),
            ("stream_options", openai("Unknown parameter: 'stream_options'.", json!("stream_options"))),
            ("tool_choice", json!({"object": "error", "message": "\"auto\" tool_choice requires a parser", "code": 400}).to_string()),
        ] {
            assert_eq!(after(&chat(), &answer), Some(without(&chat(), field)), "{answer}");
        }
        let anthropic = json!({"messages": [], "output_config": {"effort": "low"}, "thinking": {"type": "enabled"}, "max_tokens": 9});
        let answer =
            json!({"type": "error", "error": {"type": "invalid_request_error", "message": "thinking.type.enabled is not supported."}});
        assert_eq!(after(&anthropic, &answer.to_string()), Some(json!({"messages": [], "max_tokens": 9})));
        let gemini = json!({"contents": [], "generationConfig": {"thinkingConfig": {"thinkingBudget": 1}, "maxOutputTokens": 9}});
        let answer = json!([{"error": {"code": 400, "message": "Unknown name \"thinkingBudget\" at 'generation_config.thinking_config'"}}]);
        assert_eq!(after(&gemini, &answer.to_string()), Some(json!({"contents": [], "generationConfig": {"maxOutputTokens": 9}})));
        let responses = json!({"input": [], "include": ["reasoning.encrypted_content"]});
        let answer = openai("Encrypted content is not supported with this model.", json!("include"));
        assert_eq!(after(&responses, &answer), Some(json!({"input": []})));
    }

    #[test]
    fn a_limit_is_called_by_its_other_name_or_lowered() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        let body = after(&chat(), &json!({"error": {"message": message, "param": "max_tokens"}}).to_string()).unwrap();
        assert_eq!((&body["max_tokens"], &body["max_completion_tokens"]), (&Value::Null, &json!(64_000)));
        let new = json!({"messages": [], "max_completion_tokens": 9_000});
        let body = after(&new, r#"{"detail": "Extra inputs are not permitted: max_completion_tokens"}"#).unwrap();
        assert_eq!(body, json!({"messages": [], "max_tokens": 9_000}));
        let limit =
            |message: &str| after(&chat(), &json!({"error": {"message": message}}).to_string()).map(|body| body["max_tokens"].clone());
        assert_eq!(
            limit("max_tokens: 64000 > 32000, which is the maximum allowed number of output tokens for claude-opus-4-1"),
            Some(json!(32_000))
        );
        let window = "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context length is 16384 tokens.";
        assert_eq!(limit(window), Some(json!(8_192)));
        assert_eq!(limit("max_tokens is too large"), None, "nobody says what is not");
        assert_eq!(limit("max_tokens: 64000 > 2"), None);
    }

    #[test]
    fn a_limit_for_a_long_request_is_not_kept_for_others() {
        let answer = r#"{"message": "max_tokens is too large: the context length is 16384"}"#;
        let (refused, _) = Refused::default().with_answer(&chat(), answer).unwrap();
        let mut kept = Refused::default();
        kept.add(refused);
        assert_eq!(kept, Refused::default());
    }

    #[test]
    fn a_model_that_calls_no_tools_while_it_reasons_is_told_not_to() {
        let answer = json!({"error": {"message":
            "Function tools with reasoning_effort are not supported for gpt-5.5 in /v1/chat/completions. Please use /v1/responses instead."}});
        let sent = without(&chat(), "reasoning_effort");
        let body = after(&sent, &answer.to_string()).unwrap();
        assert_eq!(body["reasoning_effort"], "none");
        let (refused, _) = Refused::default().with_answer(&sent, &answer.to_string()).unwrap();
        assert_eq!(
            refused.with_answer(&body, &answer.to_string()).map(|(refused, _)| refused.left_out.len()),
            Some(1),
            "and then left alone"
        );
    }

    #[test]
    fn an_answer_that_names_nothing_of_the_kind_changes_nothing() {
        for answer in [
            "",
            "{}",
            "null",
            "[[[",
            r#"{"error": {"message": "Bad request."}}"#,
            r#"{"error": {"message": "messages.1.content.0: thinking blocks cannot be modified; `temperature` is fine"}}"#,
            r#"{"error": {"message": "Invalid 'temperature' in a tool.", "param": "tools[0].function.parameters"}}"#,
            r#"{"error": {"message": "Please stop. The reasoning of this text is wrong, to include it is an effort."}}"#,
            r#"{"error": {"message": "top_p is not supported", "param": "top_p"}}"#,
            r#"{"error": {"message": "x_temperature and temperatures are not temperature-like"}}"#,
            r#"{"error": {"message": 7, "param": 7}}"#,
        ] {
            assert_eq!(after(&chat(), answer), None, "{answer}");
        }
        let bare = json!({"messages": []});
        assert_eq!(
            after(&bare, r#"{"error": {"message": "'temperature' is not supported", "param": "temperature"}}"#),
            None,
            "it was not sent"
        );
    }

    #[test]
    fn what_is_refused_once_is_not_learned_again_and_is_told() {
        let answer = r#"{"error": {"message": "'temperature' is not supported", "param": "temperature"}}"#;
        let (refused, words) = Refused::default().with_answer(&chat(), answer).unwrap();
        assert_eq!((words.as_str(), refused.describe()), ("no temperature", vec!["no temperature".to_owned()]));
        assert_eq!(refused.with_answer(&chat(), answer), None);
        let mut both = refused;
        both.add(Refused { most_tokens: Some(9), ..Refused::default() });
        assert_eq!(both.describe(), ["no temperature", "replies of at most 9 tokens"]);
    }
}
