//! Why nothing was fetched or published, in sentences for whoever asked.

/// Why a registry did not do what it was asked. Nothing was written here.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// No answer.
    #[error("The registry {host} cannot be reached: {reason}. Check its name and the network, and ask again.")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What was met.
        reason: String,
    },
    /// It took too long.
    #[error("The registry {host} did not finish within {seconds} s; ask again when it is quicker.")]
    Slow {
        /// Host and port.
        host: String,
        /// The longest it may take.
        seconds: u64,
    },
    /// Nothing of that name.
    #[error("The registry has no {0}; check the name and the tag.")]
    Absent(String),
    /// It wants to know who asks, or does not allow it.
    #[error(
        "The registry {host} does not allow this: {reason}. Set `[registries.\"{host}\"]` with `user` and `password-env` in your settings, or log in with `docker login {host}`."
    )]
    Unauthorized {
        /// Host and port.
        host: String,
        /// Whether nobody was named, or somebody who may not.
        reason: &'static str,
    },
    /// Another refusal or a failure of its own.
    #[error("The registry {host} answers {status}{said}. Ask again later, or ask its operator.")]
    Refused {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// What it said of it, with a colon before; empty when nothing.
        said: String,
    },
    /// The answer is not what the protocol says.
    #[error("The registry {host} gives an answer that makes no sense: {reason}. Is it a registry of the OCI kind?")]
    Nonsense {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another kind of artifact.
    #[error("{reference} is not a WebAssembly plugin: {reason}. Name an artifact that `baton plugin push` made.")]
    NotPlugin {
        /// What was asked for.
        reference: String,
        /// What it is instead.
        reason: String,
    },
    /// More bytes than allowed.
    #[error("{what} is larger than the {limit} bytes allowed; nothing more of it was read.")]
    TooLarge {
        /// What was read.
        what: &'static str,
        /// Bytes.
        limit: usize,
    },
    /// Other bytes than were promised.
    #[error(
        "{what} is not what was asked for: its digest is {found} and has to be {wanted}. Do not use this registry before you know why."
    )]
    Digest {
        /// What was read.
        what: &'static str,
        /// The digest it has.
        found: String,
        /// The digest it has to have.
        wanted: String,
    },
    /// Sent elsewhere.
    #[error("The registry {host} sends the request on to {target}, which is not followed: {reason}.")]
    Redirected {
        /// Host and port.
        host: String,
        /// Where to.
        target: String,
        /// Why not.
        reason: &'static str,
    },
    /// Only a tag can be given to something new.
    #[error("A plugin is published under a tag, and {0} names a digest; write `NAME:TAG`.")]
    NoTag(String),
    /// Nothing to choose from.
    #[error("No tag of {0} is a version such as 1.2.0; name one with --to.")]
    NoVersions(String),
}
