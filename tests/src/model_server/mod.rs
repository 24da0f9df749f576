//! A model server on loopback: answers a provider's protocol from a script file, with the host's own rules, and counts
//! usage as bytes / 4. Reaches no other machine, and knows no plugin but by what its system prompt says.
//!
//! HTTP does not say which plugin asks. Agents introduce themselves, so the server reads the name from the first words of
//! the system prompt: see [`plugin_of`]. Neither the host nor its settings know anything of this server.

mod completions;
mod contents;
mod messages;
pub mod noise;
mod places;
mod protocol;
mod responses;
pub mod strict;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use baton::interfaces::llm::{
    Caller, Part, Provider as _, ProviderError, Reply, Request, Role, Stop, ToolCall,
    providers::{pace::SystemPace, script::Script},
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::server::{self, Asked, Manner, Server};
use places::Places;
use protocol::{Incoming, Protocol};

pub use protocol::calls_of;

/// The tool by which a model gives its answer where it is offered beside others.
const FINISH: &str = "finish";

/// Looks at a request before it is answered. The error is what a provider would answer instead.
pub type Check = dyn Fn(&Seen<'_>) -> Result<(), Refusal> + Send + Sync;

/// Changes a reply, or the way it goes, after the script has given it.
pub type Spoil = dyn Fn(&Turn<'_>, Reply) -> Delivery + Send + Sync;

/// A request as it came.
pub struct Seen<'a> {
    /// What it speaks, such as `chat-completions`.
    pub protocol: &'static str,
    /// The address, without the server.
    pub path: &'a str,
    /// Name, colon, value, one a line; names in lower case.
    pub headers: &'a str,
    /// The body.
    pub body: &'a Value,
    /// Requests that came before.
    pub earlier: usize,
    /// Bytes of tools, system prompt and messages, divided by four.
    pub tokens: usize,
}

/// What a provider says instead of a reply.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Such as `400 Bad Request`.
    pub status: &'static str,
    /// A sentence.
    pub message: String,
}

/// One turn of a model.
pub struct Turn<'a> {
    /// Who asks.
    pub plugin: &'a str,
    /// The first line of the task, at most 80 characters.
    pub goal: &'a str,
    /// Replies before it in the conversation.
    pub turn: usize,
    /// How often this turn was asked for before.
    pub attempt: usize,
    /// The reply before it was spoiled, and could not be used as it was meant.
    pub corrects: bool,
    /// What was asked, spoiled replies included.
    pub request: &'a Request,
}

/// What is sent.
pub struct Delivery {
    /// The reply.
    pub reply: Reply,
    /// In which way it was spoiled.
    pub way: Option<&'static str>,
    /// The way it goes.
    pub line: Line,
}

/// What the way of a reply is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Good.
    Good,
    /// It does not come: this status does, with a header and a body.
    Status(&'static str, Option<&'static str>, String),
    /// It comes slowly.
    Slow,
    /// Half of it comes, and then the connection is closed.
    Cut,
    /// Half of it comes, and then the connection is reset.
    Reset,
    /// Nothing comes: the connection is reset.
    ResetAtOnce,
}

/// What was asked and answered.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Who asked.
    pub plugin: String,
    /// What it speaks.
    pub protocol: &'static str,
    /// The idempotency key.
    pub key: String,
    /// The first line of the task.
    pub goal: String,
    /// Replies before it in the conversation.
    pub turn: usize,
    /// The request's body.
    pub body: Arc<Value>,
    /// Bytes of tools, system prompt and messages, divided by four.
    pub tokens: usize,
    /// The part of them that this request begins with in common with the one before it in the conversation.
    pub cached_tokens: usize,
    /// In which way the reply was spoiled.
    pub way: Option<&'static str>,
    /// Why there was no reply, where neither a way nor the line is the reason.
    pub refused: Option<String>,
}

/// What a server does beside answering from its script.
#[derive(Default)]
pub struct Hooks {
    /// Looks at requests.
    pub check: Option<Box<Check>>,
    /// Spoils replies.
    pub spoil: Option<Box<Spoil>>,
}

/// The server; it listens until the process ends.
pub struct ModelServer {
    /// Where it listens.
    pub port: u16,
    state: Arc<State>,
}

