//! What models can do: from a table with source and date, and from the operator over it. Of a model that is in neither the
//! figures are cautious. Asks no provider.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Effort,
    versions::{self, Table},
};
use crate::{errors::Hint, rules::mismatch};

const TABLE: &str = include_str!("table.toml");
/// Stands for every other name of a provider.
const OTHERS: &str = "*";

/// The figures of a model that Baton does not know: small models that run on one machine have as much.
const UNKNOWN_WINDOW: u32 = 16_384;
const UNKNOWN_REPLY: u32 = 4_096;

/// The smallest window that holds the instructions of an agent, and more tokens than any model takes.
const WINDOWS: std::ops::RangeInclusive<u32> = 1_024..=100_000_000;
/// A shorter reply holds no answer.
const SHORTEST_REPLY: u32 = 64;

/// What one model can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAbilities {
    /// Tokens of a request and its reply together.
    pub window_tokens: u32,
    /// Tokens of the longest reply, reasoning included.
    pub max_output_tokens: u32,
    /// It calls tools.
    pub tools: bool,
    /// The provider holds a reply to a schema; none where that is not known.
    pub reply_schema: Option<bool>,
    /// It takes a temperature.
    pub temperature: bool,
    /// How long it may be told to reason; none where it does not take that.
    pub effort: Vec<Effort>,
    /// The provider keeps the beginning of a conversation, where it is marked.
    pub prompt_cache: bool,
    /// Baton or its operator knows the model's longest reply. What is only cautious is not held against a request.
    pub is_known: bool,
}

/// What the operator, or the table, says of a model. What it leaves out is as it would be without it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    window_tokens: Option<u32>,
    max_output_tokens: Option<u32>,
    tools: Option<bool>,
    reply_schema: Option<bool>,
    temperature: Option<bool>,
    effort: Option<Vec<Effort>>,
    prompt_cache: Option<bool>,
}

/// What the operator says that a model takes, which goes before what it said itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnWord {
    /// It takes a temperature.
    pub temperature: bool,
    /// It takes some effort.
    pub effort: bool,
    /// It takes a reply schema.
    pub reply_schema: bool,
    /// Its longest reply is set.
    pub max_output_tokens: bool,
}

/// Why the operator's entry was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`abilities.\"{model}\"` in the user's baton.toml does not say what a model can do: {reason}.")]
pub struct AbilityError {
    /// The model as it stands there.
    pub model: String,
    /// What is wrong.
    pub reason: String,
}

impl Hint for AbilityError {
    fn hint(&self) -> Option<String> {
        Some("Write { window-tokens = 32768, max-output-tokens = 8192 }.".to_owned())
    }
}

/// What all models can do. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Abilities(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    table: Table<Entry>,
    /// The operator's, by whole name.
    own: BTreeMap<String, Entry>,
}

impl Default for ModelAbilities {
    /// Those of a model that Baton does not know. It is offered tools, since an agent can do nothing without.
    fn default() -> Self {
        Self {
            window_tokens: UNKNOWN_WINDOW,
            max_output_tokens: UNKNOWN_REPLY,
            tools: true,
            reply_schema: None,
            temperature: true,
            effort: vec![Effort::Low, Effort::Medium, Effort::High],
            prompt_cache: true,
            is_known: false,
        }
    }
}

impl ModelAbilities {
    /// The least of both.
    pub fn and(self, other: &Self) -> Self {
        Self {
            window_tokens: self.window_tokens.min(other.window_tokens),
            max_output_tokens: self.max_output_tokens.min(other.max_output_tokens),
            tools: self.tools && other.tools,
            reply_schema: match (self.reply_schema, other.reply_schema) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (one, other) => one.and(other),
            },
            temperature: self.temperature && other.temperature,
            effort: self.effort.into_iter().filter(|effort| other.effort.contains(effort)).collect(),
            prompt_cache: self.prompt_cache && other.prompt_cache,
            is_known: self.is_known && other.is_known,
        }
    }

    fn with(self, entry: &Entry) -> Self {
        let window_tokens = entry.window_tokens.unwrap_or(self.window_tokens);
        Self {
            window_tokens,
            // A small window holds no reply as long as that of a large one.
            max_output_tokens: entry.max_output_tokens.unwrap_or_else(|| self.max_output_tokens.min(window_tokens / 2)),
            tools: entry.tools.unwrap_or(self.tools),
            reply_schema: entry.reply_schema.or(self.reply_schema),
            temperature: entry.temperature.unwrap_or(self.temperature),
            effort: entry.effort.clone().unwrap_or(self.effort),
            prompt_cache: entry.prompt_cache.unwrap_or(self.prompt_cache),
            is_known: self.is_known || entry.max_output_tokens.is_some(),
        }
    }
}

