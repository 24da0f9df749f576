//! Status files: values that the folder sets are changed line by line, and epics follow their stories. Comments, order and line
//! ends stay as they are.

use baton_folder_format::paths;
use baton_folder_format::status::{StatusFile, sprint};
use baton_sdk::prelude::*;

use crate::runner::Runner;

/// What variables and tags of steps call the status of a sprint.
const SPRINT_STATUS: &str = "sprint-status";

impl Runner<'_> {
    /// Sets a value. False: the file or the key does not exist, or a name has no value, so that the agent has to do it.
    pub(crate) fn set_status(&mut self, section: &str, key: &str, value: &str) -> Result<bool> {
        let (key, value) = (self.fill(key), self.fill(value));
        if key.contains(['{', '}']) || value.contains(['{', '}']) {
            return Ok(false);
        }
        let value = if value.contains('/') { paths::clean(&value).unwrap_or(value) } else { value };
        let is_sprint = section == sprint::SECTION;
        let Some(path) = (if is_sprint { Some(self.sprint_path()) } else { self.workflow_path() }) else { return Ok(false) };
        let Ok(text) = files::read_text(&path) else { return Ok(false) };
        let Ok(mut file) = StatusFile::read(&text) else { return Ok(false) };
        if file.set(section, &key, &value).is_err() {
            return Ok(false);
        }
        if is_sprint {
            self.move_epics(&mut file);
        }
        self.write_status(&path, &text, &file)?;
        self.remember(&format!("Baton set {section}[{key}] = {value} in {path}."));
        Ok(true)
    }

    /// Lets epics follow what the agent wrote into the sprint's status, where the folder works on that.
    pub(crate) fn update_epics(&mut self) -> Result<()> {
        if !self.plan.variables.iter().any(|variable| variable.value.as_deref().is_some_and(|value| value.contains(SPRINT_STATUS)))
            && !self.plan.sheets.iter().flat_map(|sheet| sheet.all_steps()).any(|step| step.tag.as_deref() == Some(SPRINT_STATUS))
        {
            return Ok(());
        }
        let path = self.sprint_path();
        let Ok(text) = files::read_text(&path) else { return Ok(()) };
        let Ok(mut file) = StatusFile::read(&text) else { return Ok(()) };
        self.move_epics(&mut file);
        self.write_status(&path, &text, &file)
    }

    /// Writes a file that the agent was told to write. Of a status file that exists only the values change, and keys are
    /// added; a path that leaves the project, or that is not granted, is left out with a warning.
    pub(crate) fn write_for_agent(&mut self, path: &str, text: &str) -> Result<()> {
        let Ok(path) = paths::clean(&self.fill(path)) else {
            run::warn(&format!("`{path}` is not a path in the project; the file is not written."));
            return Ok(());
        };
        let text = if path.ends_with("sprint-status.yaml") { self.merge_status(&path, text) } else { text.to_owned() };
        match self.write_file(&path, &text) {
            Ok(()) => {}
            Err(error) if error.ends_the_run() => return Err(error),
            Err(error) => {
                run::warn(&format!("`{path}` is not written: {error}"));
                self.remember(&format!("The file {path} could not be written."));
            }
        }
        Ok(())
    }

    fn merge_status(&self, path: &str, text: &str) -> String {
        let merged = || {
            let mut file = StatusFile::read(&files::read_text(path).ok()?).ok()?;
            let new = StatusFile::read(text).ok()?;
            let mut before: Option<&str> = None;
            for entry in new.entries(sprint::SECTION) {
                let is_begun = |value: &str| sprint::rank(value).is_some_and(|rank| rank > 0);
                // Nothing that was begun returns to the backlog because a file was written as a whole.
                if sprint::rank(entry.value) == Some(0) && file.get(sprint::SECTION, entry.key).is_some_and(is_begun) {
                    before = Some(entry.key);
                    continue;
                }
                if file.set(sprint::SECTION, entry.key, entry.value).is_err() {
                    file.insert(sprint::SECTION, before, entry.key, entry.value).ok()?;
                }
                before = Some(entry.key);
            }
            Some(file)
        };
        let Some(mut file) = merged().or_else(|| StatusFile::read(text).ok()) else { return text.to_owned() };
        self.move_epics(&mut file);
        file.text()
    }

    fn move_epics(&self, file: &mut StatusFile) {
        if let Err(error) = file.update_epics() {
            run::warn(&format!("The epics stay as they are: {error}"));
        }
    }

    fn write_status(&mut self, path: &str, before: &str, file: &StatusFile) -> Result<()> {
        let text = file.text();
        if text == before { Ok(()) } else { self.write_file(path, &text) }
    }
}
