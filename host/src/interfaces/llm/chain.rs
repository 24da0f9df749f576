//! Which models a request means, by what the operator set. Asks none of them.

use serde_json::Value;

use super::Preferences;
use crate::journal::{Pause, PauseKind};

/// Most models one request is taken to.
const LONGEST: usize = 8;

/// What is set under `models` for calls of which nobody knows whether they were charged.
const UNCERTAIN: &str = "uncertain";

/// Whether such a call pauses its run at once, rather than being made again and flagged.
pub(super) fn pauses_when_uncertain(preferences: &dyn Preferences) -> bool {
    preferences.models(&format!("models.{UNCERTAIN}")) == ["pause"]
}

/// Where settings about models hold what they cannot: the dotted key, what is wanted there, and what stands there.
pub fn misfit(settings: &Value) -> Option<(String, &'static str, String)> {
    if let Some(stream) = settings.get("models").and_then(|models| models.get("stream")).filter(|stream| !stream.is_boolean()) {
        return Some(("models.stream".to_owned(), "true or false", stream.to_string()));
    }
    let uncertain = settings.get("models").and_then(|models| models.get(UNCERTAIN));
    if let Some(wrong) = uncertain.filter(|word| word.as_str().is_none_or(|word| !["retry", "pause"].contains(&word))) {
        return Some((format!("models.{UNCERTAIN}"), "\"retry\" or \"pause\"", wrong.to_string()));
    }
    let named = |key: &str| settings.get(key).and_then(Value::as_object).into_iter().flatten();
    let aliases = named("models")
        .filter(|(alias, _)| !["stream", UNCERTAIN].contains(&alias.as_str()))
        .map(|(alias, value)| (format!("models.{alias}"), value));
    let plugins = named("plugins").filter_map(|(plugin, table)| Some((format!("plugins.{plugin}.model"), table.get("model")?)));
    let (key, value) = aliases.chain(plugins).find(|(_, value)| !names_models(value))?;
    Some((key.escape_debug().to_string(), "a provider/model, an alias, or a list of them", value.to_string()))
}

fn names_models(value: &Value) -> bool {
    let is_name = |value: &Value| value.as_str().is_some_and(|name| !name.trim().is_empty());
    is_name(value) || value.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(is_name))
}

/// The models to ask, one after the other until one answers: `provider/model` each, without repetition.
///
/// A name with a slash is a model; another is an alias, `models.ALIAS` in the settings. No name: the run's `model`, else
/// the plugin's `plugins.NAME.model`, else `models.default`. Each of these keys holds one name or a list of them.
pub(super) fn resolve(asked: Option<&str>, plugin: &str, preferences: &dyn Preferences) -> Result<Vec<String>, Pause> {
    let names = match asked {
        Some(name) => vec![name.to_owned()],
        None => {
            let keys = ["model".to_owned(), format!("plugins.{plugin}.model"), "models.default".to_owned()];
            keys.iter().map(|key| preferences.models(key)).find(|names| !names.is_empty()).unwrap_or_default()
        }
    };
    if names.is_empty() {
        return Err(unset(
            "No model is set. Set `models.default` in your settings, or give the run a model with --model provider/model.".to_owned(),
        ));
    }
    let mut models = Vec::new();
    for name in &names {
        expand(name, preferences, &mut Vec::new(), &mut models).map_err(|error| unset(format!("{error}, then resume the run.")))?;
    }
    models.truncate(LONGEST);
    Ok(models)
}

/// Why a name means no model: a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoModel {
    /// It is no alias either.
    #[error("`{0}` is not an alias for a model. Write provider/model, or set `models.{0}` in your settings")]
    Unknown(String),
    /// The alias means itself.
    #[error("`models.{0}` in baton.toml leads back to itself. Set it to a provider/model")]
    Circle(String),
}

/// The models that a name means, `provider/model` each.
pub fn named(name: &str, preferences: &dyn Preferences) -> Result<Vec<String>, NoModel> {
    let mut models = Vec::new();
    expand(name, preferences, &mut Vec::new(), &mut models)?;
    Ok(models)
}

