//! Between the contract's types and ours, and nothing else.

use serde_json::Value;

use super::{
    Effort, Files, Media, Message, Opaque, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolChoice, ToolResult, Usage,
};
use crate::{
    bindings::{llm as wit, types::OptionValue},
    interfaces::{numbers::to_u32, options::Options},
    journal::CallError,
};

/// The types of files that a request may name.
const MEDIA_TYPES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"];
/// Files of one request.
const MOST_MEDIA: usize = 20;
/// Stop sequences of one request, and the bytes of each.
const MOST_SEQUENCES: usize = 4;
const LONGEST_SEQUENCE: usize = 64;

/// Rejects what is wrong with a request, by name.
pub(super) fn request(request: wit::Request, files: &dyn Files) -> Result<Request, CallError> {
    let messages = request.messages.into_iter().map(|one| message(one, files)).collect::<Result<Vec<_>, _>>()?;
    if messages.is_empty() {
        return Err(CallError::invalid("The request has no message; put what the model is to answer into one."));
    }
    let tools = request.tools.into_iter().map(tool).collect::<Result<Vec<_>, _>>()?;
    let request = Request {
        model: request.model,
        system: request.system,
        messages,
        reply_schema: request.reply_schema.map(|schema| object("reply-schema", &schema)).transpose()?,
        ..options(request.options, &tools)?
    };
    let count = request.media().count();
    if count > MOST_MEDIA {
        let text = format!("The request has {count} files and may have {MOST_MEDIA}. Send them in several requests.");
        return Err(CallError::invalid(text).about("media"));
    }
    Ok(Request { tools, ..request })
}

/// A request that has nothing but what its options say.
fn options(options: Vec<OptionValue>, tools: &[Tool]) -> Result<Request, CallError> {
    const KNOWN: [&str; 5] = ["max-tokens", "temperature", "tool-choice", "stop-sequences", "effort"];
    let mut options = Options::read(options, &KNOWN)?;
    let is_sequence = |text: &String| (1..=LONGEST_SEQUENCE).contains(&text.len());
    let are_sequences = |texts: &Vec<String>| texts.len() <= MOST_SEQUENCES && texts.iter().all(is_sequence);
    Ok(Request {
        max_tokens: options.take_if("max-tokens", "a whole number from 1", |tokens: &u32| *tokens >= 1)?,
        temperature: options.take_if("temperature", "a number from 0.0 to 2.0", |number: &f32| (0.0..=2.0).contains(number))?,
        tool_choice: tool_choice(&mut options, tools)?,
        stop_sequences: options.take_if("stop-sequences", "a list of at most 4 texts of 1 to 64 bytes", are_sequences)?.unwrap_or_default(),
        effort: options.take::<Effort>("effort", r#""low", "medium" or "high""#)?,
        ..Request::default()
    })
}

fn tool_choice(options: &mut Options, tools: &[Tool]) -> Result<Option<ToolChoice>, CallError> {
    const NAME: &str = "tool-choice";
    let choice = options.take(NAME, r#""auto", "required", "none" or {"tool": NAME}"#)?;
    let wrong = match &choice {
        Some(ToolChoice::Required) if tools.is_empty() => "\"required\" and the request offers no tools. Add tools.",
        Some(ToolChoice::Tool(name)) if tools.iter().all(|tool| tool.name != *name) => {
            "a tool that the request does not offer. Name one of its `tools`."
        }
        _ => return Ok(choice),
    };
    Err(CallError::invalid(format!("The option `{NAME}` is {wrong}")).about(NAME))
}

pub(super) fn reply(reply: Reply) -> wit::Reply {
    wit::Reply {
        parts: reply.parts.into_iter().map(wit_part).collect(),
        stop: stop(reply.stop).to_owned(),
        usage: usage(reply.usage),
        model: reply.model,
    }
}

pub(super) fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end",
        Stop::ToolUse => "tool-use",
        Stop::MaxTokens => "max-tokens",
        Stop::StopSequence => "stop-sequence",
        Stop::Refusal => "refusal",
        Stop::Malformed => "malformed",
        Stop::Other => "other",
    }
}

fn usage(usage: Usage) -> wit::Usage {
    wit::Usage {
        input_tokens: to_u32(usage.input_tokens),
        output_tokens: to_u32(usage.output_tokens),
        cached_input_tokens: to_u32(usage.cached_input_tokens),
        cost_usd: usage.cost_usd,
    }
}

fn message(message: wit::Message, files: &dyn Files) -> Result<Message, CallError> {
    let role = match message.role {
        wit::Role::User => Role::User,
        wit::Role::Assistant => Role::Assistant,
    };
    let parts = message.parts.into_iter().map(|one| part(one, role, files));
    Ok(Message { role, parts: parts.collect::<Result<_, _>>()? })
}

