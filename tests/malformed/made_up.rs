//! Modules and components that a generator made: valid ones, as strange as WebAssembly allows, and damaged ones.

use std::sync::Arc;

use arbitrary::Unstructured;
use baton::kernel::{
    compiler::InProcess,
    engine::Engine,
    registry::{Origin, Plugin},
};
use baton_tests::hostile;
use wasm_smith::{Component, Config, Module};

use crate::{Seeded, check_sentence, read};

fn module(seeded: &mut Seeded, size: usize) -> Option<Vec<u8>> {
    // Imports of one name twice are good in a module and not in a component; references to a heap are left out, since
    // the engine has no collector of garbage.
    let config = Config {
        max_imports: 0,
        gc_enabled: false,
        reference_types_enabled: false,
        exceptions_enabled: false,
        threads_enabled: false,
        ..Config::default()
    };
    Module::new(config, &mut Unstructured::new(&seeded.bytes(size))).ok().map(|module| module.to_bytes())
}

fn component(seeded: &mut Seeded, size: usize) -> Option<Vec<u8>> {
    Component::new(Config::default(), &mut Unstructured::new(&seeded.bytes(size))).ok().map(|component| component.to_bytes())
}

fn with_a_manifest(component: &[u8]) -> Vec<u8> {
    hostile::packed(component, &hostile::manifest("made-up", ""))
}

/// A plugin that would run, with a module inside that nobody asked for.
fn with_a_module(module: &[u8]) -> Vec<u8> {
    let mut size = Vec::new();
    let mut rest = module.len();
    while rest >= 0x80 {
        size.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    size.push(u8::try_from(rest).unwrap());
    [&hostile::guest("grow_memory")[..], &[1], &size, module].concat()
}

/// Threat: A plugin's file is valid WebAssembly of a kind that no compiler produces.
/// Stopped by: The types of its imports and exports are compared with the contract before anything is compiled.
/// Expects: An error: it is a module, has no manifest, exports another world, or imports what this host does not provide.
#[test]
fn what_a_generator_makes_is_refused_with_a_sentence() {
    let mut seeded = Seeded::new("made up");
    let (mut modules, mut components) = (0, 0);
    for _ in 0..150 {
        if let Some(module) = module(&mut seeded, 2_000) {
            assert!(read(&module).unwrap_err().contains("core WebAssembly module"));
            assert_eq!(read(&with_a_module(&module)), Ok(()), "a module that is not used harms nobody");
            modules += 1;
        }
        if let Some(component) = component(&mut seeded, 1_000) {
            assert!(read(&component).is_err());
            assert!(read(&with_a_manifest(&component)).is_err());
            components += 1;
        }
    }
    assert!(modules > 100 && components > 50, "{modules} modules, {components} components");
}

#[test]
fn what_a_generator_makes_may_be_damaged_too() {
    let mut seeded = Seeded::new("made up and damaged");
    for _ in 0..150 {
        let module = module(&mut seeded, 1_000).map(|module| with_a_module(&module));
        let component = component(&mut seeded, 500).map(|component| with_a_manifest(&component));
        for mut wasm in [module, component].into_iter().flatten() {
            for _ in 0..=seeded.below(4) {
                let place = seeded.below(wasm.len());
                wasm[place] = seeded.bytes(1)[0];
            }
            let _refused = read(&wasm);
            wasm.truncate(seeded.below(wasm.len()));
            let _refused = read(&wasm);
        }
    }
}

/// Threat: A valid plugin that was made to break the compiler.
/// Stopped by: The limit on the size of a file, and the compiler's own checks.
/// Expects: Compiled code, or an error.
#[test]
fn what_a_generator_makes_is_compiled_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(&folder.path().join("cache"), &folder.path().join("key"), Arc::new(InProcess)).unwrap();
    let mut seeded = Seeded::new("compiled");
    let mut compiled = 0;
    for _ in 0..12 {
        let Some(module) = module(&mut seeded, 1_000) else { continue };
        let plugin = Plugin::read(with_a_module(&module), Origin::Bundled, |_| Default::default()).unwrap();
        match plugin.exports(&engine) {
            Ok(_) => compiled += 1,
            Err(error) => {
                println!("refused: {error}");
                check_sentence(&error.to_string());
            }
        }
    }
    assert!(compiled > 5, "{compiled}");
}
