//! What the files of one folder say of the languages, tools and versions that they need. Reads text that others wrote; what
//! it does not understand says nothing.

mod javascript;
mod jvm;
mod languages;
mod managers;
#[cfg(test)]
mod tests;

use super::{
    files::{Files, join},
    tools::Tool,
};

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DeclaredNeeds {
    pub(super) needs: Vec<Need>,
    /// What no image will have, each a sentence.
    pub(super) missing: Vec<String>,
    /// Steps that only some projects need, as lines for the shell that fetch something.
    pub(super) fetched: Vec<String>,
    /// A file chooses the toolchain of Rust, which has to be the one that the image has.
    pub(super) is_rust_pinned: bool,
    /// The version of Gradle that its wrapper wants.
    pub(super) gradle: Option<String>,
}

/// A language or tool that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) tool: Tool,
    /// As the file has it; none where the file only shows that it is used.
    pub(super) wanted: Option<String>,
    pub(super) path: String,
}

/// A folder that is read.
pub(super) struct Folder<'a> {
    pub(super) files: &'a mut Files,
    pub(super) folder: &'a str,
    pub(super) said: DeclaredNeeds,
}

/// What the files of a folder say, the most certain first.
pub(super) fn of_folder(files: &mut Files, folder: &str) -> DeclaredNeeds {
    let mut folder = Folder { files, folder, said: DeclaredNeeds::default() };
    // What pins a version comes before what allows several.
    languages::rust_toolchain(&mut folder);
    languages::version_files(&mut folder);
    managers::read(&mut folder);
    languages::manifests(&mut folder);
    javascript::read(&mut folder);
    jvm::read(&mut folder);
    folder.said
}

impl Folder<'_> {
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let path = self.path(name);
        self.files.text(&path)
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.files.holds(&self.path(name))
    }

    pub(super) fn path(&self, name: &str) -> String {
        join(self.folder, name)
    }

    /// Notes a need. A wish that is no version is none.
    pub(super) fn need(&mut self, tool: Tool, wanted: Option<&str>, name: &str) {
        const LONGEST: usize = 100;
        let fits = |text: &&str| !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
        let wanted = wanted.map(str::trim).filter(fits).map(str::to_owned);
        let path = self.path(name);
        self.said.needs.push(Need { tool, wanted, path });
    }

    pub(super) fn miss(&mut self, sentence: String) {
        self.said.missing.push(sentence);
    }
}

/// The first line that is neither empty nor a comment.
pub(super) fn first_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What stands between two marks, where the second follows the first within a line or a few.
pub(super) fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    const LONGEST: usize = 200;
    let (_, rest) = text.split_once(begin)?;
    let (found, _) = rest.split_once(end)?;
    Some(found.trim()).filter(|found| !found.is_empty() && found.len() <= LONGEST)
}
