//! The operator's prices as the settings have them now. Reads nothing else of the settings again.

use serde_json::{Value, json};

use super::{Config, at, settings_file};
use crate::interfaces::llm::money::OwnPrices;

impl OwnPrices for Config {
    fn own_prices(&self) -> Option<Value> {
        let user = settings_file(&self.user_file).ok()?;
        Some(at(&user, "prices").cloned().unwrap_or_else(|| json!({})))
    }
}
