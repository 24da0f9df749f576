//! Why nothing was fetched or published, in sentences for whoever asked.

use crate::errors::Hint;

/// Why a registry did not do what it was asked. Nothing was written here.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// `host` has its port, here and below.
    #[error("The registry {host} cannot be reached: {reason}.")]
    Unreachable { host: String, reason: String },
    #[error("The registry {host} did not finish within {seconds} s.")]
    Slow { host: String, seconds: u64 },
    #[error("The registry does not have {0}.")]
    Absent(String),
    /// The registry wants to know who asks, or does not allow it.
    #[error("The registry {host} does not allow this: {reason}.")]
    Unauthorized { host: String, reason: &'static str },
    /// Another refusal or a failure of its own. `said` is what it said of it, with a colon before; empty when nothing.
    #[error("The registry {host} answers {status}{said}.")]
    Refused { host: String, status: u16, said: String },
    /// The answer is not what the protocol says.
    #[error("The registry {host} gives an answer that is not valid: {reason}.")]
    Nonsense { host: String, reason: String },
    /// Another kind of artifact.
    #[error("{reference} is not a WebAssembly plugin: {reason}.")]
    NotPlugin { reference: String, reason: String },
    #[error("{what} is larger than the {limit} bytes allowed. Baton has read no more of it.")]
    TooLarge { what: &'static str, limit: usize },
    /// Other bytes than were promised.
    #[error("{what} is not what was asked for: its digest is {found} and has to be {wanted}.")]
    Digest { what: &'static str, found: String, wanted: String },
    #[error("The registry {host} sends the request on to {target}, which Baton does not follow: {reason}.")]
    Redirected { host: String, target: String, reason: &'static str },
    #[error("A plugin is published under a tag, and {0} names a digest.")]
    NoTag(String),
    #[error("No tag of {0} is a version such as 1.2.0.")]
    NoVersions(String),
}

impl Hint for DistributionError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { .. } => "Check its name and the network, and try again.",
            Self::Slow { .. } => "Try again when it is quicker.",
            Self::Absent(_) => "Check the name and the tag.",
            Self::Unauthorized { host, .. } => {
                return Some(format!(
                    "Set `[registries.\"{host}\"]` with `user` and `password-env` in your settings, or log in with `docker login {host}`."
                ));
            }
            Self::Refused { .. } => "Try again later, or ask its operator.",
            Self::Nonsense { .. } => "Check that it is a registry of the OCI kind.",
            Self::NotPlugin { .. } => "Name an artifact that `baton plugin push` made.",
            Self::TooLarge { .. } | Self::Redirected { .. } => return None,
            Self::Digest { .. } => "Do not use this registry before you know why.",
            Self::NoTag(_) => "Write `NAME:TAG`.",
            Self::NoVersions(_) => "Name one with --to.",
        };
        Some(hint.to_owned())
    }
}
