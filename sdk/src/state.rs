//! Small documents that outlive a run, in buckets. Each project has its own. Needs `state`.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn count() -> Result<u64> {
//!     let found = state::get::<u64>("counter", "runs")?;
//!     let (count, version) = found.map_or((0, 0), |found| (found.value, found.version));
//!     state::set("counter", "runs", &(count + 1), Some(version))?;
//!     Ok(count + 1)
//! }
//! # let host = baton_sdk::testing::Host::new().with_state("counter", "runs", 4);
//! # assert_eq!(host.inside(count), Ok(5));
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::imports::state as host;

/// A document and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The document.
    pub value: T,
    /// Counts the changes of this key, from 1.
    pub version: u32,
}

/// Reads the document of a key, if there is one. Error: `invalid` if it is not a `T`.
pub fn get<T: DeserializeOwned>(bucket: &str, key: &str) -> Result<Option<Versioned<T>>> {
    let Some(found) = host::get(bucket, key)? else {
        return Ok(None);
    };
    Ok(Some(Versioned { value: serde_json::from_str(&found.value)?, version: found.version }))
}

/// Writes a document and returns its new version. `expected` is the version that was read, 0 for a new key, or `None` to
/// overwrite. Error: `conflict` if the version has changed.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Adds a line to a list that several runs keep.
/// fn add(line: &str) -> Result<()> {
///     loop {
///         let found = state::get::<Vec<String>>("notes", "lines")?;
///         let (mut lines, version) = found.map_or((Vec::new(), 0), |found| (found.value, found.version));
///         lines.push(line.to_owned());
///         match state::set("notes", "lines", &lines, Some(version)) {
///             Err(error) if error.kind == ErrorKind::Conflict => {}
///             other => return other.map(drop),
///         }
///     }
/// }
/// # let host = Host::new().with_state("notes", "lines", ["one"]);
/// # host.inside(|| add("two")).unwrap();
/// # assert_eq!(host.state("notes", "lines"), Some(json!(["one", "two"])));
/// ```
pub fn set<T: Serialize + ?Sized>(bucket: &str, key: &str, value: &T, expected: Option<u32>) -> Result<u32> {
    Ok(host::set(bucket, key, &serde_json::to_string(value)?, expected)?)
}

/// Removes a key. Removing a key that does not exist is not an error.
pub fn remove(bucket: &str, key: &str) -> Result<()> {
    Ok(host::remove(bucket, key)?)
}

/// Lists the bucket's keys that start with `prefix`, sorted.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn forget_drafts() -> Result<()> {
///     state::keys("documents", "draft/")?.iter().try_for_each(|key| state::remove("documents", key))
/// }
/// # let host = Host::new().with_state("documents", "draft/a", 1).with_state("documents", "b", 2);
/// # host.inside(forget_drafts).unwrap();
/// # assert_eq!((host.state("documents", "draft/a"), host.state("documents", "b")), (None, Some(json!(2))));
/// ```
pub fn keys(bucket: &str, prefix: &str) -> Result<Vec<String>> {
    Ok(host::keys(bucket, prefix)?)
}
