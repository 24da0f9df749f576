//! What the fuzzer begins with: the smallest plugins, and files that are refused for one reason each. They lie in
//! `fuzz/seeds` as bytes, and here as what they are made of.

use std::{fs, path::PathBuf};

use baton::kernel::signature::{self, PrivateKey};
use baton_tests::hostile;

use crate::read;

const MANIFEST: &str = "name = \"seed\"\nversion = \"1.0.0\"\nkind = \"workflow\"\n";
const NEEDS: &str = "[input]\ntype = \"object\"\n[needs]\nread = [\"docs/**\"]\ndollars = 2.5\n";
const RUN: &str =
    r#"(import "baton:plugin/run@0.2.0" (instance (export "now" (func (result f64))))) (import "wasi:cli/stdout@0.2.6" (instance))"#;
const FOREIGN: &str = r#"(import "acme:db/store@1.0.0" (instance))"#;
const OTHER: &str = r#"(import "baton:plugin/run@0.2.0" (instance (export "now" (func (result u32)))))"#;
const MODULE: &str = r#"
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "run-workflow") (param i32 i32) (result i32) unreachable)
    (func (export "list-tools") (result i32) unreachable)
    (func (export "call-tool") (param i32 i32 i32 i32) (result i32) unreachable)"#;
const TYPES: &str = r#"
    (type $an-error (record (field "kind" string) (field "text" string) (field "subject" (option string))
        (field "details" (option string))))
    (export $error "error" (type $an-error))
    (type $a-tool (record (field "name" string) (field "description" string) (field "parameters" string)))
    (export $tool "tool" (type $a-tool))
    (type $an-effect (flags "read-only" "destructive" "idempotent"))
    (export $effects "effects" (type $an-effect))
    (type $an-offer (record (field "tool" $tool) (field "effects" $effects)))
    (export $offer "offer" (type $an-offer))
    (type $an-outcome (record (field "output" string) (field "shortfall" (option string))))
    (export $outcome "outcome" (type $an-outcome))
    (type $a-tool-outcome (record (field "content" string) (field "failed" bool)))
    (export $tool-outcome "tool-outcome" (type $a-tool-outcome))"#;

/// A component that imports and exports these, each export being a function of `module` that ends at once.
fn component(imports: &str, module: &str, exports: &[&str]) -> Vec<u8> {
    let signature = |name: &str| match name {
        "run-workflow" => r#"(param "input" string) (result (result $outcome (error $error)))"#,
        "list-tools" => "(result (list $offer))",
        _ => r#"(param "name" string) (param "arguments" string) (result (result $tool-outcome (error $error)))"#,
    };
    let export = |name: &&str| {
        let lifted =
            format!(r#"(canon lift (core func $i "{name}") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))"#);
        format!(r#"(func (export "{name}") {} {lifted})"#, signature(name))
    };
    let exports: String = exports.iter().map(export).collect();
    let text = format!("(component {imports} {TYPES} (core module $m {module}) (core instance $i (instantiate $m)) {exports})");
    wat::parse_str(text).unwrap()
}

/// Name, content, and what the refusal says; nothing of a plugin that is read.
fn seeds() -> Vec<(&'static str, Vec<u8>, Option<&'static str>)> {
    let bare = component("", MODULE, &["run-workflow"]);
    let smallest = hostile::packed(&bare, MANIFEST);
    let manifest = format!("{MANIFEST}{NEEDS}");
    let assets = [("a/b.md".to_owned(), b"x".to_vec()), ("c".to_owned(), Vec::new())];
    let toolbox = component("", MODULE, &["list-tools", "call-tool"]);
    let linked = format!(r#"{MODULE} (@custom "baton:manifest" {MANIFEST:?})"#);
    let seeds = vec![
        ("smallest", smallest.clone(), None),
        ("whole", baton_pack::pack(&component(RUN, MODULE, &["run-workflow"]), &manifest, &assets).unwrap(), None),
        ("toolbox", hostile::packed(&toolbox, &MANIFEST.replace("workflow", "toolbox")), None),
        ("signed", signature::sign(&smallest, &PrivateKey::from_seed([7; 32])).unwrap(), None),
        ("linked", component("", &linked, &["run-workflow"]), None),
        ("no-manifest", bare, Some("has no manifest")),
        ("other-world", hostile::packed(&toolbox, MANIFEST), Some("does not export `run-workflow`")),
        ("foreign-import", hostile::packed(&component(FOREIGN, MODULE, &["run-workflow"]), MANIFEST), Some("`acme:db/store@1.0.0`")),
        (
            "other-contract",
            hostile::packed(&component(OTHER, MODULE, &["run-workflow"]), MANIFEST),
            Some("in `run.now`, its result: expected `f64`, found `u32`"),
        ),
        ("cut-off", smallest[..smallest.len() - 9].to_vec(), Some("damaged or cut off")),
        ("core-module", wat::parse_str(format!("(module {MODULE})")).unwrap(), Some("core WebAssembly module")),
    ];
    assert!(seeds.iter().all(|(_, wasm, _)| wasm.len() < 8 << 10), "seeds are small");
    seeds
}

fn folder() -> PathBuf {
    hostile::folder().join("../../fuzz/seeds")
}

#[test]
fn seeds_are_what_they_are_made_of() {
    for (name, wasm, refusal) in seeds() {
        let file = folder().join(format!("loader/{name}.wasm"));
        if std::env::var_os("UPDATE_SEEDS").is_some() {
            fs::write(&file, &wasm).unwrap();
        }
        assert!(fs::read(&file).unwrap() == wasm, "{name}: run the test once more with UPDATE_SEEDS=1");
        match (read(&wasm), refusal) {
            (Ok(()), None) => {}
            (Err(reason), Some(refusal)) => assert!(reason.contains(refusal), "{name}: {reason}"),
            (read, _) => panic!("{name}: {read:?}"),
        }
    }
}

#[test]
fn manifests_among_the_seeds_are_read() {
    let component = component("", MODULE, &["run-workflow"]);
    let manifests: Vec<_> = fs::read_dir(folder().join("manifest")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!manifests.is_empty());
    for file in manifests {
        let manifest = fs::read_to_string(&file).unwrap();
        assert_eq!(read(&hostile::packed(&component, &manifest)), Ok(()), "{}", file.display());
    }
}
