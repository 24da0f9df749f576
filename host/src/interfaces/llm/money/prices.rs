//! What a model's tokens cost: from a table with source and date, and from the operator over it. A model that is in
//! neither has no price, which is not the same as none.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use serde::Deserialize;
use serde_json::Value;

use super::Amount;
use crate::{
    errors::Hint,
    interfaces::llm::versions::{self, Table},
    rules::mismatch,
};

const TABLE: &str = include_str!("prices.toml");

/// Dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Price {
    /// Tokens sent.
    pub input: f64,
    /// Tokens sent that the provider had in its cache; as `input` where it says nothing.
    #[serde(default)]
    pub cached_input: Option<f64>,
    /// Tokens sent that the provider put into its cache; as `input` where it says nothing.
    #[serde(default)]
    pub cache_write: Option<f64>,
    /// Tokens received.
    pub output: f64,
}

/// The tokens of one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, with those below.
    pub input: u64,
    /// Sent, and found in the provider's cache.
    pub cached_input: u64,
    /// Sent, and put into the provider's cache.
    pub cache_write: u64,
    /// Received.
    pub output: u64,
}

/// Why prices were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`prices.\"{model}\"` in the user's baton.toml is not a price: {reason}.")]
pub struct PriceError {
    /// The model as it stands there.
    pub model: String,
    /// What is wrong.
    pub reason: String,
}

impl Hint for PriceError {
    fn hint(&self) -> Option<String> {
        Some("Write { input = 3.0, output = 15.0 }, in dollars per million tokens.".to_owned())
    }
}

/// The prices of all models that have one. Clones know the same.
#[derive(Clone, Debug)]
pub struct Prices {
    table: Arc<Table<Price>>,
    /// The operator's, by whole name.
    own: Arc<RwLock<BTreeMap<String, Price>>>,
}

/// The operator's prices as they stand in the settings now, which may be others than when the host began.
pub trait OwnPrices: Send + Sync {
    /// An object of prices by `provider/model`, if the settings can be read and have one.
    fn own_prices(&self) -> Option<Value>;
}

impl Prices {
    /// The table, with the operator's prices over it: an object of prices by `provider/model`.
    pub fn new(own: Option<&Value>) -> Result<Self, PriceError> {
        let table = Table::read(TABLE).map_err(|reason| PriceError { model: "*".to_owned(), reason })?;
        Ok(Self { table: Arc::new(table), own: Arc::new(RwLock::new(read_all(own)?)) })
    }

    /// The price of a `provider/model`.
    pub fn of(&self, model: &str) -> Option<Price> {
        if let Some(price) = self.own.read().unwrap_or_else(PoisonError::into_inner).get(model) {
            return Some(*price);
        }
        let (provider, name) = model.split_once('/')?;
        versions::longest(self.table.providers.get(provider)?, name).copied()
    }

    /// Takes over the operator's prices as they are now. Those that cannot be read change nothing.
    pub fn read_again(&self, own: &dyn OwnPrices) {
        match own.own_prices().map(|own| read_all(Some(&own))) {
            Some(Ok(own)) => *self.own.write().unwrap_or_else(PoisonError::into_inner) = own,
            Some(Err(error)) => tracing::debug!(%error, "prices are not read again"),
            None => {}
        }
    }

    /// Where the table's figures come from, and when they were taken.
    pub fn provenance(&self) -> String {
        self.table.provenance()
    }
}

fn read_all(own: Option<&Value>) -> Result<BTreeMap<String, Price>, PriceError> {
    let own = own.and_then(Value::as_object).into_iter().flatten();
    own.map(|(model, price)| Ok((model.clone(), read(model, price)?))).collect()
}

impl Price {
    /// What a reply cost. None when the counts make no sense.
    pub fn cost(&self, tokens: Tokens) -> Option<Amount> {
        let plain = tokens.input.checked_sub(tokens.cached_input)?.checked_sub(tokens.cache_write)?;
        #[expect(clippy::cast_precision_loss, reason = "no reply has 2^53 tokens")]
        let cost = |tokens: u64, dollars: f64| Amount::from_dollars(tokens as f64 * dollars / 1e6);
        Some(
            cost(plain, self.input)?
                + cost(tokens.cached_input, self.cached_input.unwrap_or(self.input))?
                + cost(tokens.cache_write, self.cache_write.unwrap_or(self.input))?
                + cost(tokens.output, self.output)?,
        )
    }
}

