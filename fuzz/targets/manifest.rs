//! Any text as the manifest of a good component: read, or refused with a sentence.
#![no_main]

use baton::kernel::registry::{Origin, Plugin};
use baton_fuzz::check_sentence;
use libfuzzer_sys::fuzz_target;

/// A workflow without a manifest.
const COMPONENT: &[u8] = include_bytes!("../seeds/loader/no-manifest.wasm");

fuzz_target!(|manifest: &str| {
    let Ok(wasm) = baton_pack::pack(COMPONENT, manifest, &[]) else { return };
    if let Err(error) = Plugin::read(wasm, Origin::Bundled, |package| package.manifest.needs.clone()) {
        check_sentence(&error.to_string());
    }
});
