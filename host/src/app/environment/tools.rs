//! What Baton knows of languages and their tools: which official images have them, which releases there are, and how one is
//! added to the image of another. A table; looks at no project.
//!
//! Releases as of 2025-12, from endoflife.date; images and tags from github.com/docker-library/official-images, that of uv
//! from docs.astral.sh, those of Bun and Deno from their own documentation.

use serde::{Deserialize, Serialize};

use super::{
    proposal::Step,
    versions::{format_version, least, newest, parse_requirement, plain},
};

/// A language, or a tool without which its projects are not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = EnvironmentTool)]
pub enum Tool {
    /// Java by Maven.
    Maven,
    /// Java by Gradle.
    Gradle,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// .NET.
    Dotnet,
    /// Elixir.
    Elixir,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Node.js.
    Node,
    /// Bun.
    Bun,
    /// Deno.
    Deno,
    /// Installs for Python.
    Uv,
    /// Installs for Python.
    Poetry,
    /// Installs for Node.js.
    Pnpm,
    /// Installs for PHP.
    Composer,
}

/// What is known of a tool.
struct About {
    name: &'static str,
    /// The newest last.
    releases: &'static [&'static str],
    /// The release for a project that wants none.
    usual: &'static str,
    /// Numbers in the name of a line of releases.
    numbers: usize,
    /// A command that says its version.
    command: &'static str,
}

