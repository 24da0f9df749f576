//! A file that is not what it says, or says too much, is left out with a sentence; the others are there.

use std::{fs, time::Instant};

use baton::kernel::{
    package::{Contract, Package, PackageError},
    registry::{Origin, Plugin, RegistryError},
};
use baton_tests::{
    PROBE,
    hostile::{manifest, packed, together},
    program,
};
use serde_json::Value;

fn read(manifest: &str) -> Result<Plugin, RegistryError> {
    Plugin::read(packed(&together(), manifest), Origin::Bundled, |_| Default::default())
}

/// Threat: A plugin takes the name of a bundled plugin, or one that looks like it.
/// Stopped by: Names are unique, bundled plugins come first, and a name consists of a-z, 0-9 and single dashes.
/// Expects: "`plan` is the name of a plugin that is there already (bundled)". The bundled plugin is started as before.
#[test]
fn nobody_takes_the_name_of_a_bundled_plugin() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("data/plugins")).unwrap();
    let impostor = packed(&together(), &manifest("plan", "models = [\"*\"]"));
    fs::write(home.path().join("data/plugins/a-plan.wasm"), &impostor).unwrap();
    fs::write(home.path().join("plan.wasm"), impostor).unwrap();
    fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
    let baton = |arguments: &[&str]| {
        let mut command = program::command(home.path(), arguments);
        program::output(command.env("BATON_DATA_DIR", home.path().join("data")))
    };
    let listed: Value = serde_json::from_str(&baton(&["plugin", "list", "-o", "json"]).exits(0).stdout).unwrap();
    let plans: Vec<_> = listed["items"].as_array().unwrap().iter().filter(|plugin| plugin["name"] == "plan").collect();
    assert_eq!((plans.len(), &plans[0]["bundled"]), (1, &Value::from(true)));
    let reason = listed["rejected"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("`plan` is the name of a plugin that is there already (bundled)"), "{reason}");
    assert!(listed["items"].as_array().unwrap().iter().any(|plugin| plugin["name"] == "probe"), "the others are there");
    let installed = baton(&["plugin", "install", "plan.wasm"]).exits(1);
    assert!(installed.stderr.contains("`plan` is the name of a plugin that is part of Baton"), "{}", installed.stderr);
    for lookalike in ["рlan", "plan ", "Plan", "plan-", "pl--an", "../plan", "plan\\u0000", "plan\\u200b", ""] {
        let error = read(&manifest("plan", "").replace("\"plan\"", &format!("\"{lookalike}\""))).err().unwrap().to_string();
        assert!(error.contains("is not a name; use 1 to 64 lower-case letters"), "{lookalike:?}: {error}");
    }
}

/// Threat: A manifest of 50 MB, or one that nests or lists without end.
/// Stopped by: A limit of 64 KiB before it is read as text, and on patterns before they are compiled.
/// Expects: "The manifest is not valid: it has 52428800 bytes, and the most is 65536."
#[test]
fn a_manifest_is_small_and_flat() {
    let begun = Instant::now();
    let error = read(&" ".repeat(50 << 20)).err().unwrap();
    assert_eq!(error.to_string(), "The manifest is not valid: it has 52428800 bytes, and the most is 65536.");
    let good = manifest("deep", "");
    let inputs = [
        good.replace("[needs]", &format!("[input]\na = {}{}\n[needs]", "[".repeat(20_000), "]".repeat(20_000))),
        good.replace("[needs]", &format!("[input]\n{} = 1\n[needs]", vec!["a"; 20_000].join("."))),
        good.replace("[needs]", &format!("[input.{}]\n[needs]", vec!["a"; 20_000].join("."))),
        format!("{good}read = [{}]", "\"a\",".repeat(15_000)),
        format!("{good}read = [\"{}\"]", "{a,".repeat(80)),
        format!("{good}read = [\"{}\"]", "a".repeat(60_000)),
        good.replace("Means harm.", &"a".repeat(60_000)),
        good.replace("0.1.0", &"1".repeat(60_000)),
        good.replace("deep", &"d".repeat(60_000)),
    ];
    let contract = Contract::of_host().unwrap();
    for manifest in inputs {
        match Package::read(packed(&together(), &manifest), &contract, baton::interfaces::CAPABILITIES) {
            Err(error @ PackageError::Manifest { .. }) => {
                let said = error.to_string();
                assert!(said.len() < 2_000 && said.ends_with('.'), "{} bytes: {:.300}", said.len(), said);
            }
            other => panic!("{:.100}: {:?}", manifest, other.map(|package| package.hash)),
        }
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
