//! Builds the guests that the tests let loose on the host.

use std::path::PathBuf;

use anyhow::Result;
use baton_pack::guests::Guests;

/// Cargo package and file name of each.
const GUESTS: &[(&str, &str)] = &[
    ("baton-probe", "probe"),
    ("baton-hostile", "hostile"),
    ("baton-mischief", "mischief"),
    ("toolbox-rust", "calculator"),
    ("hello-rust", "hello"),
];
/// Makes an agent of `agent/`.
const ROLE_ENGINE: &str = "baton-role";

fn main() -> Result<()> {
    for path in [
        "guest",
        "hostile",
        "toolbox",
        "agent",
        "../plugins/engines/role",
        "../examples/hello-rust",
        "../examples/toolbox-rust",
        "../sdk",
        "../wit",
        "../Cargo.toml",
        "../Cargo.lock",
    ] {
        println!("cargo:rerun-if-changed={path}");
    }
    let packages: Vec<_> = GUESTS.iter().map(|(package, _)| *package).chain([ROLE_ENGINE]).collect();
    let (guests, output) = (Guests::build(&packages)?, PathBuf::from(std::env::var("OUT_DIR")?));
    for (package, name) in GUESTS {
        std::fs::write(output.join(format!("{name}.wasm")), guests.component(package)?)?;
    }
    let persona = vec![("persona.md".to_owned(), std::fs::read("agent/persona.md")?)];
    let clerk = baton_pack::pack(&guests.component(ROLE_ENGINE)?, &std::fs::read_to_string("agent/plugin.toml")?, &persona)?;
    std::fs::write(output.join("clerk.wasm"), clerk)?;
    Ok(())
}
