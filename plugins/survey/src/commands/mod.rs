//! Which commands test a project: the caller's, the operator's, or what the files suggest, for the whole of it and for the
//! folders of a repository that holds several projects. Runs nothing, and reads no file for more than its form.

mod folder;
mod javascript;
mod languages;
mod nearest;
mod python;
mod scattered;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use baton_sdk::serde_json::Value;
use baton_sdk::{Error, Result, settings};

use folder::Folder;

type Suggestion = fn(&Folder) -> Option<String>;

/// What a project wrote for this purpose, which comes before what its language usually has. The first that finds what it
/// looks for is taken.
const OWN: &[Suggestion] = &[own_script, languages::make, languages::just, languages::task];
const USUAL: &[Suggestion] = &[
    languages::rust,
    javascript::suggested,
    languages::go,
    python::suggested,
    languages::maven,
    languages::gradle,
    languages::dotnet,
    languages::ruby,
    languages::php,
    languages::cmake,
    languages::others,
];
/// Folders that settings may name.
const MOST_FOLDERS: usize = 200;

/// How a project is tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCommands {
    /// The line for the shell that runs all tests, if one is known.
    pub whole: Option<String>,
    /// Whether it is what the language usually has. Where somebody gave, set or wrote it, files suggest nothing for parts.
    pub is_usual: bool,
    /// A quicker one, if the operator names it.
    pub quick: Option<String>,
    /// Lines for single folders that the operator names.
    pub folders: Vec<FolderCommands>,
}

/// How a folder of a project is tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderCommands {
    /// Its path in the workspace.
    pub folder: String,
    /// The line for the shell that runs its tests.
    pub command: Option<String>,
    /// A quicker one.
    pub quick: Option<String>,
}

impl TestCommands {
    /// The caller's command, else the setting `test.command`, else what the files suggest, and what settings say beside it.
    ///
    /// ```
    /// # use baton_sdk::testing::Host;
    /// # use baton_survey::TestCommands;
    /// assert_eq!(Host::new().inside(|| TestCommands::find(None)).map(|commands| commands.whole), Ok(None));
    /// let host = Host::new().with_file("tests/run.sh", "exit 0").with_setting("test.quick", "make quick");
    /// let commands = host.inside(|| TestCommands::find(None)).unwrap();
    /// assert_eq!((commands.whole.as_deref(), commands.quick.as_deref()), (Some("sh tests/run.sh"), Some("make quick")));
    /// ```
    pub fn find(given: Option<String>) -> Result<Self> {
        let set = match given {
            Some(given) => Some(given),
            None => setting("test.command")?,
        };
        let (whole, is_usual) = if set.is_some() { (set, false) } else { of_files()? };
        Ok(Self { whole, is_usual, quick: setting("test.quick")?, folders: folders()? })
    }

