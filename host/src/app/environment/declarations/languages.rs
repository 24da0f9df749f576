//! Files of Rust, Python, Go, Ruby, PHP, .NET, Elixir and Deno.

use serde_json::Value;

use super::{Folder, between, first_line};
use crate::app::environment::{json, tools::Tool};

/// `rust-toolchain.toml`, or the older `rust-toolchain`, which holds the channel alone or the same table.
pub(super) fn rust_toolchain(folder: &mut Folder<'_>) {
    for name in ["rust-toolchain.toml", "rust-toolchain"] {
        let Some(text) = folder.text(name) else { continue };
        let toolchain = toml::from_str::<toml::Table>(&text).ok().and_then(|table| table.get("toolchain").cloned());
        let plain = first_line(&text).filter(|line| !line.contains(['[', '=']));
        let channel = toolchain.as_ref().and_then(|toolchain| toolchain.get("channel")?.as_str()).or(plain);
        folder.need(Tool::Rust, channel, name);
        folder.said.is_rust_pinned = true;
        if channel.is_some_and(|channel| channel.starts_with("nightly-")) {
            let path = folder.path(name);
            folder.miss(format!("{path} wants the Rust of a certain night, and images have the newest nightly alone."));
        }
        for (word, command) in [("components", "component"), ("targets", "target")] {
            let listed = toolchain.as_ref().and_then(|toolchain| toolchain.get(word)?.as_array()).into_iter().flatten();
            // Words of a command line, so nothing but plain ones.
            let is_plain = |word: &&str| word.len() <= 60 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            let words: Vec<_> =
                listed.filter_map(|word| word.as_str()).filter(|word| !word.starts_with('-')).filter(is_plain).take(20).collect();
            if !words.is_empty() {
                folder.said.fetched.push(format!("rustup {command} add {}", words.join(" ")));
            }
        }
        return;
    }
}

/// Files that hold a version and nothing else.
pub(super) fn version_files(folder: &mut Folder<'_>) {
    const FILES: [(&str, Tool); 6] = [
        (".python-version", Tool::Python),
        (".nvmrc", Tool::Node),
        (".node-version", Tool::Node),
        (".ruby-version", Tool::Ruby),
        (".java-version", Tool::Maven),
        (".php-version", Tool::Php),
    ];
    for (name, tool) in FILES {
        // Which tool builds a project in Java, its manifest says.
        let tool = if tool == Tool::Maven && !folder.holds("pom.xml") { Tool::Gradle } else { tool };
        let Some(text) = folder.text(name) else { continue };
        let version =
            first_line(&text).map(|line| line.trim_start_matches("ruby-").trim_start_matches("python-").trim_start_matches("cpython-"));
        folder.need(tool, version, name);
    }
}

/// What each language has in each of its projects.
pub(super) fn manifests(folder: &mut Folder<'_>) {
    cargo(folder);
    python(folder);
    go(folder);
    gemfile(folder);
    composer(folder);
    dotnet(folder);
    if let Some(text) = folder.text("mix.exs") {
        folder.need(Tool::Elixir, between(&text, "elixir: \"", "\""), "mix.exs");
    }
    if let Some(name) = ["deno.json", "deno.jsonc"].into_iter().find(|name| folder.holds(name)) {
        folder.need(Tool::Deno, None, name);
    }
}

fn cargo(folder: &mut Folder<'_>) {
    let Some(text) = folder.text("Cargo.toml") else { return };
    let Ok(table) = toml::from_str::<toml::Table>(&text) else { return folder.need(Tool::Rust, None, "Cargo.toml") };
    let version = |table: Option<&toml::Value>| Some(table?.get("rust-version")?.as_str()?.to_owned());
    let version = version(table.get("package")).or_else(|| version(table.get("workspace").and_then(|workspace| workspace.get("package"))));
    // The oldest that is allowed.
    folder.need(Tool::Rust, version.map(|version| format!(">={version}")).as_deref(), "Cargo.toml");
}

