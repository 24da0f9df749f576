//! The files that say what a project is built with. Understands none of them.

use baton_sdk::Result;

use crate::{Titled, project::Project, read};

const NAMES: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Gemfile",
    "composer.json",
    "CMakeLists.txt",
    "Makefile",
    "justfile",
    "mix.exs",
    "deno.json",
    "pnpm-workspace.yaml",
    "go.work",
    "settings.gradle",
    "settings.gradle.kts",
    "tox.ini",
    "noxfile.py",
    "Pipfile",
    "meson.build",
    "Taskfile.yml",
    "Rakefile",
];
const ENDINGS: &[&str] = &[".csproj", ".fsproj", ".sln", ".slnx", ".gemspec"];
/// Manifests that are read, those nearest to the root first.
const MOST: usize = 8;

/// The manifests at the root and one folder below it.
///
/// ```
/// # use baton_sdk::testing::Host;
/// # use baton_survey::{Project, manifests};
/// let host = Host::new().with_file("web/package.json", "{}").with_file("Cargo.toml", "[package]").with_file("a/b/go.mod", "");
/// let found = host.inside(|| manifests(&Project::look()?)).unwrap();
/// assert_eq!(found.iter().map(|found| found.title.as_str()).collect::<Vec<_>>(), ["Cargo.toml", "web/package.json"]);
/// ```
pub fn manifests(project: &Project) -> Result<Vec<Titled>> {
    let mut paths: Vec<_> = project.files().iter().map(|entry| entry.path.as_str()).filter(|path| is_manifest(path)).collect();
    paths.sort_by_key(|path| path.matches('/').count());
    let mut found = Vec::new();
    for path in paths.into_iter().take(MOST) {
        if let Some(text) = read(path)? {
            found.push(Titled { title: path.to_owned(), text: text.trim().to_owned() });
        }
    }
    Ok(found)
}

fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.matches('/').count() < 2 && (NAMES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending)))
}
