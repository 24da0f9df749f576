//! One conversation, reply by reply, from its opening or from where it was stuck to an answer or to where it is stuck. Whatever
//! a model sends, what is said next is whole: each call is answered once, sides alternate, nothing is empty.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::{self, Wanted};
use super::repetition::{Finding, Repetition};
use super::window::{self, Room};
use super::written::{self, Written};
use super::{Answer, Conversation, FINISH, MAX_TURNS, MAX_TURNS_WITHOUT_TOOLS, Model, calls, finish, handing_over, quoted, transcript};
use crate::llm::{Message, Part, Reply, Request, Role, Stop, ToolCall, ToolChoice, ToolResult};
use crate::tools::Tool;
use crate::{Error, Result};

/// Mistakes in a row that a model is shown; after one more it is stuck.
const MOST_MISTAKES: u32 = 3;
/// Last replies that are announced.
const ANNOUNCED: u32 = 5;
/// Characters of what is wrong that an operator is shown: models write much, and schemas ask for more.
const SHOWN: usize = 800;
/// Bytes of what an operator says that a model is told.
const MOST_ADVICE: usize = 8 << 10;
/// Stands for a reply without words. Some providers refuse a conversation in which one side says nothing.
const NO_WORDS: &str = "(an empty reply)";

const RESUMED: &str = "The work stopped here and goes on now. Files may have changed meanwhile: look again before you rely on what you read. Continue \
    where you were.";
const CONTINUED: &str = "This continues the work above. Files may have changed since: look again before you rely on what you read.";

/// How a conversation ended, for now.
pub(super) enum End {
    Answered(String, Option<Value>),
    /// A sentence for the operator.
    Stuck(String),
}

/// What came of one reply.
enum Step {
    Answered(String, Option<Value>),
    Stuck(String),
    GoOn,
}

pub(super) struct Round<'a> {
    conversation: &'a Conversation,
    request: Request,
    /// What the model was told first of this task.
    task: String,
    room: Room,
    /// The model that replied last.
    model: String,
    turns: u32,
    /// Replies that are left of the allowance.
    left: u32,
    /// Replies in a row that could not be used.
    mistakes: u32,
    repetition: Repetition,
}

impl<'a> Round<'a> {
    pub(super) fn open(conversation: &'a Conversation, model: &mut dyn Model, text: &str) -> Result<Self> {
        let room = Room::new(model.window(conversation.model.as_deref())?, conversation.max_tokens);
        let task = opening(conversation, text);
        let request = Request {
            model: conversation.model.clone(),
            system: conversation.system.clone(),
            messages: begun(conversation, &task),
            tools: offered(conversation),
            reply_schema: conversation.answer_schema.as_ref().filter(|_| conversation.tools.is_empty()).map(Value::to_string),
            options: Vec::new(),
        };
        let left = allowance(conversation);
        let model = String::new();
        Ok(Self { conversation, request, task, room, model, turns: 0, left, mistakes: 0, repetition: Repetition::default() })
    }

    /// Goes on until the model answers or is stuck.
    pub(super) fn held(&mut self, model: &mut dyn Model) -> Result<End> {
        loop {
            if let Some(problem) = self.make_room(model)? {
                return Ok(End::Stuck(problem));
            }
            let choice = (self.left == 1).then(|| self.last_choice()).flatten();
            self.request.options = self.options(choice.as_ref());
            let reply = self.ask(model)?;
            match self.take(reply)? {
                Step::Answered(text, value) => return Ok(End::Answered(text, value)),
                Step::Stuck(problem) => {
                    return Ok(End::Stuck(format!("The model {} gave no answer that can be used. {}", self.model, shown(&problem))));
                }
                Step::GoOn => {}
            }
        }
    }

    /// Continues where the model was stuck, with a new allowance and with what people say.
    pub(super) fn resume(&mut self, model: &mut dyn Model, words: Option<String>) -> Result<()> {
        self.room = Room::new(model.window(self.conversation.model.as_deref())?, self.conversation.max_tokens);
        (self.left, self.mistakes, self.repetition) = (allowance(self.conversation), 0, Repetition::default());
        let words = words.filter(|words| !words.trim().is_empty());
        let said = words.map(|words| format!("\nA person says: {}", window::cut(words.trim(), MOST_ADVICE))).unwrap_or_default();
        tell(&mut self.request.messages, format!("{RESUMED}{said}"));
        Ok(())
    }

