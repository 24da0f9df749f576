//! Python: by which runner and in which environment tests are run. Environments that are made at each run come last, since
//! they need the network.

use super::folder::Folder;

/// Files that say what a project depends on or how its tests are run.
const SETTINGS: &[&str] =
    &["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "requirements-dev.txt", "requirements.txt", "dev-requirements.txt", "Pipfile"];

pub(super) fn suggested(folder: &Folder) -> Option<String> {
    let environment = environment(folder);
    if folder.has("manage.py") {
        return Some(format!("{}manage.py test", python(environment)));
    }
    let by_pytest = folder.has_any(&["pytest.ini", "conftest.py"]) || folder.mentions(SETTINGS, "pytest");
    let sources = sources(folder, environment);
    if by_pytest {
        return Some(format!("{sources}{}", pytest(environment)));
    }
    if let Some(command) = unittest(folder) {
        return Some(format!("{sources}{}{command}", python(environment)));
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
    folder.has_any(&["pyproject.toml", "setup.py", "setup.cfg"]).then(|| format!("{sources}{}", pytest("")))
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
    let locked = known.iter().find(|(lock, _)| folder.has(lock)).map(|(_, before)| *before);
    // What the setup of a project with a list of requirements leaves.
    locked.unwrap_or_else(|| if folder.text(".venv/pyvenv.cfg").is_some() { MADE } else { "" })
}

/// Where the environment is that a setup made.
const MADE: &str = ".venv/bin/";

/// What is said before a command so that it finds sources below `src`, where nothing installs them or says that they are there.
fn sources(folder: &Folder, environment: &str) -> &'static str {
    let is_installed =
        !matches!(environment, "" | MADE) || folder.mentions(&["pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini"], "pythonpath");
    if !is_installed && !folder.has("__init__.py") && folder.finds("src/*/__init__.py") { "PYTHONPATH=src " } else { "" }
}

fn python(environment: &str) -> String {
    if environment.is_empty() { "python3 ".to_owned() } else { format!("{environment}python ") }
}

fn pytest(environment: &str) -> String {
    match environment {
        "" | MADE => format!("{}-m pytest", python(environment)),
        other => format!("{other}pytest"),
    }
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
