//! Which command tests a project: the caller's, the operator's, or what lies in its root. Runs nothing.

use baton_sdk::{Result, files, settings};

/// What a file in the root suggests. The first that is there, and holds the text, is taken.
const SUGGESTED: &[(&str, &str, &str)] = &[
    ("tests/run.sh", "", "sh tests/run.sh"),
    ("tests/run", "", "sh tests/run"),
    ("test.sh", "", "sh test.sh"),
    ("Makefile", "\ntest:", "make test"),
    ("justfile", "\ntest", "just test"),
    ("Cargo.toml", "", "cargo test"),
    ("package.json", "\"test\"", "npm test"),
    ("go.mod", "", "go test ./..."),
    ("pyproject.toml", "", "python3 -m pytest"),
    ("setup.py", "", "python3 -m pytest"),
];

/// A line for the shell, if one is known.
pub(crate) fn of(given: Option<String>) -> Result<Option<String>> {
    if given.is_some() {
        return Ok(given);
    }
    if let Some(set) = settings::get::<String>("test.command")?.filter(|command| !command.trim().is_empty()) {
        return Ok(Some(set));
    }
    Ok(SUGGESTED.iter().find(|(path, text, _)| suggests(path, text)).map(|(_, _, command)| (*command).to_owned()))
}

/// A file that cannot be read suggests nothing.
fn suggests(path: &str, text: &str) -> bool {
    files::read_text(path).is_ok_and(|content| format!("\n{content}").contains(text))
}