fn read(model: &str, price: &Value) -> Result<Price, PriceError> {
    let wrong = |reason: String| PriceError { model: model.escape_debug().to_string(), reason };
    if !model.contains('/') {
        return Err(wrong("its name has to be provider/model".to_owned()));
    }
    let price: Price = serde_json::from_value(price.clone()).map_err(|error| wrong(mismatch::describe(&error)))?;
    let all = [Some(price.input), price.cached_input, price.cache_write, Some(price.output)];
    match all.into_iter().flatten().find(|dollars| !(dollars.is_finite() && (0.0..=1e6).contains(dollars))) {
        Some(dollars) => Err(wrong(format!("{dollars} is not a price"))),
        None => Ok(price),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prices() -> Prices {
        Prices::new(None).unwrap()
    }

    #[test]
    fn a_version_has_the_price_of_its_model_and_a_variant_its_own() {
        let prices = prices();
        let of = |model: &str| prices.of(model).map(|price| price.input);
        assert_eq!(of("anthropic/claude-sonnet-4-5-20250929"), Some(3.0));
        assert_eq!(of("openai/gpt-5"), Some(1.25));
        assert_eq!(of("openai/gpt-5-mini-2025-08-07"), Some(0.25));
        assert_eq!(of("anthropic/claude-opus-5-5"), Some(4.0));
        for unknown in [
            "openai/gpt-5-chat-latest",
            "openai/gpt-5.5-cyber",
            "openai/gpt-50",
            "anthropic/claude-opus-5-6",
            "mine/gpt-5",
            "gpt-5",
            "",
            "/",
        ] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
        assert!(prices.provenance().contains("2026-11-21"));
    }

    #[test]
    fn the_operator_knows_better() {
        let own = json!({ "openai/gpt-5": { "input": 1.0, "output": 2.0 }, "ollama/qwen3": { "input": 0.0, "output": 0.0 } });
        let prices = Prices::new(Some(&own)).unwrap();
        assert_eq!(prices.of("openai/gpt-5").map(|price| price.output), Some(2.0));
        assert_eq!(prices.of("ollama/qwen3").and_then(|price| price.cost(Tokens { input: 9, ..Tokens::default() })), Some(Amount::ZERO));
        for wrong in [
            json!({ "gpt-5": { "input": 1, "output": 1 } }),
            json!({ "a/b": { "input": -1, "output": 1 } }),
            json!({ "a/b": { "input": 1 } }),
            json!({ "a/b": 3 }),
            json!({ "a/b": { "input": 1, "output": 1, "x": 1 } }),
        ] {
            assert!(Prices::new(Some(&wrong)).unwrap_err().explain().ends_with("per million tokens."), "{wrong}");
        }
    }

    #[test]
    fn prices_are_read_again_while_the_host_is_at_work() {
        struct Settings(Option<Value>);
        impl OwnPrices for Settings {
            fn own_prices(&self) -> Option<Value> {
                self.0.clone()
            }
        }
        let prices = prices();
        let known = prices.clone();
        prices.read_again(&Settings(Some(json!({ "lab/coder": { "input": 1.0, "output": 2.0 } }))));
        assert_eq!(known.of("lab/coder").map(|price| price.output), Some(2.0));
        for unreadable in [None, Some(json!({ "lab/coder": 3 }))] {
            prices.read_again(&Settings(unreadable));
            assert_eq!(known.of("lab/coder").map(|price| price.output), Some(2.0));
        }
        prices.read_again(&Settings(Some(json!({}))));
        assert_eq!(known.of("lab/coder"), None);
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let price = Price { input: 3.0, cached_input: Some(0.3), cache_write: Some(3.75), output: 15.0 };
        let tokens = Tokens { input: 1_000_000, cached_input: 500_000, cache_write: 100_000, output: 10_000 };
        assert_eq!(price.cost(tokens).unwrap().to_string(), "1.875");
        assert_eq!(price.cost(Tokens { input: 1, cached_input: 2, ..Tokens::default() }), None, "more from the cache than was sent");
    }
}
