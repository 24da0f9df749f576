//! The story at work: found in the sprint's status by its own status, and moved in its file. Changes one line of the file and
//! nothing else.

use baton_folder_format::conditions::SprintItem;
use baton_folder_format::paths;
use baton_folder_format::plan::STORY_FILE;
use baton_sdk::prelude::*;

use crate::runner::Runner;

impl Runner<'_> {
    /// Takes the first story with a status. False: there is no sprint's status, so that the agent has to look for it.
    pub(crate) fn find_story(&mut self, status: &str) -> bool {
        let Some(file) = self.sprint_file() else { return false };
        let Some(key) = file.first_with(SprintItem::Story, &[status]).map(|entry| entry.key.to_owned()) else {
            self.remember(&format!("No story has the status `{status}`."));
            return true;
        };
        let mut parts = key.splitn(3, '-');
        let (epic, story, title) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        for (name, value) in [("story_key", key.as_str()), ("epic_num", epic), ("story_num", story), ("story_title", title)] {
            self.set(name, value);
        }
        self.remember(&format!("Baton found the story {key}, the first with the status `{status}`."));
        true
    }

    /// Sets the status of the story at work in its file. False: the file or the line does not exist, so that the agent has to.
    pub(crate) fn set_story_status(&mut self, value: &str) -> Result<bool> {
        let Some(path) = self.story_file() else { return Ok(false) };
        let Some(text) = files::read_text(&path).ok().and_then(|text| with_status(&text, value)) else { return Ok(false) };
        self.write_file(&path, &text)?;
        self.remember(&format!("Baton set the status of {path} to {value}."));
        Ok(true)
    }

    fn story_file(&self) -> Option<String> {
        let stated = self.value("story_path").filter(|path| path.ends_with(".md"));
        let path = self.fill(&stated.unwrap_or_else(|| STORY_FILE.to_owned()));
        paths::clean(&path).ok().filter(|path| !path.contains(['{', '}']))
    }
}

/// The text with another value in its first line `Status:`; bold marks and the end of the line stay. None: it has no such line.
fn with_status(text: &str, value: &str) -> Option<String> {
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        for mark in ["Status:", "**Status:**", "- Status:", "- **Status:**"] {
            if content == mark || content.strip_prefix(mark).is_some_and(|rest| rest.starts_with(' ')) {
                let (start, end) = (position + mark.len(), position + content.len());
                return Some(format!("{} {value}{}", &text[..start], &text[end..]));
            }
        }
        position += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::with_status;

    #[test]
    fn only_the_line_with_the_status_changes() {
        let text = "# Story\r\n\r\n**Status:** drafted\r\n\r\nStatus: of another thing\r\n";
        assert_eq!(with_status(text, "done"), Some(text.replace("drafted", "done")));
        assert_eq!(with_status("Status:", "done").as_deref(), Some("Status: done"));
        assert_eq!(with_status("The Status: x\nStatusx: y\n", "done"), None);
    }
}
