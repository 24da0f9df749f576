//! What the evaluator of conditions may look at while a folder runs: variables, answers, files and status files.

use baton_folder_format::conditions::{Facts, SprintItem};
use baton_folder_format::paths;
use baton_folder_format::status::{StatusFile, sprint, workflows};
use baton_sdk::prelude::*;

use crate::runner::Runner;

impl Facts for Runner<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.value(name)
    }

    fn last_answer(&self) -> Option<String> {
        self.last_answer.clone()
    }

    fn last_check(&self) -> Option<bool> {
        self.last_check
    }

    /// By its path, or by its name in the folder of documents.
    fn file_exists(&self, path: &str) -> Option<bool> {
        let path = paths::clean(&self.fill(path)).ok()?;
        let found = files::find(&path).ok()?;
        Some(!found.is_empty() || files::find(&format!("{}/{path}", self.output_folder())).is_ok_and(|found| !found.is_empty()))
    }

    fn has_status_file(&self) -> Option<bool> {
        files::find(&format!("{}/*workflow-status.yaml", self.output_folder())).ok().map(|found| !found.is_empty())
    }

    fn workflow_status(&self, id: &str) -> Option<String> {
        self.workflow_file()?.get(workflows::SECTION, id).map(str::to_owned)
    }

    fn next_workflow(&self) -> Option<String> {
        self.workflow_file()?.next_workflow().map(str::to_owned)
    }

    fn has_sprint_key(&self, what: SprintItem) -> Option<bool> {
        let key = self.item_key(what)?;
        Some(self.sprint_file()?.get(sprint::SECTION, &key).is_some())
    }

    fn sprint_status(&self, what: SprintItem) -> Option<String> {
        let key = self.item_key(what)?;
        self.sprint_file()?.get(sprint::SECTION, &key).map(str::to_owned)
    }

    fn sprint_statuses(&self, what: SprintItem) -> Option<Vec<String>> {
        Some(self.sprint_file()?.items(what).into_iter().map(|entry| entry.value.to_owned()).collect())
    }
}

impl Runner<'_> {
    /// Where the folder's documents lie.
    pub(crate) fn output_folder(&self) -> String {
        self.value("output_folder").and_then(|folder| paths::clean(&folder).ok()).unwrap_or_else(|| "docs".to_owned())
    }

    fn item_key(&self, what: SprintItem) -> Option<String> {
        match what {
            SprintItem::Story => self.value("story_key"),
            SprintItem::Epic => self.value("epic_id").or_else(|| self.value("epic_num")).map(|number| format!("epic-{number}")),
            SprintItem::Retrospective => self.value("epic_number").map(|number| format!("epic-{number}-retrospective")),
        }
    }

    /// The sprint's status: where the folder says, or among the documents.
    pub(crate) fn sprint_path(&self) -> String {
        let named = self.value("sprint_status").map(|path| self.fill(&path)).filter(|path| path.ends_with(".yaml"));
        let named = named.and_then(|path| paths::clean(&path).ok());
        named.unwrap_or_else(|| format!("{}/sprint-status.yaml", self.output_folder()))
    }

    /// The status of workflows, if there is one.
    pub(crate) fn workflow_path(&self) -> Option<String> {
        Some(files::find(&format!("{}/*workflow-status.yaml", self.output_folder())).ok()?.first()?.path.clone())
    }

    pub(crate) fn sprint_file(&self) -> Option<StatusFile> {
        StatusFile::read(&files::read_text(&self.sprint_path()).ok()?).ok()
    }

    fn workflow_file(&self) -> Option<StatusFile> {
        StatusFile::read(&files::read_text(&self.workflow_path()?).ok()?).ok()
    }
}
