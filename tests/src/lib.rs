//! Support for the tests: the host put together over a temporary folder, the real program started there, and a real model server.

pub mod componentize;
pub mod folder;
pub mod host;
pub mod litellm;
pub mod node;
pub mod program;

/// The component that does what its input says.
pub const PROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/probe.wasm"));
/// A toolbox that misbehaves as its tools' names say.
pub const MISCHIEF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mischief.wasm"));
/// The toolbox of `examples/toolbox-rust`.
pub const CALCULATOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/calculator.wasm"));
/// An agent that is a persona with tools of the host.
pub const CLERK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/clerk.wasm"));
/// The smallest plugin there is.
pub const HELLO: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hello.wasm"));
