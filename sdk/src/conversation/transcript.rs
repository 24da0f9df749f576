//! A conversation as it is handed back by the caller of an agent, in JSON. Reads only what a provider takes: what is not whole
//! is left aside.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::window;
use crate::llm::{Media, Message, Opaque, Part, Role, Thinking, ToolCall, ToolResult};

/// Which form it has. Another one is left aside.
const FORMAT: &str = "baton-conversation-1";
/// Bytes that are handed back; the contract allows 4 MiB.
const LARGEST: usize = 2 << 20;
/// Results of tools that are kept where it would be larger.
const KEPT: usize = 10;

#[derive(Deserialize, Serialize)]
struct Document {
    format: String,
    messages: Vec<Told>,
}

#[derive(Deserialize, Serialize)]
struct Told {
    role: Side,
    parts: Vec<Piece>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Side {
    User,
    Assistant,
}

/// A part of a message, as the contract has it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
enum Piece {
    Text(String),
    Thinking { text: String, signature: Option<String> },
    ToolCall { id: String, name: String, arguments: String },
    ToolResult { call_id: String, content: String, failed: bool },
    Media { media_type: String, path: String },
    Opaque { provider: String, data: String },
}

/// The document of these messages; none where it would be too large also with old results left out.
pub(super) fn write(messages: &[Message]) -> Option<Value> {
    let written = |messages: &[Message]| {
        let document = Document { format: FORMAT.to_owned(), messages: messages.iter().map(told).collect() };
        serde_json::to_value(document).ok().filter(|document| document.to_string().len() <= LARGEST)
    };
    written(messages).or_else(|| {
        let mut shorter = messages.to_vec();
        window::mask(&mut shorter, KEPT);
        written(&shorter)
    })
}

/// The messages of a document; none where it is not one of ours, or not whole.
pub(super) fn read(document: &Value) -> Option<Vec<Message>> {
    let Document { format, messages } = Document::deserialize(document).ok()?;
    let messages: Vec<_> = messages.into_iter().map(message).collect();
    (format == FORMAT && !messages.is_empty() && problem(&messages).is_none()).then_some(messages)
}

/// Why no provider would take these messages: sides alternate from the user's on, nothing is empty, and each call is answered
/// once, in the message behind it. The user's last message may be missing.
pub(super) fn problem(messages: &[Message]) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for (place, message) in messages.iter().enumerate() {
        let expected = if place % 2 == 0 { Role::User } else { Role::Assistant };
        let is_blank = |part: &Part| matches!(part, Part::Text(text) if text.trim().is_empty());
        if message.role != expected || message.parts.is_empty() || message.parts.iter().any(is_blank) {
            return Some(format!("message {place} is empty, has an empty text, or is of the wrong side"));
        }
        let answered =
            message.parts.iter().filter_map(|part| if let Part::ToolResult(result) = part { Some(&*result.call_id) } else { None });
        let answered: Vec<_> = answered.collect();
        let (mut sorted, mut waiting) = (answered, std::mem::take(&mut open));
        sorted.sort_unstable();
        waiting.sort_unstable();
        if message.role == Role::User && sorted != waiting {
            return Some(format!("message {place} answers {sorted:?} and not {waiting:?}"));
        }
        for part in &message.parts {
            let Part::ToolCall(call) = part else { continue };
            let is_object = serde_json::from_str::<Value>(&call.arguments).is_ok_and(|arguments| arguments.is_object());
            if message.role == Role::User || !is_object || !known.insert(&*call.id) {
                return Some(format!("message {place} holds a call of the wrong side, with wrong arguments, or with a known id"));
            }
            open.push(&call.id);
        }
    }
    (!open.is_empty()).then(|| "the last calls are not answered".to_owned())
}

/// Whether one of the messages holds a call.
pub(super) fn holds_calls(messages: &[Message]) -> bool {
    messages.iter().flat_map(|message| &message.parts).any(|part| matches!(part, Part::ToolCall(_)))
}

fn told(message: &Message) -> Told {
    let role = match message.role {
        Role::User => Side::User,
        Role::Assistant => Side::Assistant,
    };
    Told { role, parts: message.parts.iter().cloned().map(piece).collect() }
}

