//! Any text as each kind of lockfile, after any other. Changes within their bounds, whatever it is.
#![no_main]

use baton_dependencies::{File, Licences, MOST_CHANGES, changes};
use baton_fuzz::soon;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 14] = [
    "Cargo.lock", "uv.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "requirements.txt", "Pipfile.lock", "go.sum",
    "go.mod", "Gemfile.lock", "composer.lock", "mix.lock", "gradle.lockfile",
];

fuzz_target!(|texts: (&str, &str)| {
    for path in NAMES {
        let found = soon(|| changes(&[File { path, before: Some(texts.0), after: Some(texts.1) }]));
        assert!(found.dependencies.len() <= MOST_CHANGES);
        assert!(found.dependencies.iter().all(|dependency| !dependency.in_words().contains(char::is_control)), "{found:?}");
        assert!(texts.0 == texts.1 || !found.dependencies.is_empty() || !found.unclear.is_empty(), "a change is told");
        let _ = Licences::question(&found.dependencies);
    }
});