    /// The lines that test what changed, each once: those of the settings' folders that hold it, else the quick one, else
    /// what the nearest folder with a manifest suggests. None where a file needs the whole; documents and locked versions
    /// need nothing of their own.
    pub fn quick_for(&self, paths: &[String]) -> Result<Option<Vec<String>>> {
        let mut commands = Vec::new();
        let mut nearest = nearest::Nearest::default();
        for path in paths.iter().filter(|path| !is_beside(path)) {
            let set = self.folder_of(path).and_then(|folder| folder.quick.clone().or_else(|| folder.command.clone()));
            let command = match set.or_else(|| self.quick.clone()) {
                Some(command) => Some(command),
                None if self.is_usual => nearest.command(path)?,
                None => None,
            };
            let Some(command) = command else { return Ok(None) };
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
        let is_whole = self.whole.as_ref().is_some_and(|whole| commands.contains(whole));
        Ok(Some(commands).filter(|commands| !commands.is_empty() && !is_whole && commands.len() <= nearest::MOST_COMMANDS))
    }

    /// Whether a change may be tested by less than the whole.
    pub fn knows_parts(&self) -> bool {
        self.is_usual || self.quick.is_some() || !self.folders.is_empty()
    }

    /// The innermost folder of the settings that holds a file.
    fn folder_of(&self, path: &str) -> Option<&FolderCommands> {
        let holds = |folder: &&FolderCommands| path.strip_prefix(&folder.folder).is_some_and(|rest| rest.starts_with('/'));
        self.folders.iter().filter(holds).max_by_key(|folder| folder.folder.len())
    }
}

/// The line for the shell that runs all tests: the setting `test.command`, else what the files suggest.
pub fn test_command() -> Result<Option<String>> {
    match setting("test.command")? {
        Some(set) => Ok(Some(set)),
        None => of_files().map(|(command, _)| command),
    }
}

/// What the files suggest, and whether it is what the language usually has.
fn of_files() -> Result<(Option<String>, bool)> {
    let root = Folder::read("")?;
    let find = |suggestions: &[Suggestion]| suggestions.iter().find_map(|suggestion| suggestion(&root));
    if let Some(own) = find(OWN) {
        return Ok((Some(own), false));
    }
    let usual = find(USUAL);
    Ok((if usual.is_some() { usual } else { scattered::command()? }, true))
}

/// Lines that run several commands, all of them also where one fails, and end as the last one that failed.
pub fn joined(commands: &[String]) -> String {
    match commands {
        [only] => only.clone(),
        _ => {
            let each: String = commands.iter().map(|command| format!("({command}) || failed=$?; ")).collect();
            format!("failed=0; {each}exit $failed")
        }
    }
}

fn suggested(folder: &Folder) -> Option<String> {
    OWN.iter().chain(USUAL).find_map(|suggestion| suggestion(folder))
}

fn setting(key: &str) -> Result<Option<String>> {
    Ok(settings::get::<String>(key)?.filter(|command| !command.trim().is_empty()))
}

fn folders() -> Result<Vec<FolderCommands>> {
    let set: BTreeMap<String, Value> = settings::get("test.folders")?.unwrap_or_default();
    if set.len() > MOST_FOLDERS {
        return Err(Error::invalid(format!("`test.folders` names more than {MOST_FOLDERS} folders. Name those that hold a project.")));
    }
    set.iter().map(|(folder, set)| of_settings(folder, set)).collect()
}

fn of_settings(name: &str, set: &Value) -> Result<FolderCommands> {
    let wrong = |what: &str| {
        Err(Error::invalid(format!("The setting `test.folders.\"{}\"` {what}. Correct it and start the run again.", name.escape_debug())))
    };
    let folder = name.trim_start_matches("./").trim_end_matches('/');
    let is_path = !folder.is_empty() && !folder.starts_with('/') && folder.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !is_path {
        return wrong("does not name a folder of the project");
    }
    let Some(set) = set.as_object() else { return wrong("is not a table with `command` and `quick`") };
    if let Some(unknown) = set.keys().find(|key| !matches!(key.as_str(), "command" | "quick")) {
        return wrong(&format!("has `{}`, and may have `command` and `quick`", unknown.escape_debug()));
    }
    if set.values().any(|value| !value.is_string()) {
        return wrong("has a command that is not a string");
    }
    let line = |key: &str| set.get(key).and_then(Value::as_str).filter(|line| !line.trim().is_empty()).map(str::to_owned);
    Ok(FolderCommands { folder: folder.to_owned(), command: line("command"), quick: line("quick") })
}

/// Whether a file changes no part by itself.
fn is_beside(path: &str) -> bool {
    const ENDINGS: &[&str] = &[".md", ".rst", ".adoc", ".lock", "go.sum", "package-lock.json", "pnpm-lock.yaml"];
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn own_script(folder: &Folder) -> Option<String> {
    ["tests/run.sh", "tests/run", "test.sh"].into_iter().find(|path| folder.text(path).is_some()).map(|path| format!("sh {path}"))
}
