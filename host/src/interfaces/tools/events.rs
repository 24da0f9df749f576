//! What is told of tools. Calls none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{events, interfaces::toolboxes::Form, journal::CapabilityName};

/// A tool was called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Called {
    /// The tool.
    pub(crate) tool: String,
    /// Whether it did not do what it was asked.
    pub(crate) failed: bool,
}

/// An operator approved a tool that has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct FormApproved {
    /// The plugin that may use it.
    pub(crate) plugin: String,
    /// The tool.
    pub(crate) capability: CapabilityName,
    /// The form that was approved, in hashes.
    pub(crate) form: ToolForm,
}

/// The form of a tool in hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ToolForm {
    /// Of what the tool says it does.
    pub(crate) description: String,
    /// Of the schema of its arguments.
    pub(crate) parameters: String,
    /// Of what calling it does to the world.
    pub(crate) effects: String,
}

impl From<&Form> for ToolForm {
    fn from(form: &Form) -> Self {
        let Form { description, parameters, effects } = form.clone();
        Self { description, parameters, effects }
    }
}

events::payloads! {
    Called => Tool "called" Info,
    FormApproved => Audit "approved" Info,
}
