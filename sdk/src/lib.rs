//! Write Baton plugins in Rust: workflows, agents and toolboxes.
//!
//! Implement one trait ([`Workflow`], [`Agent`] or [`Toolbox`]) for a type and name the type in [`export!`].
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! struct Hello;
//!
//! impl Workflow for Hello {
//!     fn run(input: Value) -> Result<Value> {
//!         Ok(json!({ "hello": input["name"] }))
//!     }
//! }
//! # assert_eq!(Hello::run(json!({ "name": "Mary" })).ok(), Some(json!({ "hello": "Mary" })));
//! ```
//!
//! Build it as a `cdylib` for `wasm32-wasip2`, with a `plugin.toml` beside `Cargo.toml`; `baton plugin new` starts such a
//! crate.
//!
//! | to | use |
//! |---|---|
//! | ask models | [`llm`], [`conversation`] |
//! | start other plugins | [`agents`], [`workflows`], [`tools`] |
//! | work in the workspace | [`files`], [`git`], [`sandbox`] |
//! | work with people | [`people`], [`backlog`], [`forge`] |
//! | remember and look up | [`state`], [`knowledge`], [`settings`], [`assets`] |
//! | wait for several things at once | [`waits`] |
//! | log, sleep, pause, publish and begin again | [`run`] |
//! | test, without a server and without WebAssembly | [`testing`] |
//!
//! Each of these calls the host. A call must be listed under `[needs]` in `plugin.toml` and granted by the operator, or it
//! fails with [`Error::denied`]. A plugin must make the same calls in the same order when it is executed again, because
//! the host resumes it by replaying its journal: take time from [`run::now`], and do not depend on the order of a hash map.
//! [`testing::Host::twice`] finds in a test where it makes others.

pub mod agents;
pub mod assets;
pub mod backlog;
#[doc(hidden)]
pub mod bindings;
pub mod conversation;
mod error;
#[doc(hidden)]
pub mod export;
pub mod files;
pub mod forge;
pub mod git;
mod imports;
pub mod knowledge;
pub mod llm;
mod numbers;
mod options;
pub mod people;
mod plugin;
pub mod prelude;
#[doc(hidden)]
pub mod rules;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod settings;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod tools;
pub mod waits;
pub mod workflows;

pub use error::{Error, ErrorKind, Result};
pub use options::ChildOptions;
pub use plugin::{Agent, Toolbox, Workflow};
pub use serde_json;
