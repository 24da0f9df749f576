//! Chat completions, as OpenAI and everyone who copies it speak them.

use serde_json::{Map, Value, json};

use super::{
    Adapter, Assembly, Outgoing, PDF, ParsedReply, calls,
    completion_words::{reason, stop, texts, thoughts},
    completions_stream::Completion,
    data_url, decimal, effort, file_name, first_choice, items,
    schemas::{self, ReplySchema, Rules},
    sealed, set, text, unsealed,
};
use crate::interfaces::llm::messages::{Effort, Media, Message, Part, Request, Role, Stop, Thinking, Tool, ToolChoice};

/// Whose blocks are kept for it.
const PROVIDER: &str = "openai-compatible";

/// Stands between texts of one message, where a service takes only one.
const BETWEEN: &str = "\n\n";

/// Chat completions in one of their dialects.
pub(super) struct Completions {
    /// OpenAI itself: a name may end with an effort, and reasoning is not taken back.
    is_openai: bool,
}

impl Completions {
    pub(super) const OPENAI: Self = Self { is_openai: true };
    pub(super) const COMPATIBLE: Self = Self { is_openai: false };
}

impl Adapter for Completions {
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing {
        // Elsewhere `-high` is a part of the name.
        let (name, effort) = if self.is_openai { effort::split(model) } else { (model, None) };
        let mut body = Map::new();
        body.insert("model".to_owned(), json!(name));
        body.insert("stream".to_owned(), json!(streamed));
        set(&mut body, "stream_options", streamed.then(|| json!({ "include_usage": true })));
        let thinks = thinks(name);
        // Others refuse it, or call it something else.
        let asked = request.effort.filter(|_| self.is_openai && thinks).map(Effort::as_str);
        let effort = effort.or(asked);
        set(&mut body, "reasoning_effort", effort.map(Value::from));
        set(&mut body, "tools", self.tools(request));
        set(&mut body, "tool_choice", tool_choice(request));
        body.insert("messages".to_owned(), self.messages(request));
        set(&mut body, "response_format", request.reply_schema.as_ref().and_then(|schema| self.response_format(schema)));
        // A model that thinks refuses both.
        set(&mut body, "temperature", request.temperature.filter(|_| !thinks || effort == Some("none")).map(decimal));
        set(&mut body, "stop", (!thinks && !request.stop_sequences.is_empty()).then(|| json!(request.stop_sequences)));
        let limit = if thinks { "max_completion_tokens" } else { "max_tokens" };
        set(&mut body, limit, request.max_tokens.map(Value::from));
        Outgoing { path: "chat/completions".to_owned(), headers: &[], body: Value::Object(body) }
    }

    fn authorization(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }

    fn reply(&self, body: &Value) -> Option<ParsedReply> {
        let choice = first_choice(&body["choices"]);
        let message = choice.get("message").filter(|message| message.is_object())?;
        let mut parts = Vec::new();
        let thought = text(&message["reasoning"]).or_else(|| text(&message["reasoning_content"])).map(str::to_owned);
        let thought = thought.unwrap_or_else(|| thoughts(&message["content"]));
        if !thought.trim().is_empty() {
            parts.push(Part::Thinking(Thinking { text: thought.trim().to_owned(), signature: None }));
        }
        parts.extend(
            items(&message["reasoning_details"])
                .filter(|detail| is_detail(detail["type"].as_str()))
                .filter_map(|detail| sealed(PROVIDER, detail)),
        );
        let said = texts(&message["content"]);
        let refusal = text(&message["refusal"]);
        let words = if said.trim().is_empty() { refusal.unwrap_or_default() } else { &said };
        if !words.trim().is_empty() {
            parts.push(Part::Text(words.trim().to_owned()));
        }
        parts.extend(called(message));
        let stop = stop(reason(choice).unwrap_or_default(), &parts);
        Some(ParsedReply { parts, stop: if refusal.is_some() && stop != Stop::Other { Stop::Refusal } else { stop } })
    }

    fn stream(&self) -> Box<dyn Assembly> {
        Box::<Completion>::default()
    }
}

impl Completions {
    fn rules(&self) -> Rules {
        if self.is_openai { Rules::OpenAi } else { Rules::Compatible }
    }

    fn tools(&self, request: &Request) -> Option<Value> {
        let tool = |tool: &Tool| {
            let parameters = schemas::of_parameters(&tool.parameters, self.rules());
            let function = json!({ "name": tool.name, "description": tool.description, "parameters": parameters });
            json!({ "type": "function", "function": function })
        };
        (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect())
    }

    /// None where the service takes no such schema at all.
    fn response_format(&self, schema: &Value) -> Option<Value> {
        let ReplySchema { schema, is_exact } = schemas::of_reply(schema, self.rules());
        let is_taken = !self.is_openai || schema["type"] == "object";
        is_taken.then(|| json!({ "type": "json_schema", "json_schema": { "name": "reply", "strict": is_exact, "schema": schema } }))
    }

