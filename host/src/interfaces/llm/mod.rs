//! Language models: the conversation's types, the port to whoever answers, and the adapters behind it.
//! Holds keys and speaks to providers; a plugin sees neither.

mod convert;
mod host;
pub mod messages;
pub mod money;
pub mod provider;
pub mod providers;
mod spending;

#[cfg(test)]
mod tests;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Pause, PauseKind, Recorder},
};

pub use messages::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult, Usage};
pub use provider::{Caller, Charge, Provider, ProviderError};
pub use providers::{Catalogue, Config, Endpoint, Proxy, Secret};
pub use spending::Spending;

/// Asking a model, by `provider/model`.
pub const MODELS: CapabilityKind =
    CapabilityKind { word: "models", matching: Matching::Name, interface: "llm", meaning: "ask these language models, which costs money" };

/// Spending on them. What a run's children spend is theirs.
pub const DOLLARS: CapabilityKind =
    CapabilityKind { word: "dollars", matching: Matching::Amount, interface: "llm", meaning: "spend so many dollars on models in one run" };

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Who answers.
    pub provider: &'a dyn Provider,
    /// Name of the asking plugin.
    pub plugin: &'a str,
    /// Which models its operator chose.
    pub preferences: &'a dyn Preferences,
    /// What its replies have cost so far.
    pub spending: &'a mut Spending,
}

/// Which models the operator chose, by the dotted keys of the settings.
pub trait Preferences: Sync {
    /// The `provider/model` under a key, if one is set.
    fn model(&self, key: &str) -> Option<String>;
}

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::llm::add_to_linker::<T, Viewed>(linker, view)
}

/// The `provider/model` a request means. A name with a slash is one; another is an alias, `models.ALIAS` in the settings.
/// No name: the run's `model`, else the plugin's `plugins.NAME.model`, else `models.default`.
fn resolve(asked: Option<&str>, plugin: &str, preferences: &dyn Preferences) -> Result<String, Pause> {
    let text = |key: &str| preferences.model(key);
    let found = match asked {
        Some(model) if model.contains('/') => Some(model.to_owned()),
        Some(alias) => text(&format!("models.{alias}")),
        None => text("model").or_else(|| text(&format!("plugins.{plugin}.model"))).or_else(|| text("models.default")),
    };
    found.ok_or_else(|| {
        let reason = match asked {
            Some(alias) => {
                let alias = alias.escape_debug();
                format!("No model goes by `{alias}`. Set `models.{alias}` in baton.toml to a provider/model, then resume the run.")
            }
            None => "No model is set. Resume the run with --model provider/model, or set `models.default` in baton.toml before.".to_owned(),
        };
        Pause::new(PauseKind::Provider, reason)
    })
}
