//! The port below `tools`: somebody who has tools and can be asked to use one. Knows no grant; whoever calls has checked
//! the arguments.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    interfaces::toolboxes::{Declared, Roster},
    journal::{Attempt, Authority, CallError, Capability, Effect, ErrorKind, Halt, Needed, Pause, PauseKind, Performed, RunId, Wait},
};

/// A tool's arguments, by name.
pub type Arguments = Map<String, Value>;

/// What came of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// What whoever called it reads.
    pub content: String,
    /// It did not do what it was asked; `content` says why.
    pub failed: bool,
}

/// One use of a tool.
pub struct Usage<'a> {
    /// The tool's name in its set.
    pub tool: &'a str,
    /// They satisfy the tool's parameters.
    pub arguments: Arguments,
    /// The run that asks.
    pub run: RunId,
    /// The call's place in the run.
    pub attempt: Attempt,
    /// The effect the call has in the journal.
    pub effect: Effect,
    /// Who decides what the run may see.
    pub authority: Arc<dyn Authority>,
    /// Tells why nobody waits any more, where nobody does.
    pub halt: Halt,
}

/// Somebody who has tools.
#[async_trait]
pub trait Toolset: Send + Sync {
    /// The tools that are offered, by their names in this set, and those that are not. `Unavailable` is for the operator to
    /// correct.
    async fn tools(&self) -> Result<Arc<Roster>, CallError>;

    /// What has to be provided so that it can be asked, where it said last that it cannot.
    async fn lacking(&self) -> Option<Needed> {
        None
    }

    /// Its tools for an operator: the error is a sentence on what is wrong alone.
    async fn inspect(&self) -> Result<Arc<Roster>, String> {
        self.tools().await.map_err(|error| error.to_string())
    }

    /// What an operator has to know of the set beside its tools, in sentences.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the journal does about a call of this tool that was cut off.
    fn effect(&self, tool: &Declared) -> Effect {
        tool.effects.effect()
    }

    /// What the run must be allowed beside the tool itself.
    fn reaches(&self, _tool: &str, _arguments: &Arguments) -> Option<Capability<'static>> {
        None
    }

    /// The answer of a call of this tool is in the journal, and nobody will ask for it again.
    fn answered(&self, _tool: &str, _run: RunId, _seq: u64) {}

    /// Uses a tool.
    async fn call(&self, usage: Usage<'_>) -> Performed<Outcome>;
}

/// The run waits for its operator, who alone can correct what `reason` says. Nothing was asked of a tool.
pub(super) fn for_the_operator(reason: &str) -> Pause {
    Pause::new(PauseKind::Operator, format!("{reason} Then resume the run."))
}

/// What comes of a call whose set of tools cannot be asked.
pub(super) async fn unasked<A>(toolset: &dyn Toolset, error: CallError) -> Performed<A> {
    let CallError { kind: ErrorKind::Unavailable, text: reason, .. } = error else { return Performed::answer(Err(error)) };
    match toolset.lacking().await {
        Some(lacking) => Performed::Waiting(Wait::Needed(Needed { reason, ..lacking })),
        None => Performed::Paused { pause: for_the_operator(&reason), happened: false },
    }
}

/// A tool's name as plugins use it, from that of its set and its own.
pub(super) fn full_name<'a>(set: &str, tool: &'a str) -> Cow<'a, str> {
    if set.is_empty() { tool.into() } else { format!("{set}.{tool}").into() }
}

/// The name of a tool's set, and its own.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or(("", name))
}
