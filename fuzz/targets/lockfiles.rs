//! Any text as each kind of lockfile and manifest, after any other. Changes within their bounds, whatever it is.
#![no_main]

use baton_dependencies::{File, Licences, MOST_CHANGES, changes, is_manifest};
use baton_fuzz::{soon, two};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 20] = [
    "Cargo.lock", "uv.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "requirements.txt", "Pipfile.lock", "go.sum",
    "go.mod", "Gemfile.lock", "composer.lock", "mix.lock", "gradle.lockfile", "packages.lock.json", "pom.xml", "gradle-wrapper.properties",
    "libs.versions.toml", "build.gradle", "settings.gradle.kts",
];

fuzz_target!(|text: &str| {
    let texts = two(text);
    for path in NAMES {
        let found = soon(|| changes(&[File { path, before: Some(texts.0), after: Some(texts.1) }]));
        assert!(found.dependencies.len() <= MOST_CHANGES);
        assert!(found.dependencies.iter().all(|dependency| !dependency.in_words().contains(char::is_control)), "{found:?}");
        // People write in a manifest what fetches nothing.
        let is_manifest = is_manifest(path) && path != "go.mod" || path.ends_with(".properties");
        let is_told = !found.dependencies.is_empty() || !found.unclear.is_empty();
        assert!(texts.0 == texts.1 || is_manifest || is_told, "a change is told");
        let _ = Licences::question(&found.dependencies);
    }
});
