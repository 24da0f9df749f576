//! The operator's MCP servers: started when a tool of theirs is first wanted, started again when they died, and never
//! asked twice for what cannot be done twice. Only the operator's own settings name them.

mod answers;
mod connection;
mod flow;
mod http;
mod lines;
mod listing;
mod notes;
mod oversize;
mod process;
mod reading;
mod secrets;
mod translate;

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rmcp::model::{CallToolRequestParams, ErrorCode};
use tokio::sync::Mutex;

use super::toolset::{Outcome, Toolset, Usage, unasked};
use crate::{
    interfaces::{keys::Keys, toolboxes::Roster},
    journal::{CallError, Effect, GRACE, Needed, Pause, PauseKind, Performed, Wait},
};
use connection::{Connection, Trouble};
pub use listing::roster;
use notes::Notes;

/// A server as the operator configured it.
#[derive(Clone, Debug)]
pub struct Config {
    /// What its tools' names begin with.
    pub name: String,
    /// How it is reached.
    pub reach: Reach,
}

/// How a server is reached.
#[derive(Clone)]
pub enum Reach {
    /// A program that speaks over its standard input and output.
    Program {
        /// The program and its arguments.
        command: Vec<String>,
        /// All of its environment.
        environment: BTreeMap<String, String>,
        /// Variables that it is to have and that are not set; each may be a secret.
        missing: Vec<String>,
    },
    /// An address that speaks Streamable HTTP.
    Address {
        /// Such as `http://127.0.0.1:3001/mcp`.
        url: String,
        /// Sent as a bearer token.
        token: Option<String>,
        /// The name of the token. Named and not set, the server is not asked.
        token_name: Option<String>,
    },
}

impl fmt::Debug for Reach {
    /// Shows no value of the environment and no token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { command, environment, .. } => {
                let names: Vec<_> = environment.keys().collect();
                formatter.debug_struct("Program").field("command", command).field("environment", &names).finish()
            }
            Self::Address { url, .. } => formatter.debug_struct("Address").field("url", url).finish_non_exhaustive(),
        }
    }
}

/// How long things may take, and how large an answer may be.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    start: Duration,
    call: Duration,
    /// Bytes of text that one call gives.
    answer: usize,
    /// After a start that failed, for those who wanted the server meanwhile.
    rest: Duration,
}

const BOUNDS: Bounds =
    Bounds { start: Duration::from_secs(60), call: Duration::from_secs(60), answer: 1 << 20, rest: Duration::from_secs(1) };

/// One server.
pub struct Server {
    config: Config,
    keys: Arc<dyn Keys>,
    bounds: Bounds,
    state: Mutex<State>,
    notes: Notes,
}

#[derive(Default)]
struct State {
    live: Option<Arc<Connection>>,
    /// When the last start failed, and why.
    failure: Option<(Instant, String)>,
    /// What has to be set for it, as far as that may be why it failed.
    lacking: Option<Needed>,
    /// Marks of the tokens that it does not take.
    rejected: Vec<String>,
}

impl Server {
    /// A server that is not started yet. Variables that are missing are looked for among `keys` when it is started.
    pub fn new(config: Config, keys: Arc<dyn Keys>) -> Self {
        Self { config, keys, bounds: BOUNDS, state: Mutex::default(), notes: Notes::default() }
    }

