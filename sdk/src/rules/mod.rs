//! Rules that the host and its double in memory keep alike. The host compiles these very files, so they name nothing but `std` and
//! `serde_json`.

pub mod mismatch;
