//! What a run and its models said to each other, each message once. Reads journal entries; asks no model and shows nothing.

use serde_json::Value;

use super::messages::{Message, Reply, Request, Role, Tool};
use crate::journal::{Entry, EntryState};

/// One request to a model and what came back, without what an earlier request of the same conversation said already.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The call's number in the run's journal.
    pub seq: u64,
    /// When the call was asked, in milliseconds since 1970 UTC.
    pub asked_at: u64,
    /// When the answer was written, in milliseconds since 1970 UTC.
    pub answered_at: Option<u64>,
    /// Number of the first call of the conversation.
    pub conversation: u64,
    /// What the model was told before the conversation. Only with the first request, and where it changed.
    pub system: Option<String>,
    /// Tools offered. Only with the first request, and where they changed.
    pub tools: Option<Vec<Tool>>,
    /// JSON Schema of the reply. Only with the first request, and where it changed.
    pub reply_schema: Option<Value>,
    /// How many earlier messages are in this request in another form, such as old results that were shortened.
    pub changed: usize,
    /// Messages that no earlier request of the conversation had.
    pub messages: Vec<Message>,
    /// What came back.
    pub outcome: Outcome,
    /// The call was sent twice, and both may have been charged.
    pub repeated: bool,
}

/// What came back for a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A reply.
    Reply(Reply),
    /// An error, its text.
    Error(String),
    /// Nothing, so far.
    Missing,
    /// The journal holds what cannot be read as a request and its answer, for this reason.
    Unreadable(String),
}

/// The exchanges among a run's calls, in the order of the journal.
pub fn read(entries: &[Entry]) -> Vec<Exchange> {
    let mut conversations: Vec<Conversation> = Vec::new();
    entries.iter().filter(|entry| entry.call == "llm.complete").map(|entry| exchange(entry, &mut conversations)).collect()
}

/// What the requests of one conversation said so far.
struct Conversation {
    /// Number of its first call.
    first: u64,
    request: Request,
    /// The messages of the last request, and its reply as the next one.
    known: Vec<Message>,
}

fn exchange(entry: &Entry, conversations: &mut Vec<Conversation>) -> Exchange {
    let outcome = outcome(entry);
    let request = match serde_json::from_str::<Request>(&entry.request) {
        Ok(request) => request,
        Err(error) => return Exchange::of(entry, Outcome::Unreadable(format!("The request cannot be read: {error}."))),
    };
    let known = list_known_messages(&request, &outcome);
    let exchange = Exchange::of(entry, outcome);
    let Some(before) = conversations.iter_mut().rfind(|conversation| conversation.continues_in(&request)) else {
        conversations.push(Conversation { first: entry.seq, request: request.clone(), known });
        let Request { system, tools, reply_schema, messages, .. } = request;
        return Exchange { system, tools: (!tools.is_empty()).then_some(tools), reply_schema, messages, ..exchange };
    };
    let exchange = Exchange {
        conversation: before.first,
        system: request.system.clone().filter(|_| request.system != before.request.system),
        tools: (request.tools != before.request.tools).then(|| request.tools.clone()),
        reply_schema: request.reply_schema.clone().filter(|_| request.reply_schema != before.request.reply_schema),
        changed: before.known.iter().zip(&request.messages).filter(|(known, now)| known != now).count(),
        messages: request.messages[before.known.len()..].to_vec(),
        ..exchange
    };
    (before.request, before.known) = (request, known);
    exchange
}

impl Conversation {
    /// Whether a request has all messages of this conversation, perhaps shortened, and more.
    fn continues_in(&self, request: &Request) -> bool {
        let same_side = |(known, now): (&Message, &Message)| known.role == now.role;
        request.messages.len() >= self.known.len()
            && request.messages.first() == self.known.first()
            && self.known.iter().zip(&request.messages).all(same_side)
    }
}

fn list_known_messages(request: &Request, outcome: &Outcome) -> Vec<Message> {
    let mut known = request.messages.clone();
    if let Outcome::Reply(reply) = outcome {
        known.push(Message { role: Role::Assistant, parts: reply.parts.clone() });
    }
    known
}

fn outcome(entry: &Entry) -> Outcome {
    if let Some(error) = entry.error() {
        return Outcome::Error(error.text);
    }
    let Some(answer) = entry.answer.as_deref().filter(|_| entry.state == EntryState::Done) else { return Outcome::Missing };
    let read = serde_json::from_str::<Value>(answer).and_then(|mut answer| serde_json::from_value(answer["ok"].take()));
    match read {
        Ok(reply) => Outcome::Reply(reply),
        Err(error) => Outcome::Unreadable(format!("The answer cannot be read: {error}.")),
    }
}

