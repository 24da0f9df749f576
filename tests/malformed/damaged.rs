//! A good plugin with something wrong: cut off, bits flipped, lengths that lie.

use baton_tests::{HELLO, PROBE};
use wasmparser::Parser;

use crate::{Seeded, read};

/// Where sections begin and end, those of the modules inside too.
fn boundaries(wasm: &[u8]) -> Vec<usize> {
    let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let mut places: Vec<_> =
        payloads.filter_map(|payload| Some(payload.as_section()?.1)).flat_map(|range| [range.start, range.end]).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Threat: A plugin's file is truncated at any position.
/// Stopped by: The whole file is validated before any of it is used.
/// Expects: "The file is damaged or cut off: …", or that its manifest is missing.
#[test]
fn a_file_cut_off_at_a_section_is_refused() {
    let boundaries = boundaries(PROBE);
    assert!(boundaries.len() > 60, "{}", boundaries.len());
    let mut refused = 0;
    for place in boundaries.iter().filter(|place| **place < PROBE.len()) {
        refused += u32::from(read(&PROBE[..*place]).is_err());
    }
    assert!(refused > 60, "{refused}");
    assert_eq!(read(PROBE), Ok(()));
}

/// Threat: Bits of a plugin's file are flipped, by accident or on purpose.
/// Stopped by: The whole file is validated. What is still valid is another plugin, with another hash and no grant.
/// Expects: An error or a plugin, never a panic, in bounded time and memory.
#[test]
fn flipped_bits_never_surprise() {
    let mut seeded = Seeded::new("flipped bits");
    let boundaries = boundaries(HELLO);
    let (mut refused, mut accepted) = (0, 0);
    for round in 0..400 {
        let mut wasm = HELLO.to_vec();
        for _ in 0..=seeded.below(3) {
            // Half of them where lengths and counts stand.
            let near = boundaries[seeded.below(boundaries.len())].saturating_sub(4) + seeded.below(12);
            let place = if round % 2 == 0 { near } else { seeded.below(wasm.len()) }.min(wasm.len() - 1);
            wasm[place] ^= 1 << seeded.below(8);
        }
        match read(&wasm) {
            Ok(()) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 100 && accepted > 10, "{refused} refused, {accepted} accepted");
}

/// Threat: A plugin's file claims that it contains four billion of something.
/// Stopped by: Memory is allocated for what the file contains and not for what it claims to contain.
/// Expects: "The file is damaged or cut off: …", using no more memory than the length of the file.
#[test]
fn a_length_that_lies_takes_no_memory() {
    const MOST: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for place in boundaries(PROBE) {
        for from in [place, place.saturating_sub(1), place.saturating_sub(3)] {
            let wasm = [&PROBE[..from], &MOST, PROBE.get(from + 1..).unwrap_or_default()].concat();
            let _refused = read(&wasm);
        }
    }
    for section in 0..=12_u8 {
        for beginning in [&b"\0asm\x0d\0\x01\0"[..], b"\0asm\x0d\0\x01\0\x01\x7f\0asm\x01\0\0\0"] {
            let wasm = [beginning, &[section], &[0x85, 0x80, 0x80, 0x80, 0], &MOST].concat();
            assert!(read(&wasm).is_err(), "section {section}");
        }
    }
}