    pub(super) fn answer(self, text: String, value: Option<Value>) -> Answer {
        Answer { text, value, turns: self.turns, conversation: transcript::write(&self.request.messages) }
    }

    fn ask(&mut self, model: &mut dyn Model) -> Result<Reply> {
        self.turns += 1;
        self.left -= 1;
        let reply = model.ask(&self.request)?;
        self.room.learn(window::bytes(&self.request), reply.usage.input_tokens);
        self.model.clone_from(&reply.model);
        Ok(reply)
    }

    fn take(&mut self, reply: Reply) -> Result<Step> {
        if reply.stop() == Stop::Refusal {
            return Err(Error::other(format!("The model {} declined to answer. Reword the task, or set another model.", reply.model)));
        }
        let mut reply = self.distinct(reply);
        if self.request.tools.is_empty() {
            reply.parts.retain(|part| !matches!(part, Part::ToolCall(_)));
            return Ok(self.answered(reply));
        }
        if !reply.tool_calls().is_empty() {
            return self.called(reply);
        }
        let is_quoted = |document: &Value| quoted::in_material(document, &self.request.messages, &self.task);
        match written::calls(&reply, &self.conversation.tools, self.finish().map(|_| FINISH), is_quoted, self.turns) {
            Written::None => Ok(self.answered(reply)),
            Written::Calls(calls) => {
                let words = Some(written::words_before(&reply.text()).to_owned()).filter(|words| !words.is_empty());
                let parts = words.map(Part::Text).into_iter().chain(calls.into_iter().map(Part::ToolCall)).collect();
                self.called(Reply { parts, stop: Stop::ToolUse.as_str().to_owned(), ..reply })
            }
            Written::Unclear(name) => {
                let name: String = name.chars().take(80).collect();
                let problem =
                    format!("A call of `{name}` stands in your text, where it is not made. Call tools as tools, not in the text.");
                Ok(self.mistaken(reply, problem))
            }
        }
    }

    fn answered(&mut self, reply: Reply) -> Step {
        let wanted = Wanted { schema: self.conversation.answer_schema.as_ref(), has_tools: !self.request.tools.is_empty() };
        match answer::of(&reply, wanted, |document| quoted::in_results(document, &self.request.messages)) {
            Ok((text, value)) => {
                self.request.messages.push(said(reply));
                Step::Answered(text, value)
            }
            Err(problem) => self.mistaken(reply, problem),
        }
    }

    fn called(&mut self, reply: Reply) -> Result<Step> {
        let done = calls::done(&calls::understood(&self.conversation.tools, self.finish(), &reply))?;
        let called: Vec<ToolCall> = reply.tool_calls().into_iter().cloned().collect();
        let most = self.room.result_bytes(done.results.len());
        let cut = |result: ToolResult| Part::ToolResult(ToolResult { content: window::cut(&result.content, most), ..result });
        let mut parts: Vec<Part> = done.results.into_iter().map(cut).collect();
        if let Some(answer) = done.answer {
            self.request.messages.extend([said(reply), Message { role: Role::User, parts }]);
            return Ok(Step::Answered(answer.to_string(), Some(answer)));
        }
        if let Some(problem) = done.mistake {
            self.mistakes += 1;
            let stuck = (self.mistakes > MOST_MISTAKES).then_some(problem);
            return Ok(self.go_on(reply, parts, stuck));
        }
        self.mistakes = 0;
        let stuck = match self.repetition.see(&called, &parts) {
            Finding::Nothing => None,
            Finding::Word(word) => {
                parts.push(Part::Text(word));
                None
            }
            Finding::Stuck(problem) => Some(problem),
        };
        Ok(self.go_on(reply, parts, stuck))
    }

    /// A reply that cannot be used.
    fn mistaken(&mut self, reply: Reply, problem: String) -> Step {
        self.mistakes += 1;
        let stuck = (self.mistakes > MOST_MISTAKES || self.left == 0).then(|| problem.clone());
        self.go_on(reply, vec![Part::Text(problem)], stuck)
    }

