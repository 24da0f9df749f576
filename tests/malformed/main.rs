//! Files that are damaged, made up or made by a generator: each is read or refused with a sentence, in bounded memory
//! and time, and never with a panic. The same at every run: chance comes from seeds.

mod allocations;
mod damaged;
mod made_up;
mod schemas;
mod seeds;
mod texts;

use std::time::{Duration, Instant};

use baton::{
    interfaces::CAPABILITIES,
    kernel::{
        package::{Contract, Package},
        registry::{Origin, Plugin},
    },
};

/// Longest time for one file, on a busy machine and without optimisation.
const LONGEST: Duration = Duration::from_secs(10);
/// Memory that reading may take beside a multiple of the file.
const MEMORY: usize = 16 << 20;
const MEMORY_PER_BYTE: usize = 64;

/// Reads a file as the host does, and looks at what that took. The sentence with which it was refused, if it was.
fn read(wasm: &[u8]) -> Result<(), String> {
    let (begun, size, wasm) = (Instant::now(), wasm.len(), wasm.to_vec());
    let (read, most) = allocations::most_held(move || Plugin::read(wasm, Origin::Bundled, |_| Default::default()).map(drop));
    assert!(begun.elapsed() < LONGEST, "it took {:?}", begun.elapsed());
    assert!(most < MEMORY + MEMORY_PER_BYTE * size, "{most} bytes were held for a file of {size}");
    read.map_err(|error| error.to_string()).inspect_err(|reason| check_sentence(reason))
}

/// A text for people: whole, in one line, not endless.
fn check_sentence(text: &str) {
    assert!(text.ends_with('.') && !text.contains(char::is_control) && text.len() < 4_000, "this is no sentence: {text:?}");
}

/// Reads a file whose manifest matters and whose code does not.
fn package(wasm: Vec<u8>) -> Result<Package, String> {
    let read = Contract::of_host().and_then(|contract| Package::read(wasm, &contract, CAPABILITIES));
    read.map_err(|error| error.to_string())
}

/// Bytes that are the same at every run.
struct Seeded(blake3::OutputReader);

impl Seeded {
    fn new(seed: &str) -> Self {
        Self(blake3::Hasher::new().update(seed.as_bytes()).finalize_xof())
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill(&mut bytes);
        bytes
    }

    fn below(&mut self, limit: usize) -> usize {
        let mut number = [0; 8];
        self.0.fill(&mut number);
        usize::try_from(u64::from_le_bytes(number) % limit.max(1) as u64).unwrap()
    }
}
