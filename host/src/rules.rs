//! Rules that plugins meet here and in the SDK's host in memory: the files are the SDK's, so that both decide alike. Has none of
//! its own.

#[path = "../../sdk/src/rules/mismatch.rs"]
pub mod mismatch;