impl Exchange {
    /// The call with what came back, and nothing of what was asked.
    fn of(entry: &Entry, outcome: Outcome) -> Self {
        Self {
            seq: entry.seq,
            asked_at: entry.asked_at,
            answered_at: entry.answered_at,
            conversation: entry.seq,
            system: None,
            tools: None,
            reply_schema: None,
            changed: 0,
            messages: Vec::new(),
            outcome,
            repeated: entry.repeated,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::journal::{Effect, RunId};

    fn entry(seq: u64, request: &Value, answer: Option<Value>) -> Entry {
        Entry {
            run: RunId::from_text("a"),
            seq,
            call: "llm.complete".to_owned(),
            effect: Effect::Model,
            request_hash: String::new(),
            request: request.to_string(),
            state: if answer.is_some() { EntryState::Done } else { EntryState::Intended },
            answer: answer.map(|answer| answer.to_string()),
            repeated: false,
            asked_at: 0,
            answered_at: None,
        }
    }

    fn said(role: &str, text: &str) -> Value {
        json!({ "role": role, "parts": [{ "text": text }] })
    }

    fn reply(text: &str) -> Option<Value> {
        let usage = json!({ "input-tokens": 1, "output-tokens": 1 });
        Some(json!({ "ok": { "parts": [{ "text": text }], "stop": "end", "usage": usage, "model": "a/x" } }))
    }

    #[test]
    fn each_message_stands_once() {
        let first = json!({ "system": "Be brief.", "messages": [said("user", "one")] });
        let second = json!({ "system": "Be brief.", "messages": [said("user", "one"), said("assistant", "two"), said("user", "three")] });
        let read = read(&[entry(3, &first, reply("two")), entry(5, &second, reply("four"))]);
        assert_eq!((read[0].system.as_deref(), read[1].system.as_deref()), (Some("Be brief."), None));
        assert_eq!((read[1].conversation, read[1].changed, read[1].messages.len()), (3, 0, 1));
    }

    #[test]
    fn conversations_side_by_side_are_told_apart_and_shortened_messages_counted() {
        let start = |text: &str| json!({ "messages": [said("user", text)] });
        let on = |text: &str, answer: &str| json!({ "messages": [said("user", text), said("assistant", answer), said("user", "on")] });
        let entries = [
            entry(1, &start("left"), reply("l")),
            entry(2, &start("right"), reply("r")),
            entry(3, &on("left", "(shortened)"), reply("l2")),
            entry(4, &on("right", "r"), None),
        ];
        let read = read(&entries);
        assert_eq!(read.iter().map(|exchange| exchange.conversation).collect::<Vec<_>>(), [1, 2, 1, 2]);
        assert_eq!(read.iter().map(|exchange| exchange.changed).collect::<Vec<_>>(), [0, 0, 1, 0]);
        assert_eq!(read[3].outcome, Outcome::Missing);
    }

    #[test]
    fn a_conversation_that_lost_messages_is_shown_whole() {
        let long = json!({ "messages": [said("user", "one"), said("assistant", "two"), said("user", "three")] });
        let short = json!({ "messages": [said("user", "one"), said("assistant", "so far: two")] });
        let read = read(&[entry(1, &long, reply("four")), entry(2, &short, reply("five"))]);
        assert_eq!((read[1].conversation, read[1].messages.len()), (2, 2));
    }

    #[test]
    fn what_cannot_be_read_is_said_and_hides_nothing_else() {
        let good = entry(3, &json!({ "messages": [said("user", "one")] }), reply("two"));
        let no_request = Entry { request: "{".to_owned(), ..good.clone() };
        let no_reply = entry(4, &json!({ "messages": [said("user", "one")] }), Some(json!({ "ok": 5 })));
        let failed =
            entry(5, &json!({ "messages": [said("user", "x")] }), Some(json!({ "err": { "kind": "denied", "text": "No grant." } })));
        let other = Entry { call: "files.read".to_owned(), ..good.clone() };
        let read = read(&[no_request, no_reply, failed, other, good]);
        assert_eq!(read.len(), 4);
        assert!(matches!(&read[0].outcome, Outcome::Unreadable(reason) if reason.starts_with("The request cannot be read")));
        assert!(matches!(&read[1].outcome, Outcome::Unreadable(reason) if reason.starts_with("The answer cannot be read")));
        assert_eq!(read[2].outcome, Outcome::Error("No grant.".to_owned()));
        assert!(matches!(read[3].outcome, Outcome::Reply(_)));
    }
}
