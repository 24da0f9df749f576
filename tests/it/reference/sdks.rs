//! The SDKs for Python and JavaScript have what the contract and the Rust SDK have, under the same names.

use std::{fs, path::PathBuf};

use super::contract::{Contract, pascal};

/// What no SDK calls: `workflows.join` of the SDKs waits for a ticket, as the Rust SDK does.
const UNUSED: &[&str] = &["workflows.join", "workflows.join-any"];
/// What the SDKs call otherwise.
const SHORTER: &[(&str, &str)] = &[("about-forge", "about")];
/// Methods of the Rust host that other languages have in another form: `with_agent` takes the time, an object has no `new`, and
/// `run` alone runs a workflow.
const OTHERWISE: &[&str] = &["new", "run_once", "with_agent_after", "with_workflow_after"];

#[test]
fn every_function_of_the_contract_is_in_every_sdk() {
    let contract = Contract::read();
    let calls = source("src/testing/remote/calls.rs");
    let mut found = 0;
    for (_, interface) in contract.interfaces() {
        let module = interface.name.as_deref().unwrap();
        for function in interface.functions.keys().filter(|function| !UNUSED.contains(&&*format!("{module}.{function}"))) {
            let name = SHORTER.iter().find(|(long, _)| long == function).map_or(function.as_str(), |(_, short)| short);
            let rust = source(&format!("src/{module}.rs"))
                + &source(&format!("src/{module}/mod.rs"))
                + &source(&format!("src/{module}/granted.rs"));
            let (python, javascript) = (source(&format!("python/baton/{module}.py")), source(&format!("javascript/baton/{module}.js")));
            let call = format!("\"{module}.{function}\"");
            let wanted = [
                ("the Rust SDK", &rust, format!("pub fn {}", snake(name))),
                ("the host in memory, in sdk/src/testing/remote/calls.rs", &calls, format!("{call} => ")),
                ("the Python SDK", &python, format!("\ndef {}(", snake(name))),
                ("the Python SDK", &python, call.clone()),
                ("the JavaScript SDK", &javascript, format!("\nexport function {}(", camel(name))),
                ("the JavaScript SDK", &javascript, call),
            ];
            for (place, text, wanted) in wanted {
                assert!(text.contains(&wanted), "`{module}.{function}` is not in {place}: `{}` is missing", wanted.trim());
            }
            found += 1;
        }
    }
    assert!(found > 50, "{found} functions");
}

#[test]
fn every_method_of_the_host_in_memory_is_in_every_sdk() {
    let rust = ["setup", "mod", "twice", "happenings"].map(|file| source(&format!("src/testing/{file}.rs"))).concat();
    let methods = rust.split("\n    pub fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
    let (python, javascript) = (source("python/baton/testing.py"), source("javascript/baton/testing.js"));
    let mut found = 0;
    for method in methods.filter(|method| !OTHERWISE.contains(method)) {
        let name = method.replace('_', "-");
        assert!(python.contains(&format!("\n    def {method}(self")), "testing.py has no `{method}`");
        assert!(javascript.contains(&format!("\n  {}(", camel(&name))), "testing.js has no `{}`", camel(&name));
        found += 1;
    }
    assert!(found > 30, "{found} methods");
}

/// A file of the SDK; nothing where there is none.
fn source(path: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk")).join(path);
    fs::read_to_string(path).unwrap_or_default()
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    let name = pascal(name);
    name[..1].to_lowercase() + &name[1..]
}
