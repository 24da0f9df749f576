//! Files as projects have them, and files as nobody should have them.

use std::{fs, path::Path};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{super::files::Files, DeclaredNeeds, Need, of_folder};
use crate::app::environment::tools::Tool;

fn lay(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn said(files: &[(&str, &str)]) -> DeclaredNeeds {
    let folder = TempDir::new().unwrap();
    lay(folder.path(), files);
    of_folder(&mut Files::open(folder.path()).unwrap(), "")
}

/// What one file says.
fn needs(name: &str, text: &str) -> Vec<(Tool, Option<String>)> {
    said(&[(name, text)]).needs.into_iter().map(|Need { tool, wanted, .. }| (tool, wanted)).collect()
}

#[test]
fn each_file_says_its_language_and_version() {
    let one = |tool, wanted: &str| vec![(tool, Some(wanted.to_owned()))];
    for (name, text, expected) in [
        ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.82.0\"\n", one(Tool::Rust, "1.82.0")),
        ("rust-toolchain", "stable\n", one(Tool::Rust, "stable")),
        ("Cargo.toml", "[package]\nname = \"a\"\nrust-version = \"1.80\"\n", one(Tool::Rust, ">=1.80")),
        ("Cargo.toml", "[workspace.package]\nrust-version = \"1.81\"\n", one(Tool::Rust, ">=1.81")),
        ("pyproject.toml", "[project]\nrequires-python = \">=3.9\"\n", one(Tool::Python, ">=3.9")),
        ("setup.py", "setup(\n  python_requires='>=3.8',\n)\n", one(Tool::Python, ">=3.8")),
        (".python-version", "# local\n3.12.4\n", one(Tool::Python, "3.12.4")),
        (".nvmrc", "v20.11.1\n", one(Tool::Node, "v20.11.1")),
        ("package.json", "{ \"engines\": { \"node\": \">=18\" } }", one(Tool::Node, ">=18")),
        ("go.mod", "module a\n\ngo 1.22.3\n", one(Tool::Go, "1.22")),
        ("go.mod", "module a\ngo 1.21\n\ntoolchain go1.22.5\n", one(Tool::Go, "1.22.5")),
        ("go.mod", "module a\ngo 1.16\n", vec![(Tool::Go, None)]),
        ("pom.xml", "<p><maven.compiler.source>${x}</maven.compiler.source><java.version>17</java.version></p>", one(Tool::Maven, "17")),
        ("build.gradle.kts", "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }", one(Tool::Gradle, "21")),
        ("build.gradle", "sourceCompatibility = '1.8'\n", one(Tool::Gradle, "1.8")),
        ("Gemfile", "source 'x'\nruby \"~> 3.3\"\n", one(Tool::Ruby, "~> 3.3")),
        (".ruby-version", "ruby-3.2.1\n", one(Tool::Ruby, "3.2.1")),
        ("mix.exs", "[\n elixir: \"~> 1.15\",\n]", one(Tool::Elixir, "~> 1.15")),
        ("global.json", "{ \"sdk\": { \"version\": \"8.0.100\" } }", one(Tool::Dotnet, "8.0.100")),
        ("Cargo.toml", "not [ toml", vec![(Tool::Rust, None)]),
        ("package.json", "{ not json", vec![(Tool::Node, None)]),
    ] {
        assert_eq!(needs(name, text), expected, "{name}: {text}");
    }
}

#[test]
fn managers_of_versions_and_of_packages_are_read() {
    let found = needs(".tool-versions", "python 3.12.1 3.11 # both\nnodejs 20.1.0\njava temurin-21.0.2+13\n\nkubectl 1.30\n");
    let one = |tool, wanted: &str| (tool, Some(wanted.to_owned()));
    assert_eq!(found, [one(Tool::Python, "3.12.1"), one(Tool::Node, "20.1.0"), one(Tool::Gradle, "21.0.2+13")]);
    assert!(said(&[(".tool-versions", "kubectl 1.30")]).missing[0].contains("`kubectl`"));
    let found = needs("mise.toml", "[tools]\nnode = \"22\"\ngo = { version = \"1.23\" }\npython = [\"3.12\", \"3.11\"]\n");
    assert_eq!(found.len(), 3);
    assert!(found.contains(&one(Tool::Go, "1.23")) && found.contains(&one(Tool::Python, "3.12")));
    let found = needs("package.json", "{ \"packageManager\": \"pnpm@9.1.0+sha512.abc\" }");
    assert_eq!(found, [(Tool::Node, None), one(Tool::Pnpm, "9.1.0")]);
    let found = said(&[("package.json", "{}"), ("bun.lock", "")]);
    assert_eq!(found.needs.iter().map(|need| need.tool).collect::<Vec<_>>(), [Tool::Bun]);
    assert!(said(&[("package.json", "{ \"packageManager\": \"yarn@4.1.0\" }")]).missing[0].contains("Yarn"));
    let there = [("package.json", "{ \"packageManager\": \"yarn@4.1.0\" }"), (".yarnrc.yml", "yarnPath: .yarn/releases/yarn-4.cjs")];
    assert!(said(&there).missing.is_empty());
    let found = said(&[("pyproject.toml", "[project]\n"), ("uv.lock", "")]);
    assert_eq!(found.needs.iter().map(|need| need.tool).collect::<Vec<_>>(), [Tool::Python, Tool::Uv]);
    let wrapper = "distributionUrl=https\\://services.gradle.org/distributions/gradle-8.5-bin.zip\n";
    assert_eq!(said(&[("build.gradle", ""), ("gradle/wrapper/gradle-wrapper.properties", wrapper)]).gradle.as_deref(), Some("8.5"));
}

#[test]
fn words_that_reach_a_command_line_are_plain() {
    let text = "[toolchain]\nchannel = \"1.82\"\ncomponents = [\"clippy\", \"x; touch /tmp/y\", \"$(id)\", \"--path\"]\ntargets = [\"wasm32-wasip2\"]\n";
    let said = said(&[("rust-toolchain.toml", text)]);
    assert_eq!(said.fetched, ["rustup component add clippy", "rustup target add wasm32-wasip2"]);
    assert!(said.is_rust_pinned);
}

const NAMES: [&str; 19] = [
    ".config/mise.toml",
    ".nvmrc",
    ".python-version",
    ".ruby-version",
    ".tool-versions",
    "Cargo.toml",
    "Gemfile",
    "build.gradle",
    "composer.json",
    "global.json",
    "go.mod",
    "mise.toml",
    "mix.exs",
    "package.json",
    "pom.xml",
    "pyproject.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "setup.py",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_breaks_a_parser(text in prop_oneof![
        ".{0,200}",
        "[\\[\\]{}\"'<>/=:.,#@a-z0-9\n ]{0,300}",
        "(\\{\"(engines|packageManager|require|sdk)\": ?(\\{\"(node|php|version)\": ?\"[^\"]{0,20}\"\\}|\"[a-z@0-9.]{0,12}\")\\})",
        "\\[(toolchain|package|project|tools)\\]\n(channel|rust-version|requires-python|node) = \"[^\"\n]{0,30}\"",
    ]) {
        for name in NAMES {
            for need in said(&[(name, &text)]).needs {
                let release = need.tool.release(need.wanted.as_deref());
                let image = need.tool.image(&release, None);
                // Whatever a file says, an image is named by what images are named by.
                prop_assert!(image.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte)), "{image}");
                prop_assert!(image.len() < 120, "{image}");
            }
        }
    }
}