impl Tool {
    /// For people.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// A line for the shell that says its version.
    pub fn command(self) -> &'static str {
        self.about().command
    }

    /// Whether projects are written in it; else it serves one of those.
    pub(super) fn is_language(self) -> bool {
        self <= Self::Deno
    }

    /// The release that fits a text of a project's file. None of it: the text wants what nobody knows, and the usual one is meant.
    pub(super) fn release(self, text: Option<&str>) -> String {
        let about = self.about();
        let Some(text) = text else { return about.usual.to_owned() };
        if let Some(named) = named_release(self, text) {
            return named.to_owned();
        }
        match parse_requirement(text) {
            None => about.usual.to_owned(),
            Some(super::versions::VersionRequirement::Exactly(version)) => self.exact(&version),
            Some(range) => match newest(about.releases, &range) {
                Some(release) => release.to_owned(),
                None => least(&range).map_or_else(|| about.usual.to_owned(), |version| format_version(version, about.numbers)),
            },
        }
    }

    fn exact(self, version: &[u64]) -> String {
        match self {
            // 1.8 is what Java called 8.
            Self::Maven | Self::Gradle => long_term(if version.first() == Some(&1) { version.get(1) } else { version.first() }),
            Self::Dotnet => format!("{}.0", version.first().copied().unwrap_or_default()),
            Self::Php => format_version(version, 2),
            _ => format_version(version, 3),
        }
    }

    /// Whether an image has it alone; else it is fetched into one.
    pub(super) fn has_image(self) -> bool {
        !matches!(self, Self::Poetry | Self::Pnpm)
    }

    /// The image that has this release, by its usual name. `detail`: of Gradle, its own version beside that of Java.
    pub(super) fn image(self, release: &str, detail: Option<&str>) -> String {
        match self {
            Self::Maven => format!("maven:3-eclipse-temurin-{release}"),
            Self::Gradle => match detail {
                Some(gradle) => format!("gradle:{gradle}-jdk{release}"),
                None => format!("gradle:jdk{release}"),
            },
            Self::Ruby => format!("ruby:{release}"),
            Self::Php => format!("php:{release}-cli"),
            Self::Dotnet => format!("mcr.microsoft.com/dotnet/sdk:{release}"),
            Self::Elixir => format!("elixir:{release}"),
            Self::Python | Self::Poetry => format!("python:{release}"),
            Self::Rust if release == NIGHTLY => "rustlang/rust:nightly".to_owned(),
            Self::Rust => format!("rust:{release}"),
            Self::Go => format!("golang:{release}"),
            Self::Node | Self::Pnpm => format!("node:{release}"),
            Self::Bun => format!("oven/bun:{release}"),
            Self::Deno => format!("denoland/deno:{release}"),
            Self::Uv => format!("ghcr.io/astral-sh/uv:{release}"),
            Self::Composer => format!("composer:{release}"),
        }
    }

    /// The steps that add this release to another image; none where that is not done.
    pub(super) fn added(self, release: &str) -> Option<Vec<Step>> {
        let copy = |from: &[&str], to: &str| Step::Copy {
            image: match self {
                // The image of the same version that holds nothing else.
                Self::Deno if release == self.about().usual => "denoland/deno:bin".to_owned(),
                Self::Deno => format!("denoland/deno:bin-{release}"),
                _ => self.image(release, None),
            },
            from: from.iter().map(|path| (*path).to_owned()).collect(),
            to: to.to_owned(),
        };
        let variables = |line: &str| Step::Variables { line: line.to_owned() };
        let run = |line: String, needs_network| Step::Run { line, needs_network };
        Some(match self {
            Self::Node => vec![
                copy(&["/usr/local/bin/node"], "/usr/local/bin/node"),
                copy(&["/usr/local/lib/node_modules"], "/usr/local/lib/node_modules"),
                run(
                    "ln -sf ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -sf ../lib/node_modules/npm/bin/npx-cli.js \
                     /usr/local/bin/npx"
                        .to_owned(),
                    false,
                ),
            ],
            Self::Go => vec![copy(&["/usr/local/go"], "/usr/local/go"), variables("PATH=/usr/local/go/bin:$PATH GOTOOLCHAIN=local")],
            Self::Rust => vec![
                copy(&["/usr/local/rustup"], "/usr/local/rustup"),
                copy(&["/usr/local/cargo"], "/usr/local/cargo"),
                variables("RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH"),
            ],
            Self::Bun => vec![copy(&["/usr/local/bin/bun"], "/usr/local/bin/bun")],
            Self::Deno => vec![copy(&["/deno"], "/usr/local/bin/deno")],
            Self::Uv => vec![copy(&["/uv", "/uvx"], "/usr/local/bin/"), variables("UV_PYTHON_DOWNLOADS=never")],
            Self::Composer => vec![copy(&["/usr/bin/composer"], "/usr/local/bin/composer")],
            Self::Poetry => vec![run(format!("pip install --no-cache-dir {}", at_version("poetry", "==", release)), true)],
            Self::Pnpm => vec![run(format!("npm install --global {}", at_version("pnpm", "@", release)), true)],
            Self::Maven | Self::Gradle | Self::Ruby | Self::Php | Self::Dotnet | Self::Elixir | Self::Python => return None,
        })
    }

    fn about(self) -> About {
        let about = |name, releases, usual, numbers, command| About { name, releases, usual, numbers, command };
        match self {
            Self::Maven => about("Java (Maven)", JAVA, "21", 1, "java -version 2>&1 | head -n 1; mvn -version | head -n 1"),
            Self::Gradle => about("Java (Gradle)", JAVA, "21", 1, "java -version 2>&1 | head -n 1; gradle --version | grep '^Gradle'"),
            Self::Ruby => about("Ruby", &["3.0", "3.1", "3.2", "3.3", "3.4"], "3.4", 2, "ruby --version"),
            Self::Php => about("PHP", &["7.4", "8.0", "8.1", "8.2", "8.3", "8.4"], "8.4", 2, "php --version | head -n 1"),
            Self::Dotnet => about(".NET", &["6.0", "8.0", "9.0", "10.0"], "8.0", 2, "dotnet --version"),
            Self::Elixir => about("Elixir", &["1.14", "1.15", "1.16", "1.17", "1.18"], "1.18", 2, "elixir --version | tail -n 1"),
            Self::Python => about("Python", &["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"], "3.13", 2, "python3 --version"),
            Self::Rust => about("Rust", &["1"], "1", 1, "rustc --version; cargo --version"),
            Self::Go => about("Go", &["1"], "1", 1, "go version"),
            Self::Node => about("Node.js", &["14", "16", "18", "20", "22", "24"], "24", 1, "node --version; npm --version"),
            Self::Bun => about("Bun", &["1"], "1", 1, "bun --version"),
            Self::Deno => about("Deno", &["1", "2"], "latest", 1, "deno --version | head -n 1"),
            Self::Uv => about("uv", &["latest"], "latest", 2, "uv --version"),
            Self::Poetry => about("Poetry", &["latest"], "latest", 2, "poetry --version"),
            Self::Pnpm => about("pnpm", &["latest"], "latest", 1, "pnpm --version"),
            Self::Composer => about("Composer", &["2"], "2", 1, "composer --version"),
        }
    }
}

