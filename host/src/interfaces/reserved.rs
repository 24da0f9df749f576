//! Kinds of capability that a plugin can ask for already and that no interface uses yet: they are granted, shown and
//! revoked like any other, and allow nothing so far.

use crate::journal::{CapabilityKind, Matching};

/// Hosts of the network, such as `api.github.com` or `*.example.org`.
pub const HOSTS: CapabilityKind = reserved("hosts", "reach these hosts of the network");
/// Names of secrets that the operator keeps; never their values.
pub const SECRETS: CapabilityKind = reserved("secrets", "have these secrets used for it, by name");

const fn reserved(word: &'static str, meaning: &'static str) -> CapabilityKind {
    CapabilityKind { word, matching: Matching::Name, interface: "", meaning, values: &[] }
}
