//! Node.js and the MCP servers that tests start with it. Where there is no Node.js the tests say so and check nothing,
//! but in CI they fail.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::{Value, json};

/// The reference server, which has one of everything.
const EVERYTHING: &str = "@modelcontextprotocol/server-everything@2026";

/// Whether there is Node.js.
pub fn is_there() -> bool {
    let there = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    skip_unless(there, "Node.js is not installed")
}

/// Settings with the server `web` of `tests/mcp/server.mjs`, which writes to `log`.
pub fn web(log: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp/server.mjs");
    json!({ "mcp": { "web": { "command": ["node", script, log] } } })
}

/// The script of the reference server, installed into the tests' own folder; none where it cannot be.
pub fn everything(cache: &Path) -> Option<PathBuf> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let folder = cache.join("mcp-everything");
    let script = folder.join("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    let install = || {
        std::fs::create_dir_all(&folder).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&folder).arg(EVERYTHING);
        script.is_file() || npm.output().is_ok_and(|output| output.status.success())
    };
    skip_unless(*INSTALLED.get_or_init(install), "the MCP server could not be installed with npm").then_some(script)
}

/// Says what is left out, and fails where nothing may be.
pub(crate) fn skip_unless(there: bool, why: &str) -> bool {
    assert!(there || std::env::var_os("CI").is_none(), "{why}, and in CI nothing is skipped");
    if !there {
        // Not by `println!`, which the test runner keeps to itself.
        std::io::stderr().write_all(format!("\n!! SKIPPED: {why}.\n\n").as_bytes()).unwrap();
    }
    there
}