impl Abilities {
    /// The table, with the operator's entries over it: an object by `provider/model`.
    pub fn new(own: Option<&Value>) -> Result<Self, AbilityError> {
        let table = Table::read(TABLE).map_err(|reason| AbilityError { model: OTHERS.to_owned(), reason })?;
        let own = own.and_then(Value::as_object).into_iter().flatten().map(|(model, entry)| Ok((model.clone(), read(model, entry)?)));
        Ok(Self(Arc::new(Known { table, own: own.collect::<Result<_, _>>()? })))
    }

    /// What a `provider/model` can do.
    pub fn of(&self, model: &str) -> ModelAbilities {
        let known = self.of_table(model).unwrap_or_default();
        self.0.own.get(model).map_or_else(|| known.clone(), |entry| known.clone().with(entry))
    }

    /// What the operator says that a `provider/model` takes.
    pub fn said_of(&self, model: &str) -> OwnWord {
        let Some(entry) = self.0.own.get(model) else { return OwnWord::default() };
        OwnWord {
            temperature: entry.temperature == Some(true),
            effort: entry.effort.as_ref().is_some_and(|effort| !effort.is_empty()),
            reply_schema: entry.reply_schema == Some(true),
            max_output_tokens: entry.max_output_tokens.is_some(),
        }
    }

    /// Where the table's facts come from, and when they were taken.
    pub fn provenance(&self) -> String {
        self.0.table.provenance()
    }

    fn of_table(&self, model: &str) -> Option<ModelAbilities> {
        let (provider, name) = model.split_once('/')?;
        let models = self.0.table.providers.get(provider)?;
        let named = versions::longest(models, name).filter(|_| name != OTHERS);
        let entry = named.or_else(|| models.get(OTHERS))?;
        // The table leaves out what nearly all models of these providers can do.
        let abilities = ModelAbilities { reply_schema: Some(true), ..ModelAbilities::default() }.with(entry);
        Some(ModelAbilities { is_known: named.is_some(), ..abilities })
    }
}

