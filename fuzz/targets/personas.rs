//! Any text as a persona: read, or refused with a sentence.
#![no_main]

use baton_fuzz::soon;
use libfuzzer_sys::fuzz_target;

#[expect(dead_code, reason = "the engine uses what is read")]
#[path = "../../plugins/engines/role/src/persona.rs"]
mod persona;

fuzz_target!(|text: &str| {
    if let Err(error) = soon(|| persona::Persona::read(text)) {
        assert!(error.to_string().len() < 4_000, "an endless refusal");
    }
});