/// Releases of Java that are supported for long, which are those that have images.
const JAVA: &[&str] = &["8", "11", "17", "21", "25"];
/// What a file calls the Rust of tonight.
const NIGHTLY: &str = "nightly";

/// The first release with long support that can build for a version of Java.
fn long_term(version: Option<&u64>) -> String {
    let version = version.copied().unwrap_or_default();
    let fits = |release: &&&str| release.parse::<u64>().is_ok_and(|release| release >= version);
    JAVA.iter().find(fits).map_or_else(|| version.to_string(), |release| (*release).to_owned())
}

/// Releases that are called by words.
fn named_release(tool: Tool, text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    match (tool, text.as_str()) {
        (Tool::Rust, "stable" | "beta") => Some("1"),
        (Tool::Rust, text) if text.starts_with(NIGHTLY) => Some(NIGHTLY),
        (Tool::Node, "lts/hydrogen") => Some("18"),
        (Tool::Node, "lts/iron") => Some("20"),
        (Tool::Node, "lts/jod") => Some("22"),
        (Tool::Node, "lts/krypton") => Some("24"),
        _ => None,
    }
}

/// A package at its version, where that is one.
fn at_version(package: &str, sign: &str, release: &str) -> String {
    match plain(release) {
        Some(version) => format!("{package}{sign}{}", format_version(&version, 3)),
        None => package.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_lead_to_images() {
        let image = |tool: Tool, text: Option<&str>| tool.image(&tool.release(text), None);
        for (tool, text, expected) in [
            (Tool::Python, Some(">=3.9,<3.13"), "python:3.12"),
            (Tool::Python, Some("3.12.4"), "python:3.12.4"),
            (Tool::Python, None, "python:3.13"),
            (Tool::Python, Some(">=3.15"), "python:3.15"),
            (Tool::Node, Some("lts/iron"), "node:20"),
            (Tool::Node, Some(">=18"), "node:24"),
            (Tool::Node, Some("v20.11.1"), "node:20.11.1"),
            (Tool::Node, Some("lts/*"), "node:24"),
            (Tool::Rust, Some("stable"), "rust:1"),
            (Tool::Rust, Some("1.82.0"), "rust:1.82.0"),
            (Tool::Rust, Some("nightly-2025-01-01"), "rustlang/rust:nightly"),
            (Tool::Maven, Some("1.8"), "maven:3-eclipse-temurin-8"),
            (Tool::Maven, Some("19"), "maven:3-eclipse-temurin-21"),
            (Tool::Gradle, Some("17"), "gradle:jdk17"),
            (Tool::Php, Some(">=8.1 <8.4"), "php:8.3-cli"),
            (Tool::Dotnet, Some("8.0.100"), "mcr.microsoft.com/dotnet/sdk:8.0"),
            (Tool::Ruby, Some("ghost"), "ruby:3.4"),
        ] {
            assert_eq!(image(tool, text), expected, "{text:?}");
        }
    }
}
