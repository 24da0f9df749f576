//! Rules that plugins meet here and in the SDK's host in memory: the files are the SDK's, so that both decide alike. Has none of
//! its own.

#[path = "../../sdk/src/rules/items.rs"]
pub mod items;
#[path = "../../sdk/src/rules/mismatch.rs"]
pub mod mismatch;
#[path = "../../sdk/src/rules/paths.rs"]
pub mod paths;