fn python(folder: &mut Folder<'_>) {
    if let Some(text) = folder.text("pyproject.toml") {
        let table = toml::from_str::<toml::Table>(&text).unwrap_or_default();
        let text_at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter().try_fold(table.get(*first)?, |value, name| value.get(name))?.as_str().map(str::to_owned)
        };
        let wanted = text_at(&["project", "requires-python"]).or_else(|| text_at(&["tool", "poetry", "dependencies", "python"]));
        folder.need(Tool::Python, wanted.as_deref(), "pyproject.toml");
        if folder.holds("poetry.lock") || text_at(&["build-system", "build-backend"]).is_some_and(|backend| backend.starts_with("poetry."))
        {
            folder.need(Tool::Poetry, None, "pyproject.toml");
        }
    } else if let Some(name) =
        ["setup.py", "setup.cfg", "requirements.txt", "Pipfile", "tox.ini", "manage.py"].into_iter().find(|name| folder.holds(name))
    {
        let wanted = folder.text(name).and_then(|text| between(&text, "python_requires", "\n").map(unquote));
        folder.need(Tool::Python, wanted.as_deref(), name);
    }
    if folder.holds("uv.lock") {
        folder.need(Tool::Uv, None, "uv.lock");
    }
}

/// What is left of `="…",` or `= …`.
fn unquote(text: &str) -> String {
    text.trim_start_matches([' ', '=']).trim_end_matches([',', ' ', ')']).trim_matches(['"', '\'']).to_owned()
}

/// From Go 1.21 on the version is the oldest that builds the module; before, it said little.
fn go(folder: &mut Folder<'_>) {
    for name in ["go.work", "go.mod"] {
        let Some(text) = folder.text(name) else { continue };
        let line = |word: &str| {
            text.lines().find_map(|line| line.trim().strip_prefix(word)).map(|rest| rest.split("//").next().unwrap_or(rest).trim())
        };
        let toolchain = line("toolchain go");
        let version = line("go ").filter(|version| super::super::versions::plain(version).is_some_and(|version| version >= vec![1, 21]));
        let minor = version.map(|version| version.splitn(3, '.').take(2).collect::<Vec<_>>().join("."));
        return folder.need(Tool::Go, toolchain.or(minor.as_deref()), name);
    }
}

fn gemfile(folder: &mut Folder<'_>) {
    let Some(text) = folder.text("Gemfile") else { return };
    let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix("ruby "));
    let wanted = line.and_then(|line| line.trim().strip_prefix(['"', '\''])?.split(['"', '\'']).next());
    folder.need(Tool::Ruby, wanted, "Gemfile");
}

fn composer(folder: &mut Folder<'_>) {
    let Some(text) = folder.text("composer.json") else { return };
    let document = json::parse(&text).unwrap_or(Value::Null);
    folder.need(Tool::Php, document["require"]["php"].as_str(), "composer.json");
    folder.need(Tool::Composer, None, "composer.json");
    let extensions = document["require"].as_object().into_iter().flatten().filter_map(|(name, _)| name.strip_prefix("ext-"));
    // What every build of PHP for the command line has.
    const THERE: [&str; 14] = [
        "ctype",
        "curl",
        "dom",
        "fileinfo",
        "filter",
        "hash",
        "iconv",
        "json",
        "mbstring",
        "openssl",
        "pdo",
        "phar",
        "simplexml",
        "tokenizer",
    ];
    let is_plain = |name: &&str| name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let missing: Vec<_> = extensions.filter(is_plain).filter(|name| !THERE.contains(name)).take(20).collect();
    if !missing.is_empty() {
        let (path, missing) = (folder.path("composer.json"), missing.join(", "));
        folder.miss(format!("{path} wants extensions that the image of PHP may lack: {missing}."));
    }
}

fn dotnet(folder: &mut Folder<'_>) {
    let Some(text) = folder.text("global.json") else { return };
    let document = json::parse(&text).unwrap_or(Value::Null);
    if document["sdk"].is_object() {
        folder.need(Tool::Dotnet, document["sdk"]["version"].as_str(), "global.json");
    }
}