struct State {
    script: Script,
    file: String,
    hooks: Hooks,
    /// The script is read and searched in a runtime of its own, so that a test needs none.
    runtime: Runtime,
    places: Mutex<Places>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl ModelServer {
    /// Answers from the script at this path.
    pub fn start(script: &Path, hooks: Hooks) -> Self {
        let (folder, file) = (script.parent().unwrap(), script.file_name().unwrap());
        let state = Arc::new(State {
            script: Script::new(folder.to_owned(), Arc::new(SystemPace::default())),
            file: file.to_string_lossy().into_owned(),
            hooks,
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
            places: Mutex::default(),
            exchanges: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        Self { port: Server::start(move |asked, _| shared.answer(asked)).port, state }
    }

    /// The base URL of every protocol.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// What was asked and answered so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state.exchanges.lock().unwrap().clone()
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> server::Reply {
        let Some(protocol) = protocol::of(&asked.method, &asked.path) else {
            return server::Reply::new("404 Not Found", format!("{{\"error\":{{\"message\":\"There is no {}.\"}}}}", asked.path));
        };
        let read = serde_json::from_slice::<Value>(&asked.body).map_err(|error| format!("The body is not JSON: {error}."));
        let read = read.and_then(|body| protocol.read(&asked.path, &body).map(|incoming| (Arc::new(body), incoming)));
        match read {
            Ok((body, incoming)) => self.reply(asked, protocol, &body, &incoming),
            Err(message) => refused(protocol, &Refusal { status: "400 Bad Request", message }),
        }
    }

    fn reply(&self, asked: &Asked, protocol: &dyn Protocol, body: &Arc<Value>, incoming: &Incoming) -> server::Reply {
        let request = &incoming.request;
        let plugin = plugin_of(request.system.as_deref().unwrap_or_default());
        let goal = goal_of(request);
        let mut exchange = Exchange {
            plugin,
            protocol: protocol.name(),
            key: header(asked, "idempotency-key").to_owned(),
            goal,
            turn: request.turn(),
            body: Arc::clone(body),
            tokens: incoming.prompt.len() / 4,
            cached_tokens: 0,
            way: None,
            refused: None,
        };
        let answer = self.checked(asked, &exchange).and_then(|()| self.given(&mut exchange, incoming));
        if let Err(refusal) = &answer {
            exchange.refused = Some(refusal.message.clone());
        }
        let sent = match answer {
            Ok((reply, line)) => self.rendered(protocol, incoming, &exchange, &reply, line),
            Err(refusal) => refused(protocol, &refusal),
        };
        self.exchanges.lock().unwrap().push(exchange);
        sent
    }

    fn checked(&self, asked: &Asked, exchange: &Exchange) -> Result<(), Refusal> {
        let Some(check) = &self.hooks.check else { return Ok(()) };
        let earlier = self.exchanges.lock().unwrap().len();
        check(&Seen {
            protocol: exchange.protocol,
            path: &asked.path,
            headers: &asked.headers,
            body: &exchange.body,
            earlier,
            tokens: exchange.tokens,
        })
    }

    /// The script's reply to the conversation as it would be without the replies that were spoiled, spoiled where it has to be.
    fn given(&self, exchange: &mut Exchange, incoming: &Incoming) -> Result<(Reply, Line), Refusal> {
        let request = &incoming.request;
        let place = self.places.lock().unwrap().enter(&exchange.plugin, &exchange.goal, request, &incoming.prompt);
        exchange.cached_tokens = place.common_bytes / 4;
        let caller = Caller { run: "", plugin: &exchange.plugin, idempotency_key: &exchange.key };
        let meant = self.runtime.block_on(self.script.complete(caller, &self.file, &place.request)).map_err(unanswered)?;
        let meant = numbered(finished(meant, request), exchange.turn);
        let turn = Turn {
            plugin: &exchange.plugin,
            goal: &exchange.goal,
            turn: exchange.turn,
            attempt: place.attempt,
            corrects: place.corrects,
            request,
        };
        let unspoiled = |reply| Delivery { reply, way: None, line: Line::Good };
        let delivery = self.hooks.spoil.as_ref().map_or_else(|| unspoiled(meant.clone()), |spoil| spoil(&turn, meant.clone()));
        exchange.way = delivery.way;
        self.places.lock().unwrap().note(&place.conversation, exchange.turn, &meant, delivery.way.is_some());
        Ok((delivery.reply, delivery.line))
    }

    fn rendered(&self, protocol: &dyn Protocol, incoming: &Incoming, exchange: &Exchange, reply: &Reply, line: Line) -> server::Reply {
        if let Line::Status(status, header, body) = line {
            let reply = server::Reply::new(status, body);
            return header.into_iter().fold(reply, server::Reply::with);
        }
        let usage = protocol::Usage { input: exchange.tokens, cached: exchange.cached_tokens, output: protocol::length(reply) / 4 };
        let (kind, body) = match incoming.streamed {
            true => ("text/event-stream", protocol.stream(&incoming.model, reply, &usage)),
            false => ("application/json", protocol.whole(&incoming.model, reply, &usage).to_string()),
        };
        let manner = match line {
            Line::Slow => Manner::Slow(body.len().div_ceil(SLOW_PIECES), SLOW_PAUSE),
            Line::Cut => Manner::Cut(body.len() / 2),
            Line::Reset => Manner::Reset(body.len() / 2),
            Line::ResetAtOnce => Manner::Reset(0),
            Line::Good | Line::Status(..) if incoming.streamed => Manner::Unsized,
            Line::Good | Line::Status(..) => Manner::Whole,
        };
        server::Reply::new("200 OK", body).with(format!("Content-Type: {kind}")).sent(manner)
    }
}

/// Pieces of a reply that comes slowly, and the time between two of them.
const SLOW_PIECES: usize = 20;
const SLOW_PAUSE: std::time::Duration = std::time::Duration::from_millis(40);

/// The plugin whose system prompt this is: `You are Amelia, …` is `amelia`, `You decide …` is `decide`, and everything else is
/// `unknown`.
pub fn plugin_of(system: &str) -> String {
    let mut words = system.split(|character: char| !character.is_alphanumeric() && character != '-').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some("You"), Some("are"), Some(name)) => name.to_lowercase(),
        (Some("You"), Some(verb), _) => verb.to_lowercase(),
        _ => "unknown".to_owned(),
    }
}

/// The first line of what the user says first.
fn goal_of(request: &Request) -> String {
    let user = request.messages.iter().filter(|message| message.role == Role::User);
    let first =
        user.flat_map(|message| &message.parts).find_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None });
    first.unwrap_or_default().lines().next().unwrap_or_default().chars().take(80).collect()
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
}

