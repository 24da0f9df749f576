//! Stories that the list of epics names: `### Story 2.1: Title`, or `- **2-1-title** Title`. Stories are not read from the list,
//! and one that has no file is reported.

use std::collections::{BTreeSet, HashSet};

use super::{flatten_heading, naming::plain};
use crate::interfaces::backlog::{check_key, documents::findings::Flaw};

/// A story that a line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Mentioned {
    /// Its key, or the numbers with which that begins, such as `2-1`.
    begins: String,
    line: usize,
    shown: String,
}

impl Mentioned {
    /// Whether one of these keys is that of the story.
    pub(in super::super) fn is_among(&self, keys: &BTreeSet<String>) -> bool {
        // No character of a key comes before the dash, so the first that does not come before is the one.
        keys.range(self.begins.clone()..)
            .next()
            .is_some_and(|key| key.strip_prefix(self.begins.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    }

    /// What is said of one that is in no file of its own.
    pub(in super::super) fn missing(&self) -> Flaw {
        let Self { begins, line, shown } = self;
        Flaw::at(
            *line,
            format!(
                "The story `{shown}` is not imported from here; write it to docs/stories/{begins}.md, or to a file whose name begins so."
            ),
        )
    }
}

/// Recognises stories by the epics that the list has.
pub(super) struct Entries<'a> {
    pub(super) epics: &'a BTreeSet<String>,
}

impl Entries<'_> {
    /// The stories that lines name, each once.
    pub(super) fn all<'b>(&self, lines: impl Iterator<Item = (usize, &'b str)>) -> Vec<Mentioned> {
        let mut known = HashSet::new();
        lines.filter_map(|(line, written)| self.mentioned(line, written)).filter(|story| known.insert(story.begins.clone())).collect()
    }

    /// The story that a line names as its heading or as an entry of a list.
    fn mentioned(&self, line: usize, written: &str) -> Option<Mentioned> {
        let begins = in_heading(written).or_else(|| self.key(written).map(str::to_owned))?;
        Some(Mentioned { begins, line, shown: flatten_heading(written) })
    }

    /// The key of the story that an entry of a list names: it begins with two numbers, or with the key of an epic.
    pub(super) fn key<'b>(&self, written: &'b str) -> Option<&'b str> {
        let entry = written.trim_start().strip_prefix(['-', '*', '+'])?.trim_start();
        let (key, _) = entry.strip_prefix("**")?.split_once("**")?;
        let is_of_an_epic = || key.match_indices('-').any(|(end, _)| self.epics.contains(&key[..end]));
        (check_key(key).is_ok() && (numbers(key).is_some() || is_of_an_epic())).then_some(key)
    }
}

fn in_heading(written: &str) -> Option<String> {
    let trimmed = written.trim_start();
    if !trimmed.starts_with('#') && !trimmed.starts_with("**") {
        return None;
    }
    let text = plain(trimmed.trim_start_matches('#')).to_lowercase();
    let rest = text.trim_start_matches(|character: char| !character.is_alphanumeric()).strip_prefix("story")?;
    numbers(rest.trim_start_matches([' ', '#', ':']))
}

/// Two numbers, as `2.1` or `2-1`.
fn numbers(text: &str) -> Option<String> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let rest = text[end..].strip_prefix(['.', '-'])?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    (end > 0 && digits > 0).then(|| format!("{}-{}", &text[..end], &rest[..digits]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_known_by_its_heading_or_its_entry() {
        let epics = BTreeSet::from(["auth".to_owned(), "user-auth".to_owned()]);
        let entries = Entries { epics: &epics };
        for (line, begins) in [
            ("### Story 2.1: Colours", Some("2-1")),
            ("## **Story 2-1** Colours", Some("2-1")),
            ("#### story 12.3", Some("12-3")),
            ("**Story 2.1: Colours**", Some("2-1")),
            ("- **1-1-cache** Add a cache", Some("1-1-cache")),
            ("  + **auth-1-login** Log in", Some("auth-1-login")),
            ("* **auth-login**: Log in", Some("auth-login")),
            ("- **user-auth-2-x** X", Some("user-auth-2-x")),
            ("- **utf-8** only", None),
            ("- **auth** itself", None),
            ("- **auth-** nothing", None),
            ("- **Auth-1** no key", None),
            ("### Stories", None),
            ("### Story of my life", None),
            ("### Story 2: Two", None),
            ("As told in Story 2.1, it is blue.", None),
            ("- **Note** of it", None),
            ("- **2** things", None),
        ] {
            assert_eq!(entries.mentioned(1, line).map(|story| story.begins).as_deref(), begins, "{line}");
        }
        let story = entries.mentioned(7, "### Story 2.1: Colours").unwrap();
        let among = |keys: &[&str]| story.is_among(&keys.iter().map(|key| (*key).to_owned()).collect());
        assert!(among(&["2-1"]) && among(&["2", "2-1-colours", "2-10"]) && !among(&["2-10-x", "12-1", "2"]) && !among(&[]));
    }
}
