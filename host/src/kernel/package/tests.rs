use super::*;
use crate::{errors::Hint, journal::Matching};

const KINDS: &[CapabilityKind] = &[
    CapabilityKind { word: "write", matching: Matching::Path, interface: "files", meaning: "", values: &[] },
    CapabilityKind { word: "models", matching: Matching::Name, interface: "llm", meaning: "", values: &[] },
    CapabilityKind { word: "dollars", matching: Matching::Amount, interface: "llm", meaning: "", values: &[] },
    CapabilityKind { word: "hosts", matching: Matching::Name, interface: "", meaning: "", values: &[] },
];
const MANIFEST: &str = "name = \"hello\"\nversion = \"1.0.0\"\nkind = \"workflow\"\n[needs]\nwrite = [\"docs/**\"]\n";

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component with the exports of a workflow, and `imports` before them.
fn workflow(imports: &str) -> Vec<u8> {
    component(&format!(
        r#"(component {imports}
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func (export "run-workflow") (canon lift (core func $i "f"))))"#
    ))
}

fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let mut content = leb(name.len());
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(data);
    [vec![0], leb(content.len()), content].concat()
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        bytes.push(if number == 0 { byte } else { byte | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

fn packed(component: &[u8], manifest: &str) -> Vec<u8> {
    [component.to_vec(), section("baton:manifest", manifest.as_bytes())].concat()
}

fn read(wasm: Vec<u8>) -> Result<Package, PackageError> {
    Package::read(wasm, &contract::tests::contract(), KINDS)
}

#[test]
fn a_plugin_is_understood() {
    let imports = r#"(import "baton:plugin/files@0.2.0" (instance (export "f" (func)))) (import "wasi:cli/stdout@0.2.6" (instance))"#;
    let package = read([packed(&workflow(imports), MANIFEST), section("baton:assets", b"tar")].concat()).unwrap();
    assert_eq!(package.manifest.name, "hello");
    assert_eq!(package.manifest.needs.of("write"), ["docs/**"]);
    assert_eq!(package.imports.iter().collect::<Vec<_>>(), ["files"]);
    assert_eq!(package.assets, b"tar");
    assert_eq!(package.hash.len(), 64);
    assert!(package.warnings(KINDS).is_empty());
}

#[test]
fn the_code_hash_leaves_our_sections_out_wherever_they_stand() {
    let bare = workflow("");
    let (mut first, mut second) = (packed(&bare, MANIFEST), bare[..8].to_vec());
    first.extend(section("baton:assets", &[7; 300]));
    second.extend(section("baton:manifest", MANIFEST.replace("hello", "other").as_bytes()));
    second.extend(&bare[8..]);
    let (first, second) = (read(first).unwrap(), read(second).unwrap());
    assert_eq!(first.code_hash, blake3::hash(&bare).to_hex().to_string());
    assert_eq!(first.code_hash, second.code_hash);
    assert_ne!(first.hash, second.hash);
}

#[test]
fn what_is_not_a_plugin_is_refused_with_the_reason() {
    let whole = packed(&workflow(""), MANIFEST);
    assert!(matches!(read(Vec::new()), Err(PackageError::Empty)));
    assert!(matches!(read(b"#!/bin/sh".to_vec()), Err(PackageError::NotWasm)));
    assert!(matches!(read(component("(module)")), Err(PackageError::CoreModule)));
    assert!(matches!(read(workflow("")), Err(PackageError::NoManifest)));
    assert!(matches!(read(packed(&whole, MANIFEST)), Err(PackageError::Duplicate { section: "baton:manifest" })));
    assert!(matches!(read(vec![0; Package::LARGEST + 1]), Err(PackageError::TooLarge { .. })));
    let agent = MANIFEST.replace("workflow", "agent");
    assert!(matches!(read(packed(&workflow(""), &agent)), Err(PackageError::WrongWorld { missing: "perform", .. })));
    let others = [
        ("0.1.0", "From 0.1 to 0.2"),
        ("0.3.0", "Install Baton 0.3.0 or later"),
        ("1.0.0", "Install Baton 1.0.0 or later"),
        ("0.2.0-rc.1", "never released"),
    ];
    for (version, advice) in others {
        let other = workflow(&format!(r#"(import "baton:plugin/files@{version}" (instance))"#));
        let error = read(packed(&other, MANIFEST)).unwrap_err();
        assert!(matches!(error, PackageError::WrongVersion { .. }) && error.explain().contains(advice), "{error}");
    }
    for foreign in ["baton:plugin/files@0.2", "acme:db/store@1.0.0", "env"] {
        let foreign = workflow(&format!(r#"(import "{foreign}" (instance))"#));
        assert!(matches!(read(packed(&foreign, MANIFEST)), Err(PackageError::UnknownImport { .. })));
    }
}

#[test]
fn an_import_that_the_contract_lacks_is_named_with_the_baton_that_has_it() {
    let said = |import: &str, export: &str| {
        let wasm = workflow(&format!(r#"(import "baton:plugin/{import}" (instance {export}))"#));
        read(packed(&wasm, MANIFEST)).map_err(|error| error.explain())
    };
    const GLANCE: &str = r#"(export "f" (func)) (export "glance" (func (param "path" string) (result string)))"#;
    let used = said("files@0.2.7", r#"(export "f" (func))"#).expect("what was added later is not used");
    assert_eq!(used.contract, Some(Version::new(0, 2, 7)));
    assert_eq!(
        said("files@0.2.7", GLANCE).unwrap_err(),
        "The component imports `files.glance` of the contract 0.2.7, and this Baton serves the contract 0.2.0, which does not have it. Install \
         Baton 0.2.7 or later, or build the component with the SDK of this Baton."
    );
    let handle = said("files@0.2.7", r#"(export "watch" (type (sub resource)))"#).unwrap_err();
    assert!(handle.contains("`files.watch` of the contract 0.2.7") && handle.contains("Baton 0.2.7 or later"), "{handle}");
    let interface = said("telepathy@0.2.10", r#"(export "f" (func))"#).unwrap_err();
    assert!(interface.contains("`telepathy` of the contract 0.2.10") && interface.contains("Baton 0.2.10 or later"), "{interface}");
    for import in ["telepathy@0.2.0", "files@0.2.0"] {
        let error = said(import, GLANCE).unwrap_err();
        assert!(error.contains("No released contract up to that one has it"), "no Baton is promised: {error}");
    }
}

/// A workflow with this core module in it.
fn containing(module: &str) -> Vec<u8> {
    packed(
        &component(&format!(
            r#"(component (core module {module})
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func (export "run-workflow") (canon lift (core func $i "f"))))"#
        )),
        MANIFEST,
    )
}

#[test]
fn what_the_engine_has_no_part_for_is_refused_at_once() {
    let engine = crate::kernel::machine::for_compiling().unwrap();
    let beyond = [
        "(type (struct (field i32)))",
        "(func (result eqref) ref.null eq)",
        "(tag (param i32))",
        "(memory 1 1 shared)",
        "(memory i64 1) (func (result i64 i64) i64.const 1 i64.const 1 i64.const 1 i64.const 1 i64.add128)",
    ];
    for module in beyond {
        let wasm = containing(module);
        let said = read(wasm.clone()).unwrap_err().explain();
        assert!(said.contains("does not have:") && said.contains("Build it without"), "{module}: {said}");
        assert!(engine.precompile_component(&wasm).is_err(), "the engine has it: {module}");
    }
    for module in ["(memory i64 1)", "(func (export \"f\") (param v128))", "(memory 1) (memory 1)", "(func return_call 0)"] {
        let wasm = containing(module);
        assert!(read(wasm.clone()).is_ok(), "{module}");
        assert!(engine.precompile_component(&wasm).is_ok(), "the engine has it not: {module}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused_and_never_a_crash() {
    let whole = packed(&workflow(r#"(import "baton:plugin/files@0.2.0" (instance (export "f" (func))))"#), MANIFEST);
    for length in 0..whole.len() {
        assert!(read(whole[..length].to_vec()).is_err(), "cut off at {length} of {}", whole.len());
    }
}

#[test]
fn a_byte_changed_anywhere_is_never_a_crash() {
    let whole = packed(&workflow(""), MANIFEST);
    for place in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[place] ^= change;
            let _ = read(changed);
        }
    }
}

#[test]
fn a_need_that_no_call_could_have_is_refused_with_the_values() {
    const CLOSED: &[CapabilityKind] =
        &[CapabilityKind { word: "people", matching: Matching::Name, interface: "people", meaning: "", values: &["info", "critical"] }];
    let read = |pattern: &str| {
        let manifest = MANIFEST.replace("write = [\"docs/**\"]", &format!("people = [\"*\", {pattern:?}]"));
        Package::read(packed(&workflow(""), &manifest), &contract::tests::contract(), CLOSED)
    };
    let refusal = read("bogus").unwrap_err().to_string();
    let expected = "The manifest is not valid: in [needs], `bogus` of `people` is not one of its values, which are `info`, `critical`.";
    assert_eq!(refusal, expected);
    let manifest = MANIFEST.replace("write = [\"docs/**\"]", "people = [\"info\", \"bogus\"]\ngone = [\"*\"]");
    let kept = Package::read_kept(packed(&workflow(""), &manifest), &contract::tests::contract(), CLOSED).unwrap();
    assert_eq!(kept.manifest.needs.iter().collect::<Vec<_>>(), [("people", &["info".to_owned()][..])], "runs need it as it was");
    for fits in ["critical", "*", "{info,bogus}", "i*"] {
        assert!(read(fits).is_ok(), "{fits}");
    }
    assert!(!read("\u{1b}[2J").unwrap_err().to_string().contains('\u{1b}'));
}

#[test]
fn a_manifest_that_cannot_be_meant_is_refused() {
    let refused = |manifest: &str| match read(packed(&workflow(""), manifest)) {
        Err(PackageError::Manifest { reason }) => reason,
        other => panic!("{manifest:?} gave {other:?}"),
    };
    assert!(refused("name = ").contains('1'), "the line is named");
    assert!(refused(&MANIFEST.replace("version", "verzion")).contains("verzion"));
    assert!(refused(&MANIFEST.replace("1.0.0", "one")).contains("version"));
    assert!(refused(&MANIFEST.replace("write", "rule-the-world")).contains("`write`"), "the kinds there are are named");
    assert!(refused(&"# padding\n".repeat(10_000)).contains("the most"));
    for name in ["", "Hello", "hello--you", "-hello", "hello-", "1hello", "../hello", "hello\\u001b[2J", "ħello", &"x".repeat(65)] {
        refused(&MANIFEST.replace("hello", name));
    }
    let reason = refused(&MANIFEST.replace("hello", "\\u001b]0;owned\\u0007"));
    assert!(!reason.contains('\u{1b}'), "no control character reaches a terminal: {reason:?}");
}

#[test]
fn imports_and_needs_that_do_not_meet_are_warned_of() {
    let importing = workflow(r#"(import "baton:plugin/files@0.2.0" (instance (export "f" (func))))"#);
    let needless = MANIFEST.replace("write = [\"docs/**\"]", "");
    assert_eq!(read(packed(&importing, &needless)).unwrap().warnings(KINDS).len(), 1);
    assert_eq!(read(packed(&workflow(""), MANIFEST)).unwrap().warnings(KINDS).len(), 1);
    let mut whole = read(packed(&importing, &needless)).unwrap();
    whole.imports.insert("llm".to_owned());
    assert_eq!(whole.warnings(KINDS), [""; 0], "a tool chain that imports the whole contract says nothing by it");
}

#[test]
fn the_schema_of_an_input_is_an_object() {
    let with = |input: &str| read(packed(&workflow(""), &format!("{MANIFEST}{input}")));
    let told = with("[input]\ntype = \"object\"\nrequired = [\"name\"]\n").unwrap().manifest.input;
    assert_eq!(told, Some(serde_json::json!({ "type": "object", "required": ["name"] })));
    assert_eq!(with("").unwrap().manifest.input, None);
    for wrong in ["[input]\n", "[input]\ntype = \"string\"\n"] {
        assert!(matches!(with(wrong), Err(PackageError::Manifest { .. })), "{wrong}");
    }
}

/// What a manifest that asks for these dollars is understood as, or why it is refused.
fn dollars(value: &str) -> Result<Vec<String>, String> {
    let manifest = MANIFEST.replace("write = [\"docs/**\"]", &format!("dollars = {value}"));
    let package = read(packed(&workflow(""), &manifest)).map_err(|error| error.to_string())?;
    Ok(package.manifest.needs.of("dollars").to_vec())
}

#[test]
fn dollars_are_one_amount_as_text_or_number() {
    for (written, read) in [("\"2.50\"", "2.50"), ("2.5", "2.5"), ("3", "3"), ("0", "0"), ("[\"1\"]", "1")] {
        assert_eq!(dollars(written).unwrap(), [read], "{written}");
    }
    let digits = "9".repeat(300);
    for hostile in ["-1", "\"-1\"", "nan", "inf", "1e400", "1e300", "\"1e400\"", "\"1,5\"", "true", "{ a = 1 }", "[\"1\", \"2\"]", &digits]
    {
        let said = dollars(hostile).unwrap_err();
        assert!(said.contains("manifest is not valid") && said.chars().count() < 1_000, "{hostile}: {said}");
    }
    for hostile in ["-1", "nan", "\"1,5\"", "\"1e400\"", "1e300"] {
        assert!(dollars(hostile).unwrap_err().contains("such as \"2.50\""), "{hostile}");
    }
}

#[test]
fn what_nothing_uses_yet_is_told_as_such() {
    let manifest = MANIFEST.replace("write = [\"docs/**\"]", "hosts = [\"api.github.com\"]");
    let warnings = read(packed(&workflow(""), &manifest)).unwrap().warnings(KINDS);
    assert!(warnings.len() == 1 && warnings[0].contains("no use yet"), "{warnings:?}");
    const BOUND: &[CapabilityKind] =
        &[KINDS[0], KINDS[1], CapabilityKind { word: "dollars", matching: Matching::Amount, interface: "files", meaning: "", values: &[] }];
    let importing = workflow(r#"(import "baton:plugin/files@0.2.0" (instance (export "f" (func))))"#);
    let package = read(packed(&importing, &MANIFEST.replace("write = [\"docs/**\"]", "dollars = 1"))).unwrap();
    let warnings = package.warnings(BOUND);
    assert!(warnings.len() == 1 && warnings[0].contains("asks for no `write`:"), "an amount allows nothing: {warnings:?}");
}

#[test]
fn a_mistake_is_told_without_what_turns_text_around_or_hides_it() {
    let manifest = MANIFEST.replace("[needs]\n", "\"wri\u{202e}te\u{200b}\u{2066}\" = 1\n[needs]\n");
    let told = read(packed(&workflow(""), &manifest)).unwrap_err().to_string();
    assert!(told.contains("wri\\u{202e}te\\u{200b}\\u{2066}") && !told.contains(crate::escape::is_hidden), "{told}");
}