    fn messages(&self, request: &Request) -> Value {
        let system = request.system.as_ref().map(|system| json!({ "role": "system", "content": system }));
        let rest = request.messages.iter().flat_map(|message| match message.role {
            Role::User => self.convert_user(message),
            Role::Assistant => self.convert_assistant(request, message).into_iter().collect(),
        });
        system.into_iter().chain(rest).collect()
    }

    /// The id of a call as it is sent.
    fn id(&self, id: &str) -> String {
        if self.is_openai { calls::short_id(id) } else { calls::gateways_id(id) }
    }

    /// Results first: they belong right behind the calls.
    fn convert_user(&self, message: &Message) -> Vec<Value> {
        let results = message.parts.iter().filter_map(|part| match part {
            Part::ToolResult(result) => {
                Some(json!({ "role": "tool", "tool_call_id": self.id(&result.call_id), "content": result.content }))
            }
            _ => None,
        });
        let said = content(message).map(|content| json!({ "role": "user", "content": content }));
        results.chain(said).collect()
    }

    fn convert_assistant(&self, request: &Request, message: &Message) -> Option<Value> {
        let (mut thoughts, mut details, mut made) = (Vec::new(), Vec::new(), Vec::new());
        for part in &message.parts {
            match part {
                Part::ToolCall(call) => made.push(json!({
                    "type": "function",
                    "id": self.id(&call.id),
                    "function": { "name": calls::name(request, call), "arguments": calls::object(&call.arguments).to_string() },
                })),
                // OpenAI knows no field for it; others take back what they did not sign, and what is sealed.
                Part::Thinking(_) | Part::Opaque(_) if self.is_openai => {}
                Part::Thinking(thinking) if thinking.signature.is_none() => thoughts.push(thinking.text.as_str()),
                Part::Opaque(opaque) => details.extend(unsealed(opaque, PROVIDER, |kind| is_detail(Some(kind)))),
                Part::Thinking(_) | Part::Text(_) | Part::ToolResult(_) | Part::Media(_) => {}
            }
        }
        let content = join_texts(message);
        if content.is_empty() && made.is_empty() && thoughts.is_empty() && details.is_empty() {
            return None;
        }
        let mut said = Map::from_iter([("role".to_owned(), json!("assistant")), ("content".to_owned(), json!(content))]);
        set(&mut said, "tool_calls", (!made.is_empty()).then_some(Value::Array(made)));
        set(&mut said, "reasoning_content", (!thoughts.is_empty()).then(|| json!(thoughts.join("\n"))));
        set(&mut said, "reasoning_details", (!details.is_empty()).then_some(Value::Array(details)));
        Some(Value::Object(said))
    }
}

/// A text, or a list where there are files: not every service takes a list.
fn content(message: &Message) -> Option<Value> {
    if message.parts.iter().any(|part| matches!(part, Part::Media(_))) {
        return Some(message.parts.iter().filter_map(chunk).collect());
    }
    Some(join_texts(message)).filter(|text| !text.is_empty()).map(Value::from)
}

fn chunk(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) if !text.is_empty() => Some(json!({ "type": "text", "text": text })),
        Part::Media(media) => Some(file(media)),
        _ => None,
    }
}

fn file(media: &Media) -> Value {
    let url = data_url(media);
    if media.media_type != PDF {
        return json!({ "type": "image_url", "image_url": { "url": url } });
    }
    json!({ "type": "file", "file": { "filename": file_name(media), "file_data": url } })
}

fn join_texts(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(BETWEEN)
}

/// Services refuse a choice where there are no tools.
fn tool_choice(request: &Request) -> Option<Value> {
    let choice = request.tool_choice.as_ref().filter(|_| !request.tools.is_empty())?;
    Some(match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Required => json!("required"),
        ToolChoice::None => json!("none"),
        ToolChoice::Tool(name) => json!({ "type": "function", "function": { "name": name } }),
    })
}

/// Whether a model of OpenAI's thinks, by its name. Such a model wants the limit under another name, and refuses temperatures
/// and stop sequences (OpenAI, "Reasoning models" and the reference of `stop`).
fn thinks(model: &str) -> bool {
    let family = ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|family| model.starts_with(family));
    family && !model.starts_with("gpt-5-chat")
}

fn called(message: &Value) -> Vec<Part> {
    let function = |id: &Value, function: &Value| calls::call(id, &function["name"], &function["arguments"]);
    let calls: Vec<_> =
        items(&message["tool_calls"]).filter(|call| call.is_object()).map(|call| function(&call["id"], &call["function"])).collect();
    match &message["function_call"] {
        // What calls were before there could be more than one.
        only @ Value::Object(_) if calls.is_empty() => vec![function(&Value::Null, only)],
        _ => calls,
    }
}

fn is_detail(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind.starts_with("reasoning."))
}