fn part(part: wit::Part, role: Role, files: &dyn Files) -> Result<Part, CallError> {
    Ok(match part {
        wit::Part::Text(text) => Part::Text(text),
        wit::Part::Thinking(thinking) => Part::Thinking(Thinking { text: thinking.text, signature: thinking.signature }),
        wit::Part::ToolCall(call) => {
            Part::ToolCall(ToolCall { arguments: json("arguments", &call.arguments)?, id: call.id, name: call.name })
        }
        wit::Part::ToolResult(result) => {
            Part::ToolResult(ToolResult { call_id: result.call_id, content: result.content, failed: result.failed })
        }
        wit::Part::Media(media) => Part::Media(self::media(media, role, files)?),
        wit::Part::Opaque(opaque) => Part::Opaque(Opaque { data: json("data", &opaque.data)?, provider: opaque.provider }),
    })
}

fn media(media: wit::Media, role: Role, files: &dyn Files) -> Result<Media, CallError> {
    if role != Role::User {
        return Err(CallError::invalid("A message of the assistant holds a file. Put it into a message of the user.").about("media"));
    }
    if !MEDIA_TYPES.contains(&media.media_type.as_str()) {
        let types = MEDIA_TYPES.join(", ");
        return Err(CallError::invalid(format!("The media type of a file must be one of {types}.")).about("media-type"));
    }
    let path = files.plain(&media.path).map_err(|error| error.about("path"))?;
    Ok(Media { media_type: media.media_type, path, data: Default::default() })
}

fn wit_part(part: Part) -> wit::Part {
    match part {
        Part::Text(text) => wit::Part::Text(text),
        Part::Thinking(thinking) => wit::Part::Thinking(wit::Thinking { text: thinking.text, signature: thinking.signature }),
        Part::ToolCall(call) => wit::Part::ToolCall(wit::ToolCall { id: call.id, name: call.name, arguments: call.arguments.to_string() }),
        Part::ToolResult(result) => {
            wit::Part::ToolResult(wit::ToolResult { call_id: result.call_id, content: result.content, failed: result.failed })
        }
        Part::Media(media) => wit::Part::Media(wit::Media { media_type: media.media_type, path: media.path }),
        Part::Opaque(opaque) => wit::Part::Opaque(wit::Opaque { provider: opaque.provider, data: opaque.data.to_string() }),
    }
}

fn tool(tool: wit::Tool) -> Result<Tool, CallError> {
    Ok(Tool { parameters: object("parameters", &tool.parameters)?, name: tool.name, description: tool.description })
}

fn object(name: &str, text: &str) -> Result<Value, CallError> {
    match json(name, text)? {
        schema @ Value::Object(_) => Ok(schema),
        other => Err(CallError::invalid(format!("`{name}` must be a JSON Schema, an object, and is {other}.")).about(name)),
    }
}

