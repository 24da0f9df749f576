//! Any bytes as a plugin's file: read, or refused with a sentence.
#![no_main]

use baton::kernel::registry::{Origin, Plugin};
use baton_fuzz::check_sentence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|wasm: &[u8]| {
    if let Err(error) = Plugin::read(wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()) {
        check_sentence(&error.to_string());
    }
});