fn piece(part: Part) -> Piece {
    match part {
        Part::Text(text) => Piece::Text(text),
        Part::Thinking(Thinking { text, signature }) => Piece::Thinking { text, signature },
        Part::ToolCall(ToolCall { id, name, arguments }) => Piece::ToolCall { id, name, arguments },
        Part::ToolResult(ToolResult { call_id, content, failed }) => Piece::ToolResult { call_id, content, failed },
        Part::Media(Media { media_type, path }) => Piece::Media { media_type, path },
        Part::Opaque(Opaque { provider, data }) => Piece::Opaque { provider, data },
    }
}

fn message(told: Told) -> Message {
    let role = match told.role {
        Side::User => Role::User,
        Side::Assistant => Role::Assistant,
    };
    Message { role, parts: told.parts.into_iter().map(part).collect() }
}

fn part(piece: Piece) -> Part {
    match piece {
        Piece::Text(text) => Part::Text(text),
        Piece::Thinking { text, signature } => Part::Thinking(Thinking { text, signature }),
        Piece::ToolCall { id, name, arguments } => Part::ToolCall(ToolCall { id, name, arguments }),
        Piece::ToolResult { call_id, content, failed } => Part::ToolResult(ToolResult { call_id, content, failed }),
        Piece::Media { media_type, path } => Part::Media(Media { media_type, path }),
        Piece::Opaque { provider, data } => Part::Opaque(Opaque { provider, data }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn assistant(parts: Vec<Part>) -> Message {
        Message { role: Role::Assistant, parts }
    }

    fn call(id: &str) -> Part {
        Part::ToolCall(ToolCall { id: id.to_owned(), name: "read_file".to_owned(), arguments: "{\"path\":\"a\"}".to_owned() })
    }

    fn result(id: &str, content: String) -> Message {
        let result = ToolResult { call_id: id.to_owned(), content, failed: true };
        Message { role: Role::User, parts: vec![Part::ToolResult(result)] }
    }

    #[test]
    fn every_part_comes_back_as_it_was() {
        let parts = vec![
            Part::Thinking(Thinking { text: "Hm.".to_owned(), signature: Some("s".to_owned()) }),
            Part::Opaque(Opaque { provider: "anthropic".to_owned(), data: "{\"b\":1,\"a\":2}".to_owned() }),
            Part::Text("I read.".to_owned()),
            call("1"),
        ];
        let first = Message::user("Go").with_media("image/png", "a.png");
        let messages = vec![first, assistant(parts), result("1", "A".to_owned()), assistant(vec![Part::Text("Done.".to_owned())])];
        let document = write(&messages).expect("it is small");
        let text = document.to_string();
        assert_eq!(read(&serde_json::from_str(&text).expect("JSON")), Some(messages));
    }

    #[test]
    fn what_is_not_whole_is_left_aside() {
        let valid = || vec![Message::user("Go"), assistant(vec![call("1")]), result("1", "A".to_owned())];
        assert_eq!(problem(&valid()), None);
        let says = |text: &str| Part::Text(text.to_owned());
        let broken: [Vec<Message>; 7] = [
            valid()[..2].to_vec(),
            valid()[1..].to_vec(),
            vec![Message::user("")],
            vec![Message::user("Go"), assistant(Vec::new())],
            vec![Message::user("Go"), assistant(vec![says("A")]), result("1", "A".to_owned())],
            vec![Message::user("Go"), assistant(vec![call("1")]), Message::user("Well?")],
            [valid(), vec![assistant(vec![call("1")]), result("1", "A".to_owned())]].concat(),
        ];
        for messages in broken {
            assert!(problem(&messages).is_some(), "{messages:?}");
            assert_eq!(write(&messages).as_ref().and_then(read), None);
        }
        let other = json!({ "format": "baton-conversation-2", "messages": [{ "role": "user", "parts": [{ "text": "Go" }] }] });
        for document in [other, json!(null), json!({}), json!([1]), json!({ "format": FORMAT, "messages": [] })] {
            assert_eq!(read(&document), None, "{document}");
        }
    }

    #[test]
    fn a_large_one_is_handed_back_without_its_old_results() {
        let mut messages = vec![Message::user("Go")];
        for n in 0..200 {
            messages.extend([assistant(vec![call(&n.to_string())]), result(&n.to_string(), "x".repeat(20_000))]);
        }
        let document = write(&messages).expect("the last results fit");
        assert!(document.to_string().len() < 1 << 20);
        assert_eq!(read(&document).map(|messages| messages.len()), Some(401));
        let huge = vec![Message::user("x".repeat(LARGEST))];
        assert_eq!(write(&huge), None);
    }
}
