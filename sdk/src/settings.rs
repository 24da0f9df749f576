//! Settings: defaults, the user's, the project's, and those of the run, in this order; later ones override earlier ones.
//! Read-only. Needs no grant.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn tone() -> Result<String> {
//!     Ok(settings::get("my-agent.tone")?.unwrap_or_else(|| "dry".to_owned()))
//! }
//! # let host = baton_sdk::testing::Host::new().with_setting("my-agent.tone", "kind");
//! # assert_eq!(host.inside(tone), Ok("kind".to_owned()));
//! ```

use serde::de::DeserializeOwned;

use crate::imports::settings as host;
use crate::{Error, Result};

/// Reads the setting of a dotted key such as `my-agent.tone`, if it is set. Error: `invalid` if it is not a `T`.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn most_stories() -> Result<u32> {
///     Ok(settings::get("my-plan.stories")?.unwrap_or(10))
/// }
/// # assert_eq!(Host::new().inside(most_stories), Ok(10));
/// # assert!(Host::new().with_setting("my-plan.stories", "many").inside(most_stories).is_err());
/// ```
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    let Some(value) = host::get(key) else {
        return Ok(None);
    };
    serde_json::from_str(&value).map(Some).map_err(|error| {
        Error::invalid(format!("The setting `{key}` can not be used: {error}. Correct it in the settings and start the run again."))
    })
}
