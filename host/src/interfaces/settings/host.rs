//! Implements `settings` of the contract.

use std::sync::Arc;

use serde_json::Value;

use super::View;
use crate::{
    bindings::settings::Host,
    journal::{Call, Effect, Pause, PauseKind, Performed},
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
        let (found, live, project) = (self.settings.get(&key), Arc::clone(self.live), self.project.to_owned());
        let look = |_| async move {
            match live.find(&project, &key).await {
                Ok(live) => Performed::answer(Ok(live.or(found))),
                // The plugin has no way to be told, and must not take it for a setting that is not there.
                Err(reason) => Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: false },
            }
        };
        let answer = self.recorder.call(call, look).await?;
        let value: Option<Value> = answer.map_err(wasmtime::Error::new)?;
        Ok(value.map(|value| value.to_string()))
    }
}
