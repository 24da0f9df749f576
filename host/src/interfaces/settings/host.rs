//! Implements `settings` of the contract.

use serde_json::Value;

use super::View;
use crate::{
    bindings::settings::Host,
    journal::{Call, Effect, Performed},
};

/// Nobody sets a longer key, and none is worth writing down.
const LONGEST_KEY: usize = 1024;

impl Host for View<'_> {
    /// Journaled, because a file may be edited between a crash and the resume.
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        if key.len() > LONGEST_KEY {
            return Ok(None);
        }
        let call = Call::new("settings.get", Effect::Read, &key)?;
        let found = self.settings.get(&key);
        let answer = self.recorder.call(call, |_| async move { Performed::answer(Ok(found)) }).await?;
        let value: Option<Value> = answer.map_err(wasmtime::Error::new)?;
        Ok(value.map(|value| value.to_string()))
    }
}
