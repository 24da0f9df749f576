//! `plan`: turns a brief into requirements, an architecture, tests and stories. No slot: it asks for what fills the roles.

use serde::{Deserialize, Serialize};

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Output {
    /// The product's.
    pub title: String,
    /// Paths of documents, in the order in which they were written.
    pub documents: Vec<String>,
    /// How many epics there are.
    pub epics: usize,
    /// How many stories there are.
    pub stories: usize,
    /// How many functional requirements there are.
    pub requirements: usize,
    /// Whether it is ready to be built.
    pub ready: bool,
    /// Keys of stories in the order in which they can be built; those of one wave at the same time.
    pub waves: Vec<Vec<String>>,
}
