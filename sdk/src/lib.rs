//! Write Baton plugins in Rust: a type, one trait, one [`export!`]. Everything a plugin does to the world is a call of
//! one of the modules below, named as the interfaces in `wit/`; nothing here keeps state of its own.
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
//! Build it as a `cdylib` for `wasm32-wasip2`, with a `plugin.toml` beside `Cargo.toml`. Test it natively with a
//! `testing::Host`.

pub mod agents;
pub mod assets;
pub mod backlog;
#[doc(hidden)]
#[expect(clippy::too_many_arguments, reason = "wit-bindgen passes a record field by field")]
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
pub mod people;
mod plugin;
pub mod prelude;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod settings;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod tools;
pub mod workflows;

pub use error::{Error, Result};
pub use plugin::{Agent, Toolbox, Workflow};
pub use serde_json;
