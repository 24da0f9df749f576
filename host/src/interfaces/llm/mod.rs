//! Language models: the conversation's types, the port to whoever answers, and the adapters behind it.
//! Holds keys and speaks to providers; a plugin sees neither.

pub mod abilities;
mod asking;
mod attaching;
mod chain;
mod convert;
mod describing;
pub(crate) mod events;
mod host;
mod leaving;
pub mod messages;
pub mod money;
pub mod provider;
pub mod providers;
mod spending;
mod stopping;
pub mod transcript;
mod versions;
mod watching;

#[cfg(test)]
mod tests;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use abilities::{Abilities, AbilityError, ModelAbilities};
pub use attaching::Files;
pub use chain::{NoModel, misfit, named};
pub use messages::{
    Effort, Media, Message, Opaque, Part, PossiblyPaid, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolChoice, ToolResult, Usage,
};
pub use provider::{Caller, Charge, Provider, ProviderError, Waiting};
pub use providers::{Catalogue, Config, Endpoint, Proxy, Secret, network::Protocol};
pub use spending::Spending;
pub use watching::{Piece, ReplyProgress, Watchers};

/// Asking a model, by `provider/model`.
pub const MODELS: CapabilityKind = CapabilityKind {
    word: "models",
    matching: Matching::Name,
    interface: "llm",
    meaning: "ask these language models, which costs money",
    values: &[],
};

/// Spending on them. What a run's children spend is theirs.
pub const DOLLARS: CapabilityKind = CapabilityKind {
    word: "dollars",
    matching: Matching::Amount,
    interface: "llm",
    meaning: "spend so many dollars on models in one run",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Who answers.
    pub provider: &'a dyn Provider,
    /// Where the files are that a request names.
    pub workspace: &'a dyn Files,
    /// Name of the asking plugin.
    pub plugin: &'a str,
    /// Which models its operator chose.
    pub preferences: &'a dyn Preferences,
    /// What its replies have cost so far.
    pub spending: &'a mut Spending,
    /// Who pays.
    pub paying: money::Paying<'a>,
}

/// Which models the operator chose, by the dotted keys of the settings.
pub trait Preferences: Sync {
    /// The models under a key, the first choice first; none when the key is not set.
    fn models(&self, key: &str) -> Vec<String>;
}

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::llm::add_to_linker::<T, Viewed>(linker, view)
}
