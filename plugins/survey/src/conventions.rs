//! What a project tells those who work on it: AGENTS.md, CLAUDE.md, CONTRIBUTING.md and the like. Takes them whole; who
//! shows them cuts them.

use baton_sdk::Result;

use crate::{Titled, project::Project, read};

/// In the order in which they are shown.
const WRITTEN: &[&str] = &[
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    ".github/copilot-instructions.md",
    ".cursorrules",
    "CONTRIBUTING.md",
    ".github/CONTRIBUTING.md",
    "docs/CONTRIBUTING.md",
    "docs/style.md",
    "docs/coding-standards.md",
    "docs/architecture/coding-standards.md",
    "STYLE.md",
];
/// Names that count for the folder they lie in.
const OF_FOLDERS: &[&str] = &["AGENTS.md", "CLAUDE.md"];
/// Folders with such files that are taken.
const MOST_OF_FOLDERS: usize = 4;

/// The conventions of the whole project, and those of the folders above the paths in `near`. Of files that say the same
/// the first is taken.
///
/// ```
/// # use baton_sdk::testing::Host;
/// # use baton_survey::{Project, conventions};
/// let host = Host::new().with_file("AGENTS.md", "Use tabs.").with_file("CLAUDE.md", "Use tabs.").with_file("web/AGENTS.md", "Use hooks.");
/// let found = host.inside(|| conventions(&Project::look()?, &["web/app/a.ts".to_owned()])).unwrap();
/// let titles: Vec<_> = found.iter().map(|found| found.title.as_str()).collect();
/// assert_eq!(titles, ["AGENTS.md", "web/AGENTS.md"]);
/// ```
pub fn conventions(project: &Project, near: &[String]) -> Result<Vec<Titled>> {
    // Names that begin with a dot are not among the files of a project.
    let known = WRITTEN.iter().filter(|path| path.starts_with('.') || project.has(path)).map(|path| (*path).to_owned());
    let mut found = Vec::<Titled>::new();
    for path in known.chain(of_folders(project, near)) {
        let Some(text) = read(&path)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { continue };
        if found.iter().all(|known| known.text != text) {
            found.push(Titled { title: path, text });
        }
    }
    Ok(found)
}

fn of_folders(project: &Project, near: &[String]) -> Vec<String> {
    let is_above = |folder: &str| near.iter().any(|path| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
    let below_root = project.files().iter().filter_map(|entry| {
        let (folder, name) = entry.path.rsplit_once('/')?;
        (OF_FOLDERS.contains(&name) && is_above(folder)).then(|| entry.path.clone())
    });
    below_root.take(MOST_OF_FOLDERS).collect()
}