    fn go_on(&mut self, reply: Reply, mut told: Vec<Part>, stuck: Option<String>) -> Step {
        let end = self.left == 0;
        if stuck.is_none() && !end && self.left <= ANNOUNCED {
            told.push(Part::Text(self.announcement()));
        }
        self.request.messages.extend([said(reply), Message { role: Role::User, parts: told }]);
        match stuck {
            Some(problem) => Step::Stuck(problem),
            None if end => {
                let most = allowance(self.conversation);
                Step::Stuck(format!("It was still at work after {most} replies, which is the agent's max-turns."))
            }
            None => Step::GoOn,
        }
    }

    fn announcement(&self) -> String {
        match (self.left, self.finish().is_some()) {
            (1, true) => "This is your last reply: call `finish` now, and say in the answer what is not done.".to_owned(),
            (1, false) => "This is your last reply: answer now, and say what is not done.".to_owned(),
            (left, _) => format!("{left} replies left."),
        }
    }

    /// The schema of the answer, where it is given by a call.
    fn finish(&self) -> Option<&'a Value> {
        self.conversation.answer_schema.as_ref().filter(|_| !self.conversation.tools.is_empty())
    }

    /// What the last reply has to be.
    fn last_choice(&self) -> Option<ToolChoice> {
        if self.request.tools.is_empty() {
            return None;
        }
        Some(self.finish().map_or(ToolChoice::None, |_| ToolChoice::Tool(FINISH.to_owned())))
    }

    fn options(&self, choice: Option<&ToolChoice>) -> Vec<crate::bindings::host::baton::plugin::types::OptionValue> {
        let conversation = self.conversation;
        let request = self.room.reply_tokens.into_iter().fold(Request::new(), Request::with_max_tokens);
        let request = conversation.temperature.into_iter().fold(request, Request::with_temperature);
        let request = conversation.effort.into_iter().fold(request, Request::with_effort);
        choice.into_iter().fold(request, Request::with_tool_choice).options
    }

    /// Makes the request fit. What is wrong where it cannot.
    fn make_room(&mut self, model: &mut dyn Model) -> Result<Option<String>> {
        let most = self.room.tokens;
        if self.size() <= most - most / 32 {
            return Ok(None);
        }
        // In large steps: what a provider has in its cache ends where the first result is left out, so this should be seldom.
        for keep in [10, 5, 2, 1] {
            window::mask(&mut self.request.messages, keep);
            if self.size() <= most / 3 {
                return Ok(None);
            }
        }
        if self.size() <= most / 4 * 3 {
            return Ok(None);
        }
        if self.request.messages.len() > 1 {
            let summary = self.summary(model)?;
            self.request.messages = handing_over::shortened(&self.request.messages, &self.task, summary.as_deref(), &self.room);
        }
        if self.size() > most / 4 * 3 {
            self.cut_texts(most / 8 * 5);
        }
        let size = self.size();
        Ok((size > most).then(|| {
            format!("The agent's instructions and tools take about {size} tokens, and its model has room for {most}. Set a model with a larger window.")
        }))
    }

    /// The model's own hand-over, where there is room and a reply left to ask for it.
    fn summary(&mut self, model: &mut dyn Model) -> Result<Option<String>> {
        let before = self.request.messages.clone();
        tell(&mut self.request.messages, handing_over::ASKED.to_owned());
        let choice = (!self.request.tools.is_empty()).then_some(ToolChoice::None);
        self.request.options = self.options(choice.as_ref());
        let reply = if self.left > 1 && self.size() <= self.room.tokens { Some(self.ask(model)?) } else { None };
        self.request.messages = before;
        Ok(reply.filter(|reply| reply.stop() != Stop::Refusal).map(|reply| reply.text()).filter(|text| !text.trim().is_empty()))
    }

    /// Cuts the longest texts of the user until the request has this size.
    fn cut_texts(&mut self, wanted: u64) {
        const SHORTEST: usize = 400;
        while let Some(excess) = self.size().checked_sub(wanted).filter(|excess| *excess > 0) {
            let texts =
                self.request.messages.iter_mut().filter(|message| message.role == Role::User).flat_map(|message| &mut message.parts);
            let texts = texts.filter_map(|part| match part {
                Part::Text(text) => Some(text),
                Part::ToolResult(result) => Some(&mut result.content),
                _ => None,
            });
            let Some(longest) = texts.max_by_key(|text| text.len()).filter(|text| text.len() > SHORTEST) else { return };
            let excess = usize::try_from(excess).unwrap_or(usize::MAX).saturating_mul(2);
            *longest = window::cut(longest, longest.len().saturating_sub(excess).clamp(SHORTEST, longest.len() - 1));
        }
    }

    fn size(&self) -> u64 {
        self.room.estimate(window::bytes(&self.request))
    }

    /// The reply with ids that no call before had: some providers reject one that comes twice.
    fn distinct(&self, mut reply: Reply) -> Reply {
        let parts = self.request.messages.iter().flat_map(|message| &message.parts);
        let mut known: BTreeSet<String> =
            parts.filter_map(|part| if let Part::ToolCall(call) = part { Some(call.id.clone()) } else { None }).collect();
        for part in &mut reply.parts {
            let Part::ToolCall(call) = part else { continue };
            if !known.insert(call.id.clone()) {
                let mut others = (2_u32..).map(|number| format!("{}-{number}", call.id));
                let id = others.find(|id| !known.contains(id)).unwrap_or_default();
                call.id = id;
                known.insert(call.id.clone());
            }
        }
        reply
    }
}

