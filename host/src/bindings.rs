//! The host's side of the contract, generated from `wit/`: the only path to it. Holds no logic but the one place where
//! an error of ours becomes one of the contract's.

// Generated code documents itself in the WIT.
#![expect(missing_docs, reason = "generated from wit/, where the documentation is")]

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    errors::StorageError,
    journal::{CallError, Interrupt},
};

mod host {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "host",
        imports: { default: async | trappable },
        trappable_error_type: { "baton:plugin/types.error" => super::Fault },
    });
}

pub use host::baton::plugin::{
    agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, types, waits, workflows,
};

macro_rules! world {
    ($module:ident, $name:literal) => {
        /// The exports of one world.
        pub mod $module {
            wasmtime::component::bindgen!({
                path: "../wit",
                world: $name,
                imports: { default: async | trappable },
                exports: { default: async },
                with: {
                    "baton:plugin/types": crate::bindings::types,
                    "baton:plugin/run": crate::bindings::run,
                    "baton:plugin/llm": crate::bindings::llm,
                    "baton:plugin/files": crate::bindings::files,
                    "baton:plugin/state": crate::bindings::state,
                    "baton:plugin/agents": crate::bindings::agents,
                    "baton:plugin/workflows": crate::bindings::workflows,
                    "baton:plugin/waits": crate::bindings::waits,
                    "baton:plugin/people": crate::bindings::people,
                    "baton:plugin/assets": crate::bindings::assets,
                    "baton:plugin/settings": crate::bindings::settings,
                    "baton:plugin/tools": crate::bindings::tools,
                    "baton:plugin/knowledge": crate::bindings::knowledge,
                    "baton:plugin/git": crate::bindings::git,
                    "baton:plugin/sandbox": crate::bindings::sandbox,
                    "baton:plugin/backlog": crate::bindings::backlog,
                    "baton:plugin/forge": crate::bindings::forge,
                },
            });
        }
    };
}

world!(workflow, "workflow");
world!(agent, "agent");
world!(toolbox, "toolbox");

/// Lets the faults of an interface's view become the contract's errors.
macro_rules! convert_faults {
    ($view:ty) => {
        impl $crate::bindings::types::Host for $view {
            fn convert_error(&mut self, fault: $crate::bindings::Fault) -> wasmtime::Result<$crate::bindings::types::Error> {
                fault.into_wit()
            }
        }
    };
}

pub(crate) use convert_faults;

/// What a host function gives instead of an answer: an error for the guest, or the end of its execution.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The guest gets this as an ordinary error.
    #[error(transparent)]
    Answer(#[from] CallError),
    /// The guest gets nothing more.
    #[error(transparent)]
    Interrupt(#[from] Interrupt),
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Interrupt(error.into())
    }
}

impl Fault {
    /// The contract's error, or a trap that carries the interrupt.
    pub fn into_wit(self) -> wasmtime::Result<types::Error> {
        match self {
            Self::Answer(error) => Ok(error.into()),
            Self::Interrupt(interrupt) => Err(wasmtime::Error::new(interrupt)),
        }
    }
}

impl From<CallError> for types::Error {
    fn from(error: CallError) -> Self {
        let details = error.details.map(|details| details.to_string());
        Self { kind: error.kind.into(), text: error.text, subject: error.subject, details }
    }
}

/// Details that are not JSON are kept as the text they are: a plugin may return anything.
impl From<types::Error> for CallError {
    fn from(error: types::Error) -> Self {
        let details = error.details.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))).map(Box::new);
        Self { kind: Cow::Owned::<str>(error.kind).into(), text: error.text, subject: error.subject, details }
    }
}