/// Adds what a name means to `models`. `above` holds the aliases that led here.
fn expand(name: &str, preferences: &dyn Preferences, above: &mut Vec<String>, models: &mut Vec<String>) -> Result<(), NoModel> {
    if name.contains('/') {
        if !models.iter().any(|model| model == name) {
            models.push(name.to_owned());
        }
        return Ok(());
    }
    let shown = name.escape_debug();
    let names = preferences.models(&format!("models.{name}"));
    if names.is_empty() {
        return Err(NoModel::Unknown(shown.to_string()));
    }
    if above.iter().any(|alias| alias == name) {
        return Err(NoModel::Circle(shown.to_string()));
    }
    above.push(name.to_owned());
    for name in &names {
        expand(name, preferences, above, models)?;
    }
    above.pop();
    Ok(())
}

fn unset(reason: String) -> Pause {
    Pause::new(PauseKind::Provider, reason)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Set(BTreeMap<&'static str, Vec<&'static str>>);

    impl Preferences for Set {
        fn models(&self, key: &str) -> Vec<String> {
            self.0.get(key).into_iter().flatten().map(|name| (*name).to_owned()).collect()
        }
    }

    fn set(keys: &[(&'static str, &[&'static str])]) -> Set {
        Set(keys.iter().map(|(key, names)| (*key, names.to_vec())).collect())
    }

    fn resolved(asked: Option<&str>, keys: &[(&'static str, &[&'static str])]) -> Result<Vec<String>, String> {
        resolve(asked, "mary", &set(keys)).map_err(|pause| pause.reason)
    }

    #[test]
    fn the_nearest_setting_wins() {
        let all: &[(&str, &[&str])] = &[("model", &["run/x"]), ("plugins.mary.model", &["mary/x"]), ("models.default", &["all/x"])];
        assert_eq!(resolved(Some("asked/x"), all).unwrap(), ["asked/x"]);
        assert_eq!(resolved(None, all).unwrap(), ["run/x"]);
        assert_eq!(resolved(None, &all[1..]).unwrap(), ["mary/x"]);
        assert_eq!(resolved(None, &all[2..]).unwrap(), ["all/x"]);
        assert!(resolved(None, &[]).unwrap_err().starts_with("No model is set."));
    }

    #[test]
    fn aliases_stand_for_models_and_for_lists_wherever_they_are_named() {
        let keys: &[(&str, &[&str])] = &[
            ("model", &["fast", "b/y", "slow"]),
            ("models.fast", &["a/x", "b/y"]),
            ("models.slow", &["c/z", "fast"]),
            ("models.loop", &["d/d", "round"]),
            ("models.round", &["loop"]),
        ];
        assert_eq!(resolved(None, keys).unwrap(), ["a/x", "b/y", "c/z"]);
        assert_eq!(resolved(Some("slow"), keys).unwrap(), ["c/z", "a/x", "b/y"]);
        assert!(resolved(Some("loop"), keys).unwrap_err().contains("`models.loop` in baton.toml leads back to itself"));
        let unknown = resolved(Some("no\nsuch"), keys).unwrap_err();
        assert!(unknown.contains(r"`models.no\nsuch`"), "{unknown}");
    }

    #[test]
    fn what_cannot_name_a_model_is_found() {
        use serde_json::json;
        let found = |settings: Value| misfit(&settings);
        let good = json!({ "models": { "default": ["fast", "b/y"], "fast": "a/x", "stream": false }, "plugins": { "mary": { "model": "fast", "limits": {} }, "x": 5 } });
        assert_eq!(found(good), None);
        assert_eq!(found(json!({ "models": { "stream": "no" } })).unwrap().0, "models.stream");
        assert_eq!(found(json!({ "models": { "uncertain": "pause" } })), None);
        for wrong in [json!("stop"), json!(true), json!(["pause"]), json!(null)] {
            assert_eq!(found(json!({ "models": { "uncertain": wrong } })).unwrap().0, "models.uncertain");
        }
        for wrong in [json!(5), json!(""), json!(" "), json!([]), json!(["a/x", 3]), json!([""]), json!({ "fast": "a/x" }), json!(true)] {
            let (key, _, value) = found(json!({ "models": { "default": wrong } })).unwrap();
            assert_eq!((key.as_str(), value), ("models.default", wrong.to_string()));
            assert_eq!(found(json!({ "plugins": { "mary": { "model": wrong } } })).unwrap().0, "plugins.mary.model");
        }
    }

    #[test]
    fn a_chain_has_an_end() {
        let many: Vec<&'static str> = ["a/1", "a/2", "a/3", "a/4", "a/5", "a/6", "a/7", "a/8", "a/9"].to_vec();
        assert_eq!(resolved(None, &[("models.default", &many)]).unwrap().len(), 8);
    }
}