fn refused(protocol: &dyn Protocol, refusal: &Refusal) -> server::Reply {
    let body = protocol.error(refusal.status, &refusal.message).to_string();
    server::Reply::new(refusal.status, body).with("Content-Type: application/json")
}

fn unanswered(error: ProviderError) -> Refusal {
    Refusal { status: "400 Bad Request", message: error.to_string() }
}

/// The script's document as the call of `finish` that a real model makes where that tool is offered.
fn finished(mut reply: Reply, request: &Request) -> Reply {
    let Some(finish) = request.tools.iter().find(|tool| tool.name == FINISH) else { return reply };
    let Some(document) = serde_json::from_str::<Value>(&reply.text()).ok().filter(|_| reply.stop == Stop::End) else { return reply };
    let properties = finish.parameters["properties"].as_object();
    let only = properties.filter(|properties| properties.len() == 1).and_then(|properties| properties.keys().next());
    let fits = |document: &Value| {
        let required = finish.parameters["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        document.is_object() && required.into_iter().all(|name| document.get(name).is_some())
    };
    let arguments = match (fits(&document), only) {
        (true, _) => document,
        // A schema that is not one of an object comes wrapped in one.
        (false, Some(name)) => Value::Object([(name.clone(), document)].into_iter().collect()),
        (false, None) => return reply,
    };
    reply.parts = vec![Part::ToolCall(ToolCall { id: String::new(), name: FINISH.to_owned(), arguments })];
    reply.stop = Stop::ToolUse;
    reply
}

/// The reply with ids that no other turn of the conversation has.
fn numbered(mut reply: Reply, turn: usize) -> Reply {
    for (place, part) in reply.parts.iter_mut().enumerate() {
        if let Part::ToolCall(call) = part {
            call.id = format!("call_{turn}_{place}");
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_known_by_their_first_words() {
        assert_eq!(plugin_of("You are Amelia, a senior developer."), "amelia");
        assert_eq!(plugin_of("You decide questions that come up."), "decide");
        assert_eq!((plugin_of(""), plugin_of("Be kind.")), ("unknown".to_owned(), "unknown".to_owned()));
    }
}