    /// The connection there is, or a new one. Whoever comes meanwhile waits for it, and shares its failure: a server that
    /// hangs is not waited for by one run after the other. The error says why there is none, without an end.
    async fn connected(&self) -> Result<Arc<Connection>, String> {
        let mut state = self.state.lock().await;
        if let Some(live) = state.live.take_if(|live| !live.is_lost()) {
            return Ok(Arc::clone(state.live.insert(live)));
        }
        // What is left of one that died goes before another starts.
        state.live = None;
        if let Some((_, why)) = state.failure.as_ref().filter(|(failed, _)| failed.elapsed() < self.bounds.rest) {
            return Err(why.clone());
        }
        let equipped = secrets::equip(&self.config, self.keys.as_ref(), &state.rejected);
        let opened = match &equipped {
            Ok(equipped) => tokio::time::timeout(self.bounds.start, Connection::open(&equipped.config, &self.notes)).await,
            Err(lacking) => Ok(Err(lacking.reason.clone())),
        };
        match opened {
            Ok(Ok(connection)) => {
                (state.failure, state.lacking) = (None, None);
                Ok(Arc::clone(state.live.insert(Arc::new(connection))))
            }
            failed => {
                let mut why = match failed {
                    Ok(Err(reason)) => reason,
                    _ => format!("it did not answer within {} s of its start", self.bounds.start.as_secs()),
                };
                state.lacking = match equipped {
                    Ok(equipped) => equipped.lacking(&why, &mut state.rejected),
                    Err(lacking) => Some(lacking),
                };
                if let Some(lacking) = state.lacking.as_ref().filter(|lacking| lacking.reason != why) {
                    why = format!("{why}; {}", lacking.reason);
                }
                let said = self.notes.last_words().unwrap_or_default();
                tracing::info!(target: "baton::mcp", server = self.config.name, why, said, "an MCP server does not start");
                state.failure = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    async fn roster(&self) -> Result<Arc<Roster>, String> {
        let connection = self.connected().await?;
        let listed = tokio::time::timeout(self.bounds.call, connection.tools()).await;
        listed.unwrap_or_else(|_| Err(format!("it did not list its tools within {} s", self.bounds.call.as_secs())))
    }

    fn unavailable(&self, why: &str) -> CallError {
        CallError::unavailable(format!(
            "The MCP server `{}` cannot be used: {why}. Run `baton doctor` to see what it says, and correct [mcp.{0}] in the settings.",
            self.config.name
        ))
    }

    /// The server was not asked. Only its operator can correct that, so a model is not told to look for another way.
    async fn down(&self, why: &str) -> Performed<Outcome> {
        unasked(self, self.unavailable(why)).await
    }

    /// Asks once. `Err` is a call of which nobody knows whether it happened.
    async fn ask(&self, connection: &Connection, usage: &Usage<'_>) -> Result<Performed<Outcome>, String> {
        let request = CallToolRequestParams::new(usage.tool.to_owned()).with_arguments(usage.arguments.clone());
        let name = &self.config.name;
        match tokio::time::timeout(self.bounds.call, connection.call(request)).await {
            Ok(Ok(result)) => Ok(Performed::answer(
                translate::outcome(&result.value, self.bounds.answer)
                    .unwrap_or_else(|| Err(self.unreadable(usage.tool, "its answer has another form than MCP says"))),
            )),
            Ok(Err(Trouble::Refused(error))) => {
                let text = format!("The MCP server `{name}` refuses the call: {}", translate::plain(&error.message));
                let error = if error.code == ErrorCode::INVALID_PARAMS { CallError::invalid(text) } else { CallError::other(text) };
                Ok(Performed::answer(Err(error)))
            }
            Ok(Err(Trouble::Unreadable(why))) => Ok(Performed::answer(Err(self.unreadable(usage.tool, &why)))),
            Ok(Err(Trouble::Unasked(why))) => Ok(Performed::answer(Err(self.unavailable(&why)))),
            Ok(Err(Trouble::Unreachable(why))) => {
                // What is there again after that does not know this conversation.
                let mut state = self.state.lock().await;
                state.live.take_if(|live| std::ptr::eq(&raw const **live, connection));
                let equipped = secrets::equip(&self.config, self.keys.as_ref(), &state.rejected);
                state.lacking = equipped.ok().and_then(|equipped| equipped.lacking(&why, &mut state.rejected));
                drop(state);
                Ok(self.down(&why).await)
            }
            Ok(Err(Trouble::Lost(reason))) => Err(format!("it was lost during the call ({reason})")),
            Err(_) => Err(format!("it did not answer within {} s", self.bounds.call.as_secs())),
        }
    }

    /// It answered, so it is there, and did what it was asked: an operator has nothing to look at.
    fn unreadable(&self, tool: &str, why: &str) -> CallError {
        CallError::invalid(format!(
            "The MCP server `{}` answered the call of `{tool}`, but {why}. The call may have taken effect; call it again only where that does no harm, \
             and ask for less.",
            self.config.name
        ))
    }

    fn ambiguous(&self, usage: &Usage<'_>, why: &str) -> Pause {
        Pause::new(
            PauseKind::Ambiguous,
            format!(
                "Call {seq} asked `{server}.{tool}`, and {why}. It may or may not have taken effect, and it cannot be done twice. Check what \
                 it was to change before a fork makes it again.",
                seq = usage.attempt.seq,
                server = self.config.name,
                tool = usage.tool,
            ),
        )
        .forked_at(usage.attempt.seq)
    }
}

/// A reason as a sentence of its own.
fn sentence(reason: &str) -> String {
    let mut rest = reason.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    let text: String = first.chain(rest).collect();
    if text.ends_with(['.', '!', '?', '…']) { text } else { format!("{text}.") }
}

impl Server {
    /// A call that cannot be done twice. The gate waits for it to its end, so that the host's end is looked at here.
    async fn call_once(&self, usage: &Usage<'_>) -> Performed<Outcome> {
        let mut overdue = std::pin::pin!(usage.halt.overdue());
        let connection = tokio::select! {
            biased;
            connection = self.connected() => connection,
            // It was not asked yet: that is to be done as soon as there is a host again.
            () = &mut overdue => return Performed::Waiting(Wait::Until(usage.attempt.asked_at)),
        };
        let connection = match connection {
            Ok(connection) => connection,
            Err(why) => return self.down(&why).await,
        };
        let asked = tokio::select! {
            biased;
            asked = self.ask(&connection, usage) => asked,
            () = &mut overdue => Err(format!("it had not answered {} s after the host was told to stop", GRACE.as_secs())),
        };
        match asked {
            Ok(performed) => performed,
            Err(why) => Performed::Paused { pause: self.ambiguous(usage, &why), happened: true },
        }
    }

    /// A call that can be done twice, and is where the server is lost over the first.
    async fn call_repeatably(&self, usage: &Usage<'_>) -> Performed<Outcome> {
        let mut is_second = false;
        loop {
            let connection = match self.connected().await {
                Ok(connection) => connection,
                Err(why) => return self.down(&why).await,
            };
            match self.ask(&connection, usage).await {
                Ok(performed) => return performed,
                Err(why) if is_second || !connection.is_lost() => return Performed::answer(Err(self.unavailable(&why))),
                Err(_) => is_second = true,
            }
        }
    }
}

#[async_trait]
impl Toolset for Server {
    async fn tools(&self) -> Result<Arc<Roster>, CallError> {
        self.roster().await.map_err(|reason| self.unavailable(&reason))
    }

    async fn lacking(&self) -> Option<Needed> {
        self.state.lock().await.lacking.clone()
    }

    async fn inspect(&self) -> Result<Arc<Roster>, String> {
        self.roster().await.map_err(|reason| sentence(&reason))
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.notes.remarks();
        if self.state.try_lock().is_ok_and(|state| state.live.is_none()) {
            remarks.extend(self.notes.last_words());
        }
        remarks
    }

    async fn call(&self, usage: Usage<'_>) -> Performed<Outcome> {
        if usage.effect == Effect::Once { self.call_once(&usage).await } else { self.call_repeatably(&usage).await }
    }
}
