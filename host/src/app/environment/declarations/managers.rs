//! Files of version managers: `.tool-versions` of asdf, and `mise.toml` by its several names.

use super::Folder;
use crate::app::environment::tools::Tool;

const MISE: [&str; 5] = ["mise.toml", ".mise.toml", "mise/config.toml", ".config/mise.toml", ".config/mise/config.toml"];

pub(super) fn read(folder: &mut Folder<'_>) {
    for name in MISE {
        let Some(text) = folder.text(name) else { continue };
        let table = toml::from_str::<toml::Table>(&text).unwrap_or_default();
        let Some(tools) = table.get("tools").and_then(toml::Value::as_table) else { continue };
        for (called, wanted) in tools {
            note(folder, called, version(wanted), name);
        }
    }
    let Some(text) = folder.text(".tool-versions") else { return };
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(called) = words.next() else { continue };
        note(folder, called, words.next(), ".tool-versions");
    }
}

/// A version alone, the first of several, or that of a table.
fn version(wanted: &toml::Value) -> Option<&str> {
    match wanted {
        toml::Value::String(version) => Some(version),
        toml::Value::Array(versions) => version(versions.first()?),
        toml::Value::Table(table) => table.get("version")?.as_str(),
        _ => None,
    }
}

fn note(folder: &mut Folder<'_>, called: &str, wanted: Option<&str>, name: &str) {
    const LONGEST: usize = 60;
    let called = called.strip_prefix("core:").unwrap_or(called);
    let tool = match called {
        "python" => Tool::Python,
        "node" | "nodejs" => Tool::Node,
        "rust" => Tool::Rust,
        "go" | "golang" => Tool::Go,
        "ruby" => Tool::Ruby,
        "php" => Tool::Php,
        "elixir" => Tool::Elixir,
        "dotnet" | "dotnet-core" => Tool::Dotnet,
        "java" if folder.holds("pom.xml") => Tool::Maven,
        "java" => Tool::Gradle,
        "maven" | "gradle" | "erlang" | "npm" => return,
        "bun" => Tool::Bun,
        "deno" => Tool::Deno,
        "uv" => Tool::Uv,
        "poetry" => Tool::Poetry,
        "pnpm" => Tool::Pnpm,
        other => {
            let is_plain = other.len() <= LONGEST && other.bytes().all(|byte| byte.is_ascii_graphic());
            if is_plain {
                let path = folder.path(name);
                folder.miss(format!("{path} wants `{other}`, for which Baton knows no image."));
            }
            return;
        }
    };
    // Who built it does not matter: `temurin-21.0.2` is Java 21.
    let wanted = wanted.map(|wanted| match tool {
        Tool::Maven | Tool::Gradle => wanted.trim_start_matches(|character: char| !character.is_ascii_digit()),
        _ => wanted.strip_prefix("prefix:").unwrap_or(wanted),
    });
    folder.need(tool, wanted, name);
}
