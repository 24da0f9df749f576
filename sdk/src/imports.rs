//! The functions every plugin imports: the host's own in a component, those of a test's host everywhere else.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::host::baton::plugin::{
    agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, waits, workflows,
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::imports::{
    agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, waits, workflows,
};
