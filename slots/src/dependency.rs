//! A package that a change adds, removes or brings in another version, as lockfiles say.

use serde::{Deserialize, Serialize};

/// What changed of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Dependency {
    /// As its registry names it.
    pub name: String,
    /// What fetches it: `cargo`, `npm`, `python`, `go`, or another word.
    pub manager: String,
    /// The versions before. Empty: it is new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// The versions now. Empty: it is removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What the package says its licence is; empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// The lockfiles that say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// What versions do not say, such as another checksum of the same version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Dependency {
    /// Whether something is fetched that was not before.
    pub fn is_fetched(&self) -> bool {
        self.after.iter().any(|version| !self.before.contains(version)) || !self.note.is_empty()
    }

    /// In a line, such as ``adds `left-pad` 1.3.0 (npm, licence WTFPL)``.
    pub fn in_words(&self) -> String {
        let Self { name, manager, licence, note, .. } = self;
        let (before, after) = (self.before.join(", "), self.after.join(", "));
        let what = match (before.as_str(), after.as_str()) {
            _ if self.before.is_empty() => format!("adds `{name}` {after}"),
            _ if self.after.is_empty() => format!("removes `{name}` {before}"),
            (before, after) if before == after => format!("keeps `{name}` {after}"),
            (before, after) => format!("changes `{name}` from {before} to {after}"),
        };
        let licence = match (licence.is_empty(), self.after.is_empty()) {
            (false, _) => format!(", licence {licence}"),
            (true, true) => String::new(),
            (true, false) => ", licence not known".to_owned(),
        };
        let note = if note.is_empty() { String::new() } else { format!(": {note}") };
        format!("{} ({manager}{licence}){note}", what.trim_end())
    }
}
