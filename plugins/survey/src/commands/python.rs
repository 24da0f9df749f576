//! Python: by which runner and in which environment tests are run. Environments that are made at each run come last, since
//! they need the network.

use super::folder::Folder;

/// Files that say what a project depends on or how its tests are run.
const SETTINGS: &[&str] =
    &["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "requirements-dev.txt", "requirements.txt", "dev-requirements.txt", "Pipfile"];

pub(super) fn suggested(folder: &Folder) -> Option<String> {
    if folder.has("manage.py") {
        return Some(format!("{}manage.py test", python(environment(folder))));
    }
    let environment = environment(folder);
    let by_pytest = folder.has_any(&["pytest.ini", "conftest.py"]) || folder.mentions(SETTINGS, "pytest");
    if by_pytest {
        return Some(pytest(environment));
    }
    if let Some(command) = unittest(folder) {
        return Some(format!("{}{command}", python(environment)));
    }
    if !environment.is_empty() {
        return Some(pytest(environment));
    }
    if folder.has("tox.ini") {
        return Some("tox".to_owned());
    }
    if folder.has("noxfile.py") {
        return Some("nox".to_owned());
    }
    if folder.mentions(&["pyproject.toml"], "[tool.hatch.envs") {
        return Some("hatch test".to_owned());
    }
    folder.has_any(&["pyproject.toml", "setup.py", "setup.cfg"]).then(|| pytest(""))
}

/// A package whose environment is that of the root.
pub(super) fn in_workspace_of(root: &Folder, own: &Folder) -> Option<String> {
    let outer = environment(root);
    if outer.is_empty() || !environment(own).is_empty() || !own.has_any(&["pyproject.toml", "setup.py"]) {
        return None;
    }
    Some(match unittest(own) {
        Some(command) if !own.mentions(SETTINGS, "pytest") => format!("{}{command}", python(outer)),
        _ => pytest(outer),
    })
}

/// What stands before a program of the project's environment.
fn environment(folder: &Folder) -> &'static str {
    let known = [("uv.lock", "uv run "), ("poetry.lock", "poetry run "), ("pdm.lock", "pdm run "), ("Pipfile.lock", "pipenv run ")];
    known.iter().find(|(lock, _)| folder.has(lock)).map_or("", |(_, before)| before)
}

fn python(environment: &str) -> String {
    if environment.is_empty() { "python3 ".to_owned() } else { format!("{environment}python ") }
}

fn pytest(environment: &str) -> String {
    if environment.is_empty() { "python3 -m pytest".to_owned() } else { format!("{environment}pytest") }
}

/// Where tests are written for the runner that Python has.
fn unittest(folder: &Folder) -> Option<&'static str> {
    const USES: &str = "^(import unittest|from unittest)";
    if folder.has_match("^(import|from) pytest", "**/*.py") {
        return None;
    }
    let places =
        [("tests", "tests/**/test*.py", "-m unittest discover -s tests"), ("test", "test/**/test*.py", "-m unittest discover -s test")];
    let below = places.iter().find(|(name, glob, _)| folder.has(name) && folder.has_match(USES, glob));
    below.map(|(.., command)| *command).or_else(|| folder.has_match(USES, "test*.py").then_some("-m unittest discover"))
}
