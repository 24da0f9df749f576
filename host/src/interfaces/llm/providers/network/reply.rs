//! Makes a reply of what a service has sent. What it counted is kept also where the rest is of no use, so that it is paid
//! for in the budgets as it was at the service.

use jiff::Timestamp;
use serde_json::Value;

use super::adapters::{self, Adapter, ParsedReply};
use super::failure::{Failure, Judge};
use super::stream::{Stream, Streamed};
use super::{Account, Protocol, usage};
use crate::interfaces::lenient;
use crate::interfaces::llm::messages::{Part, Reply, Request, Stop};
use crate::interfaces::llm::provider::ProviderError;

/// How a reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As one JSON document.
    Whole,
    /// As a stream of events.
    Stream,
}

/// What the bytes of a reply say, in whatever form they come. So a service's words are tried without a service.
pub fn read(protocol: Protocol, request: &Request, form: Form, bytes: &[u8]) -> Result<Reply, ProviderError> {
    let account = Account { name: "service".to_owned(), protocol, base_url: String::new(), api_key: None, key_variable: None };
    let (adapter, judge) = (protocol.adapter(), Judge::new(&account, Timestamp::UNIX_EPOCH));
    let asked = Asked { adapter: adapter.as_ref(), judge: &judge, model: "model", request };
    let reply = match form {
        Form::Whole => asked.whole(bytes),
        Form::Stream => {
            let mut stream = Stream::new(adapter.as_ref(), &judge);
            let say = &mut |_: &str| ();
            let ended = stream.feed(bytes, say).and_then(|whole| if whole { Ok(()) } else { stream.close(say) });
            asked.streamed(stream.ended(ended.err()))
        }
    };
    reply.map_err(|failure| failure.after(1))
}

/// Whether a body tells of an error beside what it says, as gateways do whose upstream broke off.
fn says_error(body: &Value) -> bool {
    let is_set = |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && value != "";
    is_set(&body["error"])
        || is_set(&adapters::first_choice(&body["choices"])["error"])
        || body["type"] == "error"
        || body["status"] == "failed"
}

/// A prompt that was blocked before a model saw it. What the service counted for it is paid for, as any refusal is.
fn blocked(body: &Value) -> Option<ParsedReply> {
    let reason = body.pointer("/promptFeedback/blockReason")?.as_str()?;
    Some(ParsedReply { parts: vec![Part::Text(format!("The prompt was blocked: {reason}."))], stop: Stop::Refusal })
}

/// What was asked, and of whom.
pub(super) struct Asked<'a> {
    pub(super) adapter: &'a dyn Adapter,
    pub(super) judge: &'a Judge<'a>,
    pub(super) model: &'a str,
    pub(super) request: &'a Request,
}

impl Asked<'_> {
    /// The reply of a body in one piece.
    pub(super) fn whole(&self, body: &[u8]) -> Result<Reply, Box<Failure>> {
        let text = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
        if text.trim().is_empty() {
            return Err(self.judge.malformed("it is empty."));
        }
        let body = lenient::read(&text);
        self.reply(&body.map_err(|error| self.judge.malformed(&format!("it is not JSON ({error}). It begins: {text}")))?.value)
    }

    fn reply(&self, body: &Value) -> Result<Reply, Box<Failure>> {
        let usage = usage::read(self.judge.protocol(), body);
        let said = match self.adapter.reply(body) {
            Some(said) => said,
            None if body.pointer("/promptFeedback/blockReason").is_some() => {
                blocked(body).filter(|_| !usage.uncounted).ok_or_else(|| self.judge.blocked(&body["promptFeedback"]))?
            }
            None if !body["error"].is_null() => return Err(self.judge.classify_error(body, !usage.uncounted)),
            None if usage.uncounted => {
                return Err(self.judge.malformed(&format!("it is not a reply of this protocol. It begins: {body}")));
            }
            None => ParsedReply { parts: Vec::new(), stop: Stop::Other },
        };
        let ParsedReply { mut parts, stop } = said;
        let stop = if says_error(body) { Stop::Other } else { stop };
        if matches!(stop, Stop::Other | Stop::Malformed) {
            // Half a reply may hold half of what a call was to be.
            parts.retain(|part| !matches!(part, Part::ToolCall(_)));
        }
        adapters::settle_calls(&mut parts, self.request);
        Ok(Reply { parts, stop, usage, model: self.name(body) })
    }

    /// The reply of a stream. Of one that broke off after it had said what it counts, that is known, and no answer.
    pub(super) fn streamed(&self, streamed: Streamed) -> Result<Reply, Box<Failure>> {
        let Some(failure) = streamed.broken else { return self.reply(&streamed.body) };
        match self.reply(&streamed.body) {
            Ok(reply) if !reply.usage.uncounted => {
                let parts = reply.parts.into_iter().filter(|part| !matches!(part, Part::ToolCall(_))).collect();
                Ok(Reply { parts, stop: Stop::Other, ..reply })
            }
            _ => Err(failure),
        }
    }

    fn name(&self, body: &Value) -> String {
        let told = body["model"].as_str().or(body["modelVersion"].as_str()).filter(|name| !name.trim().is_empty());
        format!("{}/{}", self.judge.name(), told.unwrap_or(self.model))
    }
}
