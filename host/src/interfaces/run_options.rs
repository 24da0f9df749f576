//! What may be chosen for one run and all that it starts. Widens nothing that a run may do, but by an authority that is a value of
//! its own.

use serde_json::{Value, json};

use super::forge::MergeAuthority;

/// What is chosen for one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The models to ask, instead of those that the settings name: each a provider/model or an alias, the first first. Empty
    /// for those of the settings.
    pub models: Vec<String>,
    /// What the run may merge.
    pub merge: Option<MergeAuthority>,
}

impl RunOptions {
    /// The settings that a run is begun with: the last layer over those of its user and its project.
    pub fn settings(&self) -> Value {
        let mut settings = self.merge.as_ref().map_or_else(|| json!({}), MergeAuthority::settings);
        match self.models.as_slice() {
            [] => {}
            [model] => settings["model"] = json!(model),
            models => settings["model"] = json!(models),
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_settings_and_nothing_where_nothing_is_chosen() {
        let of = |models: &[&str]| RunOptions { models: models.iter().map(ToString::to_string).collect(), merge: None }.settings();
        assert_eq!(of(&[]), json!({}));
        assert_eq!(of(&["fast"]), json!({ "model": "fast" }));
        assert_eq!(of(&["a/b", "c/d"]), json!({ "model": ["a/b", "c/d"] }));
        let merging = RunOptions { merge: Some(MergeAuthority::of_order(7, "main")), ..RunOptions::default() };
        assert_eq!(MergeAuthority::read(&merging.settings()), merging.merge);
    }
}
