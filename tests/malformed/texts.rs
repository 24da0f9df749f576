//! Texts and archives that come from outside: manifests, packed files, settings. Any bytes at all are read or refused
//! with a sentence.

use baton::interfaces::{Assets, Settings};
use baton_tests::hostile;

use crate::{Seeded, check_sentence, package};

const MANIFEST: &str = "name = \"hello\"\nversion = \"1.0.0\"\nkind = \"workflow\"\ndescription = \"x\"\n[input]\ntype = \"object\"\n[needs]\nread = [\"docs/**\", \"*.md\"]\nmodels = [\"*\"]\n";
const SETTINGS: &str = "[models]\ndefault = \"small\"\n[limits]\ncalls = 10\n[plugins.plan.limits]\nmemory-mib = 1\n[a]\nb = 1979-05-27T07:32:00Z\nc = [1, 2.5, nan, \"\\u00e9\"]\n";
/// What parsers stumble over.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "{",
    "}",
    "\"",
    "'''",
    "\"\"\"",
    "=",
    "\n",
    "\r",
    "\0",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{feff}",
    "\\u0000",
    "\\U0010ffff",
    "\\",
    ".",
    "inf",
    "nan",
    "99999999999999999999",
    "1e999",
    "-",
    "#",
    "needs",
    "read",
    "**",
    "{a,b}",
    "[!",
    "a.b.c",
    "\u{9b}",
    ",",
    "true",
    "1979-05-27",
    "é",
];

/// The text with some of its characters taken out, doubled, or replaced by what parsers stumble over.
fn mangled(text: &str, seeded: &mut Seeded) -> String {
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    for _ in 0..=seeded.below(4) {
        let place = seeded.below(characters.len());
        match seeded.below(4) {
            0 => characters[place].clear(),
            1 => characters[place] = PIECES[seeded.below(PIECES.len())].repeat(1 + seeded.below(3)),
            2 => characters[place].push_str(PIECES[seeded.below(PIECES.len())]),
            _ => characters.truncate(place + 1),
        }
    }
    characters.concat()
}

/// Threat: A manifest that is truncated, mangled, or uses valid TOML in unexpected ways.
/// Stopped by: A strict format: unknown fields are rejected, patterns are bounded.
/// Expects: "The manifest is not valid: in line 3, …", in one line, whatever it contains.
#[test]
fn a_mangled_manifest_is_read_or_refused() {
    let component = wat::parse_str(std::fs::read_to_string(hostile::folder().join("wat/grow_memory.wat")).unwrap()).unwrap();
    let mut seeded = Seeded::new("manifests");
    let (mut read, mut refused) = (0, 0);
    for _ in 0..3_000 {
        match package(hostile::packed(&component, &mangled(MANIFEST, &mut seeded))) {
            Ok(_) => read += 1,
            Err(reason) => {
                check_sentence(&reason);
                refused += 1;
            }
        }
    }
    assert!(read > 100 && refused > 1_000, "{read} read, {refused} refused");
}

/// Threat: A workspace from an untrusted source contains mangled settings.
/// Stopped by: They are read as data. A mistake is reported with its line.
/// Expects: An error with the file's name, without anything that could tamper with the terminal.
#[test]
fn mangled_settings_are_read_or_refused() {
    let mut seeded = Seeded::new("settings");
    for _ in 0..3_000 {
        if let Err(error) = Settings::from_toml(&mangled(SETTINGS, &mut seeded), "baton.toml") {
            check_sentence(&error.to_string());
        }
    }
}

/// Threat: A plugin contains an archive with strange names, links, devices, or false sizes.
/// Stopped by: Only regular files with plain names, at most 4,096 of them with 32 MiB. Nothing is unpacked to disk.
/// Expects: An error that names the file, or that says that the archive is truncated.
#[test]
fn mangled_assets_are_read_or_refused() {
    let archive = baton_pack::archive(&[("a/b.md".to_owned(), vec![b'x'; 700]), ("c".to_owned(), Vec::new())]);
    let (archive, mut seeded) = (archive.unwrap(), Seeded::new("assets"));
    assert!(Assets::from_tar(&archive).is_ok());
    for _ in 0..3_000 {
        let mut mangled = archive.clone();
        for _ in 0..=seeded.below(3) {
            let place = seeded.below(mangled.len().min(1_600));
            mangled[place] = seeded.bytes(1)[0];
        }
        // Half of them with a sum that is right, so that what stands in the header is looked at.
        if seeded.below(2) == 0 {
            let sum: u32 = mangled[..148].iter().chain(&mangled[156..512]).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
            mangled[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        mangled.truncate(mangled.len() - seeded.below(3) * 512);
        if let Err(error) = Assets::from_tar(&mangled) {
            check_sentence(&error.to_string());
        }
    }
}
