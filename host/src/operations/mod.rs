//! What can be asked of a host, whichever skin asks: one file per resource, an actor and a typed request in, a typed view or a
//! problem out. Knows no command line, no HTTP and no terminal.

pub mod access;
pub mod accounts;
pub mod agents;
pub mod approvals;
pub mod autopilot;
pub mod bindings;
pub mod budgets;
pub mod compiling;
pub mod costs;
pub mod decisions;
pub mod demo;
mod dollars;
pub mod environments;
pub mod events;
pub mod execution;
pub mod health;
pub mod host;
pub mod items;
pub mod kept_answers;
pub mod named_files;
pub mod needs;
mod numbers;
pub mod orchestrator;
mod page;
pub mod plugins;
mod problem;
pub mod projects;
pub mod pull_requests;
pub mod questions;
pub mod readiness;
pub mod reports;
pub mod runs;
mod schemas;
pub mod secrets;
pub mod services;
pub mod serving;
pub mod settings;
pub mod setups;
pub mod streams;
pub mod tools;

pub use crate::actor::{Actor, ActorKind};
pub use crate::events::path_text;
pub use dollars::Dollars;
pub use host::{Access, Host};
pub use numbers::grouped;
pub use page::Page;
use page::reject_cursor;
pub use problem::{Problem, ProblemKind, ProblemSource, code};
pub use schemas::schemas;

pub use crate::moment::Moment;
