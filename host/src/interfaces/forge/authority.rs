//! What a person ordered one run to merge. It stands in the settings that the run was begun with, which neither a project's
//! settings nor a component can write.

use serde_json::{Value, json};

/// What a person ordered a run, and all that it starts, to merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeAuthority {
    number: u64,
    into: String,
}

impl MergeAuthority {
    /// For a pull request that somebody who may ordered to be merged. Only the merge of a pull request calls this: nothing
    /// that is read from a request or a file becomes an authority.
    pub fn of_order(number: u64, into: &str) -> Self {
        Self { number, into: into.to_owned() }
    }

    /// The pull request.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The branch it goes into.
    pub fn into(&self) -> &str {
        &self.into
    }

    /// As it stands in the settings that a run was begun with.
    pub(in crate::interfaces) fn read(own: &Value) -> Option<Self> {
        let ordered = own.get("forge")?.get("ordered")?;
        Some(Self { number: ordered.get("number")?.as_u64()?, into: ordered.get("into")?.as_str()?.to_owned() })
    }

    /// The settings of the run that is to do it.
    pub(in crate::interfaces) fn settings(&self) -> Value {
        json!({ "forge": { "ordered": { "number": self.number, "into": self.into } } })
    }
}
