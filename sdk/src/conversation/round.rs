//! One conversation from its opening to an answer, or to where the model is stuck. Never begins anew.

use std::fmt;

use serde_json::Value;

use super::{Answer, Conversation, MAX_TURNS, Model, answer, calls};
use crate::llm::{Message, Part, Reply, Request, Role, Stop, ToolCall};
use crate::tools::Tool;
use crate::{Error, Result};

/// Characters of what is wrong that an operator is shown: models write much, and schemas ask for more.
const SHOWN: usize = 800;

/// Stands for a reply without words. Some providers refuse a conversation in which one side says nothing.
const NO_WORDS: &str = "(an empty reply)";

/// How a round ended.
pub(super) enum End {
    Answered(Answer),
    Stuck(Stuck),
}

/// A model that was shown what is wrong and did no better.
pub(super) struct Stuck {
    model: String,
    problem: String,
    pub(super) turns: u32,
}

impl fmt::Display for Stuck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "The model {} gave no answer that can be used. {}", self.model, shown(&self.problem))
    }
}

/// Goes on until the model answers or is stuck.
pub(super) fn held(conversation: &Conversation, model: &mut dyn Model, text: &str) -> Result<End> {
    let most = conversation.max_turns.unwrap_or(MAX_TURNS).max(1);
    let mut round = Round { conversation, request: opening(conversation, text), repaired: false, mistaken: Vec::new() };
    let mut turns = 0;
    loop {
        turns += 1;
        let reply = model.ask(&round.request)?;
        let name = reply.model.clone();
        match round.take(reply)? {
            Step::Answered(text, value) => return Ok(End::Answered(Answer { text, value, turns })),
            Step::Stuck(problem) => return Ok(End::Stuck(Stuck { model: name, problem, turns })),
            Step::GoOn if turns == most => {
                let problem = format!("It was still at work after {most} replies, which is the agent's max-turns.");
                return Ok(End::Stuck(Stuck { model: name, problem, turns }));
            }
            Step::GoOn => {}
        }
    }
}

/// What came of one reply.
enum Step {
    Answered(String, Option<Value>),
    Stuck(String),
    GoOn,
}

struct Round<'a> {
    conversation: &'a Conversation,
    request: Request,
    /// An answer that does not fit was shown to the model.
    repaired: bool,
    /// The tools that the reply before called wrongly.
    mistaken: Vec<String>,
}

impl Round<'_> {
    fn take(&mut self, reply: Reply) -> Result<Step> {
        if reply.stop() == Stop::Refusal {
            return Err(Error::other(format!("The model {} declined to answer. Reword the task, or set another model.", reply.model)));
        }
        if reply.tool_calls().is_empty() { Ok(self.answered(reply)) } else { self.called(reply) }
    }

    fn answered(&mut self, reply: Reply) -> Step {
        match answer::of(&reply, self.conversation.answer_schema.as_ref()) {
            Ok((text, value)) => Step::Answered(text, value),
            Err(wrong) if self.repaired => Step::Stuck(wrong.problem),
            Err(wrong) => {
                self.repaired = true;
                self.mistaken.clear();
                self.go_on(reply, Message::user(format!("{}\n{}", wrong.problem, wrong.wanted)))
            }
        }
    }

    fn called(&mut self, reply: Reply) -> Result<Step> {
        let calls = calls::understood(&self.conversation.tools, &reply);
        let wrong = calls.iter().filter_map(|call| call.problem().map(|problem| (call.name(), problem)));
        if let Some((name, problem)) = wrong.clone().find(|(name, _)| self.mistaken.iter().any(|before| before == name)) {
            return Ok(Step::Stuck(format!("It called the tool `{}` wrongly twice in a row. {problem}", named(name))));
        }
        self.mistaken = wrong.map(|(name, _)| name.to_owned()).collect();
        let parts = calls.into_iter().map(calls::Understood::done).collect::<Result<_>>()?;
        Ok(self.go_on(reply, Message { role: Role::User, parts }))
    }

    fn go_on(&mut self, reply: Reply, next: Message) -> Step {
        self.request.messages.push(said(reply));
        self.request.messages.push(next);
        Step::GoOn
    }
}

fn opening(conversation: &Conversation, text: &str) -> Request {
    let mut text = text.to_owned();
    if let Some(schema) = &conversation.answer_schema {
        text.push_str("\n\nAnswer with one JSON document and nothing else. It has to satisfy this JSON Schema:\n");
        text.push_str(&schema.to_string());
    }
    let request = Request {
        model: conversation.model.clone(),
        system: conversation.system.clone(),
        messages: vec![Message::user(text)],
        tools: conversation.tools.iter().map(Tool::offered).collect(),
        reply_schema: conversation.answer_schema.as_ref().map(Value::to_string),
        options: Vec::new(),
    };
    let request = conversation.max_tokens.into_iter().fold(request, Request::with_max_tokens);
    conversation.temperature.into_iter().fold(request, Request::with_temperature)
}

/// The reply as the model is reminded of it, in a form that every provider takes back.
fn said(reply: Reply) -> Message {
    let silent = reply.tool_calls().is_empty() && reply.text().trim().is_empty();
    let parts = if silent { vec![Part::Text(NO_WORDS.to_owned())] } else { reply.parts.into_iter().map(sound).collect() };
    Message { role: Role::Assistant, parts }
}

fn sound(part: Part) -> Part {
    match part {
        Part::ToolCall(call) => {
            let arguments = calls::arguments(&call).map_or_else(|_| "{}".to_owned(), |arguments| arguments.to_string());
            Part::ToolCall(ToolCall { arguments, ..call })
        }
        other => other,
    }
}

/// A name that the model made up.
fn named(name: &str) -> String {
    name.chars().take(80).collect()
}

/// As much as an operator reads, in one line that ends as a sentence does.
fn shown(problem: &str) -> String {
    let line = problem.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.ends_with('.') => line,
        None => line + ".",
    }
}
