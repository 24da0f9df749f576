//! Stories that the list of epics names: `### Story 2.1: Title`, or `- **2-1-title** Title`. The list is not where stories are
//! read from; whoever wrote one there alone is told so.

use std::collections::{BTreeSet, HashSet};

use super::{naming::plain, shown};
use crate::interfaces::backlog::documents::findings::Flaw;

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

/// The stories that lines name, each once.
pub(super) fn all<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Mentioned> {
    let mut known = HashSet::new();
    lines.filter_map(|(line, written)| mentioned(line, written)).filter(|story| known.insert(story.begins.clone())).collect()
}

/// The story that a line names as its heading or as an entry of a list.
fn mentioned(line: usize, written: &str) -> Option<Mentioned> {
    let begins = in_heading(written).or_else(|| in_list(written))?;
    Some(Mentioned { begins, line, shown: shown(written) })
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

fn in_list(written: &str) -> Option<String> {
    let entry = written.trim_start().strip_prefix(['-', '*', '+'])?.trim_start();
    let (key, _) = entry.strip_prefix("**")?.split_once("**")?;
    let is_key = key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (is_key && numbers(key).is_some()).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_known_by_its_heading_or_its_entry() {
        for (line, begins) in [
            ("### Story 2.1: Colours", Some("2-1")),
            ("## **Story 2-1** Colours", Some("2-1")),
            ("#### story 12.3", Some("12-3")),
            ("**Story 2.1: Colours**", Some("2-1")),
            ("- **1-1-cache** Add a cache", Some("1-1-cache")),
            ("### Stories", None),
            ("### Story of my life", None),
            ("### Story 2: Two", None),
            ("As told in Story 2.1, it is blue.", None),
            ("- **Note** of it", None),
            ("- **2** things", None),
        ] {
            assert_eq!(mentioned(1, line).map(|story| story.begins).as_deref(), begins, "{line}");
        }
        let story = mentioned(7, "### Story 2.1: Colours").unwrap();
        let among = |keys: &[&str]| story.is_among(&keys.iter().map(|key| (*key).to_owned()).collect());
        assert!(among(&["2-1"]) && among(&["2", "2-1-colours", "2-10"]) && !among(&["2-10-x", "12-1", "2"]) && !among(&[]));
    }
}