fn read(model: &str, entry: &Value) -> Result<Entry, AbilityError> {
    let wrong = |reason: String| AbilityError { model: model.escape_debug().to_string(), reason };
    if !model.contains('/') {
        return Err(wrong("its name has to be provider/model".to_owned()));
    }
    let entry: Entry = serde_json::from_value(entry.clone()).map_err(|error| wrong(mismatch::describe(&error)))?;
    if let Some(window) = entry.window_tokens.filter(|window| !WINDOWS.contains(window)) {
        let (least, most) = (WINDOWS.start(), WINDOWS.end());
        return Err(wrong(format!("a window of {window} tokens is not between {least} and {most}")));
    }
    let window = entry.window_tokens.unwrap_or(*WINDOWS.end());
    match entry.max_output_tokens.filter(|tokens| !(SHORTEST_REPLY..=window).contains(tokens)) {
        Some(tokens) => Err(wrong(format!("a longest reply of {tokens} tokens is not between {SHORTEST_REPLY} and the window"))),
        None => Ok(entry),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn figures(model: &str) -> (u32, u32) {
        let abilities = Abilities::new(None).unwrap().of(model);
        (abilities.window_tokens, abilities.max_output_tokens)
    }

    #[test]
    fn the_table_knows_versions_and_every_other_name_of_its_providers() {
        assert_eq!(figures("anthropic/claude-sonnet-4-5-20250929"), (200_000, 64_000));
        assert_eq!(figures("anthropic/claude-opus-4-20250514"), (200_000, 32_000));
        assert_eq!(figures("anthropic/claude-opus-9"), (200_000, 32_000));
        assert_eq!(figures("openai/gpt-5-mini-2025-08-07"), (272_000, 128_000));
        assert_eq!(figures("gemini/gemini-9"), (131_072, 8_192));
        assert_eq!(figures("script/a.yaml"), (200_000, 64_000));
        for unknown in ["lab/gpt-5", "ollama/qwen3", "gpt-5", "", "/"] {
            assert_eq!(figures(unknown), (UNKNOWN_WINDOW, UNKNOWN_REPLY), "{unknown}");
            assert!(!Abilities::new(None).unwrap().of(unknown).is_known);
        }
        assert!(Abilities::new(None).unwrap().provenance().contains("2026-11-21"));
    }

    #[test]
    fn every_entry_of_the_table_makes_sense() {
        let table = Table::<Entry>::read(TABLE).unwrap();
        for (provider, models) in &table.providers {
            assert!(models.contains_key(OTHERS), "{provider}");
            for (model, entry) in models {
                let (Some(window), Some(reply)) = (entry.window_tokens, entry.max_output_tokens) else { panic!("{model} lacks a figure") };
                assert!(reply < window && window <= 2_000_000, "{model}");
                let is_known = Abilities::new(None).unwrap().of(&format!("{provider}/{model}")).is_known;
                assert_eq!(is_known, model != OTHERS, "{model}");
            }
        }
    }

    #[test]
    fn recent_models_take_no_temperature_and_older_ones_no_effort() {
        let abilities = Abilities::new(None).unwrap();
        let takes = |model: &str| (abilities.of(model).temperature, !abilities.of(model).effort.is_empty());
        assert_eq!(takes("anthropic/claude-opus-4-6"), (true, true));
        assert_eq!(takes("anthropic/claude-opus-4-7"), (false, true));
        assert_eq!(takes("openai/gpt-4.1"), (true, false));
        assert_eq!(takes("openai/gpt-5.6"), (false, true));
        assert_eq!(takes("gemini/gemini-2.5-pro"), (true, true));
        assert_eq!(takes("lab/any"), (true, true));
    }

    #[test]
    fn the_operator_knows_better() {
        let own = json!({
            "lab/coder": { "window-tokens": 32_768 },
            "openai/gpt-5": { "max-output-tokens": 4_000, "effort": [] },
            "ollama/qwen3": { "max-output-tokens": 2_000, "reply-schema": true, "tools": false },
        });
        let abilities = Abilities::new(Some(&own)).unwrap();
        let lab = abilities.of("lab/coder");
        assert_eq!((lab.window_tokens, lab.max_output_tokens, lab.is_known), (32_768, UNKNOWN_REPLY, false));
        let five = abilities.of("openai/gpt-5");
        assert_eq!((five.window_tokens, five.max_output_tokens, five.temperature, five.effort), (272_000, 4_000, false, Vec::new()));
        let ollama = abilities.of("ollama/qwen3");
        assert!(ollama.reply_schema == Some(true) && !ollama.tools && ollama.is_known);
        assert_eq!(abilities.of("openai/gpt-5-2025-08-07").max_output_tokens, 128_000, "the operator names whole names");
        let small = Abilities::new(Some(&json!({ "openai/gpt-5": { "window-tokens": 8_192 } }))).unwrap();
        assert_eq!(small.of("openai/gpt-5").max_output_tokens, 4_096);
    }

    #[test]
    fn a_wrong_entry_says_what_to_write() {
        for wrong in [
            json!({ "gpt-5": { "window-tokens": 8_192 } }),
            json!({ "a/b": { "window-tokens": 0 } }),
            json!({ "a/b": { "window-tokens": -1 } }),
            json!({ "a/b": { "window-tokens": 1.5 } }),
            json!({ "a/b": { "window-tokens": "8k" } }),
            json!({ "a/b": { "window-tokens": 8_192, "max-output-tokens": 8_193 } }),
            json!({ "a/b": { "max-output-tokens": 1 } }),
            json!({ "a/b": { "effort": ["most"] } }),
            json!({ "a/b": { "window": 8_192 } }),
            json!({ "a/b": 8_192 }),
        ] {
            let error = Abilities::new(Some(&wrong)).unwrap_err().explain();
            assert!(error.starts_with("`abilities.\"") && error.ends_with("max-output-tokens = 8192 }."), "{error}");
        }
    }

    #[test]
    fn of_several_models_the_smallest_figures_count() {
        let abilities = Abilities::new(None).unwrap();
        let both = abilities.of("openai/gpt-5").and(&abilities.of("lab/any"));
        assert_eq!((both.window_tokens, both.max_output_tokens), (UNKNOWN_WINDOW, UNKNOWN_REPLY));
        assert_eq!((both.reply_schema, both.is_known), (None, false));
        let never = Abilities::new(Some(&json!({ "lab/any": { "reply-schema": false } }))).unwrap().of("lab/any");
        assert_eq!(abilities.of("openai/gpt-5").and(&never).reply_schema, Some(false));
    }
}
