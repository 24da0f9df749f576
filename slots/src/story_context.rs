//! `story-context`: picks what a developer needs to know for a story.

use serde::{Deserialize, Serialize};

/// The story, and how much may be said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Key of the story or task in the backlog.
    pub key: String,
    /// Budget in tokens; the plugin's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
}

/// What was picked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// Everything, as sections a model can tell apart.
    pub text: String,
    /// Where it comes from, in the order of the text.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Estimate of the whole.
    #[serde(default)]
    pub tokens: usize,
}

/// Where a section comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Source {
    /// A path, or what it is.
    pub source: String,
    /// Estimate.
    #[serde(default)]
    pub tokens: usize,
    /// Only a part fitted.
    #[serde(default)]
    pub cut: bool,
}
