//! Requests that are done once, however often they are sent: which of them a key belongs to, and what they were answered. Knows no
//! request and no protocol.

use super::{Actor, Host, Problem};
use crate::kernel::kept_answers::RequestKey;

pub use crate::kernel::kept_answers::Claimed;

/// A request that is done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceRequest {
    key: RequestKey,
    /// SHA-256 of all that it says.
    request: String,
    /// Which process does it.
    process: String,
}

impl OnceRequest {
    /// A request with the key that its sender gave it. `request` is a hash of all that it says, `process` tells this process from
    /// those that ended before.
    pub fn new(caller: &Actor, key: &str, request: String, process: &str) -> Self {
        let kind = serde_json::to_string(&caller.kind).unwrap_or_default();
        let caller = format!("{}:{}", kind.trim_matches('"'), caller.id);
        Self { key: RequestKey { caller, key: key.to_owned() }, request, process: process.to_owned() }
    }
}

/// Takes the key for the request, or says what is known of it.
pub async fn claim(host: &Host, once: &OnceRequest) -> Result<Claimed, Problem> {
    Ok(host.app.kept_answers().claim(&once.key, &once.request, &once.process).await?)
}

/// Keeps the answer for a day.
pub async fn keep(host: &Host, once: &OnceRequest, answer: &str) -> Result<(), Problem> {
    Ok(host.app.kept_answers().keep(&once.key, answer).await?)
}

/// Gives the key back, because nothing was done.
pub async fn release(host: &Host, once: &OnceRequest) -> Result<(), Problem> {
    Ok(host.app.kept_answers().release(&once.key).await?)
}
