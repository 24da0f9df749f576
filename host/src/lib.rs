//! Baton: a kernel that hosts workflows, agents and tools as sandboxed components, checks and journals their every
//! effect, and resumes them from that journal.
#![allow(missing_docs, reason = "nobody but this repository uses this library; comments say what names do not")]

pub mod accounts;
pub mod actor;
pub mod api;
pub mod app;
pub mod bindings;
pub mod cli;
pub mod config;
pub mod errors;
pub mod escape;
pub mod events;
pub mod handles;
pub mod interfaces;
pub mod journal;
pub mod kernel;
pub mod moment;
pub mod operations;
pub mod own_files;
pub mod rules;
pub mod secrets;
pub mod store;
pub mod telemetry;
