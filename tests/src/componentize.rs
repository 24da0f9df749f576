//! The compilers of other languages, in the versions that a scaffold names. Each is installed once into a cache that all
//! tests share; where it cannot be, the tests say so and check nothing, but in CI they fail.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::node::skip_unless;

/// What a scaffold asks pip and npm for.
const SCAFFOLDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/scaffolds");

/// The folder with `componentize-py` and its Python: that of the program in `BATON_TEST_COMPONENTIZE_PY`, else one made
/// in `cache`.
pub fn python(cache: &Path) -> Option<PathBuf> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    if let Some(program) = env::var_os("BATON_TEST_COMPONENTIZE_PY").map(PathBuf::from) {
        assert!(program.is_file(), "BATON_TEST_COMPONENTIZE_PY names {}, which is no file", program.display());
        return program.parent().map(Path::to_owned);
    }
    let folder = cache.join("componentize-py");
    let programs = folder.join("bin");
    let install = || {
        let requirements = format!("{SCAFFOLDS}/python/all/requirements.txt");
        let made = || succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let filled = || succeeds(Command::new(programs.join("pip")).args(["install", "--quiet", "--requirement", &requirements]));
        programs.join("componentize-py").is_file() || made() && filled()
    };
    skip_unless(*INSTALLED.get_or_init(install), "componentize-py could not be installed with pip").then_some(programs)
}

/// The folder `node_modules` with componentize-js: that of the folder in `BATON_TEST_COMPONENTIZE_JS`, else one made in
/// `cache`.
pub fn javascript(cache: &Path) -> Option<PathBuf> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let given = env::var_os("BATON_TEST_COMPONENTIZE_JS").map(PathBuf::from);
    let folder = given.clone().unwrap_or_else(|| cache.join("componentize-js"));
    let modules = folder.join("node_modules");
    let there = modules.join("@bytecodealliance/componentize-js/package.json");
    if given.is_some() {
        assert!(there.is_file(), "BATON_TEST_COMPONENTIZE_JS names {}, which has no componentize-js", folder.display());
        return Some(modules);
    }
    let install = || {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(format!("{SCAFFOLDS}/javascript/all/package.json"), folder.join("package.json")).unwrap();
        let mut npm = Command::new("npm");
        there.is_file() || succeeds(npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder))
    };
    skip_unless(*INSTALLED.get_or_init(install), "componentize-js could not be installed with npm").then_some(modules)
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
