//! Every function of the contract as a plugin imports it, answered by the test's host. One file per interface.

pub(crate) mod agents;
pub(crate) mod assets;
pub(crate) mod backlog;
pub(crate) mod files;
pub(crate) mod forge;
pub(crate) mod git;
pub(crate) mod knowledge;
pub(crate) mod llm;
pub(in crate::testing) mod options;
pub(crate) mod people;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod tools;
pub(crate) mod waits;
pub(crate) mod workflows;

use serde_json::Value;

use crate::bindings::host::baton::plugin::types;

/// What a function of the contract gives back.
type Contract<A> = std::result::Result<A, types::Error>;

/// The answer of a call that has none but that it was done.
fn done(_: &()) -> Value {
    Value::Null
}
