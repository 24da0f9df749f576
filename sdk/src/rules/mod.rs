//! Rules that the host and its double in memory keep alike. The host compiles these very files, so they name nothing but `std` and
//! `serde_json`.

#[cfg(not(target_arch = "wasm32"))]
pub mod items;
pub mod mismatch;
#[cfg(not(target_arch = "wasm32"))]
pub mod paths;
