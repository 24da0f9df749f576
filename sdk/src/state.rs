//! Small documents that outlive a run, in buckets the operator granted. Each project has its own.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::imports::state as host;

/// A document and how often its key has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The document.
    pub value: T,
    /// Counts the changes of this key, from 1.
    pub version: u64,
}

/// The document of a key, if there is one; `invalid` when it is not a `T`.
pub fn get<T: DeserializeOwned>(bucket: &str, key: &str) -> Result<Option<Versioned<T>>> {
    let Some(found) = host::get(bucket, key)? else {
        return Ok(None);
    };
    Ok(Some(Versioned { value: serde_json::from_str(&found.value)?, version: found.version }))
}

/// Sets a key and returns its new version. `expected` is the version read, 0 for a new key, `None` to overwrite;
/// a key that changed since is `conflict`.
pub fn set<T: Serialize + ?Sized>(bucket: &str, key: &str, value: &T, expected: Option<u64>) -> Result<u64> {
    Ok(host::set(bucket, key, &serde_json::to_string(value)?, expected)?)
}

/// Deletes a key; deleting what is not there is no error.
pub fn delete(bucket: &str, key: &str) -> Result<()> {
    Ok(host::delete(bucket, key)?)
}

/// The bucket's keys that begin with `prefix`, sorted.
pub fn keys(bucket: &str, prefix: &str) -> Result<Vec<String>> {
    Ok(host::keys(bucket, prefix)?)
}
