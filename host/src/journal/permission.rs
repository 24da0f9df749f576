//! What a call needs, and the port that decides whether the run may have it. The rule itself lives in the kernel.

use std::borrow::Cow;

use super::PluginVersion;

/// One thing a call needs: a kind such as `read`, and what exactly, such as `docs/PRD.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability<'a> {
    /// A word of the manifest's `[needs]` table.
    pub kind: &'static str,
    /// The model, path, agent or bucket meant.
    pub value: Cow<'a, str>,
}

impl<'a> Capability<'a> {
    /// `value` of `kind`.
    pub fn new(kind: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        Self { kind, value: value.into() }
    }
}

/// How a pattern of a manifest or a grant is compared with what a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// `*` stays between two `/`, `**` does not.
    Path,
    /// `*` stands for anything.
    Name,
    /// No pattern but a single amount, such as `2.50`: how much of it one run may use. A call names what was used
    /// before it, and has to be below. Where neither side states one, there is no such bound.
    Amount,
}

/// A kind of capability that a manifest can ask for. The interfaces declare theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapabilityKind {
    /// The word in `[needs]`.
    pub word: &'static str,
    /// How its patterns are compared.
    pub matching: Matching,
    /// The interface whose calls need it; empty while there is none.
    pub interface: &'static str,
    /// What it allows, for whoever grants it.
    pub meaning: &'static str,
    /// All values that a call can need of it; empty where they are not known beforehand.
    pub values: &'static [&'static str],
}

/// Why a call is not allowed, and which command allows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Denial {
    /// A sentence for the guest, its author and the operator.
    pub reason: String,
}

/// Decides what a run may do. Asked once per call, before its effect, and never during a replay.
pub trait Authority: Send + Sync {
    /// Allows the capability, or says why not.
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial>;

    /// Whether the capability is denied only because no operator has decided on it yet: the run waits for the decision.
    fn awaits_decision(&self, _capability: &Capability<'_>) -> bool {
        false
    }

    /// For whom it speaks, as the audit log names it; nothing where it speaks for no plugin.
    fn speaks_for(&self) -> PluginVersion {
        PluginVersion::default()
    }

    /// Whether any value of `kind` that begins with `prefix` could be allowed. Says yes where it cannot tell: it saves
    /// looking for what would all be denied, and decides nothing.
    fn may_allow_below(&self, _kind: &str, _prefix: &str) -> bool {
        true
    }
}