fn json(name: &str, text: &str) -> Result<Value, CallError> {
    serde_json::from_str(text).map_err(|error| CallError::invalid(format!("`{name}` is not JSON: {error}.")).about(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{interfaces::llm::attaching::testing::InMemory, journal::ErrorKind};

    fn option(name: &str, value: &str) -> OptionValue {
        OptionValue { name: name.to_owned(), value: value.to_owned() }
    }

    fn offered(name: &str) -> wit::Tool {
        wit::Tool { name: name.to_owned(), description: String::new(), parameters: "{}".to_owned() }
    }

    fn said(role: wit::Role, parts: Vec<wit::Part>) -> wit::Request {
        let messages = vec![wit::Message { role, parts }];
        wit::Request { model: None, system: None, messages, tools: Vec::new(), reply_schema: None, options: Vec::new() }
    }

    fn with(options: &[(&str, &str)]) -> wit::Request {
        let request = said(wit::Role::User, vec![wit::Part::Text("Who?".to_owned())]);
        wit::Request { tools: vec![offered("read")], options: options.iter().map(|(name, value)| option(name, value)).collect(), ..request }
    }

    fn understood(request: wit::Request) -> Result<Request, CallError> {
        super::request(request, &InMemory::default())
    }

    fn file(media_type: &str, path: &str) -> wit::Part {
        wit::Part::Media(wit::Media { media_type: media_type.to_owned(), path: path.to_owned() })
    }

    #[test]
    fn options_are_fields_of_the_request() {
        let options = [
            ("max-tokens", "7"),
            ("temperature", "0.3"),
            ("tool-choice", r#"{"tool": "read"}"#),
            ("stop-sequences", r#"["END", "\n"]"#),
            ("effort", r#""low""#),
        ];
        let request = understood(with(&options)).unwrap();
        assert_eq!((request.max_tokens, request.temperature, request.effort), (Some(7), Some(0.3), Some(Effort::Low)));
        assert_eq!(request.tool_choice, Some(ToolChoice::Tool("read".to_owned())));
        assert_eq!(request.stop_sequences, ["END", "\n"]);
        for (word, choice) in [("auto", ToolChoice::Auto), ("required", ToolChoice::Required), ("none", ToolChoice::None)] {
            let request = understood(with(&[("tool-choice", &format!("\"{word}\""))])).unwrap();
            assert_eq!(request.tool_choice, Some(choice));
        }
        let none = understood(with(&[])).unwrap();
        let tools = none.tools.clone();
        assert_eq!(none, Request { tools, messages: none.messages.clone(), ..Request::default() });
    }

    #[test]
    fn a_wrong_option_is_named() {
        let long = format!("[\"{}\"]", "x".repeat(65));
        let wrong: [(&str, &[&str]); 6] = [
            ("max-tokens", &["0", "-1", "1.5", "\"5\"", "null", "4294967296"]),
            ("temperature", &["-0.1", "2.1", "\"hot\"", "1e40"]),
            ("tool-choice", &["\"any\"", "{\"tool\": \"write\"}", "{\"tool\": 1}", "{}", "true"]),
            ("stop-sequences", &["\"END\"", "[\"\"]", "[1]", "[\"a\",\"b\",\"c\",\"d\",\"e\"]", &long]),
            ("effort", &["\"max\"", "1", "\"Low\""]),
            ("top-p", &["1"]),
        ];
        for (name, values) in wrong {
            for value in values {
                let error = understood(with(&[(name, value)])).unwrap_err();
                assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some(name)), "{value}: {}", error.text);
            }
        }
        let longest = format!("[\"{}\"]", "x".repeat(64));
        assert!(understood(with(&[("stop-sequences", &longest)])).is_ok());
    }

    #[test]
    fn a_choice_needs_tools_unless_it_is_open_or_none() {
        for (choice, is_right) in [("auto", true), ("none", true), ("required", false)] {
            let request = wit::Request { tools: Vec::new(), ..with(&[("tool-choice", &format!("\"{choice}\""))]) };
            assert_eq!(understood(request).is_ok(), is_right, "{choice}");
        }
    }

    #[test]
    fn files_are_for_the_users_messages_and_of_known_types() {
        let asked = |part: wit::Part| understood(said(wit::Role::User, vec![part]));
        for media_type in MEDIA_TYPES {
            let request = asked(file(media_type, "./docs/a")).unwrap();
            let media = request.media().next().unwrap();
            assert_eq!((media.media_type.as_str(), media.path.as_str(), media.data.len()), (media_type, "docs/a", 0));
        }
        let subject = |result: Result<Request, CallError>| {
            let error = result.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Invalid);
            error.subject.unwrap()
        };
        assert_eq!(subject(asked(file("image/svg+xml", "a.svg"))), "media-type");
        assert_eq!(subject(asked(file("image/png", "/etc/passwd"))), "path");
        assert_eq!(subject(understood(said(wit::Role::Assistant, vec![file("image/png", "a")]))), "media");
        let many = |count| understood(said(wit::Role::User, (0..count).map(|_| file("image/png", "a")).collect()));
        assert!(many(20).is_ok());
        assert_eq!(subject(many(21)), "media");
    }

    #[test]
    fn what_only_a_provider_understands_comes_back_as_it_was() {
        let opaque = |data: &str| wit::Part::Opaque(wit::Opaque { provider: "anthropic".to_owned(), data: data.to_owned() });
        let request = understood(said(wit::Role::Assistant, vec![opaque(r#"{"type": "x"}"#)])).unwrap();
        let Part::Opaque(kept) = &request.messages[0].parts[0] else { panic!("{request:?}") };
        assert_eq!((kept.provider.as_str(), &kept.data["type"]), ("anthropic", &Value::from("x")));
        let wit::Part::Opaque(given) = wit_part(request.messages[0].parts[0].clone()) else { panic!("{request:?}") };
        assert_eq!((given.provider.as_str(), given.data.as_str()), ("anthropic", r#"{"type":"x"}"#));
        let error = understood(said(wit::Role::Assistant, vec![opaque("{")])).unwrap_err();
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Invalid, Some("data")));
    }

    #[test]
    fn a_reply_says_why_it_ended_and_counts_as_far_as_there_is_room() {
        let usage = Usage { input_tokens: u64::MAX, output_tokens: 7, ..Usage::default() };
        for (stop, word) in [
            (Stop::End, "end"),
            (Stop::ToolUse, "tool-use"),
            (Stop::MaxTokens, "max-tokens"),
            (Stop::StopSequence, "stop-sequence"),
            (Stop::Refusal, "refusal"),
            (Stop::Malformed, "malformed"),
            (Stop::Other, "other"),
        ] {
            let given = reply(Reply { parts: Vec::new(), stop, usage, model: "a/x".to_owned() });
            assert_eq!(given.stop, word);
            assert_eq!(serde_json::to_value(stop).unwrap(), word, "the journal says the same");
            assert_eq!((given.usage.input_tokens, given.usage.output_tokens), (u32::MAX, 7));
        }
    }
}
