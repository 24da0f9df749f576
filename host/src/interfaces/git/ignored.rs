//! Which files a person ignores in all of their repositories: reads the one setting that names a list, and the list.
//! Takes nothing else from a person's settings.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use super::{program::Program, repository::Repository};

/// Bytes of a list; what is longer is cut off at the last whole line.
const LONGEST: u64 = 256 << 10;

/// The patterns, a line each; none where there is no list that can be read.
pub(super) fn everywhere(program: &Program, repository: &Repository) -> String {
    let home = variable(program, "HOME");
    let named = repository.setting("core.excludesfile").map(|path| at(path, home.as_deref(), &repository.folder));
    let list = named.or_else(|| set_for_all(program)).or_else(|| usual(program, home.as_deref()));
    list.and_then(|list| read(&list)).unwrap_or_default()
}

/// The line that ignores one folder of a checkout; none where no line can.
pub(super) fn pattern(folder: &str) -> String {
    if folder.contains(['\n', '\r', '\0']) {
        return String::new();
    }
    let escaped =
        folder.chars().flat_map(|letter| matches!(letter, '\\' | '*' | '?' | '[' | ' ').then_some('\\').into_iter().chain([letter]));
    format!("/{}/\n", escaped.collect::<String>())
}

/// A path as the repository's configuration has it.
fn at(path: &str, home: Option<&Path>, folder: &Path) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => home.join(below),
        _ => folder.join(path),
    }
}

/// What the person's own configuration names. Reading it starts nothing.
fn set_for_all(program: &Program) -> Option<PathBuf> {
    let call = program.call(["config", "--global", "--includes", "--type=path", "--get", "core.excludesFile"]);
    let path = call.by_the_persons_settings(program).text().ok()?;
    Some(PathBuf::from(path)).filter(|path| path.is_absolute())
}

/// Where git looks when nothing names a list.
fn usual(program: &Program, home: Option<&Path>) -> Option<PathBuf> {
    let set = variable(program, "XDG_CONFIG_HOME").filter(|path| !path.as_os_str().is_empty());
    let settings = set.or_else(|| home.map(|home| home.join(".config")))?;
    Some(settings.join("git/ignore"))
}

fn variable(program: &Program, name: &str) -> Option<PathBuf> {
    program.person.iter().find(|(known, _)| known == name).map(|(_, value)| PathBuf::from(value))
}

fn read(list: &Path) -> Option<String> {
    // A pipe would be waited for.
    let file = fs::metadata(list).ok().filter(fs::Metadata::is_file).and_then(|_| fs::File::open(list).ok())?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let whole = if text.len() as u64 == LONGEST { text.rfind('\n').map_or(0, |end| end + 1) } else { text.len() };
    Some(format!("{}\n", text[..whole].trim_end_matches('\n')))
}
