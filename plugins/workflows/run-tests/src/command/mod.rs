//! Which command tests a project: the caller's, the operator's, or what the files in its root suggest. Runs nothing.

mod javascript;
mod languages;
mod root;
#[cfg(test)]
mod tests;

use baton_sdk::{Result, settings};

use root::Root;

/// What suggests a command. The first that finds what it looks for is taken: what a project wrote for this purpose comes
/// before what its language usually has.
const SUGGESTIONS: &[fn(&Root) -> Option<String>] = &[
    own_script,
    languages::make,
    languages::just,
    languages::rust,
    javascript::suggested,
    languages::go,
    languages::python,
    languages::maven,
    languages::gradle,
    languages::dotnet,
    languages::ruby,
    languages::php,
    languages::cmake,
    languages::others,
];

/// A line for the shell, if one is known.
pub(crate) fn of(given: Option<String>) -> Result<Option<String>> {
    if given.is_some() {
        return Ok(given);
    }
    if let Some(set) = setting("test.command")? {
        return Ok(Some(set));
    }
    let root = Root::read()?;
    Ok(SUGGESTIONS.iter().find_map(|suggested| suggested(&root)))
}

/// A quicker line than the whole of the tests, if the operator names one.
pub(crate) fn quick() -> Result<Option<String>> {
    setting("test.quick")
}

fn setting(key: &str) -> Result<Option<String>> {
    Ok(settings::get::<String>(key)?.filter(|command| !command.trim().is_empty()))
}

fn own_script(root: &Root) -> Option<String> {
    ["tests/run.sh", "tests/run", "test.sh"].into_iter().find(|path| root.text(path).is_some()).map(|path| format!("sh {path}"))
}
