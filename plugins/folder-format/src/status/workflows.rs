//! The status of workflows: which are complete, and which is next.

use super::{StatusError, StatusFile};

/// The section with the workflows.
pub const SECTION: &str = "workflow_status";

/// Whether the value of a workflow says that it is complete: it is where its document lies.
pub fn is_complete(value: &str) -> bool {
    crate::conditions::is_path(value)
}

impl StatusFile {
    /// The first workflow that is neither complete nor skipped.
    pub fn next_workflow(&self) -> Option<&str> {
        self.entries(SECTION).into_iter().find(|entry| !is_complete(entry.value) && entry.value != "skipped").map(|entry| entry.key)
    }

    /// Marks a workflow as complete by its document.
    pub fn complete_workflow(&mut self, id: &str, document: &str) -> Result<bool, StatusError> {
        self.set(SECTION, id, document)
    }

    /// Marks a workflow as skipped.
    pub fn skip_workflow(&mut self, id: &str) -> Result<bool, StatusError> {
        self.set(SECTION, id, "skipped")
    }
}
