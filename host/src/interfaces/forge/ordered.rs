//! The pull request that a person ordered one run to merge. It stands in the settings the run was begun with, which neither a
//! project's settings nor a component can write.

use serde_json::{Value, json};

/// What a person ordered a run, and all that it starts, to merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The pull request.
    pub number: u64,
    /// The branch it goes into.
    pub into: String,
}

impl Ordered {
    /// As it stands in the settings that a run was begun with.
    pub fn read(own: &Value) -> Option<Self> {
        let ordered = own.get("forge")?.get("ordered")?;
        Some(Self { number: ordered.get("number")?.as_u64()?, into: ordered.get("into")?.as_str()?.to_owned() })
    }

    /// The settings of the run that is to do it.
    pub fn settings(&self) -> Value {
        json!({ "forge": { "ordered": { "number": self.number, "into": self.into } } })
    }
}
