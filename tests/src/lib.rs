//! Support for the tests: the host put together over a temporary folder, the real program started there, and a real model server.

pub mod api;
pub mod api_host;
pub mod compiled;
pub mod componentize;
pub mod databases;
pub mod docker;
pub mod events;
pub mod folder;
pub mod follow;
pub mod github;
pub mod host;
pub mod hostile;
pub mod installed;
pub mod listed;
pub mod litellm;
pub mod model_server;
pub mod node;
pub mod program;
pub mod python;
pub mod registry;
pub mod schemathesis;
pub mod server;
pub mod sweep;
pub mod terminal;
pub mod toolchain;
pub mod views;
pub mod web_socket;

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

/// What the probe's manifest ends with.
const MANIFEST_END: &str = "images = [\"*\"]";

/// The probe with something else in its manifest, of the same length or shorter.
pub fn changed_probe(change: impl Fn(&str) -> String) -> Vec<u8> {
    const SECTION: &[u8] = b"baton:manifest";
    let at = PROBE.windows(SECTION.len()).position(|window| window == SECTION).unwrap() + SECTION.len();
    let length = PROBE[at..].windows(MANIFEST_END.len()).position(|window| window == MANIFEST_END.as_bytes()).unwrap() + MANIFEST_END.len();
    let mut changed = change(std::str::from_utf8(&PROBE[at..at + length]).unwrap());
    assert!(changed.len() <= length, "the section keeps its length");
    changed.push_str(&" ".repeat(length - changed.len()));
    [&PROBE[..at], changed.as_bytes(), &PROBE[at + length..]].concat()
}

/// The probe as its author builds it once its bug is repaired: of the same name, with this version of three numbers.
pub fn repaired_probe(version: &str) -> Vec<u8> {
    const DEFECT: &[u8] = b"<build with the defect!>";
    let mut repaired = changed_probe(|manifest| manifest.replacen("0.1.0", version, 1));
    let at = repaired.windows(DEFECT.len()).position(|window| window == DEFECT).unwrap();
    repaired[at..at + DEFECT.len()].copy_from_slice(b"<build without a defect>");
    repaired
}