fn allowance(conversation: &Conversation) -> u32 {
    let usual = if conversation.tools.is_empty() { MAX_TURNS_WITHOUT_TOOLS } else { MAX_TURNS };
    conversation.max_turns.unwrap_or(usual).max(1)
}

fn offered(conversation: &Conversation) -> Vec<crate::llm::Tool> {
    let finish = conversation.answer_schema.as_ref().filter(|_| !conversation.tools.is_empty()).map(finish::offered);
    conversation.tools.iter().map(Tool::offered).chain(finish).collect()
}

fn opening(conversation: &Conversation, text: &str) -> String {
    match &conversation.answer_schema {
        None => text.to_owned(),
        Some(_) if !conversation.tools.is_empty() => format!("{text}\n\nWhen everything is done, call `{FINISH}` with your answer."),
        Some(schema) => {
            format!("{text}\n\nAnswer with one JSON document and nothing else. It has to satisfy this JSON Schema:\n{schema}")
        }
    }
}

/// The messages that the conversation begins with: the task, behind those of the one that it continues.
fn begun(conversation: &Conversation, task: &str) -> Vec<Message> {
    let before = conversation.continuing.as_ref().and_then(transcript::read);
    // Providers reject calls in a conversation that offers no tools.
    match before.filter(|messages| !conversation.tools.is_empty() || !transcript::holds_calls(messages)) {
        None => vec![Message::user(task)],
        Some(mut messages) => {
            tell(&mut messages, format!("{CONTINUED}\n\n{task}"));
            messages
        }
    }
}

/// Says something to the model, in the user's message that it has not answered yet, if there is one.
fn tell(messages: &mut Vec<Message>, text: String) {
    match messages.last_mut() {
        Some(message) if message.role == Role::User => message.parts.push(Part::Text(text)),
        _ => messages.push(Message::user(text)),
    }
}

/// The reply as the model is reminded of it, in a form that every provider takes back.
fn said(reply: Reply) -> Message {
    let silent = reply.tool_calls().is_empty() && reply.text().trim().is_empty();
    let is_blank = |part: &Part| matches!(part, Part::Text(text) if text.trim().is_empty());
    let parts = reply.parts.into_iter().filter(|part| !is_blank(part)).map(sound);
    Message { role: Role::Assistant, parts: if silent { vec![Part::Text(NO_WORDS.to_owned())] } else { parts.collect() } }
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

/// As much as an operator reads, in one line that ends as a sentence does.
fn shown(problem: &str) -> String {
    let line = problem.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.ends_with('.') => line,
        None => line + ".",
    }
}
